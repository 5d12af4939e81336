"""One clock for budgets in seconds, one counter for budgets in epochs."""

import time
from dataclasses import dataclass
from typing import Literal

from autonet.core.interrupts import current_interrupt

__all__ = ["Position", "Segment"]


@dataclass
class Position:
    """How far a trial has been trained: steps, whole epochs, and seconds without the pauses between jobs."""

    steps: int = 0
    epochs: int = 0
    seconds: float = 0.0


class Segment:
    """The stretch of training that one job asks for.

    Parameters
    ----------
    unit : {"time", "epochs"}
    start, target : float
        Budget already paid and budget to reach, in seconds or epochs.
    steps_per_epoch : int
    deadline : float
        Reading of ``time.monotonic()`` at which training and validation must be over.
    metric_seconds : float
        What a call of the metric takes.

    Attributes
    ----------
    exhausted : bool
        Whether it ended because further training is not expected to find anything better.

    Notes
    -----
    Seconds count training and validation, from the making of the segment.  Time for one more validation is kept
    back: as long as the last one took, or what `validation_steps` training steps take as long as there was none.
    """

    def __init__(
        self,
        unit: Literal["time", "epochs"],
        start: float,
        target: float,
        steps_per_epoch: int,
        deadline: float,
        metric_seconds: float = 0.0,
    ) -> None:
        self.unit, self.start, self.target = unit, start, target
        self.steps_per_epoch = steps_per_epoch
        self.began = time.monotonic()
        self.deadline = deadline
        self.ends = self.began + (target - start) if unit == "time" else deadline
        self.metric_seconds = metric_seconds
        self.validation_seconds: float | None = None
        self.validation_steps = 0.0
        self._interrupt = current_interrupt()
        self.exhausted = False
        self._steps = 0
        self._total_steps = max(round((target - start) * steps_per_epoch), 1)

    @property
    def interrupted(self) -> bool:
        """Whether the user asks to stop."""
        return self._interrupt.requested

    @property
    def elapsed(self) -> float:
        """Seconds since the segment began."""
        return time.monotonic() - self.began

    @property
    def kept_back(self) -> float:
        """Seconds for one more validation."""
        if self.validation_seconds is not None:
            return self.validation_seconds
        forward = self.elapsed / self._steps * self.validation_steps if self._steps else 0.0
        return forward + self.metric_seconds

    @property
    def progress(self) -> float:
        """Progress through the segment, from 0 to 1."""
        if self.unit == "epochs":
            return self._steps / self._total_steps
        length = min(self.ends, self.deadline) - self.kept_back - self.began
        return min(self.elapsed / length, 1.0) if length > 0 else 1.0

    def step(self) -> None:
        """Count a training step."""
        self._steps += 1

    @property
    def over(self) -> bool:
        """Whether no further step may be taken; a deadline allows the first one all the same."""
        if self.exhausted or self.interrupted:
            return True
        if self._steps == 0:
            return False
        if self.unit == "epochs" and self._steps >= self._total_steps:
            return True
        return time.monotonic() + self.kept_back >= min(self.ends, self.deadline)

    @property
    def cut(self) -> bool:
        """Whether the deadline or the user ended the segment before its target."""
        if self.interrupted or self.exhausted:
            return self.interrupted
        if self.unit == "epochs":
            return self._steps < self._total_steps
        return self.deadline < self.ends and self.over

    @property
    def budget(self) -> float:
        """Budget reached: the target, or what the deadline allowed."""
        if not self.cut:
            return self.target
        reached = self._steps // self.steps_per_epoch if self.unit == "epochs" else self.elapsed
        return min(self.start + reached, self.target)

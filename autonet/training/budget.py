"""Budgets of training, in seconds or epochs, and how much of them is used."""

import time
from dataclasses import dataclass
from typing import Literal

from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt

__all__ = ["Position", "TrainingBudget"]


@dataclass
class Position:
    """Training of a trial so far: steps, whole epochs, and seconds without the pauses between jobs."""

    steps: int = 0
    epochs: int = 0
    seconds: float = 0.0


class TrainingBudget:
    """The part of a trial's budget that one job trains: from the budget already used to the next rung.

    Parameters
    ----------
    unit : {"time", "epochs"}
    start, target : float
        Budget used before and budget to reach, in seconds or epochs.
    steps_per_epoch : int
    limit : TimeLimit
        When training and validation must have ended.
    metric_seconds : float
        Duration of a call of the metric, in seconds.

    Attributes
    ----------
    stopped_early : bool
        Whether training ended because further epochs are not expected to improve the network.

    Notes
    -----
    Seconds count training and validation, from the construction of the budget.  Time for one more validation is
    reserved: the duration of the last one or, before the first, the duration of `validation_steps` training steps and
    a call of the metric.
    """

    def __init__(
        self,
        unit: Literal["time", "epochs"],
        start: float,
        target: float,
        steps_per_epoch: int,
        limit: TimeLimit,
        metric_seconds: float = 0.0,
    ) -> None:
        self.unit, self.start, self.target = unit, start, target
        self.steps_per_epoch = steps_per_epoch
        self.limit = limit
        self.metric_seconds = metric_seconds
        self.validation_seconds: float | None = None
        self.validation_steps = 0.0
        self.stopped_early = False
        self._interrupt = current_interrupt()
        self._start_time = time.monotonic()
        self._target_limit = TimeLimit(self._start_time + (target - start)) if unit == "time" else limit
        self._end = min(self._target_limit, limit)
        self._steps = 0
        self._total_steps = max(round((target - start) * steps_per_epoch), 1)

    @property
    def interrupted(self) -> bool:
        """Whether the user has asked to stop."""
        return self._interrupt.requested

    @property
    def elapsed(self) -> float:
        """Seconds since the construction."""
        return time.monotonic() - self._start_time

    @property
    def reserved(self) -> float:
        """Seconds reserved for one more validation."""
        if self.validation_seconds is not None:
            return self.validation_seconds
        forward = self.elapsed / self._steps * self.validation_steps if self._steps else 0.0
        return forward + self.metric_seconds

    @property
    def progress(self) -> float:
        """Share of the budget that is used, from 0 to 1."""
        if self.unit == "epochs":
            return self._steps / self._total_steps
        length = self._end.at - self.reserved - self._start_time
        return min(self.elapsed / length, 1.0) if length > 0 else 1.0

    @property
    def steps(self) -> int:
        """Number of training steps of the job so far."""
        return self._steps

    def count_step(self) -> None:
        """Count a training step."""
        self._steps += 1

    @property
    def finished(self) -> bool:
        """Whether training must end; the first step is taken even after the time limit."""
        if self.stopped_early or self.interrupted:
            return True
        if self._steps == 0:
            return False
        if self.unit == "epochs" and self._steps >= self._total_steps:
            return True
        return self._end.passed(self.reserved)

    @property
    def truncated(self) -> bool:
        """Whether the time limit or the user ended training before the target."""
        if self.interrupted or self.stopped_early:
            return self.interrupted
        if self.unit == "epochs":
            return self._steps < self._total_steps
        return self.limit < self._target_limit and self.finished

    @property
    def reached(self) -> float:
        """Budget reached: the target, or less if training was truncated."""
        if not self.truncated:
            return self.target
        used = self._steps // self.steps_per_epoch if self.unit == "epochs" else self.elapsed
        return min(self.start + used, self.target)

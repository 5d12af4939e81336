"""What a scheduler is: a function from the history to the next move."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Protocol

from autonet.search.history import History
from autonet.search.records import Trial

__all__ = ["Continue", "Scheduler", "Start", "can_continue"]


@dataclass(frozen=True)
class Start:
    """Start a new trial and train it to `target`."""

    target: float


@dataclass(frozen=True)
class Continue:
    """Go on with `trial` from its checkpoint to `target`."""

    trial: int
    target: float


class Scheduler(Protocol):
    """Decide on the next job; holds settings only, what it knows it reads from the history."""

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job.

        Parameters
        ----------
        history : History
        left : float
            Seconds left; infinite without a deadline.
        may_start : bool
            Whether a further configuration may be started (trial limit, space not exhausted).
        lost : container of int
            Numbers of the trials that cannot be continued, because their checkpoints were dropped.

        Returns
        -------
        Start, Continue or None
            None: nothing to do until a running job ends; without one, nothing more can be gained in the time left.
        """


def can_continue(trial: Trial, lost: Container[int] = ()) -> bool:
    """Whether a trial has a value, is not running, has not failed, and could gain by going on from a checkpoint.

    One that was cut twice before it got any further would be so again.
    """
    idle = trial.usable and trial.running is None
    stuck = len(trial.reports) >= 2 and all(report.budget <= report.start for report in trial.reports[-2:])
    return idle and not trial.failed and not trial.complete and not stuck and trial.number not in lost

"""Protocol of schedulers: functions from the history to the next job."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Protocol

from autonet.search.history import History
from autonet.search.records import Trial

__all__ = ["Continue", "Scheduler", "Start", "can_continue"]


@dataclass(frozen=True)
class Start:
    """Decision of a scheduler to start a new trial and train it to `target`.

    Examples
    --------
    >>> Start(9.0)
    Start(target=9.0)
    """

    target: float


@dataclass(frozen=True)
class Continue:
    """Decision of a scheduler to continue `trial` from its checkpoint to `target`.

    Examples
    --------
    >>> Continue(trial=0, target=27.0)
    Continue(trial=0, target=27.0)
    """

    trial: int
    target: float


class Scheduler(Protocol):
    """Protocol of schedulers, which decide between new trials and promotions.

    A scheduler holds settings only and reads everything else from the history.

    Examples
    --------
    >>> from autonet.search import Study
    >>> class ToTheTop:
    ...     def decide(self, history, *, left, may_start, lost=()):
    ...         return Start(history.rungs.top) if may_start and left > 0 else None
    >>> study = Study({"x": (0.0, 1.0)}, scheduler=ToTheTop(), min_budget=1, max_budget=9, random_state=0)
    >>> study.optimize(lambda trial: trial["x"] / trial.budget, max_trials=3).best.budget
    9
    """

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job.

        Parameters
        ----------
        history : History
        left : float
            Seconds left; infinite without a time limit.
        may_start : bool
            Whether a new trial may start: neither is `max_trials` reached nor the space exhausted.
        lost : container of int
            Numbers of the trials that cannot be continued because their checkpoints were dropped.

        Returns
        -------
        Start, Continue or None
            None waits for a running job; if none is running, the search stops.
        """


def can_continue(trial: Trial, lost: Container[int] = ()) -> bool:
    """Return whether a trial can be continued: idle, with a value, and not stopped twice without progress."""
    idle = trial.usable and trial.running is None
    stuck = len(trial.reports) >= 2 and all(report.budget <= report.start for report in trial.reports[-2:])
    return idle and not trial.failed and not trial.complete and not stuck and trial.number not in lost

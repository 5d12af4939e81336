"""Protocol of executors: they run jobs and return outcomes."""

from typing import Protocol

from autonet.core.clock import TimeLimit
from autonet.search.evaluation import Objective, Outcome
from autonet.search.records import Job
from autonet.search.running_trial import Observer

__all__ = ["OVERRUN_SECONDS", "OVERRUN_SHARE", "Executor", "extend_limit"]

OVERRUN_SECONDS = 0.2  # seconds that a job may overrun its time limit before it is stopped from outside, at least
OVERRUN_SHARE = 0.01  # share of the time left that is added to these seconds


class Executor(Protocol):
    """Protocol of executors, which run up to `n_slots` jobs at once.

    Failures are isolated: an exception, the death of the process or a hang past the time limit becomes an
    `Outcome` with a status and a reason.  `autonet.testing.executors.check_executor` tests an implementation.

    A true attribute ``isolated`` declares that jobs run in other processes, so that none is blamed if this one dies.

    Examples
    --------
    >>> from autonet.search import evaluate, minimize
    >>> class Serial:
    ...     n_slots = 1
    ...
    ...     def __init__(self):
    ...         self.jobs = []
    ...
    ...     def prepare(self, objective):
    ...         pass
    ...
    ...     def submit(self, objective, job, observe=None):
    ...         self.jobs.append((objective, job, observe))
    ...
    ...     def wait(self):
    ...         return [evaluate(*self.jobs.pop())] if self.jobs else []
    ...
    ...     def cancel(self):
    ...         self.jobs.clear()
    ...
    ...     close = cancel
    >>> len(minimize(lambda trial: trial["x"], {"x": (0, 9)}, max_trials=3, executor=Serial()).trials)
    3
    """

    n_slots: int

    def prepare(self, objective: Objective) -> None:
        """Prepare for an objective before the first of its jobs.

        Raises
        ------
        InvalidOption
            If the objective cannot be sent to the workers.
        """

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Start a job in a free slot.

        Reported values are passed to `observe`, or returned with the outcome.
        """

    def wait(self) -> list[Outcome]:
        """Wait until a job has ended; return the outcomes of all jobs that have, empty if none is running."""

    def cancel(self) -> None:
        """Stop all running jobs immediately, without outcomes."""

    def close(self) -> None:
        """Cancel all jobs, and release processes and connections."""


def extend_limit(job: Job, share: float = 1.0) -> TimeLimit:
    """Return the time limit of a job, extended by a share of the overrun after which it is stopped from outside."""
    return job.limit.shift(share * (OVERRUN_SECONDS + OVERRUN_SHARE * max(job.limit.left(), 0.0)))

"""Protocol of executors: they run jobs and return outcomes."""

import time
from typing import Protocol

from autonet.search.evaluation import Objective, Outcome
from autonet.search.records import Job
from autonet.search.running_trial import Observer

__all__ = ["DEADLINE_GRACE_SECONDS", "DEADLINE_GRACE_SHARE", "Executor", "hard_deadline"]

# Seconds after its deadline at which a job is stopped from outside, at least.
DEADLINE_GRACE_SECONDS = 0.2

# Share of the time left that is added to these seconds.
DEADLINE_GRACE_SHARE = 0.01


class Executor(Protocol):
    """Protocol of executors, which run up to `n_slots` jobs at once.

    Failures are isolated: an exception, the death of the process or a hang past the deadline becomes an `Outcome`
    with its status and reason.  `autonet.testing.executors.check_executor` tests an implementation.

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
            If the objective cannot be sent to where jobs run.
        """

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Start a job in a free slot.

        `observe` may be called with values as they are reported; otherwise they are part of the outcome.
        """

    def wait(self) -> list[Outcome]:
        """Wait until a running job has ended; return the outcomes of all that have, none if none is running."""

    def cancel(self) -> None:
        """Stop all running jobs immediately, without outcomes."""

    def close(self) -> None:
        """Cancel, and release processes and connections."""


def hard_deadline(deadline: float, share: float = 1.0) -> float:
    """Return the value of ``time.monotonic()`` at which a job that overran its deadline is stopped.

    Parameters
    ----------
    deadline : float
        Deadline of the job.
    share : float
        Share of the grace period; below 1 for an exception inside the job, before it is stopped from outside.
    """
    left = max(deadline - time.monotonic(), 0.0)
    return deadline + share * (DEADLINE_GRACE_SECONDS + DEADLINE_GRACE_SHARE * left)

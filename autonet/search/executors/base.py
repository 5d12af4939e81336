"""What an executor is: it takes jobs and hands back outcomes."""

import time
from typing import Protocol

from autonet.search.evaluation import Objective, Outcome
from autonet.search.records import Job
from autonet.search.running_trial import Observer

__all__ = ["DEADLINE_GRACE_SECONDS", "DEADLINE_GRACE_SHARE", "Executor", "hard_deadline"]

# A job that is still running this long after its deadline is ended from outside.
DEADLINE_GRACE_SECONDS, DEADLINE_GRACE_SHARE = 0.2, 0.01


class Executor(Protocol):
    """Run jobs, up to `n_slots` at once; whatever happens to a job happens to that job alone.

    An exception, the death of the process, a hang past the deadline: each becomes an `Outcome` with its status and
    reason.  `autonet.testing.check_executor` tells whether a class keeps to this.

    A true attribute ``isolated`` says that jobs run in other processes: none is blamed for the end of this one.
    """

    n_slots: int

    def prepare(self, objective: Objective) -> None:
        """Take up the objective of the jobs to come, before the first of them.

        Raises
        ------
        InvalidOption
            If it cannot be sent to where the jobs run.
        """

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Begin a job; there is a free slot.

        `observe` may be called with values as they are reported; otherwise they come with the outcome.
        """

    def wait(self) -> list[Outcome]:
        """Wait until at least one running job has ended, and return all that have; nothing if none is running."""

    def cancel(self) -> None:
        """End all running jobs at once; they have no outcome."""

    def close(self) -> None:
        """Cancel, and let go of processes and connections."""


def hard_deadline(deadline: float, share: float = 1.0) -> float:
    """Return the reading of ``time.monotonic()`` at which a job is ended that does not end itself at its deadline.

    Parameters
    ----------
    deadline : float
        Of the job.
    share : float
        Of the grace: below 1 for an interruption from within, which must come before the end from outside.
    """
    left = max(deadline - time.monotonic(), 0.0)
    return deadline + share * (DEADLINE_GRACE_SECONDS + DEADLINE_GRACE_SHARE * left)

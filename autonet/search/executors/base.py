"""What an executor is: it takes jobs and hands back outcomes."""

from typing import Protocol

from autonet.search.evaluation import Objective, Outcome
from autonet.search.records import Job
from autonet.search.running import Observer

__all__ = ["GRACE_SECONDS", "GRACE_SHARE", "Executor", "grace"]

# A job that is still running this long after its deadline is ended from outside.
GRACE_SECONDS, GRACE_SHARE = 0.2, 0.01


class Executor(Protocol):
    """Run jobs, up to `n_slots` at once; whatever happens to a job happens to that job alone.

    An exception, the death of the process, a hang past the deadline: each becomes an `Outcome` with its status and
    reason.
    """

    n_slots: int

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Begin a job; there is a free slot.

        `observe` may be called with values as they are reported; otherwise they come with the outcome.
        """

    def wait(self) -> list[Outcome]:
        """Wait until at least one running job has ended, and return all that have."""

    def cancel(self) -> None:
        """End all running jobs at once; they have no outcome."""

    def close(self) -> None:
        """Cancel, and let go of processes and connections."""


def grace(seconds: float) -> float:
    """Return how long past its deadline a job may run that had `seconds`."""
    return GRACE_SECONDS + GRACE_SHARE * max(seconds, 0.0)

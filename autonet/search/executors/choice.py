"""Which executor a number of jobs at once asks for."""

from autonet.search.executors.base import Executor
from autonet.search.executors.in_process import InProcess

__all__ = ["executor_for"]


def executor_for(n_jobs: int) -> Executor:
    """Return this process for one job at a time, worker processes for more; -1 stands for one per core.

    Raises
    ------
    InvalidOption
        If `n_jobs` is no number of jobs.
    """
    if n_jobs == 1:
        return InProcess()
    from autonet.search.executors.processes import Processes  # noqa: PLC0415 - it takes its time to import

    return Processes(n_jobs)

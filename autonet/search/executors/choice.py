"""Which executor a number of jobs at once asks for."""

import multiprocessing
from collections.abc import Sequence

from autonet.core.validation import is_integer
from autonet.search.executors.base import Executor
from autonet.search.executors.in_process import InProcess

__all__ = ["executor_for"]


def executor_for(n_jobs: int, *, imports: Sequence[str] | None = None) -> Executor:
    """Return this process for one job at a time, worker processes for more; -1 stands for one per core.

    Parameters
    ----------
    n_jobs : int
    imports : sequence of str, optional
        Start worker processes now, and have them import these modules while there is no job yet.

    Raises
    ------
    InvalidOption
        If `n_jobs` is no number of jobs, or if this is a daemonic process, which may not start others.
    """
    if (is_integer(n_jobs) and n_jobs == 1) or (n_jobs == -1 and multiprocessing.current_process().daemon):
        return InProcess()
    from autonet.search.executors.processes import Processes  # noqa: PLC0415 - it takes its time to import

    processes = Processes(n_jobs, imports=imports or ())
    if imports is not None:
        processes.start()
    return processes

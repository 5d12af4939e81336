"""Names and defaults of samplers, schedulers and executors."""

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice, is_integer
from autonet.search.executors.base import Executor
from autonet.search.executors.in_process import InProcess
from autonet.search.samplers.base import Sampler
from autonet.search.samplers.forest import ForestSampler
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from autonet.search.samplers.grid import GridSampler
from autonet.search.samplers.kde import KernelDensitySampler
from autonet.search.samplers.random import RandomSampler
from autonet.search.schedulers.base import Scheduler
from autonet.search.schedulers.halving import AsynchronousHalving, NoHalving
from autonet.search.schedulers.hyperband import SynchronousHyperband

__all__ = ["SAMPLERS", "SCHEDULERS", "make_executor", "resolve"]

SAMPLERS: Mapping[str, Callable[[], Sampler]] = {
    "bohb": GaussianProcessSampler,
    "gp": GaussianProcessSampler,
    "forest": ForestSampler,
    "kde": KernelDensitySampler,
    "tpe": KernelDensitySampler,  # the tree-structured Parzen estimator is this pair of densities
    "grid": GridSampler,
    "random": RandomSampler,
}

SCHEDULERS: Mapping[str, Callable[[], Scheduler]] = {
    "asynchronous": AsynchronousHalving,
    "hyperband": SynchronousHyperband,
    "none": NoHalving,
}


def resolve(what: str, given: Any, registry: Mapping[str, Callable[[], Any]], method: str) -> Any:
    """Return the object of a registered name; return an object that has `method` as it is.

    Raises
    ------
    UnknownName, InvalidOption
        If the name is not registered, or the object has no such method.
    """
    if isinstance(given, str):
        return registry[check_choice(what, given, registry)]()
    if not callable(getattr(given, method, None)) or isinstance(given, type):
        raise InvalidOption(f"{what} must be one of {', '.join(map(repr, registry))}, or an object with {method}().")
    return given


def make_executor(n_jobs: int, *, imports: Sequence[str] | None = None) -> Executor:
    """Return an executor in this process for one job at a time, and one with worker processes for several.

    Parameters
    ----------
    n_jobs : int
        Jobs at once; -1 stands for one per core.
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

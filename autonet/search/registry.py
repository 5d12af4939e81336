"""Names and defaults of samplers, schedulers and executors."""

import logging
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice, is_integer
from autonet.search.executors.base import Executor
from autonet.search.executors.in_process import InProcess
from autonet.search.samplers.base import Sampler
from autonet.search.samplers.cmaes import CmaEsSampler
from autonet.search.samplers.forest import ForestSampler
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from autonet.search.samplers.grid import GridSampler
from autonet.search.samplers.kde import KernelDensitySampler
from autonet.search.samplers.random import RandomSampler
from autonet.search.schedulers.base import Scheduler
from autonet.search.schedulers.halving import AsynchronousHalving, NoHalving
from autonet.search.schedulers.hyperband import SynchronousHyperband

__all__ = ["SAMPLERS", "SCHEDULERS", "make_executor", "resolve"]

logger = logging.getLogger("autonet.search")


def _make_atpe() -> Sampler:
    """Make the sampler that runs for Hyperopt's adaptive TPE, whose trained model is not part of autonet."""
    logger.warning("sampler='atpe': the Gaussian process of autonet.search runs instead of adaptive TPE")
    return GaussianProcessSampler()


SAMPLERS: Mapping[str, Callable[[], Sampler]] = {
    "bohb": GaussianProcessSampler,
    "gp": GaussianProcessSampler,
    "forest": ForestSampler,
    "kde": KernelDensitySampler,
    "tpe": KernelDensitySampler,  # tree-structured Parzen estimator
    "cmaes": CmaEsSampler,
    "grid": GridSampler,
    "atpe": _make_atpe,
    "random": RandomSampler,
}

SCHEDULERS: Mapping[str, Callable[[], Scheduler]] = {
    "asynchronous": AsynchronousHalving,
    "hyperband": SynchronousHyperband,
    "none": NoHalving,
}


def resolve(name: str, value: Any, registry: Mapping[str, Callable[[], Any]], method: str) -> Any:
    """Make the object registered under a name; return an object with the method unchanged."""
    if isinstance(value, str):
        return registry[check_choice(name, value, registry)]()
    if not callable(getattr(value, method, None)) or isinstance(value, type):
        raise InvalidOption(f"{name} must be one of {', '.join(map(repr, registry))}, or an object with {method}().")
    return value


def make_executor(
    n_jobs: int, *, imports: Sequence[str] | None = None, memory_limit_mb: float | None = None
) -> Executor:
    """Make an executor: `InProcess` for one job at a time, `Processes` for several, or to limit their memory.

    With `imports`, worker processes are started at once, and import these modules before their first job.
    """
    one = (is_integer(n_jobs) and n_jobs == 1) or (n_jobs == -1 and multiprocessing.current_process().daemon)
    if one and memory_limit_mb is None:
        return InProcess()
    from autonet.search.executors.processes import Processes  # noqa: PLC0415 - slow to import

    processes = Processes(n_jobs, imports=imports or (), memory_limit_mb=memory_limit_mb)
    if imports is not None:
        processes.start()
    return processes

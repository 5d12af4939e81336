"""The names that a study understands."""

from collections.abc import Callable, Mapping

from autonet.search.samplers.base import Sampler
from autonet.search.samplers.forest import ForestSampler
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from autonet.search.samplers.grid import GridSampler
from autonet.search.samplers.kde import KernelDensitySampler
from autonet.search.samplers.random import RandomSampler
from autonet.search.schedulers.base import Scheduler
from autonet.search.schedulers.halving import AsynchronousHalving
from autonet.search.schedulers.hyperband import SynchronousHyperband
from autonet.search.schedulers.plain import NoHalving

__all__ = ["SAMPLERS", "SCHEDULERS"]

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

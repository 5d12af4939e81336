"""Distributions under Optuna's names; give ``step`` and ``log`` by keyword."""

from autonet.search.optuna.exceptions import make_refusal
from autonet.search.spaces.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from autonet.search.spaces.distributions import Distribution as BaseDistribution

__all__ = ["BaseDistribution", "CategoricalDistribution", "FloatDistribution", "IntDistribution"]

__getattr__ = make_refusal("optuna.distributions", __all__)

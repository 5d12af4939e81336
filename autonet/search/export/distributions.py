"""Hyperparameters of a history as distributions of Optuna; needs the extra ``optuna``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ConfigSpace import ConfigurationSpace
from ConfigSpace.hyperparameters import IntegerHyperparameter, NumericalHyperparameter

from autonet.core.errors import MissingPackage
from autonet.core.validation import is_real
from autonet.search.export.values import make_labels
from autonet.search.spaces import distributions
from autonet.search.spaces.encoding import get_choices
from autonet.search.spaces.ranges import RangeHyperparameter
from autonet.search.spaces.values import find_index, to_plain

try:
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
except ImportError as problem:
    raise MissingPackage("to_optuna", "optuna", "optuna") from problem

__all__ = ["Parameter", "make_parameters"]

ROUNDING = 1e-9  # relative distance from its range at which a number counts as rounded


@dataclass(frozen=True)
class Parameter:
    """Hyperparameter with the one distribution that it has in all trials.

    Storages of Optuna refuse a parameter whose choices differ between trials.

    Attributes
    ----------
    distribution : optuna.distributions.BaseDistribution
        Choices are scalars, others as text.
    choices : sequence
        The same choices as autonet has them; empty for a range.
    """

    distribution: BaseDistribution
    choices: Sequence[Any] = ()

    @property
    def is_constant(self) -> bool:
        """Whether it has a single value."""
        return self.distribution.single()

    def convert(self, value: Any) -> Any:
        """Return a value as Optuna has it.

        Raises
        ------
        LookupError
            If the distribution does not contain it.
        """
        distribution: Any = self.distribution
        if self.choices:
            index = find_index(value, self.choices)
            if index is None:
                raise LookupError(value)
            return distribution.choices[index]
        if not is_real(value):
            raise LookupError(value)
        inside = min(max(value, distribution.low), distribution.high)
        if not math.isclose(inside, value, rel_tol=ROUNDING):
            raise LookupError(value)
        return int(inside) if isinstance(distribution, IntDistribution) else float(inside)


def make_parameters(
    space: ConfigurationSpace, definitions: Mapping[str, distributions.Distribution]
) -> dict[str, Parameter]:
    """Return the hyperparameters by name, in the order of the space.

    Parameters
    ----------
    space : ConfigurationSpace
    definitions : mapping of str to Distribution
        What a define-by-run objective suggested from; used instead of the space if there are any.
    """
    if definitions:
        return {name: _from_suggestions(distribution) for name, distribution in definitions.items()}
    return {hp.name: _from_hyperparameter(hp) for hp in space.values()}


def _from_suggestions(distribution: distributions.Distribution) -> Parameter:
    if isinstance(distribution, distributions.FloatDistribution):
        low, high, log, step = distribution.low, distribution.high, distribution.log, distribution.step
        return Parameter(FloatDistribution(low, high, log=log, step=step))
    if isinstance(distribution, distributions.IntDistribution):
        low, log, step = distribution.low, distribution.log, distribution.step
        high = distribution.high - (distribution.high - low) % step  # Optuna warns of an end off the grid
        return Parameter(IntDistribution(low, high, log=log, step=step))
    return _from_choices(list(distribution.values()))


def _from_hyperparameter(hp: Any) -> Parameter:
    """Convert a hyperparameter of ConfigSpace; an ordinal keeps the order of its choices."""
    if not isinstance(hp, NumericalHyperparameter):
        return _from_choices([to_plain(choice) for choice in get_choices(hp)])
    low, high = to_plain(hp.lower), to_plain(hp.upper)
    log = bool(getattr(hp, "log", False))
    step = hp.step if isinstance(hp, RangeHyperparameter) else None
    if isinstance(hp, IntegerHyperparameter) or isinstance(low, int):
        return Parameter(IntDistribution(int(low), int(high), log=log, step=step or 1))
    return Parameter(FloatDistribution(low, high, log=log, step=step))


def _from_choices(choices: Sequence[Any]) -> Parameter:
    return Parameter(CategoricalDistribution(make_labels(choices)), choices)

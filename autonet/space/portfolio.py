"""Portfolios: configurations known to be good, fitted into the search space."""

from collections.abc import Iterable, Mapping
from typing import Any

from ConfigSpace.hyperparameters import Constant, Hyperparameter, NumericalHyperparameter

from autonet.core.errors import InvalidOption
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import complete_config

__all__ = ["fit_portfolio"]

Config = dict[str, Any]


def fit_portfolio(encoding: Encoding, portfolio: Iterable[Mapping[str, Any]]) -> list[Config]:
    """Fit the configurations of a portfolio into a space; the ranges of the space take precedence.

    Parameters
    ----------
    encoding : Encoding
        Encoding of the space.
    portfolio : iterable of mapping
        Values of some hyperparameters.

    Returns
    -------
    list of dict
        Complete configurations.  Numbers are clipped to the range; entries with a choice that the space does not offer,
        and duplicates, are dropped.
    """
    fitted: list[Config] = []
    space = encoding.space
    for entry in portfolio:
        if not all(name in space and _offers(space[name], value) for name, value in entry.items()):
            continue
        try:
            config = complete_config(encoding, {name: _clip(space[name], value) for name, value in entry.items()})
        except InvalidOption:  # a value is inactive under a choice that the user has fixed
            continue
        if config not in fitted:
            fitted.append(config)
    return fitted


def _offers(hyperparameter: Hyperparameter[Any, Any], value: Any) -> bool:
    return _fits_range(hyperparameter, value) or bool(hyperparameter.legal_value(value))


def _fits_range(hyperparameter: Hyperparameter[Any, Any], value: Any) -> bool:
    """Return whether a value is a number, and the hyperparameter a range or one narrowed to a constant."""
    if isinstance(value, bool | str):
        return False
    of_range = isinstance(hyperparameter, NumericalHyperparameter)
    return of_range or (isinstance(hyperparameter, Constant) and not isinstance(hyperparameter.value, bool | str))


def _clip(hyperparameter: Hyperparameter[Any, Any], value: Any) -> Any:
    if isinstance(hyperparameter, Constant):
        return hyperparameter.value
    if isinstance(hyperparameter, NumericalHyperparameter):
        return min(max(value, hyperparameter.lower), hyperparameter.upper)
    return value

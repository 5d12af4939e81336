"""Configurations known to be good, fitted into the space that is searched."""

from collections.abc import Iterable, Mapping
from typing import Any

from ConfigSpace.hyperparameters import Constant, Hyperparameter, NumericalHyperparameter

from autonet.core.errors import InvalidOption
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import complete_config

__all__ = ["fit_portfolio"]

Config = dict[str, Any]


def fit_portfolio(encoding: Encoding, portfolio: Iterable[Mapping[str, Any]]) -> list[Config]:
    """Keep a portfolio within a space that was edited: the user's ranges win.

    Parameters
    ----------
    encoding : Encoding
        Of the space.
    portfolio : iterable of mapping
        Values of some hyperparameters.

    Returns
    -------
    list of dict
        Complete configurations.  Numbers out of range are moved to its nearer end; entries with a choice that the
        space does not offer are left out, and so are those that have become equal to an earlier one.
    """
    fitted: list[Config] = []
    space = encoding.space
    for entry in portfolio:
        if not all(name in space and _offers(space[name], value) for name, value in entry.items()):
            continue
        try:
            config = complete_config(encoding, {name: _nearest(space[name], value) for name, value in entry.items()})
        except InvalidOption:  # a choice that the user has fixed leaves no place for one of the values
            continue
        if config not in fitted:
            fitted.append(config)
    return fitted


def _offers(hyperparameter: Hyperparameter[Any, Any], value: Any) -> bool:
    return _is_number(hyperparameter, value) or bool(hyperparameter.legal_value(value))


def _is_number(hyperparameter: Hyperparameter[Any, Any], value: Any) -> bool:
    """Whether a value is a number for a range, or for a range that was narrowed down to one number."""
    if isinstance(value, bool | str):
        return False
    of_range = isinstance(hyperparameter, NumericalHyperparameter)
    return of_range or (isinstance(hyperparameter, Constant) and not isinstance(hyperparameter.value, bool | str))


def _nearest(hyperparameter: Hyperparameter[Any, Any], value: Any) -> Any:
    if isinstance(hyperparameter, Constant):
        return hyperparameter.value
    if isinstance(hyperparameter, NumericalHyperparameter):
        return min(max(value, hyperparameter.lower), hyperparameter.upper)
    return value

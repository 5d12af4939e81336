"""Hyperparameters of Hyperopt: its twelve distributions, as hyperparameters of ConfigSpace."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ConfigSpace import CategoricalHyperparameter, Constant

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_real
from autonet.search.hyperopt.pyll.base import Choice, Parameter
from autonet.search.spaces.distributions import FloatDistribution, IntDistribution
from autonet.search.spaces.priors import NormalHyperparameter, QuantizedHyperparameter
from autonet.search.spaces.values import safe_repr, to_plain

__all__ = [
    "choice",
    "lognormal",
    "loguniform",
    "normal",
    "pchoice",
    "qlognormal",
    "qloguniform",
    "qnormal",
    "quniform",
    "randint",
    "uniform",
    "uniformint",
]


def choice(label: str, options: Iterable[Any]) -> Any:
    """Choose one of the options, each with the same probability; an option may be a part of a space."""
    if isinstance(options, Mapping | str):
        raise InvalidOption(f"hp.choice({label!r}): expected a list of options; got {safe_repr(options)}.")
    return _make_choice(label, list(options), None)


def pchoice(label: str, p_options: Iterable[tuple[float, Any]]) -> Any:
    """Choose one of the options of the pairs (probability, option)."""
    pairs = list(p_options)
    if not all(isinstance(pair, Sequence) and len(pair) == 2 and is_real(pair[0]) for pair in pairs):
        raise InvalidOption(f"hp.pchoice({label!r}): expected pairs (probability, option); got {safe_repr(pairs)}.")
    weights = [float(p) for p, _ in pairs]
    if not (all(p >= 0 for p in weights) and math.isclose(sum(weights), 1.0, abs_tol=1e-6)):
        raise InvalidOption(
            f"hp.pchoice({label!r}): the probabilities must be at least 0 and add up to 1; got {weights}."
        )
    return _make_choice(label, [option for _, option in pairs], weights)


def randint(label: str, low: int, high: int | None = None) -> Any:
    """Draw an integer from 0 to ``low - 1``, or from `low` to ``high - 1``."""
    first, end = (0, low) if high is None else (low, high)
    return _make(label, lambda: IntDistribution(first, end - 1).hyperparameter(label))


def uniformint(label: str, low: int, high: int, q: float = 1) -> Any:
    """Draw an integer from `low` to `high`, both included."""
    if q != 1:
        raise InvalidOption(f"hp.uniformint({label!r}) requires q=1; got q={q!r}. Use hp.quniform.")
    return _make(label, lambda: IntDistribution(low, high).hyperparameter(label))


def uniform(label: str, low: float, high: float) -> Any:
    """Draw a float from `low` to `high`."""
    return _make(label, lambda: FloatDistribution(low, high).hyperparameter(label))


def quniform(label: str, low: float, high: float, q: float) -> Any:
    """Draw ``round(uniform(low, high) / q) * q``."""
    return _make(label, lambda: QuantizedHyperparameter(label, low, high, q))


def loguniform(label: str, low: float, high: float) -> Any:
    """Draw ``exp(uniform(low, high))``."""
    return _make(label, lambda: FloatDistribution(math.exp(low), math.exp(high), log=True).hyperparameter(label))


def qloguniform(label: str, low: float, high: float, q: float) -> Any:
    """Draw ``round(exp(uniform(low, high)) / q) * q``."""
    return _make(label, lambda: QuantizedHyperparameter(label, math.exp(low), math.exp(high), q, log=True))


def normal(label: str, mu: float, sigma: float) -> Any:
    """Draw a float from the normal distribution, which is not bounded."""
    return _make(label, lambda: NormalHyperparameter(label, mu, sigma))


def qnormal(label: str, mu: float, sigma: float, q: float) -> Any:
    """Draw ``round(normal(mu, sigma) / q) * q``."""
    return _make(label, lambda: NormalHyperparameter(label, mu, sigma, q=q))


def lognormal(label: str, mu: float, sigma: float) -> Any:
    """Draw ``exp(normal(mu, sigma))``."""
    return _make(label, lambda: NormalHyperparameter(label, mu, sigma, log=True))


def qlognormal(label: str, mu: float, sigma: float, q: float) -> Any:
    """Draw ``round(exp(normal(mu, sigma)) / q) * q``."""
    return _make(label, lambda: NormalHyperparameter(label, mu, sigma, q=q, log=True))


def _make(label: Any, make: Callable[[], Any]) -> Parameter:
    """Make a hyperparameter; name its label in errors."""
    if not isinstance(label, str):
        raise InvalidOption(f"The first argument of a hyperparameter is its label, a str; got {safe_repr(label)}.")
    try:
        return Parameter(make())
    except (InvalidOption, ValueError, TypeError, OverflowError) as error:
        raise InvalidOption(f"{label!r} is invalid: {error}") from error


def _make_choice(label: Any, options: list[Any], weights: list[float] | None) -> Choice:
    if not isinstance(label, str):
        raise InvalidOption(f"The first argument of a hyperparameter is its label, a str; got {safe_repr(label)}.")
    if not options:
        raise InvalidOption(f"{label!r} has no options; expected at least one.")
    options = [to_plain(option) for option in options]
    names = _name_options(options)
    if len(options) == 1:
        return Choice(Constant(label, names[0]), options)
    return Choice(CategoricalHyperparameter(label, names, weights=weights), options)


def _name_options(options: Sequence[Any]) -> list[Any]:
    """Return options as configurations show them: different texts or numbers themselves, others by their index."""
    kinds = {type(option) for option in options}
    plain = kinds in ({str}, {int}, {bool}) or (kinds == {float} and all(map(math.isfinite, options)))
    if plain and len(set(options)) == len(options):
        return list(options)
    texts = [option if isinstance(option, str) else f"option {i}" for i, option in enumerate(options)]
    return texts if len(set(texts)) == len(texts) else [f"option {i}" for i in range(len(options))]

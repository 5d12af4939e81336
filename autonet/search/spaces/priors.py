"""Hyperparameters that ConfigSpace lacks: unbounded normal priors, and priors rounded to multiples of a number."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ConfigSpace.hyperparameters import NumericalHyperparameter
from ConfigSpace.hyperparameters.distributions import UnitUniformContinuousDistribution
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from autonet.core.typing import FloatArray
from autonet.core.validation import is_real
from autonet.search.spaces.ranges import RangeHyperparameter, count_decimals, is_on_grid

__all__ = [
    "DECODERS",
    "ENCODERS",
    "NormalHyperparameter",
    "PriorHyperparameter",
    "PriorRangeHyperparameter",
    "QuantizedHyperparameter",
]

MAX_SIGMAS = 6.0  # distance from the mean in standard deviations that samplers see; one draw in 500 million is beyond
WIDTH = 2.0  # of the normal scale of vectors, in standard deviations: resolves the center and the tails
TAIL = float(ndtr(-MAX_SIGMAS / WIDTH))
MAX_EXPONENT = 700.0  # of a float
MAX_DECIMALS = 12  # of `q`, up to which its multiples are rounded


class PriorHyperparameter(NumericalHyperparameter):  # type: ignore[type-arg]
    """Float whose value or logarithm has a uniform or normal prior, before it is rounded to a multiple of `q`.

    Attributes
    ----------
    lower, upper : float
        Range that samplers see.
    log : bool
        Whether the prior is that of the logarithm, and `lower` is positive: a scale for plots.
    q : float or None
    """

    ORDERABLE = True
    _bounded = True  # whether values beyond `lower` and `upper` are impossible

    def __init__(self, name: str, low: float, high: float, q: float | None, *, log: bool) -> None:
        self._of_logarithm, self.q = bool(log), None if q is None else float(q)
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError("expected finite parameters, with low < high or sigma > 0.")
        if self.q is not None and not 0 < self.q < np.inf:
            raise ValueError(f"q must be positive and finite; got {q!r}.")
        scale = _Scale(self._to_inner, self._to_unit, log=self._of_logarithm, q=self.q, bounded=self._bounded)
        self.lower, self.upper = (float(v) for v in scale.to_value(np.array([0.0, 1.0])))
        self.log = self._of_logarithm and self.lower > 0  # 0, if values are rounded
        distribution = UnitUniformContinuousDistribution(pdf_max_density=1.0)
        size = np.inf if self.q is None else round((self.upper - self.lower) / self.q) + 1
        super().__init__(
            name=name,
            size=size,
            default_value=float(scale.to_value(np.array([0.5]))[0]),
            transformer=scale,
            vector_dist=distribution,
            neighborhood=distribution.neighborhood,
            neighborhood_size=size - 1,
            value_cast=float,
        )

    @abstractmethod
    def _to_inner(self, vector: FloatArray) -> FloatArray:
        """Return the values, or their logarithms, of vector forms."""

    @abstractmethod
    def _to_unit(self, inner: FloatArray) -> FloatArray:
        """Return the vector forms of values, or of their logarithms."""

    @abstractmethod
    def _draw(self, n: int, random: np.random.RandomState) -> FloatArray:
        """Draw vector forms of shape (n,) before rounding."""

    @property
    @abstractmethod
    def parameters(self) -> Mapping[str, Any]:
        """Arguments of the constructor except the name."""

    def sample_vector(self, size: int | None = None, *, seed: np.random.RandomState | None = None) -> Any:
        """Draw vector forms from the prior."""
        random = np.random.RandomState() if seed is None else seed
        drawn = np.clip(self._draw(1 if size is None else size, random), 0.0, 1.0)
        if self.q is not None:
            drawn = self._transformer.to_vector(self._transformer.to_value(drawn))
        return drawn[0] if size is None else drawn

    def list_vectors(self) -> FloatArray:
        """Return the vector forms of all values of a hyperparameter with `q`."""
        q = self.q or 1.0
        return np.asarray(self._transformer.to_vector(q * np.arange(round(self.lower / q), round(self.upper / q) + 1)))

    def to_uniform(self) -> Any:
        """Return a uniform hyperparameter over the range that samplers see."""
        return RangeHyperparameter(self.name, self.lower, self.upper, log=self.log)

    def __copy__(self) -> "PriorHyperparameter":
        """Copy with the constructor; ConfigSpace copies what it adds."""
        return type(self)(self.name, **self.parameters)

    def __str__(self) -> str:
        """Show the parameters of the prior."""
        kind = type(self).__name__.removesuffix("Hyperparameter")
        return f"{self.name}, Type: {kind}, " + ", ".join(f"{k}: {v}" for k, v in self.parameters.items())


class NormalHyperparameter(PriorHyperparameter):
    """Float with an unbounded normal prior; with `log` it is lognormal, with `q` rounded to its multiples.

    Samplers propose values up to six standard deviations from the mean, and a draw beyond, one in 500 million, becomes
    the end of this range.  Enqueued values may lie anywhere.

    Parameters
    ----------
    name : str
    mu, sigma : float
        Mean and standard deviation, with `log` those of the logarithm.
    q : float, optional
    log : bool

    Examples
    --------
    >>> from autonet.search import minimize
    >>> from autonet.search.spaces.priors import NormalHyperparameter
    >>> space = {"shift": NormalHyperparameter("shift", mu=0.0, sigma=2.0)}
    >>> study = minimize(lambda trial: trial["shift"] ** 2, space, max_trials=9, random_state=0)
    >>> study.best.value < 1
    True
    """

    _bounded = False

    def __init__(self, name: str, mu: float, sigma: float, *, q: float | None = None, log: bool = False) -> None:
        self.mu, self.sigma = float(mu), float(sigma)
        reach = MAX_SIGMAS * self.sigma
        super().__init__(name, self.mu - reach, self.mu + reach, q, log=log)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments of the constructor except the name."""
        return {"mu": self.mu, "sigma": self.sigma, "q": self.q, "log": self._of_logarithm}

    def _to_inner(self, vector: FloatArray) -> FloatArray:
        return np.asarray(self.mu + self.sigma * WIDTH * ndtri(TAIL + vector * (1 - 2 * TAIL)))

    def _to_unit(self, inner: FloatArray) -> FloatArray:
        return np.asarray((ndtr((inner - self.mu) / self.sigma / WIDTH) - TAIL) / (1 - 2 * TAIL))

    def _draw(self, n: int, random: np.random.RandomState) -> FloatArray:
        return self._to_unit(self.mu + self.sigma * random.standard_normal(n))


class QuantizedHyperparameter(PriorHyperparameter):
    """Float with a uniform prior from `low` to `high`, with `log` of the logarithm, rounded to multiples of `q`.

    The multiples at both ends are drawn less often, by the part of their neighborhood that lies in the range.

    Parameters
    ----------
    name : str
    low, high : float
    q : float
    log : bool

    Examples
    --------
    >>> from autonet.search import minimize
    >>> from autonet.search.spaces.priors import QuantizedHyperparameter
    >>> space = {"rate": QuantizedHyperparameter("rate", 0.0, 1.0, q=0.25)}
    >>> study = minimize(lambda trial: abs(trial["rate"] - 0.5), space, max_trials=9, random_state=0)
    >>> study.best.config["rate"]
    0.5
    """

    def __init__(self, name: str, low: float, high: float, q: float, *, log: bool = False) -> None:
        self.low, self.high = float(low), float(high)
        if log and not self.low > 0:
            raise ValueError(f"a logarithmic range requires low > 0; got {low!r}.")
        self._ends = (float(np.log(low)), float(np.log(high))) if log else (self.low, self.high)
        super().__init__(name, *self._ends, q, log=log)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments of the constructor except the name."""
        return {"low": self.low, "high": self.high, "q": self.q, "log": self._of_logarithm}

    def _to_inner(self, vector: FloatArray) -> FloatArray:
        low, high = self._ends
        return low + vector * (high - low)

    def _to_unit(self, inner: FloatArray) -> FloatArray:
        low, high = self._ends
        return (inner - low) / (high - low)

    def _draw(self, n: int, random: np.random.RandomState) -> FloatArray:
        return random.random_sample(n)


@dataclass
class _PriorDistribution(UnitUniformContinuousDistribution):
    """Distribution from which ``ConfigurationSpace.sample_configuration`` draws."""

    draw: Any = field(default=None, compare=False)

    def sample_vector(self, n: int, *, seed: np.random.RandomState | None = None) -> Any:
        """Draw vector forms of shape (n,)."""
        return self.draw(n, seed=seed)


class PriorRangeHyperparameter(RangeHyperparameter):
    """Number between two ends with a normal or beta prior, which samplers draw from and models do not know.

    Parameters
    ----------
    name : str
    lower, upper : float or int
    step : float or int, optional
    log : bool
    prior : tuple of str, float and float
        ``("normal", mu, sigma)``: mean and standard deviation, cut off at the ends; with `log` they are those of a
        lognormal: `mu` its median, `sigma` the standard deviation of the natural logarithm.  ``("beta", alpha, beta)``
        of the position between the ends, with `log` on the logarithmic scale.
    default_value : float or int, optional
    meta : mapping, optional
    """

    def __init__(
        self,
        name: str,
        lower: Any,
        upper: Any,
        step: Any = None,
        *,
        prior: tuple[str, float, float],
        log: bool = False,
        default_value: Any = None,
        meta: Any = None,
    ) -> None:
        super().__init__(name, lower, upper, step, log=log, default_value=default_value, meta=meta)
        kind, *parameters = prior
        self.prior: tuple[Any, ...] = (str(kind), *map(float, parameters))
        self._to_inner = np.log if log else np.asarray
        self._vector_dist = _PriorDistribution(pdf_max_density=1.0, draw=self.sample_vector)

    def sample_vector(self, size: int | None = None, *, seed: np.random.RandomState | None = None) -> Any:
        """Draw vector forms from the prior."""
        random, n = np.random.RandomState() if seed is None else seed, 1 if size is None else size
        (kind, first, second), low, high = self.prior, self._to_inner(self.lower), self._to_inner(self.upper)
        if kind == "normal":
            mu = self._to_inner(first)
            ends = ndtr((low - mu) / second), ndtr((high - mu) / second)
            drawn = mu + second * ndtri(random.uniform(*ends, size=n))
        else:
            drawn = low + (high - low) * random.beta(first, second, size=n)
        values = np.clip(np.exp(drawn) if self.log else drawn, self.lower, self.upper)
        vectors = self._transformer.to_vector(values)
        return vectors[0] if size is None else vectors

    def __copy__(self) -> "PriorRangeHyperparameter":
        """Copy with the constructor; ConfigSpace copies what it adds."""
        return type(self)(**_encode_prior_range(self, None), meta=self.meta)

    def __str__(self) -> str:
        """Show the range and the prior."""
        return f"{super().__str__()}, Prior: {self.prior}"


class _Scale:
    """Transformer of ConfigSpace between values and [0, 1]."""

    def __init__(
        self,
        to_inner: Callable[[FloatArray], FloatArray],
        to_unit: Callable[[FloatArray], FloatArray],
        *,
        log: bool,
        q: float | None,
        bounded: bool,
    ) -> None:
        self._to_inner, self._to_unit, self._log, self._q, self._bounded = to_inner, to_unit, log, q, bounded
        self.lower_vectorized, self.upper_vectorized = np.float64(0.0), np.float64(1.0)

    def to_value(self, vector: FloatArray) -> NDArray[Any]:
        """Return the values of vector forms, of shape (n,); see `Transformer` of ConfigSpace."""
        values = self._to_inner(np.asarray(vector, float))
        if self._log:
            values = np.exp(np.minimum(values, MAX_EXPONENT))
        if self._q is not None:
            values = np.rint(values / self._q) * self._q + 0.0  # no -0.0
            decimals = count_decimals(self._q)
            values = np.round(values, decimals) if decimals <= MAX_DECIMALS else values  # 0.3, not 0.1 * 3
        return np.asarray(values)

    def to_vector(self, value: Any) -> FloatArray:
        """Return the vector forms of values, of shape (n,) or a scalar; see `Transformer` of ConfigSpace."""
        values = np.asarray(value, float)
        with np.errstate(divide="ignore"):  # values rounded to 0
            inner = np.log(values) if self._log else values
        return np.asarray(np.clip(self._to_unit(inner), 0.0, 1.0))

    def legal_value(self, value: Any) -> NDArray[np.bool_]:
        """Return which values of shape (n,) have a positive probability."""
        return np.array([self.legal_value_single(v) for v in value], bool)

    def legal_value_single(self, value: Any) -> bool:
        """Return whether a value has a positive probability."""
        if not is_real(value) or not np.isfinite(value) or (self._log and value < 0):
            return False
        if self._q is None:
            return value > 0 if self._log else True
        low, high = self.to_value(np.array([0.0, 1.0]))
        inside = bool(low - self._q / 2 < value < high + self._q / 2)
        return is_on_grid(float(value), 0.0, self._q) and (inside or not self._bounded)

    def legal_vector(self, vector: FloatArray) -> NDArray[np.bool_]:
        """Return which vector forms of shape (n,) lie in [0, 1]."""
        return (vector >= 0) & (vector <= 1)

    def legal_vector_single(self, vector: Any) -> bool:
        """Return whether a vector form lies in [0, 1]."""
        return bool(0 <= vector <= 1)


def _encode_prior(hp: PriorHyperparameter, _: Any) -> dict[str, Any]:
    return {"name": hp.name, **hp.parameters}


def _encode_range(hp: RangeHyperparameter, _: Any) -> dict[str, Any]:
    return {"name": hp.name, "lower": hp.lower, "upper": hp.upper, "step": hp.step, "log": hp.log}


def _encode_prior_range(hp: PriorRangeHyperparameter, _: Any) -> dict[str, Any]:
    return {**_encode_range(hp, None), "prior": list(hp.prior), "default_value": hp.default_value}


KINDS: Mapping[str, type[Any]] = {
    "normal": NormalHyperparameter,
    "prior range": PriorRangeHyperparameter,
    "quantized": QuantizedHyperparameter,
    "range": RangeHyperparameter,
}

HOW: Mapping[Any, Any] = {RangeHyperparameter: _encode_range, PriorRangeHyperparameter: _encode_prior_range}

# How ConfigSpace writes and reads the hyperparameters that it lacks.
ENCODERS: Mapping[Any, Any] = {kind: (name, HOW.get(kind, _encode_prior)) for name, kind in KINDS.items()}
DECODERS: Mapping[Any, Any] = {
    "hyperparameters": {name: (lambda item, *_, kind=kind: kind(**item)) for name, kind in KINDS.items()}
}

"""Hyperparameters that ConfigSpace lacks: ranges with a step, or with bounds that it would round."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from ConfigSpace.hyperparameters import (
    NumericalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from ConfigSpace.hyperparameters.distributions import UnitUniformContinuousDistribution
from ConfigSpace.hyperparameters.hp_components import ROUND_PLACES
from numpy.typing import NDArray

from autonet.core.typing import FloatArray

__all__ = ["ON_GRID", "RangeHyperparameter", "count_decimals", "is_on_grid"]

ON_GRID = 1e-6  # tolerance for values on a grid, as a share of a step


def is_on_grid(value: float, low: float, step: float | None) -> bool:
    """Return whether a value lies on the grid from `low`, within rounding errors; always without a step."""
    if step is None:
        return True
    steps = float((value - low) / step)
    return abs(steps - round(steps)) < max(ON_GRID, 1e-15 * abs(steps))


def count_decimals(value: float) -> int:
    """Count the decimals of the shortest representation of a number."""
    return max(-int(Decimal(str(value)).as_tuple().exponent), 0)


class RangeHyperparameter(NumericalHyperparameter):  # type: ignore[type-arg]
    """Numerical hyperparameter from `lower` to `upper`, on a grid if it has a step.

    The k-th of n values has the vector form k / (n - 1).

    Parameters
    ----------
    name : str
    lower, upper : float or int
    step : float or int, optional
        Divides ``upper - lower``; None for a continuous range.
    log : bool
    default_value : float or int, optional
        Default: the middle.
    meta : mapping, optional
    """

    ORDERABLE = True

    def __init__(
        self,
        name: str,
        lower: Any,
        upper: Any,
        step: Any = None,
        *,
        log: bool = False,
        default_value: Any = None,
        meta: Any = None,
    ) -> None:
        self.lower, self.upper, self.step, self.log = lower, upper, step, log
        scale = _Scale(lower, upper, step, log)
        distribution = UnitUniformContinuousDistribution(pdf_max_density=1.0)
        super().__init__(
            name=name,
            size=np.inf if step is None else scale.n_steps + 1,
            default_value=scale.value(0.5) if default_value is None else default_value,
            meta=meta,
            transformer=scale,
            vector_dist=distribution,
            neighborhood=distribution.neighborhood,
            neighborhood_size=np.inf if step is None else scale.n_steps,
            value_cast=type(lower),
        )

    @classmethod
    def for_range(cls, name: str, lower: Any, upper: Any, *, step: Any, log: bool) -> Any:
        """Return a hyperparameter of ConfigSpace if it can represent the range, else one of this class."""
        if isinstance(lower, int) and step == 1 and abs(upper) < 2**53 > abs(lower):
            return UniformIntegerHyperparameter(name, lower, upper, log=log)
        with np.errstate(over="ignore"):  # bounds such as 1e308
            rounded = [float(np.round(end, ROUND_PLACES)) for end in (lower, upper)]
        if step is None and rounded == [lower, upper]:
            return UniformFloatHyperparameter(name, lower, upper, log=log)
        return cls(name, lower, upper, step, log=log)

    def sample_vector(self, size: int | None = None, *, seed: np.random.RandomState | None = None) -> Any:
        """Draw vector forms from the uniform distribution."""
        drawn = super().sample_vector(1 if size is None else size, seed=seed)
        if self.step is not None:
            n_steps = self._transformer.n_steps  # type: ignore[attr-defined]
            drawn = np.minimum(np.floor(drawn * (n_steps + 1)), n_steps) / n_steps
        return drawn[0] if size is None else drawn

    def to_uniform(self) -> Any:
        """Return the hyperparameter, which is uniform."""
        return self

    def __copy__(self) -> "RangeHyperparameter":
        """Copy with the constructor; ConfigSpace copies what it adds."""
        return type(self)(self.name, self.lower, self.upper, self.step, log=self.log)

    def __str__(self) -> str:
        """Show the range as ConfigSpace does, with its step."""
        kind = "Integer" if isinstance(self.lower, int) else "Float"
        step = "" if self.step is None else f", Step: {self.step}"
        scale = ", on log-scale" if self.log else ""
        range_ = f"Range: [{self.lower}, {self.upper}]{step}"
        return f"{self.name}, Type: {kind}, {range_}, Default: {self.default_value}{scale}"


@dataclass
class _Scale:
    """Transformer of ConfigSpace between values and [0, 1]."""

    lower: Any
    upper: Any
    step: Any
    log: bool
    lower_vectorized: np.float64 = field(default=np.float64(0.0), init=False)
    upper_vectorized: np.float64 = field(default=np.float64(1.0), init=False)

    def __post_init__(self) -> None:
        f = np.log if self.log else float
        self._low, self._high = float(f(self.lower)), float(f(self.upper))
        self.n_steps = 0 if self.step is None else round((self.upper - self.lower) / self.step)
        self._decimals = 0 if self.step is None else max(map(count_decimals, (self.lower, self.step)))

    def value(self, vector: float) -> Any:
        """Return the value of a vector form."""
        if self.step is not None:
            return round(self.lower + round(vector * self.n_steps) * self.step, self._decimals)
        inside = (1 - vector) * self._low + vector * self._high
        return float(np.clip(np.exp(inside) if self.log else inside, self.lower, self.upper))

    def to_value(self, vector: FloatArray) -> NDArray[Any]:
        """Return the values of vector forms, of shape (n,); see `Transformer` of ConfigSpace."""
        return np.array([self.value(float(v)) for v in vector])

    def to_vector(self, value: Any) -> FloatArray:
        """Return the vector forms of values, of shape (n,) or a scalar; see `Transformer` of ConfigSpace."""
        values = np.asarray(value, float)
        if self.step is not None:
            return np.asarray(np.rint((values - self.lower) / self.step) / self.n_steps)
        values = np.log(values) if self.log else values
        half = 1.0 if np.isfinite(self._high - self._low) else 0.5  # the difference of the bounds may overflow
        return np.asarray((half * values - half * self._low) / (half * self._high - half * self._low))

    def legal_value(self, value: Any) -> NDArray[np.bool_]:
        """Return which values of shape (n,) lie in the range and on the grid."""
        return np.array([self.legal_value_single(v) for v in value], bool)

    def legal_vector(self, vector: FloatArray) -> NDArray[np.bool_]:
        """Return which vector forms of shape (n,) lie in [0, 1]."""
        return (vector >= 0) & (vector <= 1)

    def legal_value_single(self, value: Any) -> bool:
        """Return whether a value lies in the range and on the grid."""
        if not isinstance(value, int | float | np.number) or not self.lower <= value <= self.upper:
            return False
        return is_on_grid(float(value), self.lower, self.step)

    def legal_vector_single(self, vector: Any) -> bool:
        """Return whether a vector form lies in [0, 1]."""
        return bool(0 <= vector <= 1)

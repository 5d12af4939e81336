"""Distributions of suggested hyperparameters, named as in Optuna, and their merge."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from ConfigSpace import Constant
from ConfigSpace.hyperparameters import CategoricalHyperparameter

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_integer, is_real
from autonet.search.spaces.ranges import ON_GRID, RangeHyperparameter, count_decimals, is_on_grid
from autonet.search.spaces.values import copy_value, find_index, to_plain

__all__ = ["CategoricalDistribution", "Distribution", "FloatDistribution", "IntDistribution", "from_dict", "merge"]

MAX_STEPS = 10**9  # number of steps above which a merged grid becomes a continuous range
MAX_INTEGER = 2**62  # bound of integers: differences must be below 2**63, the limit of NumPy's generator


class Distribution(ABC):
    """Set of values that a suggestion may return."""

    @property
    @abstractmethod
    def size(self) -> float:
        """Number of values; infinite for a continuous range."""

    @abstractmethod
    def cast(self, value: Any) -> Any:
        """Return the legal value equal to `value`; None if there is none (see `is_legal`)."""

    @abstractmethod
    def is_legal(self, value: Any) -> bool:
        """Return whether `value` equals one of the values."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Any:
        """Draw a value."""

    @abstractmethod
    def values(self) -> Sequence[Any]:
        """Return all values of a finite distribution."""

    @abstractmethod
    def hyperparameter(self, name: str) -> Any:
        """Convert to a hyperparameter of ConfigSpace."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values; inverse of `from_dict`."""

    def fit(self, value: Any, rng: np.random.Generator) -> Any:
        """Return a legal value for a proposed one: the nearest on a grid, or a random one if it is out of range."""
        return self.cast(value) if self.is_legal(value) else self.sample(rng)


@dataclass(frozen=True)
class _Range(Distribution):
    """Numbers from `low` to `high`, both included; with `step` on a grid from `low`."""

    low: Any
    high: Any
    step: Any = None
    log: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", to_plain(self.low))
        object.__setattr__(self, "high", to_plain(self.high))
        object.__setattr__(self, "step", to_plain(self.step))
        object.__setattr__(self, "log", bool(self.log))
        for name, value in (("low", self.low), ("high", self.high), *([("step", self.step)] if self.step else [])):
            if not is_real(value) or not math.isfinite(value):
                raise InvalidOption(f"{name} must be a finite number; got {value!r}.")
        if not self.low <= self.high:
            raise InvalidOption(f"expected low <= high; got low={self.low!r}, high={self.high!r}.")
        if self.log and self.low <= 0:
            raise InvalidOption(f"a logarithmic range requires low > 0; got low={self.low!r}.")
        if self.step is not None and not self.step > 0:
            raise InvalidOption(f"step must be positive; got step={self.step!r}.")
        if self.step is not None and not self.high - self.low < 2 * MAX_INTEGER * self.step:
            raise InvalidOption(f"expected fewer than 2**63 steps; got {self}.")

    def __str__(self) -> str:
        step = "" if self.step in (None, 1) else f", step={self.step!r}"
        return f"{self.kind} [{self.low!r}, {self.high!r}]{step}{', log=True' if self.log else ''}"

    @property
    def kind(self) -> str:
        """Type of the values: "float" or "int"."""
        return "float" if isinstance(self, FloatDistribution) else "int"

    @property
    def size(self) -> float:
        if self.low == self.high:
            return 1
        return math.inf if self.step is None else self._last + 1

    @property
    def _last(self) -> int:
        """Number of steps from the lowest to the highest value."""
        if isinstance(self.step, int):
            return int((self.high - self.low) // self.step)
        return math.floor(float((self.high - self.low) / self.step) + ON_GRID)

    def _at(self, k: int) -> Any:
        """Return the value `k` steps above `low`, rounded to the decimals of `low` and `step`."""
        return round(self.low + k * self.step, max(count_decimals(self.low), count_decimals(self.step)))

    def cast(self, value: Any) -> Any:
        if not self.is_legal(value):
            return None
        value = type(self.low)(value)
        return value if self.step is None else self._at(round((value - self.low) / self.step))

    def is_legal(self, value: Any) -> bool:
        if not is_real(value) or not self.low <= value <= self.high:
            return False
        return is_on_grid(value, self.low, self.step)

    def values(self) -> Sequence[Any]:
        return [self.low] if self.low == self.high else [self._at(k) for k in range(int(self.size))]

    def fit(self, value: Any, rng: np.random.Generator) -> Any:
        if self.step is not None and is_real(value) and self.low <= value <= self.high:
            return self._at(min(round((value - self.low) / self.step), self._last))
        return super().fit(value, rng)

    def hyperparameter(self, name: str) -> Any:
        if self.size == 1:
            return Constant(name, self.low)
        high = self._at(self._last) if self.step else self.high
        return RangeHyperparameter.for_range(name, self.low, high, step=self.step, log=self.log)

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.kind, **asdict(self)}

    def merge(self, other: "_Range") -> "_Range":
        """Return a range that covers both; raise if they differ in type or scale."""
        if type(self) is not type(other) or (self.log != other.log and self.size > 1 and other.size > 1):
            raise InvalidOption(f"{self} and {other} differ in type or scale.")
        low, high = min(self.low, other.low), max(self.high, other.high)
        ranges = [r for r in (self, other) if r.size > 1]  # a single value has no step and no scale
        if not ranges:
            return type(self)(low, high)
        log = ranges[0].log
        if any(r.step is None for r in ranges):
            return type(self)(low, high, None, log)
        # The coarsest grid with the values of both, in exact arithmetic.
        step = _gcd(*(_to_fraction(r.step) for r in ranges), abs(_to_fraction(self.low) - _to_fraction(other.low)))
        if isinstance(low, float) and (high - low) > MAX_STEPS * step:
            return type(self)(low, high, None, log)
        return type(self)(low, high, type(low)(step), log)


@dataclass(frozen=True)
class FloatDistribution(_Range):
    """Floats from `low` to `high`, both included; with `step` on a grid from `low`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        if self.step is not None:
            object.__setattr__(self, "step", float(self.step))
            object.__setattr__(self, "high", self._at(self._last))  # rounded as the other values
            if self.log:
                raise InvalidOption(f"step and log=True exclude each other; got step={self.step!r}.")

    def sample(self, rng: np.random.Generator) -> float:
        """Draw a value from the uniform distribution, on a logarithmic scale if `log`."""
        if self.size == 1:
            return float(self.low)
        if self.step is not None:
            return float(self._at(int(rng.integers(self._last + 1))))
        if self.log:
            return float(np.clip(np.exp(rng.uniform(np.log(self.low), np.log(self.high))), self.low, self.high))
        # The difference of the ends may overflow.
        u = rng.random()
        return float(np.clip((1 - u) * self.low + u * self.high, self.low, self.high))


@dataclass(frozen=True)
class IntDistribution(_Range):
    """Integers from `low` to `high`, both included; with `step` on a grid from `low`."""

    step: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if value != int(value):
                raise InvalidOption(f"{name} must be an integer; got {value!r}.")
            if abs(value) >= MAX_INTEGER:
                raise InvalidOption(f"{name} must be below 2**62; got {value!r}.")
            object.__setattr__(self, name, int(value))
        if self.log and self.step != 1:
            raise InvalidOption(f"step and log=True exclude each other; got step={self.step!r}.")

    def sample(self, rng: np.random.Generator) -> int:
        """Draw a value from the uniform distribution, on a logarithmic scale if `log`."""
        if self.log:  # rounded to the nearest integer
            drawn = np.exp(rng.uniform(np.log(self.low - 0.5), np.log(self.high + 0.5)))
            return int(np.clip(np.rint(drawn), self.low, self.high))
        return int(self.low + self.step * int(rng.integers(self._last + 1)))


@dataclass(frozen=True)
class CategoricalDistribution(Distribution):
    """Unordered set of choices."""

    choices: tuple[Any, ...]

    def __post_init__(self) -> None:
        choices = tuple(copy_value(to_plain(choice)) for choice in self.choices)
        object.__setattr__(self, "choices", choices)
        if not choices:
            raise InvalidOption("expected at least one choice; got none.")
        for i, choice in enumerate(choices):
            if find_index(choice, choices[:i]) is not None:
                raise InvalidOption(f"the choices must differ; got {choice!r} twice in {list(choices)!r}.")

    def __str__(self) -> str:
        return f"categorical {list(self.choices)!r}"

    @property
    def size(self) -> float:
        """Number of choices."""
        return len(self.choices)

    def cast(self, value: Any) -> Any:
        """Return the choice that equals `value`."""
        index = find_index(to_plain(value), self.choices)
        return None if index is None else self.choices[index]

    def is_legal(self, value: Any) -> bool:
        """Return whether `value` equals one of the choices."""
        return find_index(to_plain(value), self.choices) is not None

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw a choice, each with the same probability."""
        return self.choices[int(rng.integers(len(self.choices)))]

    def values(self) -> Sequence[Any]:
        """Return the choices."""
        return self.choices

    def hyperparameter(self, name: str) -> Any:
        """Convert to a categorical hyperparameter, or to a constant."""
        if len(self.choices) == 1:
            return Constant(name, self.choices[0])
        return CategoricalHyperparameter(name, self.choices)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values."""
        return {"type": "categorical", "choices": list(self.choices)}


def merge(name: str, old: Distribution | None, new: Distribution) -> Distribution:
    """Merge two distributions of a hyperparameter; raise if they differ in type or scale."""
    if old is None or old == new:
        return new
    if isinstance(old, _Range) and isinstance(new, _Range):
        try:
            return old.merge(new)
        except InvalidOption:
            pass
    else:
        for one, other in ((new, old), (old, new)):  # a single value may be of any type
            if one.size == 1 and all(other.is_legal(value) for value in one.values()):
                return other
        if isinstance(old, CategoricalDistribution) and isinstance(new, CategoricalDistribution):
            return CategoricalDistribution((*old.choices, *(c for c in new.choices if not old.is_legal(c))))
    raise InvalidOption(
        f"{name!r} was suggested as {old} in earlier trials and now as {new}; use another name, or start a new study."
    )


def from_dict(item: Mapping[str, Any]) -> Distribution:
    """Make a distribution from the dict of `to_dict`, or from that of a ConfigSpace hyperparameter (before 0.1)."""
    kind = item["type"]
    if kind in ("float", "int"):
        low, high, step, log = item["low"], item["high"], item["step"], bool(item["log"])
        return FloatDistribution(low, high, step, log) if kind == "float" else IntDistribution(low, high, step, log)
    if kind in ("uniform_float", "uniform_int"):
        range_ = FloatDistribution if kind == "uniform_float" else IntDistribution
        return range_(item["lower"], item["upper"], log=bool(item["log"]))
    if kind == "categorical":
        return CategoricalDistribution(tuple(item["choices"]))
    if kind == "constant":
        return _from_values([item["value"]])
    if kind == "ordinal":
        return _from_values(item["sequence"])
    raise ValueError(f"{kind!r} is not a type of distribution")


def _from_values(values: Sequence[Any]) -> Distribution:
    """Return the grid of the values of an ordinal, or a categorical distribution."""
    if not all(is_real(value) for value in values):
        return CategoricalDistribution(tuple(values))
    step = values[1] - values[0] if len(values) > 1 else 1
    if all(is_integer(value) for value in values):
        return IntDistribution(values[0], values[-1], step)
    # The values are sums of floats.
    low, high, step = (round(value, 12) or value for value in (values[0], values[-1], step))
    return FloatDistribution(low, high, step if len(values) > 1 else None)


def _to_fraction(value: float) -> Fraction:
    """Convert a float by its shortest decimal, 0.1 to 1/10."""
    return Fraction(str(value))


def _gcd(*values: Fraction) -> Fraction:
    result = Fraction(0)
    for v in values:
        numerator = math.gcd(result.numerator * v.denominator, v.numerator * result.denominator)
        result = Fraction(numerator, result.denominator * v.denominator)
    return result

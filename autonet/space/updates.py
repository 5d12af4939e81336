"""Updates of the search space: node, hyperparameter, values, scale; used by presets and users."""

import json
import math
import re
import reprlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ConfigSpace import Categorical, Constant, Float, Integer
from ConfigSpace.hyperparameters import (
    CategoricalHyperparameter,
    FloatHyperparameter,
    Hyperparameter,
    IntegerHyperparameter,
)

from autonet.core.component import join
from autonet.core.errors import InvalidOption
from autonet.core.files import read_text
from autonet.core.validation import is_real
from autonet.search.spaces.priors import PriorRangeHyperparameter

__all__ = [
    "HyperparameterSearchSpaceUpdate",
    "HyperparameterSearchSpaceUpdates",
    "parse_hyperparameter_search_space_updates",
]

# The end of a line, after the values.
AFTER_VALUES = re.compile(r"^(?:\s+(?P<log>log))?(?:\s+prior=(?P<prior>\[[^]]*\]))?(?:\s+default=(?P<default>.+))?$")
PRIORS = ("normal", "beta")
PYTHON_WORDS = {"True": True, "False": False, "None": None}


@dataclass(frozen=True)
class HyperparameterSearchSpaceUpdate:
    """New values of one hyperparameter.

    Attributes
    ----------
    node_name : str
        For example ``"NetworkSelector"``.
    hyperparameter : str
        For example ``"shapedresnet:activation"``, or the name of the node's selector, ``"network"``.
    value_range : tuple
        Two numbers are the ends of a range; one value is a constant; otherwise the choices.
    log : bool
        Whether a range is searched on a log scale.
    default_value : object, optional
        New default.  Default: the old one, if it is among the new values; with a prior, its most probable value.
    prior : tuple of str, float and float, optional
        How likely values of a range are to be good: ``("normal", mu, sigma)``, cut off at the ends, or
        ``("beta", alpha, beta)`` of the position between the ends.  On a log scale `mu` is the median, and `sigma` the
        standard deviation of the natural logarithm.  Random configurations are drawn from it.  Default: uniform.

    Examples
    --------
    >>> update = HyperparameterSearchSpaceUpdate("OptimizerSelector", "sgd:learning_rate", (1e-3, 1e-1), log=True)
    >>> print(update)
    OptimizerSelector sgd:learning_rate [0.001, 0.1] log
    """

    node_name: str
    hyperparameter: str
    value_range: tuple[Any, ...]
    log: bool = False
    default_value: Any = None
    prior: tuple[str, float, float] | None = None

    def __post_init__(self) -> None:
        """Check everything that does not need the space."""
        for attribute in ("node_name", "hyperparameter"):
            if not isinstance(getattr(self, attribute), str):
                got = reprlib.repr(getattr(self, attribute))
                raise InvalidOption(f"{attribute} of an update must be a name; got {got}.")
        values: Any = self.value_range
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise InvalidOption(f"Update of {self.name}: value_range must be a list; got {reprlib.repr(values)}.")
        object.__setattr__(self, "value_range", tuple(values))
        if not self.value_range:
            raise InvalidOption(f"Update of {self.name}: value_range is empty; give at least one value.")
        if self.prior is not None:
            object.__setattr__(self, "prior", self._check_prior(self.prior))

    def _check_prior(self, prior: Any) -> tuple[str, float, float]:
        """Return a prior as a tuple, if it is one."""
        kind, *parameters = prior if isinstance(prior, Sequence) and not isinstance(prior, str) else (prior,)
        fits = kind in PRIORS and len(parameters) == 2 and all(map(_is_number, parameters))
        if not fits or parameters[1] <= 0 or (kind == "beta" and parameters[0] <= 0):
            raise InvalidOption(
                f"Update of {self.name}: prior must be ('normal', mu, sigma) or ('beta', alpha, beta), with a positive "
                f"sigma, or alpha and beta; got {reprlib.repr(prior)}."
            )
        return (kind, float(parameters[0]), float(parameters[1]))

    @property
    def name(self) -> str:
        """Full name of the hyperparameter."""
        return join(self.node_name, self.hyperparameter)

    def apply(self, old: Hyperparameter[Any, Any]) -> Hyperparameter[Any, Any]:
        """Return a hyperparameter like `old` with the new values.

        Raises
        ------
        InvalidOption
            If the values do not fit the hyperparameter.
        """
        if isinstance(old, CategoricalHyperparameter):
            self._require(self.prior is None, "a prior needs a range of numbers")
            return self._categorical(old)
        if isinstance(old, IntegerHyperparameter | FloatHyperparameter):
            return self._numeric(old, whole=isinstance(old, IntegerHyperparameter))
        self._require(list(self.value_range) == [old.default_value], f"it is the constant {old.default_value!r}")
        return old

    def _categorical(self, old: Any) -> Hyperparameter[Any, Any]:
        choices = [_to_python(choice) for choice in old.choices]
        for value in self.value_range:
            is_choice = any(_identity(value) == _identity(choice) for choice in choices)
            self._require(is_choice, f"{value!r} is not among its choices {choices}")
        values = list(dict.fromkeys(self.value_range))
        former = _to_python(old.default_value)
        default = (former if former in values else values[0]) if self.default_value is None else self.default_value
        self._require(default in values, f"the default {default!r} is not among the new values")
        if len(values) == 1:
            return Constant(old.name, values[0], meta=old.meta)
        return Categorical(old.name, values, default=default, meta=old.meta)

    def _numeric(self, old: Any, *, whole: bool) -> Hyperparameter[Any, Any]:
        low, high = (old.meta or {}).get("limits", (-math.inf, math.inf))
        for value in self.value_range:
            self._require(_is_number(value), f"{value!r} is not a number")
            self._require(not whole or value == int(value), f"{value!r} is not a whole number")
            self._require(low <= value <= high, f"{value!r} is outside the allowed range [{low:g}, {high:g}]")
        cast = int if whole else float
        ends = [cast(v) for v in self.value_range]
        self._require(len(ends) <= 2, f"{len(ends)} numbers; a range has two ends")
        self._require(ends == sorted(ends), "the low end comes first")
        self._require_default(ends[0], ends[-1], whole=whole)
        if ends[0] == ends[-1]:
            self._require(self.prior is None, "a prior needs a range of numbers")
            return Constant(old.name, ends[0], meta=old.meta)
        self._require(not self.log or ends[0] > 0, "a log scale needs a low end above 0")
        middle = math.sqrt(ends[0] * ends[1]) if self.log else (ends[0] + ends[1]) / 2
        inside = old.default_value if ends[0] <= old.default_value <= ends[1] else cast(middle)
        default = inside if self.default_value is None else cast(self.default_value)
        if self.prior is not None:
            return self._with_prior(old, ends, whole=whole)
        make: Any = Integer if whole else Float
        try:
            hyperparameter: Hyperparameter[Any, Any] = make(
                old.name, (ends[0], ends[1]), log=self.log, default=default, meta=old.meta
            )
        except (ArithmeticError, TypeError, ValueError) as error:  # ends too close or too far apart
            raise InvalidOption(f"Update of {self.name}: ConfigSpace cannot make a range of it: {error}.") from error
        return hyperparameter

    def _with_prior(self, old: Any, ends: Sequence[Any], *, whole: bool) -> Hyperparameter[Any, Any]:
        kind, first, second = self.prior  # type: ignore[misc]  # there is one
        low, high = map(math.log, ends) if self.log else ends
        if kind == "normal":
            self._require(ends[0] <= first <= ends[1], f"the mean {first:g} of the prior is outside of the range")
            best = first
        else:
            share = (first - 1) / (first + second - 2) if first > 1 and second > 1 else first / (first + second)
            best = low + share * (high - low)
            best = math.exp(best) if self.log else best
        default = min(max(best, ends[0]), ends[1]) if self.default_value is None else self.default_value
        return PriorRangeHyperparameter(
            old.name,
            ends[0],
            ends[1],
            step=1 if whole else None,
            prior=(kind, first, second),
            log=self.log,
            default_value=round(default) if whole else float(default),
            meta=old.meta,
        )

    def _require_default(self, low: float, high: float, *, whole: bool) -> None:
        default = self.default_value
        if default is not None:
            fits = _is_number(default) and low <= default <= high and (not whole or default == int(default))
            self._require(fits, f"the default {default!r} is outside of the range")

    def _require(self, fits: bool, why: str) -> None:
        if not fits:
            raise InvalidOption(f"Update of {self.name} to {reprlib.repr(list(self.value_range))}: {why}.")

    def __str__(self) -> str:
        """Write the update as a line of a file."""
        default = "" if self.default_value is None else f" default={json.dumps(self.default_value)}"
        values = json.dumps(list(self.value_range))
        prior = "" if self.prior is None else f" prior={json.dumps(list(self.prior))}"
        return f"{self.node_name} {self.hyperparameter} {values}{' log' if self.log else ''}{prior}{default}"


class HyperparameterSearchSpaceUpdates:
    """A list of updates, applied after those of the preset; the last one of a hyperparameter wins.

    Parameters
    ----------
    updates : iterable of HyperparameterSearchSpaceUpdate, optional

    Examples
    --------
    >>> updates = HyperparameterSearchSpaceUpdates()
    >>> updates.append("OptimizerSelector", "sgd:learning_rate", [1e-3, 1e-1], True)
    >>> updates.append("NetworkSelector", "shapedresnet:activation", ["relu", "gelu"])
    >>> print(updates)
    OptimizerSelector sgd:learning_rate [0.001, 0.1] log
    NetworkSelector shapedresnet:activation ["relu", "gelu"]
    """

    def __init__(self, updates: Iterable[HyperparameterSearchSpaceUpdate] = ()) -> None:
        self.updates = list(updates)

    def append(
        self,
        node_name: str,
        hyperparameter: str,
        value_range: Iterable[Any],
        log: Any = False,
        default_value: Any = None,
        *,
        prior: tuple[str, float, float] | None = None,
    ) -> None:
        """Add an update; the parameters are those of `HyperparameterSearchSpaceUpdate`.

        Auto-PyTorch 0.2.1 has `default_value` before `log`: a fourth argument that is not a bool is the default, and a
        fifth after it is `log`.
        """
        values = value_range if isinstance(value_range, str) else _to_tuple(value_range)
        log = _to_python(log)
        if not isinstance(log, bool) and (default_value is None or isinstance(default_value, bool)):
            log, default_value = default_value, log
        self.updates.append(
            HyperparameterSearchSpaceUpdate(node_name, hyperparameter, values, bool(log), default_value, prior)  # type: ignore[arg-type]
        )

    def save_as_file(self, path: str | Path) -> None:
        """Write one update per line; `parse_hyperparameter_search_space_updates` reads them back.

        Raises
        ------
        InvalidOption
            If an update would be read back differently; no file is written.
        """
        text = "".join(f"{_format_line(update)}\n" for update in self.updates)
        Path(path).write_text(text, encoding="utf-8")

    def __iter__(self) -> Iterator[HyperparameterSearchSpaceUpdate]:
        """Go through the updates in order."""
        return iter(self.updates)

    def __len__(self) -> int:
        """Count the updates."""
        return len(self.updates)

    def __eq__(self, other: object) -> bool:
        """Compare the updates, in order."""
        return isinstance(other, HyperparameterSearchSpaceUpdates) and self.updates == other.updates

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        """Show the updates."""
        return f"HyperparameterSearchSpaceUpdates({self.updates!r})"

    def __str__(self) -> str:
        """Write the updates, a line each."""
        return "\n".join(map(str, self.updates))


def _format_line(update: HyperparameterSearchSpaceUpdate) -> str:
    """Format an update as a line that parses to the same update."""
    try:
        line = str(update)
        line.encode()
        same = line.splitlines() == [line.strip()] and not line.startswith("#")
        same = same and HyperparameterSearchSpaceUpdate(*_parse_line(line)) == update  # type: ignore[arg-type]
    except (TypeError, ValueError):
        same = False
    if not same:
        raise InvalidOption(
            f"{reprlib.repr(update)} cannot be written to a file: names must be words, values numbers or strings."
        )
    return line


def parse_hyperparameter_search_space_updates(path: str | Path) -> HyperparameterSearchSpaceUpdates:
    """Read updates from a file: lines of ``NodeName component:hyperparameter [values] log``.

    Blank lines and lines that begin with ``#`` are skipped.  Files of Auto-PyTorch 0.0.2 are read as well.

    Raises
    ------
    InvalidOption
        If the file or one of its lines cannot be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "updates.txt")
    ...     _ = path.write_text("OptimizerSelector sgd:learning_rate [0.001, 0.1] log")
    ...     print(parse_hyperparameter_search_space_updates(path))
    OptimizerSelector sgd:learning_rate [0.001, 0.1] log
    """
    updates = HyperparameterSearchSpaceUpdates()
    for number, text in enumerate(read_text(path, "Updates file").splitlines(), start=1):
        line = text.strip()
        if not line or line.startswith("#"):
            continue
        try:
            node, name, values, log, default, prior = _parse_line(line)
            updates.append(node, name, values, log, default_value=default, prior=prior)
        except (ValueError, RecursionError) as error:  # RecursionError: thousands of brackets
            raise InvalidOption(
                f"{path}, line {number}: expected 'NodeName component:hyperparameter [values] log', got {line!r:.80}."
            ) from error
    return updates


def _parse_line(line: str) -> tuple[str, str, list[Any], bool, Any, Any]:
    """Parse a line: node, hyperparameter, values, log, default, prior."""
    node, name, rest = line.split(maxsplit=2)
    try:
        values, end = json.JSONDecoder().raw_decode(rest)
    except json.JSONDecodeError:  # as Auto-PyTorch writes them: True, 'relu' or bare words
        end = rest.rindex("]") + 1
        values = [_parse_word(item.strip()) for item in rest[rest.index("[") + 1 : end - 1].split(",")]
    match = AFTER_VALUES.match(rest[end:])
    if match is None or not isinstance(values, list):
        raise InvalidOption(f"what follows the name cannot be read: {rest!r}")
    default = None if match["default"] is None else json.loads(match["default"])
    prior = None if match["prior"] is None else json.loads(match["prior"])
    return node, name, values, bool(match["log"]), default, prior


def _parse_word(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return PYTHON_WORDS.get(text, text.strip("'\""))


def _to_tuple(values: Any) -> Any:
    return tuple(map(_to_python, values)) if isinstance(values, Iterable) else values


def _to_python(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def is_plain(value: Any) -> bool:
    """Return whether a value is a string, a boolean or a finite number."""
    return isinstance(value, str | bool) or _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and is_real(value) and math.isfinite(value)


def _identity(value: Any) -> tuple[bool, Any]:
    """Return a key that tells True from 1, which are equal but different choices."""
    return isinstance(value, bool), value

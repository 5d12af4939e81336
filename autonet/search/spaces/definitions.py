"""Hyperparameters that an objective defines as it goes, and the space that they add up to."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace, Constant, GreaterThanCondition, InCondition, LessThanCondition
from ConfigSpace.hyperparameters import (
    CategoricalHyperparameter,
    Hyperparameter,
    NumericalHyperparameter,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

from autonet.core.errors import InvalidOption
from autonet.search.spaces.encoding import plain

__all__ = ["categorical", "defined_space", "draw", "floating", "integer", "is_value_of", "merged"]

Definitions = Mapping[str, Hyperparameter[Any, Any]]


def floating(name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> Any:
    """Define a number in [low, high]; with `step` on a grid from `low`."""
    _check_range(name, low, high, log=log, step=step)
    if low == high:
        return Constant(name, float(low))
    if step is not None:
        return OrdinalHyperparameter(name, [float(low + k * step) for k in range(int((high - low) / step + 1e-9) + 1)])
    return UniformFloatHyperparameter(name, float(low), float(high), log=log)


def integer(name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> Any:
    """Define a whole number from `low` to `high`; with `step` on a grid from `low`."""
    _check_range(name, low, high, log=log, step=None if step == 1 else step)
    low, high = int(low), int(high)
    if low == high:
        return Constant(name, low)
    if step != 1:
        return OrdinalHyperparameter(name, list(range(low, high + 1, step)))
    return UniformIntegerHyperparameter(name, low, high, log=log)


def categorical(name: str, choices: Sequence[Any]) -> Any:
    """Define a choice between values."""
    choices = list(choices)
    if not choices:
        raise InvalidOption(f"{name!r}: expected at least one choice; got none.")
    return Constant(name, choices[0]) if len(choices) == 1 else CategoricalHyperparameter(name, choices)


def _check_range(name: str, low: float, high: float, *, log: bool, step: float | None) -> None:
    if not low <= high:
        raise InvalidOption(f"{name!r}: expected low <= high; got low={low!r}, high={high!r}.")
    if log and low <= 0:
        raise InvalidOption(f"{name!r}: a logarithmic range must begin above 0; got low={low!r}.")
    if step is not None and (log or not step > 0):
        raise InvalidOption(f"{name!r}: step must be positive and cannot go with log=True; got step={step!r}.")


def is_value_of(hyperparameter: Hyperparameter[Any, Any], value: Any) -> bool:
    """Whether `value` is legal."""
    try:
        return bool(hyperparameter.legal_value(value))
    except (TypeError, ValueError):  # of another type altogether
        return False


def draw(hyperparameter: Hyperparameter[Any, Any], rng: np.random.Generator) -> Any:
    """Draw a value from the prior."""
    return plain(hyperparameter.sample_value(seed=np.random.RandomState(int(rng.integers(2**31)))))


def merged(definitions: Definitions, more: Definitions) -> dict[str, Hyperparameter[Any, Any]]:
    """Join two sets of definitions; a range or choices that changed become those that cover both.

    Raises
    ------
    InvalidOption
        If a name was defined before as something else.
    """
    result = dict(definitions)
    for name, new in more.items():
        old = result.get(name)
        result[name] = new if old is None or old == new else _covering(old, new)
    return result


def _covering(old: Any, new: Any) -> Any:
    """Return a hyperparameter of both ranges or all choices."""
    if _values(old) is not None and _values(new) is not None and not isinstance(old, OrdinalHyperparameter):
        values = list(_values(old) or ())
        return categorical(old.name, values + [v for v in _values(new) or () if v not in values])
    numbers: list[Any] = [hp for hp in (old, new) if isinstance(hp, NumericalHyperparameter)]
    if len(numbers) == 2 and type(old) is type(new) and old.log == new.log:
        return type(old)(old.name, min(old.lower, new.lower), max(old.upper, new.upper), log=old.log)
    if numbers and isinstance(old if numbers[0] is new else new, Constant):  # a range that was empty so far
        value = (old if numbers[0] is new else new).value
        low, high = min(numbers[0].lower, value), max(numbers[0].upper, value)
        return type(numbers[0])(old.name, low, high, log=numbers[0].log)
    raise InvalidOption(
        f"{old.name!r} was suggested as {type(old).__name__} before and now as {type(new).__name__}, or with another "
        "scale; give it one name per meaning."
    )


def _values(hyperparameter: Any) -> Sequence[Any] | None:
    if isinstance(hyperparameter, Constant):
        return [hyperparameter.value]
    if isinstance(hyperparameter, CategoricalHyperparameter):
        return list(hyperparameter.choices)
    return list(hyperparameter.sequence) if isinstance(hyperparameter, OrdinalHyperparameter) else None


def defined_space(definitions: Definitions, configs: Sequence[Mapping[str, Any]]) -> ConfigurationSpace:
    """Put definitions together to a space whose conditions are read off the configurations seen.

    A hyperparameter that some configurations lack depends on an earlier one if that one's values tell when it is
    there: "layers > 2", "kind in {a, b}".  Where nothing tells, it is always proposed, which does no harm.
    """
    space, parts = ConfigurationSpace(), {name: copy.copy(hp) for name, hp in definitions.items()}
    conditions = []
    for i, (name, child) in enumerate(parts.items()):
        if all(name in config for config in configs):
            continue
        for parent in list(parts.values())[:i]:
            condition = _condition(child, parent, configs)
            if condition is not None:
                conditions.append(condition)
                break
    space.add(*parts.values(), *conditions)
    return space


def _condition(child: Any, parent: Any, configs: Iterable[Mapping[str, Any]]) -> Any:
    """Return the condition on `parent` under which `child` was there; None if its values do not tell."""
    pairs = [(config[parent.name], child.name in config) for config in configs if parent.name in config]
    if any(child.name in config and parent.name not in config for config in configs):
        return None
    there = {value for value, present in pairs if present and _hashable(value)}
    missing = {value for value, present in pairs if not present and _hashable(value)}
    if not there or not missing or there & missing or len(there) + len(missing) < 2:
        return None
    if isinstance(parent, UniformIntegerHyperparameter):
        if min(there) > max(missing):
            return GreaterThanCondition(child, parent, max(missing))
        return LessThanCondition(child, parent, min(missing)) if max(there) < min(missing) else None
    if isinstance(parent, CategoricalHyperparameter | OrdinalHyperparameter):
        return InCondition(child, parent, sorted(there, key=str))
    return None


def _hashable(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | tuple | None)

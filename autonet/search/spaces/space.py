"""Convert, complete and describe search spaces."""

import copy
import math
import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Constant, EqualsCondition
from ConfigSpace.hyperparameters import (
    Hyperparameter,
    NumericalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

from autonet.core.component import join
from autonet.core.errors import InvalidOption
from autonet.core.validation import is_integer, is_real
from autonet.search.seeds import resolve_seed
from autonet.search.spaces.distributions import IntDistribution
from autonet.search.spaces.encoding import Encoding, get_choices
from autonet.search.spaces.seeds import drop_seeds
from autonet.search.spaces.values import copy_value, find_index, safe_repr, to_plain

__all__ = ["Space", "as_space", "complete_config", "describe_space", "is_legal", "sort_sets"]

# Repr of a set, whose order differs between processes; ConfigSpace shows choices as sets.
SET = re.compile(r"(?<!Choices: )\{([^{}]*)\}")


class Space(ConfigurationSpace):
    """Search space, a ConfigurationSpace that samples plain Python values.

    Parameters
    ----------
    space : ConfigurationSpace or mapping
        A mapping from names to: a tuple (low, high), integer if both are; a list or an array of choices; a ``range`` of
        integers; a hyperparameter of ConfigSpace; a mapping from choices to subspaces, whose hyperparameters are then
        named ``name:choice:hyperparameter``; or a single value.

    Raises
    ------
    InvalidOption
        If the space is empty, or an entry is invalid.

    Examples
    --------
    >>> Space({"activation": ["relu", "gelu"], "depth": range(2, 10, 2)}).sample(2, random_state=0)
    [{'activation': '...', 'depth': ...}, {'activation': '...', 'depth': ...}]
    """

    def __init__(self, space: ConfigurationSpace | Mapping[str, Any]) -> None:
        made = as_space(space)
        super().__init__(name=made.name, meta=made.meta)
        self.add(*made.values(), *made.conditions, *made.forbidden_clauses)

    def sample(self, n: int = 1, *, random_state: Any = None) -> list[dict[str, Any]]:
        """Draw configurations from the priors of the space.

        Parameters
        ----------
        n : int
        random_state : int, Generator or RandomState, optional

        Returns
        -------
        list of dict
            Names and values, without inactive hyperparameters; fewer than `n` only if forbidden clauses leave none.
        """
        if not (is_integer(n) and n >= 0):
            raise InvalidOption(f"sample() draws a number of configurations of at least 0; got {n!r}.")
        encoding = Encoding(self)
        rows = encoding.sample_legal(int(n), np.random.default_rng(resolve_seed(random_state)))
        return [encoding.decode(row) for row in rows]


def as_space(space: ConfigurationSpace | Mapping[str, Any]) -> ConfigurationSpace:
    """Convert a mapping to a ConfigurationSpace; return a ConfigurationSpace unchanged.

    Parameters
    ----------
    space : ConfigurationSpace or mapping
        See `Space`.

    Raises
    ------
    InvalidOption
        If the space is empty, or an entry is invalid.
    """
    if not isinstance(space, ConfigurationSpace | Mapping):
        raise InvalidOption(
            f"space must be a ConfigurationSpace or a dict; got {type(space).__name__}. A single hyperparameter, and a "
            "list of them, are spaces of minimize() and maximize()."
        )
    if not len(space):
        raise InvalidOption(
            "The space is empty; add hyperparameters, or omit it and define it in the objective with "
            "trial.suggest_float, suggest_int and suggest_categorical."
        )
    if not isinstance(space, ConfigurationSpace):
        parts: list[Any] = []
        _append_parts(parts, "", space, None)
        space = ConfigurationSpace()
        try:
            space.add(*parts)
        except Exception as error:
            raise InvalidOption(f"Invalid space: {error}") from error
    return space


def _append_parts(parts: list[Any], prefix: str, entries: Mapping[str, Any], condition: Any) -> None:
    """Append the hyperparameters of `entries`, under the condition (parent, value) if given."""
    for key, entry in entries.items():
        name = join(prefix, str(key))
        try:
            hyperparameter = _make_hyperparameter(name, entry)
        except InvalidOption:
            raise
        except Exception as error:  # of ConfigSpace
            raise InvalidOption(f"space[{name!r}] = {safe_repr(entry)} is invalid: {error}") from error
        parts.append(hyperparameter)
        if condition:
            parts.append(EqualsCondition(hyperparameter, *condition))
        if isinstance(entry, Mapping):
            for choice, subspace in entry.items():
                if not isinstance(subspace, Mapping | None):
                    raise InvalidOption(
                        f"space[{name!r}] has the choice {choice!r} with {safe_repr(subspace)}; expected a subspace, a "
                        "mapping from names to ranges or choices, or {}."
                    )
                _append_parts(parts, join(name, str(choice)), subspace or {}, (hyperparameter, choice))


def _make_hyperparameter(name: str, entry: Any) -> Hyperparameter[Any, Any]:
    if isinstance(entry, Hyperparameter):
        named = copy.copy(entry)
        named.name = name
        return named
    if isinstance(entry, tuple) and len(entry) == 2 and all(isinstance(v, Real) for v in entry):
        low, high = map(to_plain, entry)
        if not (low < high and math.isfinite(high - low)):
            raise InvalidOption(f"space[{name!r}] = {entry!r}: expected (low, high) with low < high, both finite.")
        if all(isinstance(v, int) for v in (low, high)):
            return UniformIntegerHyperparameter(name, low, high)
        return UniformFloatHyperparameter(name, float(low), float(high))
    if isinstance(entry, range) and len(entry):
        ordered = entry if entry.step > 0 else entry[::-1]
        made: Hyperparameter[Any, Any] = IntDistribution(ordered[0], ordered[-1], ordered.step).hyperparameter(name)
        return made
    if isinstance(entry, list | Mapping | np.ndarray | range):
        listed = entry.tolist() if isinstance(entry, np.ndarray) and entry.ndim else entry
        choices = [copy_value(to_plain(choice)) for choice in listed]
        if not choices:
            raise InvalidOption(f"space[{name!r}] has no choices; expected at least one.")
        return Constant(name, choices[0]) if len(choices) == 1 else CategoricalHyperparameter(name, choices)
    if isinstance(entry, str | int | float | np.generic | None):
        return Constant(name, to_plain(entry))
    raise InvalidOption(
        f"space[{name!r}] = {safe_repr(entry)}: expected (low, high), a list of choices, a range, a dict from "
        "choices to subspaces, a hyperparameter of ConfigSpace, or a single value."
    )


def complete_config(encoding: Encoding, config: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a configuration with defaults, seeds apart, and validate it.

    Raises
    ------
    InvalidOption
        If a name is unknown or inactive, a value is illegal, or a forbidden clause is violated.
    """
    space, config = encoding.space, {name: to_plain(value) for name, value in config.items()}
    for name, value in config.items():
        if name not in space:
            raise InvalidOption(f"The space has no hyperparameter {name!r}; it has {', '.join(map(repr, space))}.")
        if not is_legal(space[name], value):
            raise InvalidOption(f"{name!r} = {safe_repr(value)} is not in its range: {space[name]}.")
    default = {name: to_plain(hp.default_value) for name, hp in space.items()}
    row = encoding.canonicalize(encoding.encode({**default, **config})[None])[0]
    result = encoding.decode(row)
    # Given floats exactly, without rounding by the encoding.
    result |= {name: type(result[name])(v) for name, v in config.items() if isinstance(result.get(name), float)}
    for name in config:
        if name not in result:
            raise InvalidOption(f"{name!r} is not active in the configuration {dict(config)}.")
    if not encoding.is_legal(row):
        raise InvalidOption(f"The configuration {result} violates a forbidden clause of the space.")
    return drop_seeds(result, space, config)


def is_legal(hyperparameter: Any, value: Any) -> bool:
    """Return whether a value, of any type, is legal for a hyperparameter."""
    if isinstance(hyperparameter, NumericalHyperparameter):
        return is_real(value) and bool(hyperparameter.legal_value(value))
    return find_index(value, get_choices(hyperparameter)) is not None


def describe_space(space: ConfigurationSpace) -> dict[str, str]:
    """Describe hyperparameters, conditions and forbidden clauses of a space as text, for comparison."""
    parts = {hp.name: str(hp) for hp in space.values()}
    parts |= {f"condition of {c.child.name}": str(c) for c in space.conditions}
    return parts | {f"forbidden clause {i + 1}": str(f) for i, f in enumerate(space.forbidden_clauses)}


def sort_sets(description: Any) -> Any:
    """Sort the sets in a description of a space."""
    if not isinstance(description, Mapping):
        return description
    return {
        key: SET.sub(lambda found: f"{{{', '.join(sorted(found[1].split(', ')))}}}", str(text))
        for key, text in description.items()
    }

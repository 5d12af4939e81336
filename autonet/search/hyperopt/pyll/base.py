"""Expressions of Hyperopt: spaces of nested dicts, lists and tuples with hyperparameters in them."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace, EqualsCondition, OrConjunction

from autonet.core.errors import InvalidOption
from autonet.search.spaces.encoding import Encoding, get_choices
from autonet.search.spaces.values import find_index, safe_repr, to_plain

__all__ = [
    "Call",
    "Choice",
    "CompiledSpace",
    "Parameter",
    "scope",
    "space_eval",
]


class Node:
    """Part of a space whose value depends on the configuration; arithmetic on it makes a `Call`."""


class Parameter(Node):
    """Hyperparameter with a label; `hyperparameter` is that of ConfigSpace."""

    def __init__(self, hyperparameter: Any) -> None:
        self.label, self.hyperparameter = str(hyperparameter.name), hyperparameter

    def to_assignment(self, value: Any) -> Any:
        """Return the value of a configuration as Hyperopt returns it."""
        return value

    def to_config(self, assigned: Any) -> Any:
        """Return the value of a configuration; inverse of `to_assignment`."""
        assigned = to_plain(assigned)
        whole = isinstance(self.hyperparameter.default_value, int | np.integer) and isinstance(assigned, float)
        return int(assigned) if whole and assigned.is_integer() else assigned


class Choice(Parameter):
    """Choice between options, which may be parts of spaces; assigned are indices, configured are names or values."""

    def __init__(self, hyperparameter: Any, options: Sequence[Any]) -> None:
        super().__init__(hyperparameter)
        self.options, self.names = options, list(get_choices(hyperparameter))

    def to_assignment(self, value: Any) -> int:
        """Return the index of the option with a name."""
        index = find_index(value, self.names)
        assert index is not None  # noqa: S101 - a value of the space
        return index

    def to_config(self, assigned: Any) -> Any:
        """Return the name of the option with an index."""
        index = to_plain(assigned)
        if isinstance(index, float) and index.is_integer():
            index = int(index)
        if not isinstance(index, int) or not 0 <= index < len(self.options):
            raise InvalidOption(
                f"{self.label!r} = {safe_repr(assigned)}: expected the index of an option, from 0 to "
                f"{len(self.options) - 1}."
            )
        return self.names[index]


class Call(Node):
    """Call of a function with parts of a space as arguments."""

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs


def _define_arithmetic() -> None:
    """Give nodes the operators of numbers."""

    def make(function: Callable[..., Any], *, reflected: bool) -> Callable[..., Call]:
        return lambda self, *other: Call(function, *other, self) if reflected else Call(function, self, *other)

    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        setattr(Node, f"__{name}__", make(getattr(operator, name), reflected=False))
        setattr(Node, f"__r{name}__", make(getattr(operator, name), reflected=True))
    for name in ("neg", "pos", "abs"):
        setattr(Node, f"__{name}__", make(getattr(operator, name), reflected=False))


_define_arithmetic()


class Scope:
    """Functions that can be applied to parts of a space: ``scope.int(hp.quniform("n", 1, 9, 1))``."""

    def __init__(self) -> None:
        self._functions: dict[str, Callable[..., Any]] = {
            **{f.__name__: f for f in (int, float, str, bool, abs, len, max, min, round, sum)},
            **{name: getattr(math, name) for name in ("ceil", "cos", "exp", "floor", "log", "sin", "sqrt", "tan")},
        }

    def define(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Add a function under its name; a decorator."""
        self._functions[function.__name__] = function
        return function

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return what makes a `Call` of the function with a name."""
        functions = self.__dict__.get("_functions", {})
        if name not in functions:
            raise AttributeError(f"scope has no function {name!r}; add it with @scope.define.")
        return lambda *args, **kwargs: Call(functions[name], *args, **kwargs)


scope = Scope()


class CompiledSpace:
    """Space of Hyperopt as a ConfigurationSpace, with the translation of its configurations.

    Parameters
    ----------
    space : object
        Nested dicts, lists and tuples with hyperparameters of `hp`, or one of them.

    Attributes
    ----------
    space : ConfigurationSpace
        Its hyperparameters have the labels as names.
    parameters : dict of str to Parameter
        By label.

    Raises
    ------
    InvalidOption
        If the space has no hyperparameter, or two with the same label.
    """

    def __init__(self, space: Any) -> None:
        self.parameters: dict[str, Parameter] = {}
        self._conditions: dict[str, list[tuple[Choice, int] | None]] = {}
        self._template = space
        self._collect(space, None)
        if not self.parameters:
            raise InvalidOption("The space has no hyperparameter; use those of hp, such as hp.uniform('x', 0, 1).")
        self.space = ConfigurationSpace()
        self.space.add(*(p.hyperparameter for p in self.parameters.values()), *self._make_conditions())
        self.encoding = Encoding(self.space)

    def _collect(self, part: Any, condition: tuple[Choice, int] | None) -> None:
        """Collect the hyperparameters of a part, which is used under a condition."""
        if isinstance(part, Parameter):
            known = self.parameters.setdefault(part.label, part)
            if known is not part:
                raise InvalidOption(
                    f"The label {part.label!r} is used by two hyperparameters; give each its own, or use the same "
                    "object twice."
                )
            first = part.label not in self._conditions
            self._conditions.setdefault(part.label, []).append(condition)
            if first and isinstance(part, Choice):
                for i, option in enumerate(part.options):
                    self._collect(option, (part, i))
            return
        for child in _children(part):
            self._collect(child, condition)

    def _make_conditions(self) -> Iterator[Any]:
        for label, conditions in self._conditions.items():
            if None in conditions:  # used whatever is chosen
                continue
            child = self.parameters[label].hyperparameter
            parts = [
                EqualsCondition(child, choice.hyperparameter, choice.names[i])
                for choice, i in dict.fromkeys(c for c in conditions if c is not None)
            ]
            yield OrConjunction(*parts) if len(parts) > 1 else parts[0]

    def assign(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a configuration in Hyperopt's form: indices of options."""
        return {label: self.parameters[label].to_assignment(value) for label, value in config.items()}

    def configure(self, assignment: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration of values in Hyperopt's form."""
        unknown = [label for label in assignment if label not in self.parameters]
        if unknown:
            raise InvalidOption(f"The space has no label {unknown[0]!r}; it has {', '.join(map(repr, self.space))}.")
        return {label: self.parameters[label].to_config(value) for label, value in assignment.items()}

    def point(self, assignment: Mapping[str, Any]) -> Any:
        """Return the argument of the objective for values in Hyperopt's form."""
        return space_eval(self._template, assignment)

    def sample(self, rng: np.random.Generator) -> dict[str, Any]:
        """Draw a configuration from the priors."""
        return self.encoding.decode(self.encoding.sample(1, rng)[0])


def space_eval(space: Any, hp_assignment: Mapping[str, Any]) -> Any:
    """Return the value of a space for assigned values, such as those that `fmin` returns.

    Parameters
    ----------
    space : object
    hp_assignment : mapping of str to value
        By label; for choices the index of the option.

    Returns
    -------
    object
        With dicts as they are, and tuples for lists and tuples.

    Raises
    ------
    InvalidOption
        If the value of an active hyperparameter is missing.
    """
    if isinstance(space, Parameter):
        if space.label not in hp_assignment:
            raise InvalidOption(f"There is no value for {space.label!r} among {list(hp_assignment)}.")
        value = space.to_config(hp_assignment[space.label])
        return (
            space_eval(space.options[space.to_assignment(value)], hp_assignment) if isinstance(space, Choice) else value
        )
    if isinstance(space, Call):
        kwargs = {name: space_eval(value, hp_assignment) for name, value in space.kwargs.items()}
        return space.function(*(space_eval(value, hp_assignment) for value in space.args), **kwargs)
    if isinstance(space, Mapping):
        return {key: space_eval(value, hp_assignment) for key, value in space.items()}
    if type(space) in (list, tuple):
        return tuple(space_eval(value, hp_assignment) for value in space)
    return space


def _children(part: Any) -> Sequence[Any]:
    if isinstance(part, Call):
        return [*part.args, *part.kwargs.values()]
    if isinstance(part, Mapping):
        return list(part.values())
    return part if type(part) in (list, tuple) else ()

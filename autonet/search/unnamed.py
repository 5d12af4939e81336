"""Spaces without names: a single hyperparameter, or a list of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from ConfigSpace.hyperparameters import Hyperparameter

from autonet.core.errors import InvalidOption
from autonet.search.running_trial import RunningTrial
from autonet.search.spaces.values import safe_repr

__all__ = ["Unnamed", "name_space"]

DEFAULT_NAME = "x"  # of a single hyperparameter that has none


@dataclass(frozen=True)
class Unnamed:
    """Objective of a value, or of a list of values, as an objective of trials.

    Attributes
    ----------
    fn : callable
    names : tuple of str
        Names of the hyperparameters in the study, in the order of the list.
    single : bool
        Whether `fn` takes a value rather than a list.
    """

    fn: Callable[[Any], Any]
    names: tuple[str, ...]
    single: bool

    def __call__(self, trial: RunningTrial) -> Any:
        """Return what the function returns for the values of a trial."""
        values = [trial[name] for name in self.names]
        return self.fn(values[0] if self.single else values)

    def name_points(self, points: Iterable[Any]) -> list[Any]:
        """Return values to enqueue, or lists of them, with names; mappings have them."""
        if not isinstance(points, Iterable) or isinstance(points, Mapping | str):
            raise InvalidOption(f"enqueue must be a list of points; got {safe_repr(points)}.")
        named: list[Any] = []
        for point in points:
            values = [point] if self.single else point
            if isinstance(point, Mapping):
                named.append(point)
            elif isinstance(values, list | tuple) and len(values) == len(self.names):
                named.append(dict(zip(self.names, values, strict=True)))
            else:
                raise InvalidOption(
                    f"enqueue has {safe_repr(point)}; expected a list of {len(self.names)} values, one for each "
                    "hyperparameter."
                )
        return named


def name_space(fn: Callable[..., Any], space: Any) -> tuple[Callable[..., Any], Any]:
    """Give names to the hyperparameters of a space without names; return objective and space of a study.

    Parameters
    ----------
    fn : callable
    space : object
        A hyperparameter of ConfigSpace, a tuple (low, high), a ``range`` or an array of choices: then `fn` takes a
        value.  Or a list, or another tuple, of entries as in the mapping of a space: then it takes a list of values.
        The hyperparameters of ConfigSpace keep their names, others are called by their positions.  Anything else is
        returned unchanged.

    Raises
    ------
    InvalidOption
        If two hyperparameters of a list have the same name, or all its entries are constants.
    """
    if space is None or isinstance(space, ConfigurationSpace | Mapping):
        return fn, space
    if _is_single(space):
        name = space.name if isinstance(space, Hyperparameter) else DEFAULT_NAME
        return Unnamed(fn, (name,), single=True), {name: space}
    if not isinstance(space, list | tuple):
        return fn, space
    names = [entry.name if isinstance(entry, Hyperparameter) else str(i) for i, entry in enumerate(space)]
    if len(set(names)) < len(names):
        raise InvalidOption(f"The hyperparameters of the list have the names {names}; give each its own.")
    if all(isinstance(entry, str | Real | None) for entry in space):
        raise InvalidOption(
            f"space={safe_repr(space)} is a list of constants; for a choice between them, pass {{'x': [...]}}."
        )
    return Unnamed(fn, tuple(names), single=False), dict(zip(names, space, strict=True))


def _is_single(space: Any) -> bool:
    """Return whether a space is one hyperparameter."""
    pair = isinstance(space, tuple) and len(space) == 2 and all(isinstance(end, Real) for end in space)
    return pair or isinstance(space, Hyperparameter | range | np.ndarray)

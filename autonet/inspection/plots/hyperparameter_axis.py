"""Axes of hyperparameters, and the choice of those that are drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ConfigSpace.hyperparameters import NumericalHyperparameter

from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.typing import FloatArray
from autonet.core.validation import is_integer
from autonet.inspection.hyperparameters import hyperparameter_importance
from autonet.inspection.plots.figures import format_number, shorten
from autonet.inspection.plots.results import SearchResults
from autonet.inspection.surrogate import MIN_TRIALS, count_tried
from autonet.search.spaces.encoding import Encoding, get_choices
from autonet.search.spaces.values import find_index

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HyperparameterAxis", "choose_hyperparameters"]

MAX_CHARACTERS = 16  # of a choice
MAX_TICKS = 12  # choices that have a label
MAX_LINE = 28  # characters of the labels of choices, with two between them, above which they are rotated
JITTER = 0.22  # largest distance of a dot from the place of its choice, of 1 between two


class HyperparameterAxis:
    """Axis of a hyperparameter: its values for numbers, 0, 1, ... for choices.

    Parameters
    ----------
    hyperparameter : ConfigSpace.hyperparameters.Hyperparameter

    Attributes
    ----------
    name : str
    is_numeric : bool
    log : bool
    """

    def __init__(self, hyperparameter: Any) -> None:
        self.hyperparameter, self.name = hyperparameter, str(hyperparameter.name)
        self.is_numeric = isinstance(hyperparameter, NumericalHyperparameter)
        self.log = bool(getattr(hyperparameter, "log", False))
        self.choices = () if self.is_numeric else get_choices(hyperparameter)

    def positions(self, configs: Iterable[Mapping[str, Any]]) -> FloatArray:
        """Return the positions of configurations, of shape (n_configs,); NaN where the hyperparameter is inactive."""
        return np.array([self._position(config[self.name]) if self.name in config else np.nan for config in configs])

    def _position(self, value: Any) -> float:
        if self.is_numeric:
            return float(value)
        index = find_index(value, self.choices)
        return np.nan if index is None else float(index)

    def scatter(self, positions: FloatArray, jitter: float = JITTER) -> FloatArray:
        """Move the positions of choices a little to the side, so that dots do not hide one another."""
        if self.is_numeric:
            return positions
        return positions + np.random.default_rng(0).uniform(-jitter, jitter, len(positions))

    def grid(self, n: int) -> tuple[FloatArray, FloatArray]:
        """Return up to `n` different values in vector form and their positions, or all choices; both (n_values,)."""
        if not self.is_numeric:
            indices = np.arange(len(self.choices), dtype=float)
            return indices, indices
        vectors = np.linspace(self.hyperparameter.lower_vectorized, self.hyperparameter.upper_vectorized, n)
        positions = np.array([float(self.hyperparameter.to_value(vector)) for vector in vectors])
        _, first = np.unique(positions, return_index=True)
        return vectors[first], positions[first]

    @property
    def limits(self) -> tuple[float, float]:
        """Limits of the axis, with a margin."""
        if not self.is_numeric:
            return -0.5, len(self.choices) - 0.5
        low, high = float(self.hyperparameter.lower), float(self.hyperparameter.upper)
        if self.log:
            margin = (high / low) ** 0.03
            return low / margin, high * margin
        margin = 0.03 * (high - low)
        return low - margin, high + margin

    def scale(self, positions: FloatArray) -> FloatArray:
        """Scale positions to 0 at the lowest value, or the first choice, and 1 at the last."""
        if not self.is_numeric:
            return positions / max(len(self.choices) - 1, 1)
        low, high = float(self.hyperparameter.lower), float(self.hyperparameter.upper)
        if self.log:
            return np.asarray(np.log(positions / low) / np.log(high / low))
        return (positions - low) / (high - low)

    def ticks(self, n: int = 5) -> tuple[FloatArray, list[str]]:
        """Return positions and labels of about `n` ticks, or those of choices, every second or third of many."""
        from matplotlib.ticker import LogLocator, MaxNLocator  # noqa: PLC0415 - an extra

        if not self.is_numeric:
            shown = range(0, len(self.choices), math.ceil(len(self.choices) / MAX_TICKS))
            return np.array(shown, float), [shorten(self.choices[i], MAX_CHARACTERS) for i in shown]
        low, high = float(self.hyperparameter.lower), float(self.hyperparameter.upper)
        whole = float(low).is_integer() and np.isfinite(self.hyperparameter.size)
        locator = LogLocator(numticks=n) if self.log else MaxNLocator(n, integer=whole)
        found = np.array([place for place in locator.tick_values(low, high) if low <= place <= high])
        if len(found) < 2 or (self.log and len(found) < 3):
            found = np.array([low, np.sqrt(low * high), high]) if self.log else np.array([low, high])
            found = np.unique(np.round(found)) if whole else found
        return found, [format_number(place) for place in found]

    def apply(self, ax: Axes, axis: Literal["x", "y"], label: str) -> None:
        """Set scale, limits, ticks and label of an axis, "x" or "y"."""
        ax.set(**{f"{axis}label": label, f"{axis}scale": "log" if self.log else "linear", f"{axis}lim": self.limits})
        places, labels = self.ticks()
        ax.set(**{f"{axis}ticks": places, f"{axis}ticklabels": labels})
        ax.tick_params(axis, which="minor", labelbottom=False, labelleft=False)
        if axis == "x" and not self.is_numeric and sum(map(len, labels)) + 2 * len(labels) > MAX_LINE:
            ax.tick_params("x", labelrotation=40)
            for text in ax.get_xticklabels():
                text.set(horizontalalignment="right", rotation_mode="anchor")


def choose_hyperparameters(results: SearchResults, names: Sequence[str] | None, n: int) -> list[str]:
    """Return the hyperparameters to draw: those of `names`, or the `n` most important ones.

    With too few trials for their importance, these are the first ones that most trials have.

    Raises
    ------
    UnknownName
        If the space has no hyperparameter of a name with more than one value.
    InvalidOption
        If there are no names, or `n` is not a number of hyperparameters.
    """
    if not (is_integer(n) and n >= 1):
        raise InvalidOption(f"max_hyperparameters must be a whole number of at least 1; got {n!r:.60}.")
    encoding = Encoding(results.space)
    free = [encoding.hyperparameters[i].name for i in encoding.free]
    if names is not None:
        chosen = [names] if isinstance(names, str) else list(names)
        for name in chosen:
            if name not in free:
                raise UnknownName("hyperparameter", name, free)
        if not chosen:
            raise InvalidOption(f"hyperparameters is empty; choose from {', '.join(map(repr, free))}.")
        return chosen
    if not free:
        raise InvalidOption("The space has no hyperparameter with more than one value, so there is nothing to plot.")
    if count_tried(results.history, results.space) >= MIN_TRIALS:
        return list(hyperparameter_importance(results.history, results.space).names[:n])
    counts = {name: sum(name in trial.config for trial in results.history) for name in free}
    return sorted(free, key=lambda name: -counts[name])[:n]

"""Parallel coordinates: every trial as a line through the values of its hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autonet.core.typing import FloatArray
from autonet.inspection.plots.figures import (
    RED,
    ValueScale,
    add_colorbar,
    import_pyplot,
    make_axes,
    shorten_names,
    value_colormap,
)
from autonet.inspection.plots.hyperparameter_axis import HyperparameterAxis, choose_hyperparameters
from autonet.inspection.plots.results import SearchResults

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from matplotlib.axes import Axes

__all__ = ["ParallelCoordinatesDisplay"]

INACTIVE = -0.18  # height at which lines pass an inactive hyperparameter, below its values from 0 to 1
N_TICKS = 5
FAINT = 0.15  # opacity of the worst trials
N_CLEAR = 25
JITTER = 0.08  # largest distance of a line from the place of its choice, of 1 between two


@dataclass
class ParallelCoordinatesDisplay:
    """Plot of every trial as a line through the values of some hyperparameters, in the colour of its value.

    The best trials are drawn last.  Create it with `from_study` or `from_estimator`.

    Parameters
    ----------
    results : SearchResults
    axes : list of HyperparameterAxis

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    lines_ : matplotlib.collections.LineCollection
        Trials with a value, the best one last; values of hyperparameters are scaled to [0, 1].

    Examples
    --------
    >>> from autonet.search import minimize
    >>> space = {"x": (-1.0, 1.0), "kind": ["a", "b"]}
    >>> study = minimize(lambda trial: trial["x"] ** 2, space, max_trials=20, random_state=0)
    >>> display = ParallelCoordinatesDisplay.from_study(study)
    >>> [label.get_text() for label in display.ax_.get_xticklabels()]
    ['x', 'kind']
    """

    results: SearchResults
    axes: list[HyperparameterAxis]

    @classmethod
    def from_study(
        cls,
        study: Any,
        hyperparameters: Sequence[str] | None = None,
        *,
        space: ConfigurationSpace | None = None,
        max_hyperparameters: int = 6,
        ax: Axes | None = None,
    ) -> Self:
        """Plot a search.

        Parameters
        ----------
        study : Study, SavedRun or History
        hyperparameters : sequence of str, optional
            From left to right.  Default: the most important ones.
        space : ConfigSpace.ConfigurationSpace, optional
            Required for a `History`.
        max_hyperparameters : int, default=6
            Number of the most important ones.
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Returns
        -------
        ParallelCoordinatesDisplay

        Raises
        ------
        NoFinishedTrial
            If no trial has a value.
        UnknownName
            If the space has no such hyperparameter.
        MissingPackage
            If matplotlib is not installed.
        """
        return cls._from_results(SearchResults.from_study(study, space), hyperparameters, max_hyperparameters, ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        hyperparameters: Sequence[str] | None = None,
        *,
        max_hyperparameters: int = 6,
        ax: Axes | None = None,
    ) -> Self:
        """Plot the search of a fitted estimator, with its metric; see `from_study`."""
        return cls._from_results(SearchResults.from_estimator(estimator), hyperparameters, max_hyperparameters, ax)

    @classmethod
    def _from_results(
        cls, results: SearchResults, names: Sequence[str] | None, max_hyperparameters: int, ax: Axes | None
    ) -> Self:
        import_pyplot(cls.__name__)  # before forests are fitted
        results.require_value()
        names = choose_hyperparameters(results, names, max_hyperparameters)
        return cls(results, [HyperparameterAxis(results.space[name]) for name in names]).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        ParallelCoordinatesDisplay
            The display itself.
        """
        from matplotlib.collections import LineCollection  # noqa: PLC0415 - an extra

        ax = make_axes(type(self).__name__, ax, (1.9 * len(self.axes) + 1.5, 4.2))
        trials, higher_is_better = self.results.trials, self.results.higher_is_better
        scale = ValueScale.fit(trials.values, higher_is_better=higher_is_better)
        norm, ticks = scale.make_norm(trials.values, N_TICKS - 1)
        heights = self._heights()
        badness = -trials.values if higher_is_better else trials.values
        order = np.lexsort((-np.arange(len(badness)), -badness))  # of equal ones the first is drawn last
        order = order[~trials.failed[order]]
        lines = [np.column_stack([range(len(self.axes)), heights[i]]) for i in order]
        # About `N_CLEAR` of the best are opaque, whatever the number of trials.
        ranks = np.arange(1, len(lines) + 1) / len(lines)
        opacity = FAINT + (0.9 - FAINT) * ranks ** max(len(lines) / N_CLEAR, 1)
        self.lines_ = LineCollection(lines, cmap=value_colormap(higher_is_better=higher_is_better), norm=norm)
        self.lines_.set_alpha(opacity.tolist())
        self.lines_.set_array(trials.values[order])
        self.lines_.set_linewidth([1.2] * (len(lines) - 1) + [2.5])
        ax.add_collection(self.lines_)
        for number, height in enumerate(heights[trials.failed]):
            label = f"failed ({trials.failed.sum()})" if number == 0 else None
            ax.plot(height, color=RED, linestyle=":", linewidth=1, alpha=0.7, label=label)
        self._draw_axes(ax, has_inactive=bool((heights == INACTIVE).any()))
        add_colorbar(ax, self.lines_, self.results.label, ticks)
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self

    def _heights(self) -> FloatArray:
        """Return the heights of all trials, of shape (n_trials, n_hyperparameters)."""
        columns = []
        for axis in self.axes:
            heights = axis.scale(axis.scatter(axis.positions(self.results.trials.configs), JITTER))
            columns.append(np.where(np.isnan(heights), INACTIVE, heights))
        return np.column_stack(columns)

    def _draw_axes(self, ax: Axes, *, has_inactive: bool) -> None:
        """Draw a vertical axis for each hyperparameter, with its name below."""
        labels = shorten_names((axis.name for axis in self.axes), self.results.space)
        names = [_break(labels[axis.name]) for axis in self.axes]
        ax.set_xticks(range(len(self.axes)), names)
        ax.tick_params("x", length=0)
        ax.set(yticks=[], xlim=(-0.15, len(self.axes) - 0.6), ylim=(INACTIVE - 0.06 if has_inactive else -0.06, 1.06))
        ax.spines[:].set_visible(False)
        box = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        text: Any = {"verticalalignment": "center", "fontsize": "small", "bbox": box, "zorder": 4}
        for place, axis in enumerate(self.axes):
            ax.vlines(place, 0, 1, color="black", linewidth=1, zorder=3)
            positions, ticks = axis.ticks()
            for height, tick in zip(axis.scale(positions), ticks, strict=True):
                ax.hlines(height, place - 0.02, place + 0.02, color="black", linewidth=1, zorder=3)
                ax.text(place + 0.04, height, tick, **text)
        if has_inactive:
            ax.text(-0.13, INACTIVE, "inactive", horizontalalignment="left", **text)
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)


def _break(label: str) -> str:
    """Break a label in two lines at a colon or an underscore near its middle, if it is long."""
    if len(label) <= 18:
        return label
    places = [i + 1 for i, c in enumerate(label) if c in ":_"]
    at = min(places, key=lambda place: abs(place - len(label) / 2), default=len(label) // 2)
    return f"{label[:at]}\n{label[at:]}"

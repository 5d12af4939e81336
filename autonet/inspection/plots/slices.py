"""Slices: values of trials over each hyperparameter, and the mean that a random forest predicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autonet.core.typing import FloatArray
from autonet.inspection.marginals import MarginalLosses
from autonet.inspection.plots.figures import (
    BLACK,
    ValueScale,
    add_legend,
    draw_failures,
    import_pyplot,
    make_axes,
    sample_colors,
    shorten_names,
    split_axes,
    strip_axes,
)
from autonet.inspection.plots.hyperparameter_axis import HyperparameterAxis, choose_hyperparameters
from autonet.inspection.plots.results import SearchResults
from autonet.inspection.surrogate import MIN_TRIALS, LossTable, count_tried

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from matplotlib.axes import Axes

__all__ = ["Slice", "SliceDisplay"]

MAX_COLUMNS = 3
N_POINTS = 25  # of the line of a number
MANY = 150  # trials from which dots are small


@dataclass
class Slice:
    """One hyperparameter of a `SliceDisplay`.

    Attributes
    ----------
    axis : HyperparameterAxis
    positions : ndarray of shape (n_trials,)
        Values of the hyperparameter, or indices of choices; NaN where it is inactive.
    grid : ndarray of shape (n_points,)
        Positions of the predicted means.
    means : ndarray of shape (n_points,)
        Empty with too few trials.
    """

    axis: HyperparameterAxis
    positions: FloatArray
    grid: FloatArray
    means: FloatArray


@dataclass
class SliceDisplay:
    """Plot of the values of trials over each of some hyperparameters.

    A line shows the mean of a random forest over all other hyperparameters, at the highest budget.  Create it with
    `from_study` or `from_estimator`.

    Parameters
    ----------
    results : SearchResults
    slices : list of Slice

    Attributes
    ----------
    axes_ : list of matplotlib.axes.Axes
        One per hyperparameter.
    ax_ : matplotlib.axes.Axes
        The first of them.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from autonet.search import minimize
    >>> space = {"x": (-1.0, 1.0), "kind": ["a", "b"]}
    >>> study = minimize(lambda trial: trial["x"] ** 2, space, max_trials=20, random_state=0)
    >>> [ax.get_xlabel() for ax in SliceDisplay.from_study(study).axes_]
    ['x', 'kind']
    """

    results: SearchResults
    slices: list[Slice]

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
            Default: the most important ones.
        space : ConfigSpace.ConfigurationSpace, optional
            Required for a `History`.
        max_hyperparameters : int, default=6
            Number of the most important ones.
        ax : matplotlib.axes.Axes, optional
            Axes to divide; default: those of a new figure.

        Returns
        -------
        SliceDisplay

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
        import_pyplot(cls.__name__)  # before the forests are fitted
        results.require_value()
        names = choose_hyperparameters(results, names, max_hyperparameters)
        model = None
        if count_tried(results.history, results.space) >= MIN_TRIALS:
            model = MarginalLosses(LossTable(results.history, results.space))
        return cls(results, [_make_slice(results, name, model) for name in names]).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to divide.

        Returns
        -------
        SliceDisplay
            The display itself.
        """
        n_columns = min(MAX_COLUMNS, len(self.slices))
        n_rows = math.ceil(len(self.slices) / n_columns)
        outer = make_axes(type(self).__name__, ax, (3.1 * n_columns + 1.3, 2.8 * n_rows))
        self.axes_ = split_axes(outer, len(self.slices), n_columns)
        labels = shorten_names((part.axis.name for part in self.slices), self.results.space)
        values = [*self.results.trials.values, *(mean for part in self.slices for mean in part.means)]
        scale = ValueScale.fit(values, higher_is_better=self.results.higher_is_better)
        handles: dict[str, Any] = {}
        for index, (panel, part) in enumerate(zip(self.axes_, self.slices, strict=True)):
            self._draw(panel, part, scale)
            part.axis.apply(panel, "x", labels[part.axis.name])
            if index % n_columns == 0:
                panel.set_ylabel(self.results.label)
            else:
                panel.tick_params("y", labelleft=False)
            for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
                name = str(label).partition(" (")[0]  # numbers differ from panel to panel
                handle.set_label(name)
                handles[name] = handle
        add_legend(self.axes_[n_columns - 1], handles=handles.values())
        self.ax_, self.figure_ = self.axes_[0], outer.get_figure()
        return self

    def _draw(self, ax: Axes, part: Slice, scale: ValueScale) -> None:
        """Draw trials, failures and the line of the means of one hyperparameter."""
        trials, history = self.results.trials, self.results.history
        places = part.axis.scatter(part.positions)
        size = 24 if len(trials.values) <= MANY else 8
        colors = sample_colors(len(history.rungs))
        for level in np.unique(trials.levels[~trials.failed]):
            shown = (trials.levels == level) & ~trials.failed
            label = self.results.name_rung(level)
            ax.scatter(
                places[shown], trials.values[shown], s=size, color=colors[level], alpha=0.8, linewidths=0, label=label
            )
        if len(part.means):
            line = {"linestyle": "-"} if part.axis.is_numeric else {"linestyle": "", "marker": "_", "markersize": 16}
            style: Any = {"color": BLACK, "linewidth": 2, "markeredgewidth": 2, "zorder": 3, **line}
            ax.plot(part.grid, part.means, label="predicted mean", **style)
        active = np.isfinite(places)
        scale.draw_beyond(ax, places[active], trials.values[active])
        scale.apply(ax)
        draw_failures(ax, places[active & trials.failed], higher_is_better=self.results.higher_is_better)
        strip_axes(ax)


def _make_slice(results: SearchResults, name: str, model: MarginalLosses | None) -> Slice:
    """Collect positions and predicted means of a hyperparameter."""
    axis = HyperparameterAxis(results.space[name])
    vectors, grid = axis.grid(N_POINTS)
    means = np.empty(0) if model is None else results.to_values(model.predict([name], vectors[:, None]))
    return Slice(axis, axis.positions(results.trials.configs), grid, means)

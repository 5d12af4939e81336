"""Trajectory: the best value so far over wall time, and every trial as a dot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from autonet.core.typing import FloatArray
from autonet.inspection.plots.figures import (
    BLACK,
    OKABE_ITO,
    ValueScale,
    add_legend,
    draw_failures,
    make_axes,
    sample_colors,
    strip_axes,
)
from autonet.inspection.plots.results import SearchResults
from autonet.search.trajectory import elapsed_seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TrajectoryDisplay"]

# Unit of the time axis, its seconds, and the longest search in seconds that has it.
TIME_UNITS = (("s", 1, 600), ("min", 60, 36_000), ("h", 3600, np.inf))
MANY = 100  # jobs from which dots are small


@dataclass
class TrajectoryDisplay:
    """Plot of the best value of a search over wall time, with the result of every job as a dot.

    Create it with `from_study` or `from_estimator`.

    Parameters
    ----------
    seconds : ndarray of shape (n_jobs,)
        Wall time at which each job ended, without pauses.
    values : ndarray of shape (n_jobs,)
        NaN for failed jobs.
    best : ndarray of shape (n_jobs,)
        Best value so far; NaN before the first.
    levels : ndarray of int, shape (n_jobs,)
        Index of the rung of each job.
    rungs : sequence of str
        Names of the rungs.
    label : str
        Label of the values.
    higher_is_better : bool

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    line_ : matplotlib.lines.Line2D
        The best value so far.
    dots_ : list of matplotlib.collections.PathCollection
        The jobs of each rung that has any.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> study = minimize(lambda trial: trial["x"] ** 2, {"x": (-1.0, 1.0)}, max_trials=20, random_state=0)
    >>> TrajectoryDisplay.from_study(study).ax_.get_ylabel()
    'value'
    """

    seconds: FloatArray
    values: FloatArray
    best: FloatArray
    levels: NDArray[np.int_]
    rungs: tuple[str, ...]
    label: str = "value"
    higher_is_better: bool = False

    @classmethod
    def from_study(cls, study: Any, *, ax: Axes | None = None, name: str | None = None) -> Self:
        """Plot a search.

        Parameters
        ----------
        study : Study, SavedRun or History
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.
        name : str, optional
            Name of the line in the legend.

        Returns
        -------
        TrajectoryDisplay

        Raises
        ------
        NoFinishedTrial
            If no trial has a value.
        MissingPackage
            If matplotlib is not installed.
        """
        return cls._from_results(SearchResults.from_study(study), ax, name)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None, name: str | None = None) -> Self:
        """Plot the search of a fitted estimator, with its metric; see `from_study`."""
        return cls._from_results(SearchResults.from_estimator(estimator), ax, name)

    @classmethod
    def _from_results(cls, results: SearchResults, ax: Axes | None, name: str | None) -> Self:
        results.require_value()
        history = results.history
        reports = [report for _, report in history.reports]
        losses = np.array([np.inf if r.failed else r.loss for r in reports])
        best = np.minimum.accumulate(losses)
        display = cls(
            seconds=np.array(elapsed_seconds(history)),
            values=results.to_values(np.where(np.isfinite(losses), losses, np.nan)),
            best=results.to_values(np.where(np.isfinite(best), best, np.nan)),
            levels=np.array([results.level(r) for r in reports]),
            rungs=tuple(results.name_rung(k) for k in range(len(history.rungs))),
            label=results.label,
            higher_is_better=results.higher_is_better,
        )
        return display.plot(ax=ax, name=name)

    def plot(self, *, ax: Axes | None = None, name: str | None = None) -> Self:
        """Draw the plot; several searches may share axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        name : str, optional
            Name of the line in the legend; with it the dots of the search have its colour, whatever their rung.

        Returns
        -------
        TrajectoryDisplay
            The display itself.
        """
        ax = make_axes("TrajectoryDisplay", ax, (7.5, 4))
        unit, divisor = next((u, d) for u, d, longest in TIME_UNITS if self.seconds.max() <= longest)
        times = self.seconds / divisor
        color = BLACK if name is None else OKABE_ITO[len(ax.get_lines()) % len(OKABE_ITO)]
        (self.line_,) = ax.step(times, self.best, where="post", color=color, label=name or "best so far", zorder=3)
        colors = sample_colors(len(self.rungs)) if name is None else [color] * len(self.rungs)
        self.dots_ = []
        for level in np.unique(self.levels[np.isfinite(self.values)]):
            shown = (self.levels == level) & np.isfinite(self.values)
            dots = ax.scatter(times[shown], self.values[shown], color=colors[level], linewidths=0, alpha=0.8)
            dots.set(label=self.rungs[level] if name is None else "_", sizes=[36 if len(times) <= MANY else 14])
            self.dots_.append(dots)
        if name is None:
            scale = ValueScale.fit([*self.values, *self.best], higher_is_better=self.higher_is_better)
            scale.draw_beyond(ax, times, self.values)
            scale.apply(ax)
            draw_failures(ax, times[~np.isfinite(self.values)], higher_is_better=self.higher_is_better)
        ax.set(xlabel=f"wall time ({unit})", ylabel=self.label)
        ax.set_xlim(left=0)
        add_legend(ax)
        strip_axes(ax)
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self

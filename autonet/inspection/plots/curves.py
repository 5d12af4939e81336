"""Learning curves: the values of every trial by the budget spent, or by the steps that it reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.typing import FloatArray
from autonet.inspection.plots.figures import (
    ORANGE,
    RED,
    ValueScale,
    add_legend,
    format_number,
    make_axes,
    sample_colors,
    strip_axes,
)
from autonet.inspection.plots.results import SearchResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from autonet.search.records import Trial

__all__ = ["LearningCurve", "LearningCurvesDisplay"]

MANY = 60  # curves from which lines are thin
WIDE = 8.0  # ratio of the largest to the smallest budget from which their axis is logarithmic


@dataclass(frozen=True)
class LearningCurve:
    """Curve of one trial.

    Attributes
    ----------
    trial : int
    x, values : ndarray of shape (n_points,)
        Budgets or steps, and values.
    level : int
        Index of the highest rung that the trial has reached.
    stopped : bool
        Whether the trial failed or was pruned after the last point.
    """

    trial: int
    x: FloatArray
    values: FloatArray
    level: int
    stopped: bool


@dataclass
class LearningCurvesDisplay:
    """Plot of the value of every trial over the budget spent, in the colour of the highest rung that it reached.

    Trials that reported values with ``trial.report`` are drawn over their steps.  Create it with `from_study` or
    `from_estimator`.

    Parameters
    ----------
    curves : list of LearningCurve
        Those of the highest rungs last.
    rungs : tuple of str
        Names of the rungs.
    budgets : tuple of float
        Those of the rungs; empty for curves over steps.
    best : int
        Number of the best trial.
    xlabel, label : str
        Labels of the horizontal axis and of the values.
    higher_is_better : bool

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    lines_ : list of matplotlib.lines.Line2D
        One per curve.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> def objective(trial):
    ...     return trial["x"] ** 2 + 1 / trial.budget
    >>> study = minimize(objective, {"x": (-1.0, 1.0)}, min_budget=1, max_budget=9, max_trials=20, random_state=0)
    >>> LearningCurvesDisplay.from_study(study).ax_.get_xlabel()
    'budget (epochs)'
    """

    curves: list[LearningCurve]
    rungs: tuple[str, ...]
    budgets: tuple[float, ...]
    best: int
    xlabel: str
    label: str = "value"
    higher_is_better: bool = False

    @classmethod
    def from_study(cls, study: Any, *, ax: Axes | None = None) -> Self:
        """Plot a search.

        Parameters
        ----------
        study : Study, SavedRun or History
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Returns
        -------
        LearningCurvesDisplay

        Raises
        ------
        NoFinishedTrial
            If no trial has a value.
        InvalidOption
            If the study has no budgets, and no trial reported values.
        MissingPackage
            If matplotlib is not installed.
        """
        return cls._from_results(SearchResults.from_study(study), ax)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> Self:
        """Plot the search of a fitted estimator, with its metric; see `from_study`."""
        return cls._from_results(SearchResults.from_estimator(estimator), ax)

    @classmethod
    def _from_results(cls, results: SearchResults, ax: Axes | None) -> Self:
        results.require_value()
        history = results.history
        reported = any(trial.curve for trial in history)
        if not reported and history.rungs.unit == "none":
            raise InvalidOption(
                "Learning curves need budgets, or values that the objective reports with trial.report(value, step); "
                "this study has neither. Plot it with TrajectoryDisplay."
            )
        curves = [_make_curve(results, trial, reported=reported) for trial in history if trial.reports]
        best = history.best
        assert best is not None  # noqa: S101 - for the type checker
        display = cls(
            curves=sorted((curve for curve in curves if len(curve.x)), key=lambda curve: curve.level),
            rungs=tuple(results.name_rung(k) for k in range(len(history.rungs))),
            budgets=() if reported else history.rungs.budgets,
            best=best.number,
            xlabel="step" if reported else f"budget ({'s' if history.rungs.unit == 'time' else 'epochs'})",
            label=results.label,
            higher_is_better=results.higher_is_better,
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        LearningCurvesDisplay
            The display itself.
        """
        ax = make_axes(type(self).__name__, ax, (7.5, 4))
        scale = ValueScale.fit(
            np.concatenate([curve.values for curve in self.curves]), higher_is_better=self.higher_is_better
        )
        colors = sample_colors(len(self.rungs))
        width, size = (1.4, 4.5) if len(self.curves) <= MANY else (0.7, 2.5)
        self.lines_, labelled = [], set[int]()
        for curve in self.curves:
            label = None if curve.level in labelled else self.rungs[curve.level]
            labelled.add(curve.level)
            marker = "o" if len(curve.x) <= len(self.rungs) else ""
            style: Any = {"marker": marker, "markersize": size, "linewidth": width, "alpha": 0.7, "label": label}
            self.lines_ += ax.plot(curve.x, curve.values, color=colors[curve.level], **style)
            if curve.trial == self.best:
                style = {"color": ORANGE, "linewidth": 2.5, "marker": marker, "zorder": 4}
                ax.plot(curve.x, curve.values, label=f"best: trial {curve.trial}", **style)
        if stopped := [curve for curve in self.curves if curve.stopped]:
            x, y = [curve.x[-1] for curve in stopped], [curve.values[-1] for curve in stopped]
            ax.scatter(x, y, marker="x", s=20, color=RED, zorder=3, label=f"stopped early ({len(stopped)})")
        scale.apply(ax)
        self._scale_budgets(ax)
        ax.set(xlabel=self.xlabel, ylabel=self.label)
        add_legend(ax, "highest budget" if len(labelled) > 1 else None)
        strip_axes(ax)
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self

    def _scale_budgets(self, ax: Axes) -> None:
        """Make the axis of budgets logarithmic if they are, with ticks at the rungs."""
        if self.budgets and self.budgets[-1] > WIDE * self.budgets[0]:
            ax.set_xscale("log")
        if self.budgets:
            ax.set_xticks(self.budgets, [format_number(budget) for budget in self.budgets])
            ax.set_xticks([], minor=True)


def _make_curve(results: SearchResults, trial: Trial, *, reported: bool) -> LearningCurve:
    """Collect the reported values of a trial, or the values of its jobs."""
    usable = [report for report in trial.reports if np.isfinite(report.loss)]
    if reported:
        x, values = np.array(trial.curve, float).reshape(-1, 2).T  # in the direction of the study
    else:
        x = np.array([report.budget for report in usable], float)
        values = np.array([results.to_values(report.loss) for report in usable], float)
    level = max((results.level(report) for report in usable), default=0)
    finite = np.isfinite(values)
    return LearningCurve(trial.number, x[finite], values[finite], level, trial.failed)

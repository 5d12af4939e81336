"""Learning curves: the values of every trial over the budget spent, over epochs, or over the steps that it reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.typing import FloatArray
from autonet.core.validation import check_choice
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

LABELS = {"val_score": "score", "val_loss": "validation loss", "train_loss": "training loss"}
MANY = 60  # curves from which lines are thin
WIDE = 8.0  # ratio of the largest to the smallest budget from which their axis is logarithmic


@dataclass(frozen=True)
class LearningCurve:
    """Curve of one trial.

    Attributes
    ----------
    trial : int
    x, values : ndarray of shape (n_points,)
        Budgets, epochs or steps, and values.
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

    Trials of an estimator are drawn over epochs, those that reported values with ``trial.report`` over their steps.
    Create it with `from_study` or `from_estimator`.

    Parameters
    ----------
    curves : list of LearningCurve
        Those of the highest rungs last.
    rungs : tuple of str
        Names of the rungs.
    budgets : tuple of float
        Ticks at the rungs; empty for curves over steps.
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
    def from_estimator(
        cls,
        estimator: Any,
        *,
        curve: Literal["val_score", "val_loss", "train_loss"] = "val_score",
        ax: Axes | None = None,
    ) -> Self:
        """Plot the search of a fitted estimator over epochs.

        Parameters
        ----------
        estimator : AutoNetClassification or AutoNetRegression
        curve : {"val_score", "val_loss", "train_loss"}, default="val_score"
            Column of the estimator's ``learning_curves()``, of which the mean over the folds is drawn.
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Raises
        ------
        NotFittedError
        NoFinishedTrial
            If no trial has a value.
        InvalidOption
            If there is no such curve, or no trial kept it.
        MissingPackage
            If matplotlib is not installed.
        """
        from autonet.inspection.curves import learning_curves  # noqa: PLC0415 - imports torch
        from autonet.inspection.scoring import optimized_name  # noqa: PLC0415 - imports torch

        label = LABELS[check_choice("curve", curve, tuple(LABELS))]
        results = SearchResults.from_estimator(estimator)
        table = learning_curves(results.history, optimized_name(estimator.fit_result_))
        found: dict[int, dict[float, list[float]]] = {}
        for row in table:
            found.setdefault(row["trial"], {}).setdefault(row["epoch"], []).append(row[curve])
        curves = [_make_curve(results, trial, _average(found.get(trial.number, {}))) for trial in results.history]
        budgets = results.history.rungs.budgets if results.history.rungs.unit == "epochs" else ()
        is_score = curve == "val_score"
        display = cls._from_curves(results, curves, "epoch", budgets)
        return replace(
            display,
            label=results.label if is_score else label,
            higher_is_better=is_score and results.higher_is_better,
        ).plot(ax=ax)

    @classmethod
    def _from_results(cls, results: SearchResults, ax: Axes | None) -> Self:
        rungs = results.history.rungs
        if any(trial.curve for trial in results.history):
            # In the direction of the study, as values are.
            curves = [_make_curve(results, trial, np.array(trial.curve, float)) for trial in results.history]
            return cls._from_curves(results, curves, "step", ()).plot(ax=ax)
        if rungs.unit == "none":
            results.require_value()
            raise InvalidOption(
                "Learning curves need budgets, or values that the objective reports with trial.report(value, step); "
                "this study has neither. Plot it with TrajectoryDisplay."
            )
        curves = []
        for trial in results.history:
            points = [(report.budget, results.to_values(report.loss)) for report in trial.reports if not report.failed]
            curves.append(_make_curve(results, trial, np.array(points, float)))
        return cls._from_curves(results, curves, f"budget ({rungs.words})", rungs.budgets).plot(ax=ax)

    @classmethod
    def _from_curves(
        cls, results: SearchResults, curves: list[LearningCurve], xlabel: str, budgets: tuple[float, ...]
    ) -> Self:
        results.require_value()
        history = results.history
        if not any(len(curve.x) for curve in curves):
            raise InvalidOption(
                "No trial kept a learning curve, as in runs of older versions; draw the results of budgets with "
                "LearningCurvesDisplay.from_study(estimator.history_)."
            )
        assert history.best is not None  # noqa: S101 - for the type checker
        return cls(
            curves=sorted((curve for curve in curves if len(curve.x)), key=lambda curve: curve.level),
            rungs=tuple(results.name_rung(k) for k in range(len(history.rungs))),
            budgets=budgets,
            best=history.best.number,
            xlabel=xlabel,
            label=results.label,
            higher_is_better=results.higher_is_better,
        )

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
        few = max(len(curve.x) for curve in self.curves) <= len(self.rungs)
        self.lines_, labelled = [], set[int]()
        for curve in self.curves:
            label = None if curve.level in labelled else self.rungs[curve.level]
            labelled.add(curve.level)
            marker = "o" if few or len(curve.x) == 1 else ""
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


def _make_curve(results: SearchResults, trial: Trial, points: FloatArray) -> LearningCurve:
    """Make the curve of a trial through finite points, of shape (n_points, 2)."""
    x, values = points.reshape(-1, 2).T
    level = max((results.level(report) for report in trial.reports if np.isfinite(report.loss)), default=0)
    finite = np.isfinite(values)
    return LearningCurve(trial.number, x[finite], values[finite], level, trial.failed)


def _average(values: Mapping[float, Sequence[float]]) -> FloatArray:
    """Return epochs and the means of their values over the folds, of shape (n_epochs, 2)."""
    return np.array([(epoch, np.mean(np.array(values[epoch], float))) for epoch in sorted(values)], float)

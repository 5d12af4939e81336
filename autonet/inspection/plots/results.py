"""What displays draw of a search: its history and space, and its values in the unit of the metric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption, NoFinishedTrial
from autonet.core.typing import FloatArray
from autonet.search.history import History

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from autonet.search.records import Config, Report

__all__ = ["SearchResults", "TrialValues"]


@dataclass(frozen=True)
class TrialValues:
    """Trials of a search that have ended, with the last value of each.

    Attributes
    ----------
    configs : list of mapping
    values : ndarray of shape (n_trials,)
        NaN for trials without one.
    levels : ndarray of int, shape (n_trials,)
        Index of the rung of the value.
    """

    configs: list[Config]
    values: FloatArray
    levels: NDArray[np.int_]

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which trials have no value, of shape (n_trials,)."""
        return np.isnan(self.values)


@dataclass(frozen=True)
class SearchResults:
    """Results of a search, as displays read them.

    Attributes
    ----------
    history : History
    label : str
        Of the values: "value" of a study, or "validation accuracy".
    sign, offset : float
        The value of a loss is ``offset + sign * loss``.
    """

    history: History
    label: str = "value"
    sign: float = 1.0
    offset: float = 0.0
    _space: ConfigurationSpace | None = None

    @classmethod
    def from_study(cls, study: Any, space: ConfigurationSpace | None = None) -> SearchResults:
        """Read a `Study`, an opened run or a `History`, which does not know its space.

        Raises
        ------
        InvalidOption
            If `study` is none of these.
        """
        history = getattr(study, "history", study)
        if not isinstance(history, History):
            raise InvalidOption(
                f"study must be a Study or a History; got {type(study).__name__}. Plot a fitted estimator with "
                "from_estimator."
            )
        for name in ("space", "search_space"):
            space = getattr(study, name, None) if space is None else space
        if space is None and len(history.defined.space):
            space = history.defined.space
        return cls(history, sign=-1.0 if history.maximize else 1.0, _space=space)

    @classmethod
    def from_estimator(cls, estimator: Any) -> SearchResults:
        """Read a fitted estimator, whose values are scores by its metric.

        Raises
        ------
        InvalidOption
            If `estimator` is not an estimator of autonet.
        NotFittedError
        AttributeError
            If it was loaded from a model file without history.
        """
        if not hasattr(type(estimator), "history_"):
            raise InvalidOption(
                f"estimator must be a fitted estimator of autonet; got {type(estimator).__name__}. Plot a study with "
                "from_study."
            )
        from autonet.inspection.scoring import optimized_name  # noqa: PLC0415 - imports torch

        history, metric = estimator.history_, optimized_name(estimator.fit_result_)
        scored = [(r.loss, r.metrics[f"val_{metric}"]) for _, r in history.reports if f"val_{metric}" in r.metrics]
        losses, scores = np.array(scored, float).reshape(-1, 2).T
        finite = np.isfinite(losses) & np.isfinite(scores)
        losses, scores = losses[finite], scores[finite]
        # The loss is the score, or its distance from the optimum.
        higher_is_better = len(losses) > 0 and not np.allclose(losses, scores)
        return cls(
            history,
            f"validation {metric}",
            -1.0 if higher_is_better else 1.0,
            float(np.round(np.median(losses + scores), 9)) if higher_is_better else 0.0,
            estimator.search_space_,
        )

    @property
    def space(self) -> ConfigurationSpace:
        """The search space.

        Raises
        ------
        InvalidOption
            If it is not known.
        """
        if self._space is None:
            raise InvalidOption("A History does not hold its search space; pass the study, or space=study.space.")
        return self._space

    @property
    def higher_is_better(self) -> bool:
        """Whether greater values are better."""
        return self.sign < 0

    def to_values(self, losses: Any) -> Any:
        """Convert losses, a number or an array, to values."""
        return self.offset + self.sign * losses

    @cached_property
    def trials(self) -> TrialValues:
        """Trials with at least one report, in the order of their proposals."""
        ended = [trial for trial in self.history if trial.reports]
        last = [trial.last or trial.reports[-1] for trial in ended]
        losses = np.array([report.loss if np.isfinite(report.loss) else np.nan for report in last], float)
        levels = np.array([self.level(report) for report in last], int)
        return TrialValues([trial.config for trial in ended], self.to_values(losses), levels)

    def require_value(self) -> None:
        """Raise `NoFinishedTrial` if no trial has a value."""
        if self.history.best is None:
            raise NoFinishedTrial("No trial has a value yet, so there is nothing to plot.")

    def level(self, report: Report) -> int:
        """Return the index of the rung that a report belongs to."""
        return self.history.rungs.level(report.target)

    def name_rung(self, level: int) -> str:
        """Name a rung by its budget, such as "27 epochs"; without budgets, it has the name "trial"."""
        rungs = self.history.rungs
        if rungs.unit == "none":
            return "trial"
        budget = rungs.budgets[level]
        return f"{budget:.4g} {'epoch' if rungs.unit == 'epochs' and budget == 1 else rungs.words}"

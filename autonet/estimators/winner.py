"""Which model is kept: the best validated trial, or the baseline if nothing was better."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import AutonetWarning, BaselineReturned, SearchFailed, SearchInterrupted
from autonet.pipeline.baseline import Baseline
from autonet.pipeline.trial import Member, additional_scores, members
from autonet.pipeline.workspace import Workspace
from autonet.search.study import Study

__all__ = ["Winner"]

Array = NDArray[Any]

SCORED_TRAINING_ROWS = 10_000


@dataclass(frozen=True)
class Winner:
    """The model that a fit keeps.

    Attributes
    ----------
    config : dict
    members : list of Member
        One network per fold.
    budget : float
        0 for the baseline.
    loss, tie_breaker : float
        On the validation rows: loss of the metric, and plain loss.
    threshold : float, ndarray of shape (n_labels,) or None
        From which probability on the positive class, or a label, is predicted: best for the metric on the
        validation rows; None where the most probable class, or one half, decides.
    metrics : dict
        Scores of the additional metrics.
    warnings : tuple of AutonetWarning
        What the user should know about it.
    """

    config: dict[str, Any]
    members: list[Member]
    budget: float
    loss: float
    tie_breaker: float
    threshold: float | Array | None
    metrics: dict[str, float]
    warnings: tuple[AutonetWarning, ...]

    @classmethod
    def of(cls, study: Study, workspace: Workspace, baseline: Baseline | Exception) -> "Winner":
        """Choose the winner.

        Parameters
        ----------
        study : Study
        workspace : Workspace
        baseline : Baseline or Exception
            The baseline, or why there is none.

        Raises
        ------
        SearchFailed
            If there is neither a trial nor a baseline; its cause is the first exception.
        """
        best = study.history.best
        if best is None and isinstance(baseline, Exception):
            if study.interrupted:
                raise KeyboardInterrupt
            cause = study.errors[0] if study.errors else baseline
            message = f"Nothing could be trained. The first error: {type(cause).__name__}: {cause}"
            raise SearchFailed(message) from cause
        notes: list[AutonetWarning] = []
        if study.interrupted:
            notes.append(SearchInterrupted("Interrupted: the best model so far is returned."))
        last = best.last if best else None
        if (
            best
            and last
            and (isinstance(baseline, Exception) or best.rank[:2] <= (baseline.best.loss, baseline.best.tie_breaker))
        ):
            trained = study.checkpoints[best.number]
            networks = members(workspace.task, best.config, trained)
            threshold = _threshold(workspace, [fold.prediction for fold in trained])
            scores = additional_scores(workspace, [fold.prediction for fold in trained])
            config = dict(best.config)
            return cls(config, networks, last.budget, last.loss, last.tie_breaker, threshold, scores, tuple(notes))
        assert isinstance(baseline, Baseline)  # noqa: S101 - for the type checker: one of the two is there
        if not study.interrupted:
            notes.append(BaselineReturned(_why_baseline(study, workspace, baseline)))
        config = {"NetworkSelector:network": "linear"}
        found, threshold = baseline.best, _threshold(workspace, [baseline.prediction])
        scores = additional_scores(workspace, [baseline.prediction])
        return cls(config, [baseline.member], 0.0, found.loss, found.tie_breaker, threshold, scores, tuple(notes))

    def summary(self, workspace: Workspace) -> dict[str, Any]:
        """Return the dictionary that Auto-PyTorch's fit returned: plain values, fit for JSON."""
        metric, rows = workspace.metric, workspace.folds[0].train
        rows = rows[:: max(len(rows) // SCORED_TRAINING_ROWS, 1)]
        prediction = self.members[0].prediction(workspace.table.rows(rows))
        score = metric.score(workspace.y[rows], prediction, workspace.metric_weights(rows), self.threshold)
        return {
            "optimized_hyperparameter_config": self.config,
            "budget": self.budget,
            "loss": self.loss,
            "info": {
                "loss": self.tie_breaker,
                f"train_{metric.name}": score,
                f"val_{metric.name}": metric.score_of(self.loss),
                **self.metrics,
            },
        }


def _threshold(workspace: Workspace, predictions: list[Array]) -> float | Array | None:
    """Find the decision that is best for the metric on the validation rows of all folds."""
    if not workspace.metric.decides:
        return None
    rows = np.concatenate([fold.valid for fold in workspace.folds[: len(predictions)]])
    truth, weights = workspace.y[rows], workspace.metric_weights(rows)
    return workspace.metric.best_threshold(truth, np.concatenate(predictions), weights)


def _why_baseline(study: Study, workspace: Workspace, baseline: Baseline) -> str:
    metric = workspace.metric
    mine = f"the linear baseline is returned (validation {metric.name} {metric.score_of(baseline.best.loss):.4f})"
    best = study.history.best
    if workspace.task.kind == "classification" and workspace.task.n_outputs == 1:
        return f"y has a single class, so {mine}."
    if best is None and study.errors:
        first = study.errors[0]
        return f"Every trial failed, so {mine}. The first error: {type(first).__name__}: {first}"
    if best is None or best.last is None:
        return f"No network finished in time, so {mine}. Give a larger max_runtime."
    return f"No network was better, so {mine}; the best network has {metric.score_of(best.last.loss):.4f}."

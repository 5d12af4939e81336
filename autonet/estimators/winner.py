"""Which model is kept: the best validated trial, or the baseline if nothing was better."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import AutonetWarning, BaselineReturned, SearchFailed, SearchInterrupted
from autonet.pipeline.baseline import Baseline
from autonet.pipeline.ensemble import LINEAR, Ensemble, candidates, select
from autonet.pipeline.trial import Member, additional_scores
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
        Its networks, one per fold.
    ensemble : Ensemble
        What predicts: these networks, or a selection of all that were trained.
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
    ensemble: Ensemble
    budget: float
    loss: float
    tie_breaker: float
    threshold: float | Array | None
    metrics: dict[str, float]
    warnings: tuple[AutonetWarning, ...]

    @classmethod
    def of(
        cls, study: Study, workspace: Workspace, baseline: Baseline | Exception, ensemble_size: int, deadline: float
    ) -> "Winner":
        """Choose the winner.

        Parameters
        ----------
        study : Study
        workspace : Workspace
        baseline : Baseline or Exception
            The baseline, or why there is none.
        ensemble_size : int
            Networks to choose for the ensemble at most, with repetition.
        deadline : float
            Reading of ``time.monotonic()`` at which the choice should be made.

        Raises
        ------
        SearchFailed
            If there is neither a trial nor a baseline; its cause is the first exception.
        """
        fitted = baseline if isinstance(baseline, Baseline) else None
        found = candidates(study.history.ranked(), study.load_checkpoint, workspace.task, fitted)
        if not found:
            if study.interrupted:
                raise KeyboardInterrupt
            cause = study.errors[0] if study.errors else baseline
            message = f"Nothing could be trained. The first error: {type(cause).__name__}: {cause}"
            raise SearchFailed(message) from (cause if isinstance(cause, BaseException) else None)
        notes: list[AutonetWarning] = []
        if study.interrupted:
            notes.append(SearchInterrupted("Interrupted: the best model so far is returned."))
        best = found[0]
        members = best.members()
        ensemble, predictions = Ensemble.of_one(best.name, members), best.predictions
        if ensemble_size > 1 and len(found) > 1:
            try:
                ensemble, predictions = select(workspace, found, size=ensemble_size, deadline=deadline)
            except KeyboardInterrupt:
                notes.append(SearchInterrupted("Interrupted: the best model is returned, without an ensemble."))
        if fitted is not None and list(ensemble.shares) == [LINEAR] and not study.interrupted:
            notes.append(BaselineReturned(_why_baseline(study, workspace, fitted)))
        return cls(
            config=best.config,
            members=members,
            ensemble=ensemble,
            budget=best.budget,
            loss=best.rank[0],
            tie_breaker=best.rank[1],
            threshold=_threshold(workspace, predictions),
            metrics=additional_scores(workspace, best.predictions),
            warnings=tuple(notes),
        )

    def summary(self, workspace: Workspace) -> dict[str, Any]:
        """Return the dictionary that Auto-PyTorch's fit returned: plain values, fit for JSON."""
        metric, rows = workspace.metric, workspace.folds[0].train
        rows = rows[:: max(len(rows) // SCORED_TRAINING_ROWS, 1)]
        prediction = Ensemble.of_one("", self.members[:1]).prediction(workspace.table.rows(rows))
        score = metric.score(workspace.y[rows], prediction, workspace.metric_weights(rows), self.threshold)
        return {
            "optimized_hyperparameter_config": self.config,
            "budget": self.budget,
            "loss": self.loss,
            "ensemble": {str(name): share for name, share in self.ensemble.shares.items()},
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
    mine = f"the linear baseline is returned (validation {metric.name} {metric.score_of(baseline.rank[0]):.4f})"
    best = study.history.best
    if workspace.task.kind == "classification" and workspace.task.n_outputs == 1:
        return f"y has a single class, so {mine}."
    if best is None and study.errors:
        first = study.errors[0]
        return f"Every trial failed, so {mine}. The first error: {type(first).__name__}: {first}"
    if best is None or best.last is None:
        return f"No network finished in time, so {mine}. Give a larger max_runtime."
    return f"No network was better, so {mine}; the best network has {metric.score_of(best.last.loss):.4f}."

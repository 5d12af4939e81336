"""Which model is kept: the best validated trial, or the baseline if nothing was better."""

from dataclasses import dataclass
from typing import Any

from autonet.core.errors import AutonetWarning, BaselineReturned, SearchFailed, SearchInterrupted
from autonet.pipeline.baseline import Baseline
from autonet.pipeline.trial import Member, members
from autonet.pipeline.workspace import Workspace
from autonet.search.study import Study

__all__ = ["Winner"]

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
    warnings : tuple of AutonetWarning
        What the user should know about it.
    """

    config: dict[str, Any]
    members: list[Member]
    budget: float
    loss: float
    tie_breaker: float
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
            and (isinstance(baseline, Exception) or best.rank[:2] <= (baseline.loss, baseline.tie_breaker))
        ):
            networks = members(workspace.task, best.config, study.checkpoints[best.number])
            return cls(dict(best.config), networks, last.budget, last.loss, last.tie_breaker, tuple(notes))
        assert isinstance(baseline, Baseline)  # noqa: S101 - for the type checker: one of the two is there
        if not study.interrupted:
            notes.append(BaselineReturned(_why_baseline(study, workspace, baseline)))
        config = {"NetworkSelector:network": "linear"}
        return cls(config, [baseline.member], 0.0, baseline.loss, baseline.tie_breaker, tuple(notes))

    def summary(self, workspace: Workspace) -> dict[str, Any]:
        """Return the dictionary that Auto-PyTorch's fit returned: plain values, fit for JSON."""
        metric, rows = workspace.metric, workspace.folds[0].train
        rows = rows[:: max(len(rows) // SCORED_TRAINING_ROWS, 1)]
        prediction = workspace.target.prediction(self.members[0].outputs(workspace.X[rows]))
        return {
            "optimized_hyperparameter_config": self.config,
            "budget": self.budget,
            "loss": self.loss,
            "info": {
                "loss": self.tie_breaker,
                f"train_{metric.name}": metric.score(workspace.target.original[rows], prediction),
                f"val_{metric.name}": metric.score_of(self.loss),
            },
        }


def _why_baseline(study: Study, workspace: Workspace, baseline: Baseline) -> str:
    metric = workspace.metric
    mine = f"the linear baseline is returned (validation {metric.name} {metric.score_of(baseline.loss):.4f})"
    best = study.history.best
    if workspace.task.kind == "classification" and workspace.task.n_outputs == 1:
        return f"y has a single class, so {mine}."
    if best is None and study.errors:
        first = study.errors[0]
        return f"Every trial failed, so {mine}. The first error: {type(first).__name__}: {first}"
    if best is None or best.last is None:
        return f"No network finished in time, so {mine}. Give a larger max_runtime."
    return f"No network was better, so {mine}; the best network has {metric.score_of(best.last.loss):.4f}."

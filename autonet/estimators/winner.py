"""Which model is kept: the best validated network, and the ensemble that predicts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import AutonetWarning, BaselineReturned, SearchFailed, SearchInterrupted
from autonet.core.interrupts import Interrupt, current_interrupt
from autonet.estimators.first_models import FirstModels
from autonet.nets.registry import LINEAR
from autonet.pipeline.baseline import Baseline
from autonet.pipeline.ensemble import CONSIDERED, Candidate, Ensemble, Part, candidates, select
from autonet.pipeline.refit import refit, with_refitted
from autonet.pipeline.trial import Member, additional_scores
from autonet.pipeline.workspace import Workspace
from autonet.search.executors.base import Executor
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
    members : sequence of Member
        Its networks, one per fold: of the best trial, or linear if nothing was better.
    ensemble : Ensemble
        What predicts: these networks, or a selection of all that were trained and of traditional learners.
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
    members: Sequence[Member]
    ensemble: Ensemble
    budget: float
    loss: float
    tie_breaker: float
    threshold: float | Array | None
    metrics: dict[str, float]
    warnings: tuple[AutonetWarning, ...]

    @classmethod
    def of(
        cls, study: Study, workspace: Workspace, first: FirstModels, ensemble_size: int, deadline: float
    ) -> "Winner":
        """Choose the winner.

        Parameters
        ----------
        study : Study
        workspace : Workspace
        first : FirstModels
            The baseline, or why there is none, and traditional learners.
        ensemble_size : int
            Networks to choose for the ensemble at most, with repetition.
        deadline : float
            Reading of ``time.monotonic()`` at which the choice should be made.

        Raises
        ------
        SearchFailed
            If there is no network, neither of a trial nor a baseline; its cause is the first exception.
        """
        interrupt = current_interrupt()
        most = CONSIDERED if ensemble_size > 1 else 1  # loading networks takes time
        trials, load = study.history.ranked(), study.load_checkpoint
        networks = candidates(trials, load, workspace, first.baseline, most=most)
        if not networks:
            if interrupt.requested:
                raise KeyboardInterrupt
            cause = study.errors[0] if study.errors else first.error
            message = f"Nothing could be trained. The first error: {type(cause).__name__}: {cause}"
            raise SearchFailed(message) from (cause if isinstance(cause, BaseException) else None)
        notes: list[AutonetWarning] = []
        if interrupt.requested:
            notes.append(SearchInterrupted(f"{_what_came(interrupt)}: the best model so far is returned."))
        best = networks[0]
        found: list[Candidate[Part]] = sorted([*networks, *first.learners], key=lambda candidate: candidate.rank)
        members = best.members()
        ensemble, predictions = Ensemble.of_one(best.name, members), best.predictions
        if ensemble_size > 1 and len(found) > 1:
            with interrupt.abandoning():
                ensemble, predictions = select(workspace, found, size=ensemble_size, deadline=deadline)
            if interrupt.requested and not notes:
                notes.append(SearchInterrupted(f"{_what_came(interrupt)}: the ensemble is not selected to the end."))
        of_trials = [name for name in ensemble.shares if isinstance(name, int)]
        if first.baseline is not None and best.name == LINEAR and not of_trials and not interrupt.requested:
            notes.append(BaselineReturned(_why_baseline(study, workspace, first.baseline, ensemble)))
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

    def refitted(
        self, study: Study, workspace: Workspace, ensemble_size: int, executor: Executor, deadline: float
    ) -> "Winner":
        """Let its networks go on training on all rows.

        Parameters
        ----------
        study : Study
        workspace : Workspace
        ensemble_size : int
            If it is 1, what comes out takes the place of the winner's networks; an ensemble averages both.
        executor : Executor
        deadline : float
            Reading of ``time.monotonic()``.
        """
        shares = {name: share for name, share in self.ensemble.shares.items() if isinstance(name, int)}
        interrupt = current_interrupt()
        if interrupt.requested or not shares:
            return self
        loaded = [(trial, study.load_checkpoint(trial)) for trial in map(study.history.trials.__getitem__, shares)]
        trained = {trial.number: (trial, folds) for trial, folds in loaded if folds is not None}
        refitted = dict[int, list[Member]]()
        with interrupt.abandoning():
            refitted = refit(workspace, trained, shares, executor, deadline)
        if math.isfinite(interrupt.deadline):
            note = SearchInterrupted(
                f"{_what_came(interrupt)}: the best model is returned, as it was before its training on all rows."
            )
            return replace(self, warnings=(*self.warnings, note))
        if ensemble_size == 1 and refitted:
            ((name, members),) = refitted.items()
            return replace(self, members=members, ensemble=Ensemble.of_one(name, members))
        return replace(self, ensemble=with_refitted(self.ensemble, refitted))

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


def _what_came(interrupt: Interrupt) -> str:
    """Begin the sentence that says why a fit ended early."""
    return "SIGTERM" if interrupt.signal == "SIGTERM" else "Interrupted"


def _threshold(workspace: Workspace, predictions: list[Array]) -> float | Array | None:
    """Find the decision that is best for the metric on the validation rows of all folds."""
    if not workspace.metric.decides:
        return None
    rows = np.concatenate([fold.valid for fold in workspace.folds[: len(predictions)]])
    truth, weights = workspace.y[rows], workspace.metric_weights(rows)
    return workspace.metric.best_threshold(truth, np.concatenate(predictions), weights)


def _why_baseline(study: Study, workspace: Workspace, baseline: Baseline, ensemble: Ensemble) -> str:
    metric = workspace.metric
    role = "returned" if list(ensemble.shares) == [LINEAR] else "the best network"
    mine = f"the linear baseline is {role} (validation {metric.name} {metric.score_of(baseline.rank[0]):.4f})"
    best = study.history.best
    if workspace.task.kind == "classification" and workspace.task.n_outputs == 1:
        return f"y has a single class, so {mine}."
    if best is None and study.errors:
        first = study.errors[0]
        return f"Every trial failed, so {mine}. The first error: {type(first).__name__}: {first}"
    if best is None or best.last is None:
        return f"No network finished in time, so {mine}. Give a larger max_runtime."
    return f"No network was better, so {mine}; the best network has {metric.score_of(best.last.loss):.4f}."

"""Selection of the final model: the best validated network, and the ensemble that predicts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from autonet.core.clock import TimeLimit
from autonet.core.errors import AutonetWarning, BaselineReturned, SearchInterrupted
from autonet.core.interrupts import current_interrupt
from autonet.core.modality import Reader
from autonet.core.typing import Array
from autonet.data.targets.targets import Targets
from autonet.estimators.baselines import BaselineOutcome
from autonet.estimators.notices import (
    Searched,
    explain_baseline,
    explain_failure,
    interrupt_name,
    warn_of_skipped_scores,
)
from autonet.estimators.time_plan import TimePlan
from autonet.models.conformal import Conformal, QuantileConformal
from autonet.models.ensemble import Ensemble, Member, NetworkMember
from autonet.models.model import FittedModel
from autonet.nets.registry import LINEAR
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import (
    CONSIDERED,
    Candidate,
    EnsembleLimits,
    Weighted,
    load_candidates,
    rank_candidates,
    select,
)
from autonet.pipeline.trial import score_additional
from autonet.pipeline.validation_scores import score_fold

__all__ = ["Selection", "select_model"]

# Rows, and values of them, for the training score: divided by the number of members, but at least the last number.
MAX_SCORED_ROWS = 10_000
MAX_SCORED_VALUES = 3_000_000
MIN_SCORED_ROWS = 200
NO_SCORES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Scores:
    """Validation scores of a model, means over the folds.

    Attributes
    ----------
    loss : float
        Loss of the metric.
    additional : dict of str to float
        Scores of the additional metrics that were computed.
    """

    loss: float
    additional: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_predictions(cls, context: TrialContext, predictions: Sequence[Array], limit: TimeLimit) -> "Scores":
        """Score predictions (n_valid, n_outputs) for the validation rows of each fold."""
        pairs = zip(context.folds, predictions, strict=False)
        losses = [score_fold(context, fold.valid, prediction)[0] for fold, prediction in pairs]
        return cls(float(np.mean(losses)), score_additional(context, predictions, limit))

    def summary(self, context: TrialContext) -> dict[str, float]:
        """Return loss and scores by name."""
        metric = context.metric
        return {"loss": self.loss, f"val_{metric.name}": metric.to_score(self.loss), **self.additional}


@dataclass(frozen=True)
class Selection:
    """The selected model and its validation scores.

    Attributes
    ----------
    name : int or str
        Best network: the number of its trial, or "linear".
    config : dict
    members : sequence of NetworkMember
        Networks of the best configuration, one per fold.
    budget : float
        0 for the baseline.
    best : Scores
        Scores of the best network.
    ensemble : Ensemble
        The model that predicts: these networks, or a selection of all networks and tree ensembles.
    scores : Scores
        Scores of the ensemble, before its networks are trained on all rows.
    configs : dict of int or str to dict
        Configurations of the networks of the ensemble.
    candidates : dict of int or str to float
        Loss of each candidate: trials, tree ensembles, the baseline.
    threshold : float, ndarray of shape (n_labels,) or None
        Decision threshold that is best for the metric on the validation rows; None where the most probable class,
        or one half, decides.
    conformal : Conformal, QuantileConformal or None
        Calibration of intervals and sets; None for several labels per row.
    warnings : tuple of AutonetWarning
        Warnings for the user.
    refit_score : float or None
        Score of the ensemble on the validation rows that its refit has left out, if there are any.
    """

    name: int | str
    config: dict[str, Any]
    members: Sequence[NetworkMember]
    budget: float
    best: Scores
    ensemble: Ensemble
    scores: Scores
    configs: dict[int | str, dict[str, Any]]
    candidates: dict[int | str, float]
    threshold: float | Array | None
    conformal: Conformal | QuantileConformal | None
    warnings: tuple[AutonetWarning, ...]
    refit_score: float | None = None

    def warn(self, note: AutonetWarning) -> "Selection":
        """Return a copy with another warning."""
        return replace(self, warnings=(*self.warnings, note))

    def without(self, category: type[AutonetWarning]) -> "Selection":
        """Return a copy without the warnings of a category."""
        return replace(self, warnings=tuple(note for note in self.warnings if not isinstance(note, category)))

    def model(self, reader: Reader, targets: Targets) -> FittedModel:
        """Combine it with the reader of the data and the targets to a fitted model."""
        return FittedModel(reader, targets, self.ensemble, self.members, self.threshold, self.conformal)

    def score_training(self, context: TrialContext, limit: TimeLimit) -> dict[str, float]:
        """Score the final model on training rows, unless a slow metric would not end in time."""
        metric = context.metric
        if metric.is_slow and limit.left() <= metric.seconds:
            return {}
        score = self._training_score(context)
        return {f"train_{metric.name}": score} if math.isfinite(score) else {}

    def score_unseen(self, context: TrialContext, limit: TimeLimit) -> dict[str, float]:
        """Score the final model on the test rows, if there are any."""
        if context.unseen is None:
            return {}
        return context.unseen.score_ensemble(self.ensemble, self.threshold, limit)

    def summary(
        self, context: TrialContext, trained: Mapping[str, float] = NO_SCORES, tested: Mapping[str, float] = NO_SCORES
    ) -> dict[str, Any]:
        """Return `FittedEstimator.fit_result`: plain values that JSON can hold.

        Parameters
        ----------
        context : TrialContext
        trained, tested : mapping of str to float
            Scores of the final model on training and on test rows.
        """
        shares = self.ensemble.shares
        refitted = {} if self.refit_score is None else {f"refit_{context.metric.name}": self.refit_score}
        threshold = self.threshold.tolist() if isinstance(self.threshold, np.ndarray) else self.threshold
        return {
            "optimized_hyperparameter_config": self.config,
            "budget": self.budget,
            "loss": self.scores.loss,
            "info": {"loss": self.scores.loss, **trained, **self.scores.summary(context), **refitted, **tested},
            "best_network": {"name": str(self.name), **self.best.summary(context)},
            "ensemble": {str(name): share for name, share in shares.items()},
            "ensemble_configs": {str(name): config for name, config in self.configs.items()},
            "models": {
                str(name): {"weight": shares.get(name, 0.0), **Scores(loss).summary(context)}
                for name, loss in self.candidates.items()
            },
            "threshold": threshold,
        }

    def _training_score(self, context: TrialContext) -> float:
        """Score the ensemble on a sample of the training rows of the first fold."""
        rows = context.folds[0].train
        max_rows = min(MAX_SCORED_ROWS, MAX_SCORED_VALUES // max(context.data.n_columns, 1))
        max_rows = max(max_rows // len(self.ensemble.members), MIN_SCORED_ROWS)
        rows = rows[:: math.ceil(len(rows) / max_rows)]
        prediction = self.ensemble.predict(context.data.rows(rows))
        return context.metric.score_sample(context.y[rows], prediction, context.metric_weights(rows), self.threshold)


def select_model(
    study: Searched,
    context: TrialContext,
    baselines: BaselineOutcome,
    trees: Sequence[Candidate[Member]],
    limits: EnsembleLimits,
    plan: TimePlan,
    *,
    single: bool = False,
) -> Selection:
    """Select the best network and the ensemble.

    Parameters
    ----------
    study : Study or SavedStudy
    context : TrialContext
    baselines : BaselineOutcome
        Linear baseline, or why there is none.
    trees : sequence of Candidate
        Tree ensembles.
    limits : EnsembleLimits
    plan : TimePlan
    single : bool
        Whether the user asked for one configuration, and can have no baseline.

    Raises
    ------
    SearchFailed
        If there is no network, of a trial or a baseline; its cause is the first exception.
    """
    interrupt = current_interrupt()
    trials, load = study.history.ranked(), study.load_checkpoint
    max_trials = CONSIDERED if context.selects_by_loss else limits.n_loaded  # the history is ranked by the metric
    networks = load_candidates(trials, load, context, baselines.baseline, max_trials=max_trials)
    if not networks:
        if interrupt.requested:
            raise KeyboardInterrupt
        raise explain_failure(study, baselines.error, single=single)
    notices: list[AutonetWarning] = []
    if interrupt.requested:
        notices.append(SearchInterrupted(f"{interrupt_name(interrupt)}: the best model so far is returned."))
    best = networks[0]
    n_folds = len(best.predictions)  # below `min_budget_for_cv` fewer than tree ensembles have
    trees = [tree.first_folds(n_folds) for tree in trees]
    found: list[Candidate[Member]] = rank_candidates([*networks, *trees], context)
    members = best.members()
    alone: tuple[Ensemble, list[Array], Weighted] = (
        Ensemble.from_members(best.name, members),
        best.predictions,
        [(1.0, best)],
    )
    ensemble, predictions, chosen = alone
    if limits.size > 1 and len(found) > 1:
        with interrupt.abandoning():
            limit = plan.limit("selection").shift(-plan.scoring)
            ensemble, predictions, chosen = select(context, found, limits, limit=limit)
        if interrupt.requested and not notices:
            notices.append(
                SearchInterrupted(f"{interrupt_name(interrupt)}: the selection of the ensemble is incomplete.")
            )
    if best.name != LINEAR and set(ensemble.shares) == {LINEAR}:  # better by a hair
        ensemble, predictions, chosen = alone
    of_trials = [name for name in ensemble.shares if isinstance(name, int)]
    if baselines.baseline is not None and best.name == LINEAR and not of_trials and not interrupt.requested:
        notices.append(BaselineReturned(explain_baseline(study, context, baselines.baseline, ensemble)))
    losses = dict[int | str, float]()
    for candidate in found:  # of a trial there may be two: at its best epoch, and at its last
        losses.setdefault(candidate.name, candidate.rank[0])
    limit = min(plan.limit("selection"), interrupt.limit)
    scores = None if predictions is best.predictions else Scores.from_predictions(context, predictions, limit)
    best_scores = Scores(best.rank[0], score_additional(context, best.predictions, limit))
    notices += warn_of_skipped_scores(context, (scores or best_scores).additional)
    return Selection(
        name=best.name,
        config=best.config,
        members=members,
        budget=best.budget,
        best=best_scores,
        ensemble=ensemble,
        scores=scores or best_scores,
        configs={candidate.name: candidate.config for _, candidate in chosen if candidate.config},
        candidates=losses,
        threshold=context.find_threshold(predictions),
        conformal=_calibrate(context, chosen, predictions),
        warnings=tuple(notices),
    )


def _calibrate(
    context: TrialContext, chosen: Weighted, predictions: list[Array]
) -> Conformal | QuantileConformal | None:
    """Calibrate intervals or sets on the validation rows; None for several labels per row."""
    if context.task.kind == "multilabel":
        return None
    rows = np.concatenate([fold.valid for fold in context.folds[: len(predictions)]])
    if context.task.quantiles:
        return QuantileConformal.fit(context.y[rows], np.concatenate(predictions), context.task.quantiles)
    return Conformal.fit(context.y[rows], [(weight, part.predictions) for weight, part in chosen], predictions)

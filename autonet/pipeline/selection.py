"""Selection of the ensemble that predicts, from the networks and tree ensembles that were trained."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from autonet.core.interrupts import current_interrupt
from autonet.core.modality import Encoder
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.metrics.formulas import label_log_loss, log_loss, relative_squared_error
from autonet.models.calibration import apply_temperature, fit_temperature
from autonet.models.ensemble import Ensemble, Member, weighted_mean
from autonet.models.network import LINEAR_CONFIG, NetworkMember
from autonet.nets.registry import LINEAR
from autonet.pipeline.baseline import Baseline
from autonet.pipeline.context import TrialContext
from autonet.pipeline.greedy_selection import greedy_selection
from autonet.pipeline.trial import TrainedFold, build_member
from autonet.search.records import Trial
from autonet.training.state import Snapshot

__all__ = [
    "CONSIDERED",
    "PLAIN_LOSSES",
    "Candidate",
    "load_candidates",
    "rank_candidates",
    "score_fold",
    "select",
]

CONSIDERED = 30  # trials, the best ones: the others are hardly ever chosen
SCORED_ROWS = 20_000  # validation rows that the selection looks at; more decide nothing
NOISE = 0.25  # of a score, in units of itself over the root of the rows; as that of decision thresholds
CALIBRATED_ROWS = 100  # validation rows without which a temperature would be a guess

PLAIN_LOSSES: dict[TaskKind, Callable[[Array, Array, Array | None], float]] = {
    "classification": log_loss,
    "multilabel": label_log_loss,
    "regression": relative_squared_error,
}


Member_co = TypeVar("Member_co", bound=Member, covariant=True)


@dataclass(frozen=True)
class Candidate(Generic[Member_co]):
    """Networks, or other learners of one kind, one per fold, that a final model may consist of.

    Attributes
    ----------
    name : int or str
        Number of the trial, "linear" for the baseline, or the name of the learner.
    config : dict
        Empty for a learner that is not a network.
    budget : float
        0 for all but trials.
    rank : tuple of float
        Loss of the metric on the validation rows, and plain loss.
    predictions : list of ndarray
        For each fold, what its network predicts for the validation rows.
    members : callable
        Returns the networks, or learners.
    """

    name: int | str
    config: dict[str, Any]
    budget: float
    rank: tuple[float, float]
    predictions: list[Array]
    members: Callable[[], Sequence[Member_co]]

    @classmethod
    def from_baseline(cls, baseline: Baseline) -> "Candidate[NetworkMember]":
        """Take the linear networks."""
        return Candidate(
            LINEAR, dict(LINEAR_CONFIG), 0.0, baseline.rank, baseline.predictions, lambda: baseline.members
        )

    @classmethod
    def from_trial(
        cls, trial: Trial, context: TrialContext, folds: list[TrainedFold], snapshots: list[Snapshot]
    ) -> "Candidate[NetworkMember]":
        """Take the networks of a trial at one moment of their training.

        Parameters
        ----------
        trial : Trial
        context : TrialContext
        folds : list of TrainedFold
        snapshots : list of Snapshot
            One per fold: its best epoch, or its last.
        """
        pairs = list(zip(folds, snapshots, strict=True))
        loss, tie_breaker = np.mean([(s.loss, s.tie_breaker) for s in snapshots], axis=0)
        return Candidate(
            trial.number,
            dict(trial.config),
            trial.budget,
            (float(loss), float(tie_breaker)),
            [fold.prediction(snapshot) for fold, snapshot in pairs],
            cache(lambda: [build_member(context, trial.config, fold, snapshot.weights) for fold, snapshot in pairs]),
        )


def load_candidates(
    trials: Iterable[Trial],
    load: Callable[[Trial], list[TrainedFold] | None],
    context: TrialContext,
    baseline: Baseline | None,
    *,
    most: int = CONSIDERED,
) -> list[Candidate[NetworkMember]]:
    """Return the networks that a final model may consist of, the best first.

    Parameters
    ----------
    trials : iterable of Trial
        Best first.
    load : callable
        Returns the checkpoint of a trial, or None if it was not kept.
    context : TrialContext
    baseline : Baseline or None
    most : int
        Of how many trials; no further ones are loaded.
    """
    found, encoders = list[Candidate[NetworkMember]](), dict[Any, Encoder]()
    loaded = ((trial, load(trial)) for trial in islice(trials, CONSIDERED))
    kept = ((trial, folds) for trial, folds in loaded if folds is not None)  # the others were dropped
    for trial, trained in islice(kept, most):
        # Equal encoders, which may come out of different processes, become one: networks then share what it makes.
        key = context.modality.encoder_key(trial.config)
        folds = [replace(f, encoder=encoders.setdefault((key, i), f.encoder)) for i, f in enumerate(trained)]
        best, last = [fold.best for fold in folds], [fold.last for fold in folds]
        found.append(Candidate.from_trial(trial, context, folds, best))
        if any(b is not e for b, e in zip(best, last, strict=True)):
            found.append(Candidate.from_trial(trial, context, folds, last))
    # Its mean over fewer folds than theirs cannot be compared.
    if baseline is not None and all(len(baseline.members) >= len(c.predictions) for c in found):
        found.append(Candidate.from_baseline(baseline))
    return rank_candidates(found, context)


def rank_candidates(found: Iterable[Candidate[Member_co]], context: TrialContext) -> list[Candidate[Member_co]]:
    """Sort candidates, the best first; the linear one must be better than others by more than the noise of the rows."""
    n_rows = sum(len(fold.valid) for fold in context.folds)

    def key(candidate: Candidate[Member_co]) -> tuple[float, bool, float]:
        loss, tie_breaker = candidate.rank
        is_linear = candidate.name == LINEAR
        noise = NOISE * abs(context.metric.score_of(loss)) / math.sqrt(n_rows)
        return loss + noise * is_linear, is_linear, tie_breaker

    return sorted(found, key=key)


@dataclass(frozen=True)
class ValidationScorer:
    """Scores predictions for the validation rows of all folds: the mean of the folds' losses.

    Attributes
    ----------
    context : TrialContext
    rows : list of ndarray
        For each fold, the positions among its validation rows that are looked at.
    """

    context: TrialContext
    rows: list[NDArray[np.intp]]

    @classmethod
    def of(cls, context: TrialContext, n_folds: int) -> "ValidationScorer":
        """Look at some of the validation rows of the first folds."""
        random = np.random.default_rng(context.seed)
        sizes = [len(fold.valid) for fold in context.folds[:n_folds]]
        share = min(SCORED_ROWS / sum(sizes), 1.0)
        return cls(context, [np.sort(random.choice(n, max(round(share * n), 1), replace=False)) for n in sizes])

    def seen(self, predictions: list[Array]) -> Array:
        """Return what is predicted for the rows that are looked at, one fold after the other."""
        return np.concatenate([p[rows] for p, rows in zip(predictions, self.rows, strict=True)])

    def __call__(self, prediction: Array) -> tuple[float, float]:
        """Return the mean losses of the folds: of the metric, infinite where one has none, and the plain loss."""
        parts = np.split(prediction, np.cumsum([len(rows) for rows in self.rows])[:-1])
        seen = zip(self.context.folds, self.rows, parts, strict=False)
        losses = [score_fold(self.context, fold.valid[rows], part) for fold, rows, part in seen]
        of_metric, plain = np.mean(losses, axis=0)
        return float(of_metric), float(plain)


def score_fold(context: TrialContext, rows: NDArray[np.intp], prediction: Array) -> tuple[float, float]:
    """Return the loss of the metric, which decides by the best threshold for these rows, and the plain loss.

    The loss of the metric is infinite where it has none.
    """
    metric, truth, weights = context.metric, context.y[rows], context.metric_weights(rows)
    threshold = metric.best_threshold(truth, prediction, weights) if metric.decides else None
    loss = metric.loss(metric.score(truth, prediction, weights, threshold))
    return loss if math.isfinite(loss) else math.inf, PLAIN_LOSSES[context.task.kind](truth, prediction, weights)


def select(
    context: TrialContext, found: Sequence[Candidate[Member]], *, size: int, deadline: float
) -> tuple[Ensemble, list[Array]]:
    """Choose an ensemble by the metric on the validation rows.

    Parameters
    ----------
    context : TrialContext
    found : sequence of Candidate
        The best first.
    size : int
        How many to choose at most, with repetition.
    deadline : float
        Reading of ``time.monotonic()`` at which the selection ends with what it has.

    Returns
    -------
    ensemble : Ensemble
    predictions : list of ndarray
        Of the ensemble, for the validation rows of each fold.
    """
    n_folds = max(len(candidate.predictions) for candidate in found)
    found = [candidate for candidate in found if len(candidate.predictions) == n_folds]
    scorer = ValidationScorer.of(context, n_folds)
    seen = [scorer.seen(candidate.predictions) for candidate in found]
    interrupt, metric = current_interrupt(), context.metric

    def is_over() -> bool:
        # A slow metric must also have time to score what comes out.
        seconds = 2 * n_folds * metric.seconds if metric.is_slow else 0.0
        return time.monotonic() + seconds > min(deadline, interrupt.deadline)

    if metric.is_slow and is_over():
        return Ensemble.of_one(found[0].name, found[0].members()), found[0].predictions
    shares = greedy_selection(seen, scorer, size=size, is_over=is_over)
    chosen = [(float(shares[i]), found[i]) for i in np.flatnonzero(shares)]
    members, weights, names = list[Member](), list[float](), list[int | str]()
    for weight, candidate in chosen:
        parts = candidate.members()
        members += parts
        weights += [weight / len(parts)] * len(parts)
        names += [candidate.name] * len(parts)
    predictions = [
        weighted_mean([w for w, _ in chosen], of_fold)
        for of_fold in zip(*(candidate.predictions for _, candidate in chosen), strict=True)
    ]
    temperature = _temperature(context, predictions)
    predictions = [apply_temperature(part, temperature) for part in predictions]
    return Ensemble(members, weights, names, temperature), predictions


def _temperature(context: TrialContext, predictions: list[Array]) -> float:
    """Fit the temperature of an ensemble on the validation rows of all folds."""
    rows = np.concatenate([fold.valid for fold in context.folds[: len(predictions)]])
    if context.task.kind != "classification" or len(rows) < CALIBRATED_ROWS:
        return 1.0
    return fit_temperature(np.concatenate(predictions), context.y[rows], context.metric_weights(rows))

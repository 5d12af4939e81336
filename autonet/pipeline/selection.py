"""Selection of the ensemble that predicts, from the networks and tree ensembles that were trained."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.core.modality import Encoder
from autonet.core.typing import Array
from autonet.models.ensemble import (
    Ensemble,
    Member,
    NetworkMember,
    TreeMember,
    apply_temperature,
    fit_temperature,
    weighted_mean,
)
from autonet.models.network import LINEAR_CONFIG
from autonet.nets.registry import LINEAR
from autonet.pipeline.baseline import Baseline
from autonet.pipeline.context import TrialContext
from autonet.pipeline.greedy_selection import greedy_selection
from autonet.pipeline.trained import TrainedFold, as_folds
from autonet.pipeline.trial import build_member
from autonet.pipeline.validation_scores import (
    ValidationScorer,
    are_useful,
    rank_loss,
)
from autonet.search.records import Trial
from autonet.training.state import Snapshot

__all__ = [
    "CONSIDERED",
    "MIN_CALIBRATION_ROWS",
    "Candidate",
    "EnsembleLimits",
    "Weighted",
    "load_candidates",
    "rank_candidates",
    "select",
    "weigh_trees",
]

CONSIDERED = 30  # best trials that the ensemble is selected from; others are hardly ever chosen
WEIGHED = 10  # best trials, and size of the ensemble, in which tree ensembles are weighed during the search
WEIGHING_SECONDS = 1.0  # at most
NOISE = 0.25  # noise of a score, as a share of it over the root of the number of rows
# Weight below which a tree ensemble is left out: it makes the model larger and slower, and no better
# (docs/benchmarks/log.md).
MIN_TREE_WEIGHT = 0.1
MIN_CALIBRATION_ROWS = 100  # validation rows needed to fit the temperature of the ensemble

Member_co = TypeVar("Member_co", bound=Member, covariant=True)


@dataclass(frozen=True)
class Candidate(Generic[Member_co]):
    """Members, one per fold, that the ensemble may be selected from.

    Attributes
    ----------
    name : int or str
        Number of the trial, "linear" for the baseline, or the name of the tree ensemble.
    config : dict
        Empty for a tree ensemble.
    budget : float
        That of a trial; the seconds that a tree ensemble took; 0 for the baseline.
    rank : tuple of float
        Loss of the metric on the validation rows, and plain loss.
    predictions : list of ndarray
        Predictions for the validation rows of each fold.
    members : callable
        Returns the members.
    """

    name: int | str
    config: dict[str, Any]
    budget: float
    rank: tuple[float, float]
    predictions: list[Array]
    members: Callable[[], Sequence[Member_co]]

    @classmethod
    def from_baseline(cls, baseline: Baseline) -> "Candidate[NetworkMember]":
        """Make a candidate of the baseline."""
        return Candidate(
            LINEAR, dict(LINEAR_CONFIG), 0.0, baseline.rank, baseline.predictions, lambda: baseline.members
        )

    @classmethod
    def from_trial(
        cls, trial: Trial, context: TrialContext, folds: list[TrainedFold], snapshots: list[Snapshot]
    ) -> "Candidate[NetworkMember]":
        """Make a candidate of the networks of a trial at one moment of their training.

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

    def first_folds(self, n_folds: int) -> "Candidate[Member_co]":
        """Return the candidate with its members of the first folds only."""
        return replace(self, predictions=self.predictions[:n_folds], members=lambda: self.members()[:n_folds])


@dataclass(frozen=True)
class EnsembleLimits:
    """Numbers that limit the selection of an ensemble.

    Attributes
    ----------
    size : int
        Largest number of models, counted with repetition; 1 for the best network alone.
    considered : int
        Number of best models to select from; 0 for all that are loaded.
    initial : int
        Number of best models to begin with.

    Notes
    -----
    A trial at its best epoch and at its last one are one model.
    """

    size: int
    considered: int = 0
    initial: int = 1

    @property
    def n_loaded(self) -> int:
        """Number of best trials whose networks are kept and loaded, which takes memory and time."""
        return max(CONSIDERED, self.considered) if self.size > 1 else 1

    def restrict(self, found: Sequence[Candidate[Member]]) -> list[Candidate[Member]]:
        """Return the candidates to select from, given all of them, the best first."""
        names = list(dict.fromkeys(candidate.name for candidate in found))[: self.considered or None]
        return [candidate for candidate in found if candidate.name in names]

    def initial_positions(self, found: Sequence[Candidate[Member]]) -> list[int]:
        """Return the positions of the candidates to begin with, each of another model."""
        first = dict[int | str, int]()
        for position, candidate in enumerate(found):
            first.setdefault(candidate.name, position)
        return list(first.values())[: self.initial]


Weighted = Sequence[tuple[float, Candidate[Member]]]
"""Candidates with their weights in an ensemble."""


def load_candidates(
    trials: Iterable[Trial],
    load: Callable[[Trial], Any],
    context: TrialContext,
    baseline: Baseline | None,
    *,
    max_trials: int = CONSIDERED,
) -> list[Candidate[NetworkMember]]:
    """Load the networks of the best trials, and rank them together with the baseline.

    Parameters
    ----------
    trials : iterable of Trial
        Best first.
    load : callable
        Returns the checkpoint of a trial, or None if it was not kept.
    context : TrialContext
    baseline : Baseline or None
    max_trials : int
        Number of trials to load.
    """
    found, encoders = list[Candidate[NetworkMember]](), dict[Any, Encoder]()
    loaded = ((trial, as_folds(load(trial), context.nodes)) for trial in islice(trials, max(max_trials, CONSIDERED)))
    kept = ((trial, folds) for trial, folds in loaded if folds is not None)  # others were dropped
    for trial, trained in islice(kept, max_trials):
        # Equal encoders of different processes become one, so that networks share its output.
        key = context.modality.encoder_key(context.resolve(trial.config))
        folds = [replace(f, encoder=encoders.setdefault((key, i), f.encoder)) for i, f in enumerate(trained)]
        best, last = [fold.best for fold in folds], [fold.last for fold in folds]
        found.append(Candidate.from_trial(trial, context, folds, best))
        if any(b is not e for b, e in zip(best, last, strict=True)):
            found.append(Candidate.from_trial(trial, context, folds, last))
    # A mean over fewer folds is not comparable.
    n_folds = max((len(candidate.predictions) for candidate in found), default=0)
    found = [candidate for candidate in found if len(candidate.predictions) == n_folds]
    if baseline is not None and len(baseline.members) >= n_folds:
        found.append(Candidate.from_baseline(baseline.first_folds(n_folds) if found else baseline))
    return rank_candidates(found, context)


def rank_candidates(found: Iterable[Candidate[Member_co]], context: TrialContext) -> list[Candidate[Member_co]]:
    """Sort candidates, best first; the baseline must be better by more than the noise of the score."""
    n_rows = sum(len(fold.valid) for fold in context.folds)

    def key(candidate: Candidate[Member_co]) -> tuple[float, bool, float]:
        loss, tie_breaker = rank_loss(context, candidate.predictions, candidate.rank[0]), candidate.rank[1]
        is_linear = candidate.name == LINEAR
        noise = NOISE * abs(context.metric.to_score(candidate.rank[0])) / math.sqrt(n_rows)
        return loss + noise * is_linear, is_linear, tie_breaker

    return sorted(found, key=key)


def select(
    context: TrialContext, found: Sequence[Candidate[Member]], limits: EnsembleLimits, *, limit: TimeLimit
) -> tuple[Ensemble, list[Array], Weighted]:
    """Select an ensemble by the metric on the validation rows.

    Parameters
    ----------
    context : TrialContext
    found : sequence of Candidate
        The best first.
    limits : EnsembleLimits
    limit : TimeLimit
        When the selection stops early.

    Returns
    -------
    ensemble : Ensemble
    predictions : list of ndarray
        Of the ensemble, for the validation rows of each fold.
    chosen : list of (float, Candidate)
        The candidates in the ensemble, in its order, with their weights.
    """
    n_folds = max(len(candidate.predictions) for candidate in found)
    found = limits.restrict([candidate for candidate in found if len(candidate.predictions) == n_folds])
    scorer = ValidationScorer.sample(context, n_folds)
    useful = are_useful(context, scorer.positions, [scorer.seen(candidate.predictions) for candidate in found])
    found = [candidate for candidate, is_useful in zip(found, useful, strict=True) if is_useful]
    seen = [scorer.seen(candidate.predictions) for candidate in found]
    interrupt, metric = current_interrupt(), context.metric

    def is_over() -> bool:
        # A slow metric must also have time to score the result.
        seconds = 2 * n_folds * metric.seconds if metric.is_slow else 0.0
        return min(limit, interrupt.limit).left() < seconds

    if metric.is_slow and is_over():
        return Ensemble.from_members(found[0].name, found[0].members()), found[0].predictions, [(1.0, found[0])]
    shares = greedy_selection(seen, scorer, size=limits.size, initial=limits.initial_positions(found), is_over=is_over)
    shares = _drop_light_trees(shares, found)
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
    temperature = _calibrate(context, predictions)
    predictions = [apply_temperature(part, temperature) for part in predictions]
    return Ensemble(members, weights, names, temperature), predictions, chosen


def _drop_light_trees(shares: NDArray[np.float64], found: Sequence[Candidate[Member]]) -> NDArray[np.float64]:
    """Return the weights without those of tree ensembles that have little."""
    is_tree = np.array([isinstance(candidate.name, str) and candidate.name != LINEAR for candidate in found])
    kept = np.where(is_tree & (shares < MIN_TREE_WEIGHT), 0.0, shares)
    return kept / kept.sum() if kept.any() else shares


def weigh_trees(
    trials: Iterable[Trial], load: Callable[[Trial], Any], context: TrialContext, trees: Sequence[Candidate[TreeMember]]
) -> float:
    """Return the weight of tree ensembles in an ensemble with the best trials so far; 0 without trials.

    Parameters
    ----------
    trials : iterable of Trial
        Best first.
    load : callable
        Returns the checkpoint of a trial, or None if it was not kept.
    context : TrialContext
    trees : sequence of Candidate
    """
    networks = [] if context.metric.is_slow else load_candidates(trials, load, context, None, max_trials=WEIGHED)
    if not networks or len(networks[0].predictions) < len(context.folds):
        return 0.0
    found: list[Candidate[Member]] = rank_candidates([*networks, *trees], context)
    scorer, limit = ValidationScorer.sample(context, len(context.folds)), TimeLimit.after(WEIGHING_SECONDS)
    seen = [scorer.seen(candidate.predictions) for candidate in found]
    shares = greedy_selection(seen, scorer, size=WEIGHED, is_over=lambda: limit.left() < 0)
    names = {candidate.name for candidate in trees}
    return float(sum(share for share, candidate in zip(shares, found, strict=True) if candidate.name in names))


def _calibrate(context: TrialContext, predictions: list[Array]) -> float:
    """Fit the temperature of an ensemble on the validation rows of all folds."""
    rows = np.concatenate([fold.valid for fold in context.folds[: len(predictions)]])
    if context.task.kind != "classification" or len(rows) < MIN_CALIBRATION_ROWS:
        return 1.0
    return fit_temperature(np.concatenate(predictions), context.y[rows], context.metric_weights(rows))

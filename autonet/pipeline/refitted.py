"""Refitted networks in the final model: averaged with the validated ones, weighed by rows that neither has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.core.modality import RefitShares
from autonet.core.typing import Array
from autonet.models.ensemble import Ensemble, Member, apply_temperature, fit_temperature, weighted_mean
from autonet.pipeline.context import TrialContext
from autonet.pipeline.greedy_selection import greedy_selection
from autonet.pipeline.selection import MIN_CALIBRATION_ROWS
from autonet.pipeline.validation_scores import are_useful, calibrated_loss

__all__ = ["CheckedEnsemble", "add_refitted"]

SELECTED = 20  # members of a greedy selection, counted with repetition
PRIOR_ROWS = 30  # checked rows that count as much as the weights before
MIN_WEIGHT = 0.02  # below it a member makes predictions slower, and no better


def add_refitted(
    ensemble: Ensemble, refitted: Mapping[int | str, Sequence[Member]], weight: float = RefitShares.weight
) -> Ensemble:
    """Average the networks of an ensemble with the refitted ones of the same trials, and replace tree ensembles.

    The refitted networks have `weight` of each average; those of other trials have none before they are weighed.
    """
    shares, names = ensemble.shares, list(ensemble.names)
    members = [
        refitted[n][0] if isinstance(n, str) and n in refitted else m
        for n, m in zip(names, ensemble.members, strict=True)
    ]
    kept = [1 - weight if isinstance(name, int) and name in refitted else 1.0 for name in names]
    weights = [before * share for before, share in zip(ensemble.weights, kept, strict=True)]
    for name, parts in refitted.items():
        if isinstance(name, int):
            members += parts
            names += [name] * len(parts)
            weights += [weight * shares.get(name, 0.0) / len(parts)] * len(parts)
    return replace(ensemble, members=members, weights=weights, names=names)


@dataclass(frozen=True)
class CheckedEnsemble:
    """Ensemble whose members are weighed by their calibrated loss on validation rows that the refit has left out.

    A refit trains much longer than the search, where a network may overfit that was among the best.

    Attributes
    ----------
    ensemble : Ensemble
    predictions : list of ndarray
        Of each member, for the checked rows.
    prediction : ndarray
        Of the ensemble.
    losses : list of float
        Calibrated loss of each member.
    """

    ensemble: Ensemble
    predictions: list[Array]
    prediction: Array
    losses: list[float]

    @classmethod
    def weigh(
        cls,
        context: TrialContext,
        ensemble: Ensemble,
        limit: TimeLimit,
        *,
        n_validated: int | None = None,
        single: bool = False,
    ) -> "CheckedEnsemble | None":
        """Weigh the members of an ensemble; return None if there are no rows or no time.

        Those of little weight are dropped, and those that are not much better than a constant have none.

        Parameters
        ----------
        context : TrialContext
        ensemble : Ensemble
            With the weights that the members have before.
        limit : TimeLimit
            When it stops early; a request to stop that comes meanwhile stops it earlier.
        n_validated : int, optional
            Number of first members that remain in regression, where intervals rest on their disagreement; default: all.
        single : bool
            Whether to keep the member of the smallest loss alone.
        """
        rows, cpu = context.checked_rows, torch.device("cpu")
        if not len(rows):
            return None
        interrupt, was_requested, predictions = current_interrupt(), current_interrupt().requested, list[Array]()

        def is_over() -> bool:
            return (limit if was_requested else min(limit, interrupt.limit)).left() <= 0

        for member in ensemble.members:
            if is_over():
                return None
            predictions.append(member.predict(member.encoder.inputs(context.data, cpu, rows)))

        def loss(prediction: Array) -> tuple[float, float]:
            return calibrated_loss(context, rows, prediction), 0.0

        losses = np.array([loss(prediction)[0] for prediction in predictions])
        ranking = np.argsort(losses, kind="stable")
        ranked = [predictions[i] for i in ranking]
        shares, useful = np.empty(len(losses)), np.empty(len(losses), bool)
        shares[ranking] = greedy_selection(ranked, loss, size=SELECTED, is_over=is_over)
        useful[ranking] = are_useful(context, rows, ranked)
        prior = PRIOR_ROWS / (PRIOR_ROWS + len(rows))
        weights = useful * (prior * np.array(ensemble.weights) + (1 - prior) * shares)
        remains = np.arange(len(losses)) < (len(losses) if n_validated is None else n_validated)
        remains &= context.task.kind == "regression"
        kept: list[int] = [int(ranking[0])] if single else np.flatnonzero(remains | (weights >= MIN_WEIGHT)).tolist()
        predictions = [predictions[i] for i in kept]
        ensemble = replace(
            ensemble,
            members=[ensemble.members[i] for i in kept],
            names=[ensemble.names[i] for i in kept],
            weights=[1.0] if single else (weights[kept] / weights[kept].sum()).tolist(),
        )
        prediction, temperature = weighted_mean(ensemble.weights, predictions), 1.0  # the earlier one is of others
        if context.task.kind == "classification" and len(rows) >= MIN_CALIBRATION_ROWS:
            temperature = fit_temperature(prediction, context.y[rows], context.metric_weights(rows))
        prediction = apply_temperature(prediction, temperature)
        return cls(replace(ensemble, temperature=temperature), predictions, prediction, losses[kept].tolist())

    @property
    def best(self) -> tuple[int | str, Member]:
        """Name and member of the smallest loss."""
        i = int(np.argmin(self.losses))
        return self.ensemble.names[i], self.ensemble.members[i]

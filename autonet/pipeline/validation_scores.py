"""Scores of predictions for validation rows, by which networks are ranked and ensembles are selected."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.core.typing import Array
from autonet.metrics.formulas import PLAIN_LOSSES, pinball
from autonet.models.ensemble import apply_temperature, fit_temperature
from autonet.pipeline.context import TrialContext

__all__ = ["ValidationScorer", "are_useful", "calibrated_loss", "plain_loss", "rank_loss", "score_fold"]

SCORED_ROWS = 20_000  # validation rows scored in the selection; more change nothing
TEMPERATURE_ROWS = 2_000  # that a temperature is fitted on while models are compared
# Gain of a model over a constant prediction, as a share of the best one's, below which it is useless: with a metric
# such as accuracy, a network at chance level may decide a few validation rows.
MIN_GAIN = 0.25


@dataclass(frozen=True)
class ValidationScorer:
    """Scores predictions for the validation rows of all folds by the mean of their losses.

    Attributes
    ----------
    context : TrialContext
    rows : list of ndarray
        Positions of the scored rows among the validation rows of each fold.
    """

    context: TrialContext
    rows: list[NDArray[np.intp]]

    @classmethod
    def sample(cls, context: TrialContext, n_folds: int) -> "ValidationScorer":
        """Sample validation rows of the first folds."""
        random = np.random.default_rng(context.seed)
        sizes = [len(fold.valid) for fold in context.folds[:n_folds]]
        share = min(SCORED_ROWS / sum(sizes), 1.0)
        return cls(context, [np.sort(random.choice(n, max(round(share * n), 1), replace=False)) for n in sizes])

    def seen(self, predictions: list[Array]) -> Array:
        """Concatenate the predictions for the scored rows of all folds: (n_scored, n_outputs)."""
        return np.concatenate([p[rows] for p, rows in zip(predictions, self.rows, strict=True)])

    def __call__(self, prediction: Array) -> tuple[float, float]:
        """Return the mean loss of the metric, infinite if it is undefined in a fold, and the mean plain loss.

        Where models are selected by the plain loss, it comes first, at the best temperature.
        """
        parts = np.split(prediction, np.cumsum([len(rows) for rows in self.rows])[:-1])
        seen = zip(self.context.folds, self.rows, parts, strict=False)
        losses = [score_fold(self.context, fold.valid[rows], part) for fold, rows, part in seen]
        of_metric, plain = np.mean(losses, axis=0)
        if self.context.selects_by_loss:
            return calibrated_loss(self.context, self.positions, prediction), float(of_metric)
        return float(of_metric), float(plain)

    @property
    def positions(self) -> NDArray[np.intp]:
        """Scored rows of all folds, in the order of `seen`."""
        return np.concatenate([fold.valid[rows] for fold, rows in zip(self.context.folds, self.rows, strict=False)])


def score_fold(context: TrialContext, rows: NDArray[np.intp], prediction: Array) -> tuple[float, float]:
    """Return the loss of the metric at its best threshold, and the plain loss, of predictions (n, n_outputs).

    The loss of the metric is infinite where it is undefined.
    """
    try:
        loss = context.metric.best_loss(context.y[rows], prediction, context.metric_weights(rows))
    except InvalidData:  # a sample of the rows may lack a class
        loss = math.inf
    return loss, plain_loss(context, rows, prediction)


def plain_loss(context: TrialContext, rows: NDArray[np.intp], prediction: Array) -> float:
    """Return the plain loss of predictions (n, n_outputs): log-loss, squared error or pinball loss."""
    quantiles = context.task.quantiles
    loss = partial(pinball, quantiles=quantiles) if quantiles else PLAIN_LOSSES[context.task.kind]
    return loss(context.y[rows], prediction, context.metric_weights(rows))


def calibrated_loss(context: TrialContext, rows: NDArray[np.intp], prediction: Array) -> float:
    """Return the plain loss of predictions (n, n_outputs), of a classification at their best temperature.

    Networks that trained longer are more often right, and overconfident; the temperature of an ensemble corrects that.
    """
    if context.task.kind == "classification":
        step = math.ceil(len(rows) / TEMPERATURE_ROWS)
        some = rows[::step]
        temperature = fit_temperature(prediction[::step], context.y[some], context.metric_weights(some))
        prediction = apply_temperature(prediction, temperature)
    return plain_loss(context, rows, prediction)


def are_useful(context: TrialContext, rows: NDArray[np.intp], predictions: Sequence[Array]) -> NDArray[np.bool_]:
    """Return which predictions (n, n_outputs), the best first, are much better than a constant; the best one always is.

    Compared are plain losses, at the best temperature where probabilities are overconfident.
    """
    best = predictions[0]
    constant = plain_loss(context, rows, np.full_like(best, best.mean(axis=0)))
    least = MIN_GAIN * (constant - plain_loss(context, rows, best))

    def is_useful(prediction: Array) -> bool:
        plain, calibrated = (loss(context, rows, prediction) for loss in (plain_loss, calibrated_loss))
        return bool(constant - min(plain, calibrated) >= least)

    return np.array([True, *map(is_useful, predictions[1:])])


def rank_loss(context: TrialContext, predictions: Sequence[Array], loss: float) -> float:
    """Return the loss that models are ranked by, given their predictions for the folds and the loss of the metric."""
    if not context.selects_by_loss:
        return loss
    rows = np.concatenate([fold.valid for fold in context.folds[: len(predictions)]])
    return calibrated_loss(context, rows, np.concatenate(predictions))

"""Scores of a fitted model on given rows, with bootstrap intervals."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.resulttable import ResultTable
from autonet.core.typing import Array
from autonet.core.validation import is_integer, is_real
from autonet.inspection.randomness import make_rng
from autonet.inspection.scoring import ScoredRows
from autonet.metrics.metric import Metric
from autonet.metrics.scorers import Scorer
from autonet.models.model import FittedModel

__all__ = ["evaluate"]

# Resamples by default: fewer for many rows and outputs, whose intervals are narrow and whose scores take long.
RESAMPLES = (50, 200)
RESAMPLED_VALUES = 4_000_000  # rows times outputs times resamples


def evaluate(
    model: FittedModel,
    metrics: Sequence[Metric],
    rows: ScoredRows,
    *,
    n_bootstrap: int | None = None,
    coverage: float = 0.95,
    random_state: int = 0,
) -> ResultTable:
    """Score a model by each metric, with bootstrap intervals.

    Parameters
    ----------
    model : FittedModel
    metrics : sequence of Metric
    rows : ScoredRows
    n_bootstrap : int, optional
        Number of resamples; 0 for none.
    coverage : float
        Of the intervals.
    random_state : int
        Seed of the resamples.

    Raises
    ------
    InvalidOption
        If `n_bootstrap` or `coverage` is out of range.
    """
    prediction = rows.predict(model)
    resamples = _draw_resamples(_count_resamples(n_bootstrap, prediction), rows, random_state)
    if not (is_real(coverage) and 0 < coverage < 1):
        raise InvalidOption(f"coverage must be a number between 0 and 1; got {coverage!r:.60}.")
    table = []
    for metric in metrics:
        score = metric.score(rows.y, prediction, rows.weights, model.threshold)
        low, high = _interval(metric, rows, prediction, model.threshold, resamples, coverage)
        table.append({"metric": metric.name, "score": _plain(score), "low": low, "high": high})
    caption = f"{len(rows.data):,} row{'' if len(rows.data) == 1 else 's'}"
    if len(resamples):
        caption += f"; {coverage:.0%} intervals of {len(resamples)} bootstrap resamples"
    return ResultTable(table, ("metric", "score", "low", "high"), caption)


def _count_resamples(n_bootstrap: Any, prediction: Array) -> int:
    if n_bootstrap is None:
        least, most = RESAMPLES
        return int(min(max(RESAMPLED_VALUES // max(prediction.size, 1), least), most))
    if not (is_integer(n_bootstrap) and n_bootstrap >= 0):
        raise InvalidOption(f"n_bootstrap must be a whole number of at least 0, or None; got {n_bootstrap!r:.60}.")
    return int(n_bootstrap)


def _draw_resamples(n: int, rows: ScoredRows, seed: int) -> Array:
    """Draw how often each row is in each resample: (n, n_rows)."""
    n_rows = len(rows.data)
    return make_rng(seed).multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=n)


def _interval(
    metric: Metric,
    rows: ScoredRows,
    prediction: Array,
    threshold: float | Array | None,
    resamples: Array,
    coverage: float,
) -> tuple[float | None, float | None]:
    """Return the percentiles of the scores of the resamples; None without any, and of a slow metric."""
    scores = []
    for counts in resamples:
        if metric.is_slow:  # known after two calls
            return None, None
        score = _score(metric, rows, prediction, threshold, counts)
        scores += [score] if math.isfinite(score) else []  # a rare class may be missing in a resample
    if not scores:
        return None, None
    low, high = np.quantile(scores, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)


def _score(
    metric: Metric, rows: ScoredRows, prediction: Array, threshold: float | Array | None, counts: Array
) -> float:
    """Score the rows of a resample, given how often each is in it."""
    if isinstance(metric.measure, Scorer):  # which may know no weights
        index = np.repeat(np.arange(len(counts)), counts)
        weights = None if rows.weights is None else rows.weights[index]
        return metric.score(rows.y[index], prediction[index], weights, threshold)
    weights = counts if rows.weights is None else counts * rows.weights
    return metric.score(rows.y, prediction, weights.astype(np.float64), threshold)


def _plain(score: float) -> float | None:
    return None if math.isnan(score) else score

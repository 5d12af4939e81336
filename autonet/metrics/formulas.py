"""Fast weighted formulas of common metrics.

Scores of decisions are functions of `Counts`, so that they can be evaluated at all thresholds at once.  Scores of
probabilities take class codes (n,) and probabilities (n, n_classes), scores of values take (n, n_targets).  For
multilabel targets the first two are applied to each label.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = [
    "PLAIN_LOSSES",
    "Average",
    "Counts",
    "accuracy",
    "area_under_curve",
    "balanced_accuracy",
    "brier",
    "class_shares",
    "count",
    "decide",
    "entropy",
    "f1",
    "jaccard",
    "label_accuracy",
    "label_balanced_accuracy",
    "label_log_loss",
    "likelihood_ratio",
    "log_loss",
    "matthews",
    "mean_absolute_error",
    "mean_squared_error",
    "pinball",
    "precision",
    "r2",
    "recall",
    "relative_squared_error",
    "root_mean_squared_error",
]

Average = Literal["binary", "macro", "micro", "weighted", "labels"]

# Probabilities are clipped at this value in log losses, as in scikit-learn.
EPSILON = float(np.finfo(np.float64).eps)


# ---- decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Weighted confusion counts per class or per label.

    Attributes
    ----------
    hit, false, missed : ndarray of shape (..., n_classes)
        True positives, false positives and false negatives of each class.
    total : ndarray of shape (...)
        Total weight of the rows.
    """

    hit: Array
    false: Array
    missed: Array
    total: Array


def decide(prediction: Array, kind: TaskKind, threshold: float | Array | None = None) -> Array:
    """Convert probabilities to predicted classes or labels.

    Parameters
    ----------
    prediction : ndarray
        Probabilities (n, n_classes) or (n, n_labels); values of a regression are returned unchanged.
    kind : {"classification", "multilabel", "regression"}
    threshold : float, ndarray of shape (n_labels,) or None
        Probability above which the second of two classes, or a label, is predicted; None: the most probable class,
        or 0.5.

    Returns
    -------
    ndarray of int64
        Class codes of shape (n,), or 0/1 of shape (n, n_labels).
    """
    if kind == "regression":
        return prediction
    if kind == "multilabel":
        return (prediction > (0.5 if threshold is None else threshold)).astype(np.int64)
    if threshold is None:
        return np.asarray(prediction.argmax(axis=1))
    return (prediction[:, 1] > threshold).astype(np.int64)


def count(y: Array, decided: Array, n_classes: int, weight: Array | None) -> Counts:
    """Count correct and wrong predictions: class codes (n,), or labels of 0 and 1 (n, n_labels)."""
    if y.ndim == 2:
        w = np.ones(len(y)) if weight is None else weight
        hit, decided_ones, ones = w @ (y * decided), w @ decided, w @ y
        return Counts(hit, decided_ones - hit, ones - hit, np.asarray(w.sum()))
    table = np.bincount(y * n_classes + decided, weight, n_classes**2).reshape(n_classes, n_classes)
    hit = table.diagonal()
    return Counts(hit, table.sum(axis=0) - hit, table.sum(axis=1) - hit, np.asarray(table.sum()))


def _ratio(part: Array, whole: Array) -> Array:
    """Divide; return 0 where the denominator is 0."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=np.asarray(whole) != 0)


def _average(numerator: Array, denominator: Array, counts: Counts, average: Average, positive: int) -> Array:
    """Average the ratios of the classes as in scikit-learn.

    ``"macro"`` excludes classes without rows and decisions; ``"labels"`` includes every label.
    """
    if average == "micro":
        return _ratio(numerator.sum(axis=-1), denominator.sum(axis=-1))
    each = _ratio(numerator, denominator)
    if average == "binary":
        return np.asarray(each[..., positive])
    if average == "labels":
        return np.asarray(each.mean(axis=-1))
    support = counts.hit + counts.missed
    share = support if average == "weighted" else (support + counts.false > 0).astype(float)
    return _ratio((each * share).sum(axis=-1), share.sum(axis=-1))


def f1(c: Counts, average: Average, positive: int = 1) -> Array:
    """Compute the harmonic mean of precision and recall."""
    return _average(2 * c.hit, 2 * c.hit + c.false + c.missed, c, average, positive)


def jaccard(c: Counts, average: Average, positive: int = 1) -> Array:
    """Jaccard index: true positives over the union of positives and predicted positives."""
    return _average(c.hit, c.hit + c.false + c.missed, c, average, positive)


def precision(c: Counts, average: Average, positive: int = 1) -> Array:
    """Precision: true positives over predicted positives."""
    return _average(c.hit, c.hit + c.false, c, average, positive)


def recall(c: Counts, average: Average, positive: int = 1) -> Array:
    """Recall: true positives over positives."""
    return _average(c.hit, c.hit + c.missed, c, average, positive)


def accuracy(c: Counts) -> Array:
    """Share of correctly classified rows."""
    return np.asarray(c.hit.sum(axis=-1) / c.total)


def label_accuracy(c: Counts) -> Array:
    """Share of correct labels, mean over the labels."""
    return np.asarray(1 - ((c.false + c.missed) / c.total[..., None]).mean(axis=-1))


def balanced_accuracy(c: Counts) -> Array:
    """Mean recall of the classes that occur."""
    support = c.hit + c.missed
    return np.asarray(_ratio(c.hit, support).sum(axis=-1) / (support > 0).sum(axis=-1))


def label_balanced_accuracy(c: Counts) -> Array:
    """Balanced accuracy of each label, mean over the labels."""
    ones = c.hit + c.missed
    zeros = c.total[..., None] - ones
    both = _ratio(c.hit, ones) + _ratio(zeros - c.false, zeros)
    return np.asarray((both / ((ones > 0).astype(int) + (zeros > 0))).mean(axis=-1))


def matthews(c: Counts) -> Array:
    """Matthews correlation coefficient; 0 if the classes or the predictions are constant."""
    decided, true = c.hit + c.false, c.hit + c.missed
    square = c.total**2
    covariance = c.hit.sum(axis=-1) * c.total - (decided * true).sum(axis=-1)
    spread = (square - (decided**2).sum(axis=-1)) * (square - (true**2).sum(axis=-1))
    # Rounding errors: the spread of a constant column is not exactly 0.
    varies = spread > 1e-12 * square**2
    return _ratio(np.where(varies, covariance, 0.0), np.sqrt(np.where(varies, spread, 1.0)))


def likelihood_ratio(c: Counts, positive: int, *, predicted: bool) -> Array:
    """Compute the positive (`predicted`) or negative likelihood ratio of one of two classes.

    As in scikit-learn, 1 instead of infinity, and NaN without rows of that class.
    """
    hit, missed, other = c.hit[..., positive], c.missed[..., positive], 1 - positive
    ones, zeros = hit + missed, c.hit[..., other] + c.missed[..., other]
    of_ones = _ratio(hit if predicted else missed, ones)
    of_zeros = _ratio(c.missed[..., other] if predicted else c.hit[..., other], zeros)
    return np.where(ones > 0, np.where(of_zeros > 0, _ratio(of_ones, of_zeros), 1.0), np.nan)


# ---- probabilities --------------------------------------------------------------------------------------------------


def class_shares(y: Array, n_classes: int, weight: Array | None) -> Array:
    """Return the class prior, shape (n_classes,), of class codes (n,)."""
    counts = np.bincount(y, weight, n_classes)
    return np.asarray(counts / counts.sum())


def entropy(shares: Array) -> float:
    """Log loss of the class-prior predictor, given the class prior, shape (n_classes,)."""
    return float(-np.sum(shares * np.log(np.clip(shares, EPSILON, None))))


def log_loss(y: Array, p: Array, weight: Array | None) -> float:
    """Log loss of probabilities (n, n_classes) for class codes (n,)."""
    return float(-np.average(np.log(np.maximum(p[np.arange(len(y)), y], EPSILON)), weights=weight))


def label_log_loss(y: Array, p: Array, weight: Array | None) -> float:
    """Binary log loss of probabilities for labels, both (n, n_labels), mean over rows and labels."""
    true = np.where(y == 1, p, 1 - p)
    return float(-np.average(np.log(np.maximum(true, EPSILON)), axis=0, weights=weight).mean())


def brier(y: Array, p: Array, weight: Array | None) -> float:
    """Brier score of probabilities (n, n_classes) for class codes (n,); halved for two classes."""
    distance = np.einsum("ij,ij->i", p, p) - 2 * p[np.arange(len(y)), y] + 1
    return float(np.average(distance, weights=weight)) / (2 if p.shape[1] == 2 else 1)


def area_under_curve(positive: Array, p: Array, weight: Array | None) -> float:
    """Area under the ROC curve of scores (n,) for positives (n,); NaN if only one class occurs."""
    order = np.argsort(p)
    ranked, positive = p[order], positive[order]
    w = np.ones(len(p)) if weight is None else weight[order]
    ones = np.where(positive, w, 0.0)
    below = np.concatenate([[0.0], np.cumsum(w - ones)])  # weight of the negatives before each position
    start = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    end = np.append(start[1:], len(p))
    pairs = ones.sum() * below[-1]
    if not pairs > 0:
        return float("nan")
    return float(np.add.reduceat(ones, start) @ (below[start] + below[end]) / 2 / pairs)


# ---- values ---------------------------------------------------------------------------------------------------------


def mean_squared_error(y: Array, p: Array, weight: Array | None) -> float:
    """Mean squared error of predictions (n, n_targets), mean over rows and targets."""
    with np.errstate(over="ignore"):  # infinite for errors beyond 1e154
        return float((_root_mean_square(y - p, weight) ** 2).mean())


def root_mean_squared_error(y: Array, p: Array, weight: Array | None) -> float:
    """Root mean squared error of predictions (n, n_targets), mean over the targets."""
    return float(_root_mean_square(y - p, weight).mean())


def mean_absolute_error(y: Array, p: Array, weight: Array | None) -> float:
    """Mean absolute error of predictions (n, n_targets), mean over rows and targets."""
    return float(np.average(np.abs(y - p), axis=0, weights=weight).mean())


def pinball(y: Array, p: Array, weight: Array | None, *, quantiles: Sequence[float]) -> float:
    """Pinball loss of predicted quantiles (n, n_quantiles) for targets (n, 1), mean over rows and levels."""
    below, levels = y - p, np.asarray(quantiles)
    return float(np.average(np.maximum(levels * below, (levels - 1) * below), axis=0, weights=weight).mean())


def r2(y: Array, p: Array, weight: Array | None) -> float:
    """R2 of predictions (n, n_targets), mean over the targets.

    It is 0 for a constant target that is not predicted exactly.
    """
    return float((1 - _relative_squared_errors(y, p, weight)).mean())


def relative_squared_error(y: Array, p: Array, weight: Array | None) -> float:
    """Squared error of predictions (n, n_targets) over the variance, mean over the targets.

    It is 1 for a constant target that is not predicted exactly.
    """
    return float(_relative_squared_errors(y, p, weight).mean())


def _relative_squared_errors(y: Array, p: Array, weight: Array | None) -> Array:
    residual = _root_mean_square(y - p, weight)
    total = _root_mean_square(y - np.average(y, axis=0, weights=weight), weight)
    varies = (total > 0) & (np.ptp(y, axis=0) > 0)  # the weighted mean of equal values is not exactly their value
    with np.errstate(over="ignore"):  # a target of tiny variance and a large error
        return np.where(varies, (residual / np.where(varies, total, 1.0)) ** 2, residual != 0)


def _root_mean_square(values: Array, weight: Array | None) -> Array:
    """Compute the root mean square of each column, scaled by its largest value against overflow and underflow."""
    largest = np.abs(values).max(axis=0)
    with np.errstate(invalid="ignore"):  # NaN where a prediction is infinite
        relative = values / np.where(largest > 0, largest, 1.0)
    return np.asarray(largest * np.sqrt(np.average(relative**2, axis=0, weights=weight)))


PLAIN_LOSSES: dict[TaskKind, Callable[[Array, Array, Array | None], float]] = {
    "classification": log_loss,
    "multilabel": label_log_loss,
    "regression": relative_squared_error,
}
"""Losses by kind of task that break ties between equal scores, and stop boosting."""

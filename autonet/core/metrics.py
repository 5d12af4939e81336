"""Metrics: what a validation score is, which way is better, and the loss that the search minimizes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from autonet.core.names import known
from autonet.core.task import TaskKind

__all__ = ["METRICS", "Metric", "get_metric"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Metric:
    """A score of predictions against true targets.

    Attributes
    ----------
    name : str
    function : callable
        ``function(y_true, prediction)``.  Classification: class codes of shape (n,) and probabilities of
        shape (n, n_classes).  Regression: two arrays of shape (n, n_targets), in the units of the target.
    task : {"classification", "regression"}
    optimum : float or None
        The best possible score of a metric that is to be maximized; None for one that is to be minimized.
    """

    name: str
    function: Callable[[Array, Array], float]
    task: TaskKind
    optimum: float | None

    def score(self, y_true: Array, prediction: Array) -> float:
        """Score in the metric's own direction; NaN where it is undefined."""
        return float(self.function(y_true, prediction))

    def loss(self, score: float) -> float:
        """Turn a score into what the search minimizes: distance to the optimum, or the score itself."""
        return score if self.optimum is None else self.optimum - score

    def score_of(self, loss: float) -> float:
        """Turn the loss back into the score."""
        return loss if self.optimum is None else self.optimum - loss


def _accuracy(y: Array, p: Array) -> float:
    return float(np.mean(p.argmax(axis=1) == y))


def _balanced_accuracy(y: Array, p: Array) -> float:
    return float(np.mean([np.mean(p[y == k].argmax(axis=1) == k) for k in np.unique(y)]))


def _log_loss(y: Array, p: Array) -> float:
    return float(-np.mean(np.log(np.clip(p[np.arange(len(y)), y], 1e-15, None))))


def _roc_auc(y: Array, p: Array) -> float:
    """Area under the curve; several classes: mean of one against rest over the classes present."""
    present = [k for k in range(p.shape[1]) if 0 < np.sum(y == k) < len(y)]
    if not present:
        return float("nan")
    if p.shape[1] == 2:
        present = [1]
    return float(np.mean([sk.roc_auc_score(y == k, p[:, k]) for k in present]))


def _auc_metric(y: Array, p: Array) -> float:
    return 2 * _roc_auc(y, p) - 1  # Auto-PyTorch's scale: 0 is chance, 1 is perfect


def _r2(y: Array, p: Array) -> float:
    """Coefficient of determination, mean over targets; 0 for a target that is constant and not met exactly."""
    residual, total = ((y - p) ** 2).sum(axis=0), ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    varies = total > 0
    explained = np.where(varies, 1 - residual / np.where(varies, total, 1.0), residual == 0)
    return float(np.mean(explained))


METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("accuracy", _accuracy, "classification", 1.0),
        Metric("balanced_accuracy", _balanced_accuracy, "classification", 1.0),
        Metric("roc_auc", _roc_auc, "classification", 1.0),
        Metric("auc_metric", _auc_metric, "classification", 1.0),
        Metric("cross_entropy", _log_loss, "classification", None),
        Metric("r2", _r2, "regression", 1.0),
        Metric("rmse", sk.root_mean_squared_error, "regression", None),
        Metric("mean_distance", sk.mean_absolute_error, "regression", None),
    )
}


def get_metric(name: str, task: TaskKind) -> Metric:
    """Look a metric up by name among those of `task`."""
    return METRICS[known(f"{task} metric", name, [m.name for m in METRICS.values() if m.task == task])]

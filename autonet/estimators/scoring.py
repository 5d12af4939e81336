"""The metrics of a fit, their positive class, and the folds on which they are undefined."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autonet.core.alarms import Alarm, TimedOut, enclosing_alarm
from autonet.core.component import Component
from autonet.core.errors import DataWarning, InvalidData, InvalidOption
from autonet.core.typing import Array
from autonet.data.splits.folds import Fold
from autonet.data.targets.targets import ClassTargets, MultilabelTargets, RegressionTargets, Targets
from autonet.metrics.metric import Metric, get_metric

__all__ = ["UnscorableFold", "find_unscorable", "get_positive_label", "resolve_metrics"]

BINARY = 2  # classes
MAX_METRIC_SHARE = 0.25  # of the runtime for a call of a metric, but at least:
MIN_METRIC_SECONDS = 1.0
MIN_SQUARABLE = 1e-150  # the squares of numbers between this and its inverse are within float64
# Scores relative to the mean of the validation rows, undefined for a single row.
NEED_TWO_ROWS = frozenset({"r2", "explained_variance", "d2_absolute_error_score"})
# Labels that need no warning when taken for the positive class.
POSITIVE_LABELS = frozenset({"1", "1.0", "true", "t", "yes", "y", "positive", "pos", "on"})


def resolve_metrics(
    metrics: Sequence[str | Callable[..., float] | Component[Any]],
    targets: Targets,
    y: Array,
    *,
    pos_label: Any,
    runtime: float | None,
) -> list[Metric]:
    """Look the metrics up, and try them.

    Parameters
    ----------
    metrics : sequence of str, callable or Component
        The one to optimize, then those to record.
    targets : ClassTargets, MultilabelTargets or RegressionTargets
    y : ndarray of shape (n,), (n, n_labels) or (n, n_targets)
        Class codes, labels or values.
    pos_label : label or None
        The positive class of a binary classification; default: 1 if it is a label, else the last.
    runtime : float or None
        Time limit of the fit, in seconds.

    Raises
    ------
    InvalidOption
        If a metric does not exist, does not fit the targets, has the name of another one, or takes a large part of the
        runtime for a single call.
    InvalidData
        If it cannot be computed for these targets.
    """
    limit = MAX_METRIC_SHARE * (runtime or math.inf)
    try:
        with Alarm(time.monotonic() + max(limit, MIN_METRIC_SECONDS)):
            chosen = _get_metrics(metrics, targets, pos_label)
            for metric in chosen if targets.kind == "regression" else ():
                _check_scorable(metric, y, targets.n_outputs)
    except TimedOut as error:
        if time.monotonic() >= enclosing_alarm():
            raise
        raise InvalidOption(
            f"A call of a metric takes more than {MAX_METRIC_SHARE:.0%} of max_runtime={runtime:g}; increase "
            "max_runtime, or use a faster metric."
        ) from error
    return chosen


def _check_names(given: Sequence[Any], chosen: Sequence[Metric]) -> None:
    """Refuse different metrics of the same name: scores are recorded by name."""
    by_name = dict[str, Any]()
    for metric, found in zip(given, chosen, strict=True):
        other = by_name.setdefault(found.name, metric)
        if other is not metric and other != metric:
            raise InvalidOption(
                f"optimize_metric and additional_metrics have two metrics with the name {found.name!r}; use functions "
                "with different names, or give them names with autonet.register_metric."
            )


def _check_scorable(metric: Metric, y: Array, n_outputs: int) -> None:
    """Refuse a metric that cannot be computed for targets of shape (n, n_targets), predicted as (n, n_outputs)."""
    shape = len(y), n_outputs
    perfect = metric.score(y, np.broadcast_to(y, shape))  # a logarithmic error refuses negative targets
    spread = np.ptp(y, axis=0)
    if not spread.any():  # a constant is predicted exactly
        return
    largest, smallest = np.abs(y).max(), spread[spread > 0].min()
    if largest <= 1 / MIN_SQUARABLE and smallest >= MIN_SQUARABLE:
        return
    with np.errstate(over="ignore", under="ignore"):
        score = metric.score(y, np.broadcast_to(y[0] + (y - y[0]).mean(axis=0), shape))
    if not np.isfinite(score) or score == perfect:
        raise InvalidData(
            f"y has values up to {largest:.3g} in a range of {smallest:.3g}, for which the metric "
            f"{metric.name!r} overflows or underflows; optimize 'r2', or rescale y."
        )


def _get_metrics(
    metrics: Sequence[str | Callable[..., float] | Component[Any]], targets: Targets, pos_label: Any
) -> list[Metric]:
    code = _find_positive_class(targets, pos_label)
    chosen = [
        get_metric(metric, targets.kind, targets.labels, targets.n_outputs, code, targets.quantiles)
        for metric in metrics
    ]
    _check_names(metrics, chosen)
    of_one_class = [metric for metric in chosen if metric.positive is not None]
    if of_one_class and targets.n_outputs == BINARY:
        _report_positive_class(of_one_class, targets, guessed=pos_label is None)
    return chosen


def get_positive_label(metric: Metric, targets: Targets) -> Any:
    """Return the positive label of a metric, as a value for JSON; None for metrics of all classes."""
    if metric.positive is None or targets.labels is None:
        return None
    label = targets.labels[metric.positive : metric.positive + 1].tolist()[0]
    return label if isinstance(label, str | int | float) else str(label)


def _report_positive_class(metrics: Sequence[Metric], targets: Targets, *, guessed: bool) -> None:
    """Log the positive class; warn if it was guessed and the metrics depend on it."""
    names, (first, second) = [metric.name for metric in metrics], np.asarray(targets.labels).tolist()
    label, other = (second, first) if metrics[0].positive else (first, second)
    logging.getLogger("autonet").info("%s: the positive class is %r", ", ".join(names), label)
    if guessed and set(names) != {"roc_auc"} and str(label).lower() not in POSITIVE_LABELS:
        warnings.warn(
            f"The metric {names[0]!r} scores the positive class; using {label!r}, the last label in sorted order. Set "
            f"pos_label={label!r} to silence this warning, or pos_label={other!r} for the other class.",
            DataWarning,
            stacklevel=7,
        )


def _find_positive_class(targets: Targets, pos_label: Any) -> int | None:
    """Return the code of `pos_label`."""
    if pos_label is None:
        return None
    labels = targets.labels.tolist() if isinstance(targets, ClassTargets) else []
    if len(labels) != BINARY:
        what = f"classification of {len(labels)} classes" if isinstance(targets, ClassTargets) else targets.kind
        raise InvalidOption(f"pos_label={pos_label!r} requires two classes; y is a {what}. Remove it.")
    if pos_label not in labels:
        raise InvalidOption(f"pos_label={pos_label!r} is not a label of y; its labels: {', '.join(map(repr, labels))}.")
    return labels.index(pos_label)


@dataclass(frozen=True)
class UnscorableFold:
    """A fold whose validation rows a metric cannot score.

    Attributes
    ----------
    fold : int
        Number of the fold, from 0.
    lacks : str
        Missing validation rows, as an error message says it.
    """

    fold: int
    lacks: str


def find_unscorable(
    metric: Metric, y: Array, weights: Array | None, folds: Sequence[Fold], targets: Targets
) -> UnscorableFold | None:
    """Return the first fold that the metric cannot score, if any; nothing is trained.

    Parameters
    ----------
    metric : Metric
    y : ndarray of shape (n,), (n, n_labels) or (n, n_targets)
        Class codes, labels or values.
    weights : ndarray of shape (n,), optional
    folds : sequence of Fold
    targets : ClassTargets, MultilabelTargets or RegressionTargets
    """
    for number, fold in enumerate(folds):
        if isinstance(targets, RegressionTargets):
            if len(fold.valid) == 1 and metric.name in NEED_TWO_ROWS:
                return UnscorableFold(number, "a second validation row")
            continue
        counts = weights is None or not weights[fold.valid].any()
        rows = fold.valid if counts else fold.valid[weights[fold.valid] > 0]  # type: ignore[index]
        lacks = _find_missing_labels(y[rows], targets)
        if lacks and _cannot_discriminate(metric, y[rows], targets.n_outputs):
            return UnscorableFold(number, lacks)
    return None


def _find_missing_labels(y: Array, targets: ClassTargets | MultilabelTargets) -> str:
    """Describe a class, or a value of a label, that validation rows (n,) or (n, n_labels) lack; empty if none."""
    if isinstance(targets, MultilabelTargets):
        constant = np.flatnonzero(y.min(axis=0) == y.max(axis=0))
        names = np.asarray(targets.names)[constant].tolist()
        return f"rows with and without label {names[0]!r}" if names else ""
    missing = np.flatnonzero(np.bincount(y, minlength=targets.n_outputs) == 0)
    return f"validation rows of class {targets.labels[missing].tolist()[0]!r}" if len(missing) else ""


def _cannot_discriminate(metric: Metric, y: Array, n_outputs: int) -> bool:
    """Return whether a metric scores right and wrong predictions for these rows the same, or not at all."""
    right = np.eye(n_outputs)[y] if y.ndim == 1 else y.astype(np.float64)
    wrong = np.roll(right, 1, axis=1) if y.ndim == 1 else 1 - right
    try:
        scores = metric.score(y, right), metric.score(y, wrong)
    except InvalidData:
        return True
    return not np.isfinite(scores).all() or scores[0] == scores[1]

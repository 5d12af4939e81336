"""Details of a trial in plain values, which its report keeps: learning curve, score and speed of each fold."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from autonet.metrics.metric import Metric
from autonet.pipeline.context import EncodedFold, TrialContext
from autonet.training.curve import LearningCurve, TrainingSample
from autonet.training.loop import FORWARD_SHARE

__all__ = ["FOLDS", "describe_curve", "describe_fold", "new_curve"]

FOLDS = "folds"  # name among the details of a report: a dictionary for each fold

# Points that a job keeps of the curves of all its folds, and of each: a hundred trials take less than a megabyte.
MAX_POINTS = 60
MIN_POINTS = 8

SAMPLED_ROWS = 256  # training rows that are scored beside the validation rows
CALL_STEPS = 0.5  # time of a score in training steps, however few rows it has

DIGITS = 5


def new_curve(context: TrialContext, encoded: EncodedFold, batch_size: int) -> LearningCurve:
    """Return the empty curve of a fold, with a sample of its training rows to score, unless the metric is slow."""
    max_points = max(MAX_POINTS // len(context.folds), MIN_POINTS)
    if context.metric.is_slow:
        return LearningCurve(max_points)
    n = len(encoded.before)
    chosen = np.linspace(0, n - 1, min(n, SAMPLED_ROWS)).astype(np.intp)
    sampled = encoded.before.take(torch.from_numpy(chosen).to(encoded.before.y.device))
    validation = context.validation(encoded.train[chosen], encoded.targets, sampled.y)
    cost = CALL_STEPS + FORWARD_SHARE * len(chosen) / batch_size
    return LearningCurve(max_points, TrainingSample(sampled.x, validation, cost))


def describe_curve(curve: LearningCurve, metric: Metric) -> dict[str, Any]:
    """Return the columns of the curve of a fold.

    They are ``epoch``, ``seconds``, ``train_loss``, ``val_loss``, ``train_score`` and ``val_score``.

    Parameters
    ----------
    curve : LearningCurve
    metric : Metric
        Converts its losses to scores.
    """
    points = curve.points
    columns: dict[str, list[Any]] = {
        "epoch": [point.epoch for point in points],
        "seconds": [point.seconds for point in points],
        "train_loss": [point.train_loss for point in points],
        "val_loss": [point.plain_loss for point in points],
        "train_score": [None if p.train_metric_loss is None else metric.to_score(p.train_metric_loss) for p in points],
        "val_score": [metric.to_score(point.metric_loss) for point in points],
    }
    return {"curve": {name: _round(values) for name, values in columns.items()}}


def describe_fold(curve: LearningCurve, metric: Metric, loss: float, seconds: float, rows: int) -> dict[str, Any]:
    """Return the curve of a fold, its ``score``, and the time of a validation: ``validation_seconds``, ``ms_per_row``.

    Parameters
    ----------
    curve : LearningCurve
    metric : Metric
    loss : float
        Metric loss of the best weights.
    seconds : float
        Duration of a validation.
    rows : int
        Number of validation rows.
    """
    took, per_row = _round([seconds, 1000 * seconds / rows])
    times = {"validation_seconds": took, "ms_per_row": per_row}
    return {**describe_curve(curve, metric), "score": metric.to_score(loss), **times}


def _round(values: Iterable[float | None]) -> list[float | None]:
    """Round to few digits, and to whole numbers where they are: epochs as text are short."""
    rounded = (None if value is None else float(f"{value:.{DIGITS}g}") for value in values)
    return [int(value) if value is not None and value.is_integer() else value for value in rounded]

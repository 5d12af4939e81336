"""Details of a trial in plain values, which its report keeps: learning curve, score and speed of each fold."""

from collections.abc import Iterable
from typing import Any

from autonet.metrics.metric import Metric
from autonet.training.curve import LearningCurve

__all__ = ["FOLDS", "describe_curve", "describe_fold", "new_curve"]

FOLDS = "folds"  # name among the details of a report: a dictionary for each fold

# Points that a job keeps of the curves of all its folds, and of each: a hundred trials take less than a megabyte.
MAX_POINTS = 100
MIN_POINTS = 8

DIGITS = 5


def new_curve(n_folds: int) -> LearningCurve:
    """Return the empty curve of a fold."""
    return LearningCurve(max(MAX_POINTS // n_folds, MIN_POINTS))


def describe_curve(curve: LearningCurve, metric: Metric) -> dict[str, Any]:
    """Return the columns of the curve of a fold: ``epoch``, ``seconds``, ``train_loss``, ``val_loss``, ``val_score``.

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
        "val_score": [metric.to_score(point.metric_loss) for point in points],
    }
    return {"curve": {name: _round(values) for name, values in columns.items()}}


def describe_fold(curve: LearningCurve, metric: Metric, loss: float, seconds: float, rows: int) -> dict[str, Any]:
    """Return the curve of a fold, its ``score``, and ``ms_per_row``, the milliseconds of a validation per row.

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
    score, milliseconds = metric.to_score(loss), 1000 * seconds / rows
    return {**describe_curve(curve, metric), "score": score, "ms_per_row": float(f"{milliseconds:.{DIGITS}g}")}


def _round(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else float(f"{value:.{DIGITS}g}") for value in values]

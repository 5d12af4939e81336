"""Section of a report about scores on test rows: metrics with intervals, classes, errors, coverage."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from autonet.core.errors import AutonetError
from autonet.core.resulttable import ResultTable
from autonet.core.typing import Array
from autonet.inspection.evaluation import evaluate
from autonet.inspection.report.blocks import Block, Fold, Section, Table, Text, make_table
from autonet.inspection.report.pictures import draw
from autonet.inspection.report.words import count, format_value, shorten
from autonet.inspection.scoring import ScoredRows, find_metrics, optimized_name
from autonet.metrics.formulas import decide
from autonet.models.conformal import Conformal
from autonet.models.model import one_thread

__all__ = ["HeldOut", "describe_scores", "format_interval"]

# Metrics that are shown first, of those that suit the task.
SHOWN = (
    *("accuracy", "balanced_accuracy", "f1", "f1_macro", "roc_auc", "average_precision", "neg_log_loss"),
    *("neg_brier_score", "r2", "rmse", "neg_mean_absolute_error", "neg_median_absolute_error", "neg_mean_pinball_loss"),
)
COVERAGES = (0.5, 0.8, 0.9, 0.95)
MAX_CLASSES = 30  # in a table
MAX_MATRIX = 40  # classes of a confusion matrix
MAX_MISTAKES = 8
MAX_TARGETS = 4
MEDIAN = 0.5


@dataclass(frozen=True)
class PredictedRows(ScoredRows):
    """Rows to score that are predicted once.

    Attributes
    ----------
    prediction : ndarray
        Probabilities (n, n_outputs) or values (n, n_targets).
    """

    prediction: Array = field(default_factory=lambda: np.empty((0, 0)))

    def predict(self, model: Any) -> Array:
        """Return the prediction."""
        return self.prediction


@dataclass(frozen=True)
class HeldOut:
    """Rows that the fit has not seen, what the model predicts for them, and its scores.

    Attributes
    ----------
    X, y : as in `fit`
    rows : PredictedRows
    evaluation : ResultTable
        Scores by the metrics of the fit and some well-known ones, the optimized one first, with intervals.
    others : ResultTable
        Scores by all other metrics, without intervals, which take long.
    """

    X: Any
    y: Any
    rows: PredictedRows
    evaluation: ResultTable
    others: ResultTable

    @classmethod
    def predict(cls, estimator: Any, X: Any, y: Any) -> Self:
        """Read, predict and score test rows."""
        model, result = estimator.model_, estimator.fit_result_
        read = ScoredRows.read(model, X, y, owner=type(estimator).__name__)
        rows = PredictedRows(read.data, read.y, None, read.predict(model))
        given = [estimator.optimize_metric, *(estimator.additional_metrics or ())]
        metrics = find_metrics(result, model.targets, given, estimator.pos_label)
        recorded = {name.removeprefix("val_") for name in result["info"]}
        first = [metric for metric in metrics if metric.name in recorded or metric.name in SHOWN]
        others = evaluate(model, [metric for metric in metrics if metric not in first], rows, n_bootstrap=0)
        return cls(X, y, rows, evaluate(model, first, rows), others)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows.data)


def format_interval(row: dict[str, Any]) -> str:
    """Format the interval of a score; empty if it is not known."""
    if row["low"] is None:
        return ""
    return f"{format_value(row['low'])} to {format_value(row['high'])}"


def describe_scores(estimator: Any, tested: HeldOut | None) -> Section:
    """Describe how good the model is, and how sure that is.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    tested : HeldOut or None
        None if there are no test rows.
    """
    if tested is None:
        return Section("scores", "Scores", tuple(_show_scores_of_fit(estimator)))
    blocks: list[Block] = [
        *_tabulate_scores(estimator, tested),
        Text(
            "Intervals are percentiles of scores of bootstrap resamples: they say how much a score depends on which "
            "rows were drawn. They do not say how much another fit would differ, nor hold for rows that come from "
            "elsewhere."
        ),
    ]
    if estimator.model_.targets.kind == "regression":
        blocks += _show_errors(estimator.model_.targets, tested)
    else:
        blocks += _show_classes(estimator.model_, tested)
    return Section("scores", "Scores", (*blocks, *_show_coverage(estimator.model_, tested)))


def _show_scores_of_fit(estimator: Any) -> list[Block]:
    info = estimator.fit_result_["info"]
    names = [name.removeprefix("val_") for name in info if name.startswith("val_")]
    titles = {"metric": "metric", "train": "training", "val": "validation", "test": "test"}
    rows = [
        {"metric": name, **{part: info.get(f"{part}_{name}") for part in ("train", "val", "test")}} for name in names
    ]
    shown = {key: title for key, title in titles.items() if any(row[key] is not None for row in rows)}
    text = (
        "No test rows were given to this report. Validation scores are optimistic, because epochs, configurations and "
        "the ensemble were chosen on the same rows. Pass rows that the fit has not seen, report(path, X_test, y_test), "
        "for scores with intervals, classes, errors, and what matters in the rows."
    )
    return [Text(text, is_caution=True), make_table(rows, shown, "Scores that the fit recorded")]


def _tabulate_scores(estimator: Any, tested: HeldOut) -> list[Block]:
    info, optimized = estimator.fit_result_["info"], optimized_name(estimator.fit_result_)
    rows = [
        {
            "metric": row["metric"],
            "val": info.get(f"val_{row['metric']}"),
            "test": row["score"],
            "interval": format_interval(row),
        }
        for row in tested.evaluation
    ]
    titles = {"metric": "metric", "val": "validation", "test": "test", "interval": "95% interval"}
    caption = f"Scores on {count(len(tested), 'test row')}; the fit optimized {optimized}"
    emphasized = [i for i, row in enumerate(rows) if row["metric"] == optimized]
    blocks: list[Block] = [make_table(rows, titles, caption, emphasized)]
    if tested.others:
        table = make_table(tested.others, {"metric": "metric", "score": "test"}, "Without intervals, which take long")
        blocks.append(Fold(f"{count(len(tested.others), 'further metric')}", (table,)))
    return blocks


def _show_classes(model: Any, tested: HeldOut) -> list[Block]:
    """Return a table by class, the confusion matrix and the curves of a classification."""
    from autonet.inspection.plots.predictions import ClassPredictions, name_outputs  # noqa: PLC0415 - draws

    is_multilabel, n = model.targets.kind == "multilabel", model.targets.n_outputs
    names = [shorten(name, 40) for name in name_outputs(model.targets)]
    decided = decide(tested.rows.prediction, model.targets.kind, model.threshold)
    truth = tested.rows.y.astype(bool) if is_multilabel else tested.rows.y[:, None] == np.arange(n)
    chosen = decided.astype(bool) if is_multilabel else decided[:, None] == np.arange(n)
    blocks: list[Block] = [_tabulate_classes(names, truth, chosen, "label" if is_multilabel else "class")]
    if not is_multilabel and n > 1:
        blocks += _show_confusions(model.targets.labels, names, tested.rows.y, decided)
    if not ((truth.sum(axis=0) > 0) & (truth.sum(axis=0) < len(truth))).any():
        text = "Curves are not drawn: they need rows that are of a class and rows that are not."
        return [*blocks, Text(text, is_caution=True)]
    return [*blocks, *_draw_curves(ClassPredictions(names, truth, np.asarray(tested.rows.prediction), is_multilabel))]


def _tabulate_classes(names: Sequence[str], truth: Array, chosen: Array, what: str) -> Table:
    precision, recall, f1, support = precision_recall_fscore_support(truth, chosen, average=None, zero_division=np.nan)
    order = np.argsort(-np.asarray(support), kind="stable")[:MAX_CLASSES]
    rows = [
        {
            "name": names[k],
            "rows": int(support[k]),
            "predicted": int(chosen[:, k].sum()),
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
        }
        for k in order
    ]
    titles = {"name": what, "rows": "test rows", "predicted": "predicted", "precision": "precision", "recall": "recall"}
    part = f", the {len(rows)} most frequent of {len(names):,}" if len(rows) < len(names) else ""
    caption = f"Scores by {what}{part}; those of a {what} with few rows say little"
    return make_table(rows, {**titles, "f1": "F1"}, caption)


def _show_confusions(labels: Array, names: Sequence[str], truth: Array, decided: Array) -> list[Block]:
    from autonet.inspection.plots.classification import ConfusionMatrixDisplay  # noqa: PLC0415 - draws

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A single label was found")  # although all labels are passed
        matrix = confusion_matrix(truth, decided, labels=np.arange(len(names)))
    right, n = int(np.trace(matrix)), int(matrix.sum())
    blocks: list[Block] = []
    if len(names) <= MAX_MATRIX:
        side = float(np.clip(2.6 + 0.3 * len(names) + 0.06 * min(max(map(len, names)), 20), 3.4, 9))
        blocks.append(
            draw(
                ConfusionMatrixDisplay(labels, truth, decided).plot,
                f"Confusion matrix of {count(len(names), 'class', 'classes')}: {right:,} of {n:,} rows on the diagonal",
                "Confusion matrix: rows of each true class by the class that is predicted for them.",
                (side + 1, side),
            )
        )
    wrong = np.where(np.eye(len(names), dtype=bool), 0, matrix)
    order = [divmod(int(i), len(names)) for i in np.argsort(-wrong, axis=None, kind="stable")[:MAX_MISTAKES]]
    rows = [
        {
            "true": names[a],
            "predicted": names[b],
            "rows": int(wrong[a, b]),
            "share": f"{wrong[a, b] / matrix[a].sum():.1%}",
        }
        for a, b in order
        if wrong[a, b]
    ]
    titles = {"true": "true", "predicted": "predicted as", "rows": "test rows", "share": "of the true class"}
    return [*blocks, make_table(rows, titles, "The most frequent mistakes")] if rows and len(names) > 2 else blocks


def _draw_curves(predictions: Any) -> list[Block]:
    from autonet.inspection.plots.classification import (  # noqa: PLC0415 - draws
        CalibrationCurvesDisplay,
        PrecisionRecallCurvesDisplay,
        RocCurvesDisplay,
    )

    pictures = (
        (RocCurvesDisplay, "ROC curves", "ROC: true positives that are found over false alarms."),
        (PrecisionRecallCurvesDisplay, "Precision-recall curves", "Precision over recall, for rare classes."),
        (
            CalibrationCurvesDisplay,
            "Calibration curves",
            "Calibration: how often a class occurs among rows of about the same probability. With few rows, curves are "
            "ragged by chance.",
        ),
    )
    n_rows, n_classes = predictions.truth.shape
    alt = f"of {count(n_classes, 'class', 'classes')} on {count(n_rows, 'test row')}"
    return [draw(display(predictions).plot, f"{title} {alt}", caption) for display, title, caption in pictures]


def _show_errors(targets: Any, tested: HeldOut) -> list[Block]:
    """Return errors of a regression by target, with pictures; of quantiles, the shares of rows below them."""
    from autonet.inspection.plots.predictions import name_outputs  # noqa: PLC0415 - draws
    from autonet.inspection.plots.regression import PredictionsDisplay, ResidualsDisplay  # noqa: PLC0415 - draws

    truth, prediction = np.asarray(tested.rows.y, float), np.asarray(tested.rows.prediction, float)
    blocks: list[Block] = []
    if targets.quantiles:
        blocks.append(_tabulate_quantiles(targets.quantiles, truth[:, 0], prediction))
        if MEDIAN not in targets.quantiles:
            text = "Errors are not drawn: 0.5, the median, is not among the quantiles."
            return [*blocks, Text(text, is_caution=True)]
        pairs = [("median", truth[:, 0], prediction[:, targets.quantiles.index(MEDIAN)])]
    else:
        pairs = [(shorten(name, 40), truth[:, k], prediction[:, k]) for k, name in enumerate(name_outputs(targets))]
    if targets.n_targets > 1:
        blocks.append(_tabulate_targets(pairs))
    for name, true, predicted in pairs[:MAX_TARGETS]:
        of = "" if targets.n_targets == 1 else f" of {name}"
        rows = count(len(true), "test row")
        for display, title in ((PredictionsDisplay, "True over predicted values"), (ResidualsDisplay, "Residuals")):
            caption = f"{title}{of}" + ("; a perfect model is on the dashed line." if of else ", on test rows.")
            picture = draw(
                display(true, predicted).plot,
                f"{title}{of} of {rows}; mean absolute error {format_value(float(np.abs(true - predicted).mean()))}",
                caption,
                (5.6, 4.2),
            )
            blocks.append(picture)
    return blocks


def _tabulate_targets(pairs: Sequence[tuple[str, Array, Array]]) -> Table:
    rows = [
        {
            "target": name,
            "mae": float(np.abs(true - predicted).mean()),
            "rmse": float(np.sqrt(np.square(true - predicted).mean())),
            "std": float(true.std()),
        }
        for name, true, predicted in pairs
    ]
    titles = {"target": "target", "mae": "mean absolute error", "rmse": "root mean squared error"}
    caption = "Errors by target, beside its own standard deviation: the error of a model that knows only the mean"
    return make_table(rows, {**titles, "std": "standard deviation"}, caption)


def _tabulate_quantiles(levels: Sequence[float], truth: Array, prediction: Array) -> Table:
    rows = [
        {"level": level, **_observe(int((truth <= prediction[:, k]).sum()), len(truth))}
        for k, level in enumerate(levels)
    ]
    titles = {"level": "quantile", "share": "rows at or below", "interval": "95% interval"}
    return make_table(rows, titles, "Quantiles: the share of test rows below each should be its level")


def _observe(hits: int, n: int) -> dict[str, str]:
    """Return a share with its Wilson interval."""
    ends = binomtest(hits, n).proportion_ci(method="wilson")
    return {"share": f"{hits / n:.1%}", "interval": f"{ends.low:.1%} to {ends.high:.1%}"}


def _show_coverage(model: Any, tested: HeldOut) -> list[Block]:
    """Return how often intervals or sets of classes hold the truth."""
    calibration, kind = model.conformal, model.targets.kind
    if calibration is None:
        return []
    basis = [tested.rows.prediction]
    if kind == "regression" and isinstance(calibration, Conformal):
        with one_thread():
            basis.append(model.ensemble.disagreement(tested.rows.data, calibration.weights, calibration.n_folds))
    rows, left_out = [], ""
    for coverage in COVERAGES:
        try:
            found = (
                calibration.intervals(*basis, coverage) if kind == "regression" else calibration.sets(*basis, coverage)
            )
        except AutonetError as error:
            left_out = str(error)
            continue
        rows.append({"asked": f"{coverage:.0%}", **_check_coverage(found, tested.rows.y, kind)})
    titles = {"asked": "asked for", "share": "held on test rows", "interval": "95% interval"}
    if kind == "regression":
        titles["size"] = "mean width"
        caption = "Prediction intervals (predict_interval): the share of test rows whose target lies within"
    else:
        titles["size"] = "mean number"
        caption = (
            "Sets of classes (predict_set): the share of test rows whose class is within. A set has at least one "
            "class, so that it may hold more often than asked"
        )
    blocks: list[Block] = [make_table(rows, titles, caption)] if rows else []
    return [*blocks, Text(left_out, is_caution=True)] if left_out else blocks


def _check_coverage(found: Array, y: Array, kind: str) -> dict[str, Any]:
    if kind == "regression":  # (n, n_targets, 2)
        ends = found.reshape(len(y), -1, 2)
        inside = (y >= ends[..., 0]) & (y <= ends[..., 1])
        return {**_observe(int(inside.sum()), inside.size), "size": float((ends[..., 1] - ends[..., 0]).mean())}
    return {**_observe(int(found[np.arange(len(y)), y].sum()), len(y)), "size": float(found.sum(axis=1).mean())}

"""Sections of a report about scores on test rows: metrics with intervals, classes, errors, coverage, columns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from autonet.core.errors import AutonetError
from autonet.core.resulttable import ResultTable
from autonet.core.typing import Array
from autonet.inspection.report.blocks import Bar, Block, Code, Fold, Section, Table, Text, make_table
from autonet.inspection.report.pictures import draw
from autonet.inspection.report.words import count, format_value, shorten
from autonet.inspection.scoring import ScoredRows, optimized_name
from autonet.metrics.formulas import decide
from autonet.models.conformal import Conformal
from autonet.models.model import one_thread

__all__ = ["Tested", "describe_features", "describe_scores", "format_interval"]

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

SAMPLES = (1000, 500, 200)  # rows of which the importance of columns is computed
REPEATS = 5
IMPORTANCE_SECONDS = 4.0
MAX_FEATURES = 25


@dataclass(frozen=True)
class Tested:
    """Test rows, what the model predicts for them, and its scores.

    Attributes
    ----------
    X, y : as in `fit`
    rows : ScoredRows
    prediction : ndarray
        Probabilities (n, n_outputs) or values (n, n_targets).
    evaluation : ResultTable
        Scores with intervals.
    """

    X: Any
    y: Any
    rows: ScoredRows
    prediction: Array
    evaluation: ResultTable

    @classmethod
    def predict(cls, estimator: Any, X: Any, y: Any) -> Self:
        """Read and predict test rows."""
        rows = ScoredRows.read(estimator.model_, X, y, owner=type(estimator).__name__)
        return cls(X, y, rows, rows.predict(estimator.model_), estimator.evaluate(X, y))

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows.data)


def format_interval(row: dict[str, Any]) -> str:
    """Format the interval of a score; empty if it is not known."""
    if row["low"] is None:
        return ""
    return f"{format_value(row['low'])} to {format_value(row['high'])}"


def describe_scores(estimator: Any, tested: Tested | None) -> Section:
    """Describe how good the model is, and how sure that is.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    tested : Tested or None
        None if there are no test rows.
    """
    if tested is None:
        return Section("scores", "Scores", tuple(_show_scores_of_fit(estimator)))
    blocks: list[Block] = [
        *_tabulate_scores(estimator, tested),
        Text(
            f"Intervals are those of {tested.evaluation.caption.partition('; ')[2] or 'no resamples'}: how much a score "
            "depends on which rows were drawn. They do not say how much another fit would differ, nor hold for rows "
            "that come from elsewhere."
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
    rows = [{"metric": name, **{part: info.get(f"{part}_{name}") for part in ("train", "val", "test")}} for name in names]
    shown = {key: title for key, title in titles.items() if any(row[key] is not None for row in rows)}
    text = (
        "No test rows were given to this report. Validation scores are optimistic, because epochs, configurations and "
        "the ensemble were chosen on the same rows. Pass rows that the fit has not seen, report(path, X_test, y_test), "
        "for scores with intervals, classes, errors and the importance of columns."
    )
    return [Text(text, is_caution=True), make_table(rows, shown, "Scores that the fit recorded")]


def _tabulate_scores(estimator: Any, tested: Tested) -> list[Block]:
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
    recorded = {name.removeprefix("val_") for name in info}
    first = [row for row in rows if row["metric"] in recorded or row["metric"] in SHOWN]
    titles = {"metric": "metric", "val": "validation", "test": "test", "interval": "95% interval"}
    caption = f"Scores on {count(len(tested), 'test row')}"
    emphasized = [i for i, row in enumerate(first) if row["metric"] == optimized]
    blocks: list[Block] = [make_table(first, titles, f"{caption}; the fit optimized {optimized}", emphasized)]
    if len(first) < len(rows):
        blocks.append(Fold(f"All {len(rows)} metrics", (make_table(rows, titles, caption),)))
    return blocks


def _show_classes(model: Any, tested: Tested) -> list[Block]:
    """Return a table by class, the confusion matrix and the curves of a classification."""
    from autonet.inspection.plots.predictions import ClassPredictions  # noqa: PLC0415 - draws

    is_multilabel, n = model.targets.kind == "multilabel", model.targets.n_outputs
    names = [f"label {label}" if is_multilabel else shorten(label, 40) for label in model.targets.labels]
    decided = decide(tested.prediction, model.targets.kind, model.threshold)
    truth = tested.rows.y.astype(bool) if is_multilabel else tested.rows.y[:, None] == np.arange(n)
    chosen = decided.astype(bool) if is_multilabel else decided[:, None] == np.arange(n)
    blocks: list[Block] = [_tabulate_classes(names, truth, chosen, "label" if is_multilabel else "class")]
    if not is_multilabel:
        blocks += _show_confusions(model.targets.labels, names, tested.rows.y, decided)
    return [*blocks, *_draw_curves(ClassPredictions(names, truth, np.asarray(tested.prediction), is_multilabel))]


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

    matrix = confusion_matrix(truth, decided, labels=np.arange(len(names)))
    right, n = int(np.trace(matrix)), int(matrix.sum())
    blocks: list[Block] = []
    if len(names) <= MAX_MATRIX:
        side = float(np.clip(2.6 + 0.3 * len(names), 3.4, 9))
        blocks.append(
            draw(
                lambda ax: ConfusionMatrixDisplay(labels, truth, decided).plot(ax=ax),
                f"Confusion matrix of {count(len(names), 'class', 'classes')}: {right:,} of {n:,} rows on the diagonal",
                "Confusion matrix: rows of each true class by the class that is predicted for them.",
                (side + 1, side),
            )
        )
    wrong = np.where(np.eye(len(names), dtype=bool), 0, matrix)
    order = [divmod(int(i), len(names)) for i in np.argsort(-wrong, axis=None, kind="stable")[:MAX_MISTAKES]]
    rows = [
        {"true": names[a], "predicted": names[b], "rows": int(wrong[a, b]), "share": f"{wrong[a, b] / matrix[a].sum():.1%}"}
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
    return [
        draw(lambda ax, display=display: display(predictions).plot(ax=ax), f"{title} {alt}", caption)
        for display, title, caption in pictures
    ]


def _show_errors(targets: Any, tested: Tested) -> list[Block]:
    """Return errors of a regression by target, with pictures; of quantiles, the shares of rows below them."""
    from autonet.inspection.plots.regression import PredictionsDisplay, ResidualsDisplay  # noqa: PLC0415 - draws

    truth, prediction = np.asarray(tested.rows.y, float), np.asarray(tested.prediction, float)
    blocks: list[Block] = []
    pairs = [(f"target {k}", truth[:, k], prediction[:, k]) for k in range(targets.n_targets)]
    if targets.quantiles:
        blocks.append(_tabulate_quantiles(targets.quantiles, truth[:, 0], prediction))
        if MEDIAN not in targets.quantiles:
            text = "Errors are not drawn: 0.5, the median, is not among the quantiles."
            return [*blocks, Text(text, is_caution=True)]
        pairs = [("median", truth[:, 0], prediction[:, targets.quantiles.index(MEDIAN)])]
    if targets.n_targets > 1:
        blocks.append(_tabulate_targets(pairs))
    for name, true, predicted in pairs[:MAX_TARGETS]:
        of = "" if targets.n_targets == 1 else f" of {name}"
        rows = count(len(true), "test row")
        for display, title in ((PredictionsDisplay, "True over predicted values"), (ResidualsDisplay, "Residuals")):
            caption = f"{title}{of}" + ("; a perfect model is on the dashed line." if of else ", on test rows.")
            picture = draw(
                lambda ax, display=display, pair=(true, predicted): display(*pair).plot(ax=ax),
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
        {"level": level, **_observe(int((truth <= prediction[:, k]).sum()), len(truth))} for k, level in enumerate(levels)
    ]
    titles = {"level": "quantile", "share": "rows at or below", "interval": "95% interval"}
    return make_table(rows, titles, "Quantiles: the share of test rows below each should be its level")


def _observe(hits: int, n: int) -> dict[str, str]:
    """Return a share with its Wilson interval."""
    ends = binomtest(hits, n).proportion_ci(method="wilson")
    return {"share": f"{hits / n:.1%}", "interval": f"{ends.low:.1%} to {ends.high:.1%}"}


def _show_coverage(model: Any, tested: Tested) -> list[Block]:
    """Return how often intervals or sets of classes hold the truth."""
    calibration, kind = model.conformal, model.targets.kind
    if calibration is None:
        return []
    basis = [tested.prediction]
    if kind == "regression" and isinstance(calibration, Conformal):
        with one_thread():
            basis.append(model.ensemble.disagreement(tested.rows.data, calibration.weights, calibration.n_folds))
    rows, left_out = [], ""
    for coverage in COVERAGES:
        try:
            found = calibration.intervals(*basis, coverage) if kind == "regression" else calibration.sets(*basis, coverage)
        except AutonetError as error:
            left_out = str(error)
            continue
        rows.append({"asked": f"{coverage:.0%}", **_check_coverage(found, tested.rows.y, kind)})
    titles = {"asked": "asked for", "share": "held on test rows", "interval": "95% interval", "size": "mean size"}
    if kind == "regression":
        caption = "Prediction intervals (predict_interval): the share of test rows whose target lies within, mean width"
    else:
        caption = "Sets of classes (predict_set): the share of test rows whose class is within, mean number of classes"
    blocks: list[Block] = [make_table(rows, titles, caption)] if rows else []
    return [*blocks, Text(left_out, is_caution=True)] if left_out else blocks


def _check_coverage(found: Array, y: Array, kind: str) -> dict[str, Any]:
    if kind == "regression":  # (n, n_targets, 2)
        ends = found.reshape(len(y), -1, 2)
        inside = (y >= ends[..., 0]) & (y <= ends[..., 1])
        return {**_observe(int(inside.sum()), inside.size), "size": float((ends[..., 1] - ends[..., 0]).mean())}
    return {**_observe(int(found[np.arange(len(y)), y].sum()), len(y)), "size": float(found.sum(axis=1).mean())}


def describe_features(estimator: Any, tested: Tested) -> Section:
    """Show the permutation importance of the columns, of a sample of rows that takes a few seconds.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    tested : Tested
    """
    columns = getattr(estimator.model_.schema, "columns", ())
    n_used = sum(column.is_used for column in columns)
    n_rows = _choose_sample(estimator.model_, tested.rows, n_used * REPEATS)
    if n_rows is None or not n_used:
        why = f"it would take long for {count(n_used, 'column')}" if n_used else "the data are no table with columns"
        text = f"The importance of columns is left out: {why}."
        code = Code("auto.feature_importance(X_test, y_test)")
        return Section("features", "Columns that matter", (Text(text, is_caution=True), *([code] if n_used else [])))
    table = estimator.feature_importance(tested.X, tested.y, n_repeats=REPEATS, max_rows=n_rows)
    metric = optimized_name(estimator.fit_result_)
    above = sum(row["above_noise"] for row in table)
    text = (
        f"How much worse {metric} gets when the values of a column are shuffled: the mean of {REPEATS} shuffles of "
        f"{_count_sample(n_rows, len(tested))}. {_count_above(above, len(table))} The mark is what a column of pure noise "
        "would stay below in 19 of 20 cases. Columns that tell the same share their importance, and each may seem "
        "unimportant. Importance is no cause."
    )
    return Section("features", "Columns that matter", (Text(text), *_tabulate_features(table)))


def _choose_sample(model: Any, rows: ScoredRows, n_predictions: int) -> int | None:
    """Return the largest sample whose predictions take a few seconds; None if even the smallest takes longer."""
    for size in SAMPLES:
        part = rows.data.rows(slice(0, min(size, len(rows.data))))
        with one_thread():
            began = time.perf_counter()
            model.ensemble.predict(part)
        if (time.perf_counter() - began) * n_predictions <= IMPORTANCE_SECONDS:
            return size
    return None


def _count_sample(n_rows: int, n_tested: int) -> str:
    return f"{n_rows:,} of {n_tested:,} test rows" if n_rows < n_tested else f"all {count(n_tested, 'test row')}"


def _count_above(above: int, n: int) -> str:
    if not above:
        return "No column exceeds the noise."
    return f"{above:,} of {count(n, 'column')} {'exceeds' if above == 1 else 'exceed'} the noise."


def _tabulate_features(table: ResultTable) -> list[Block]:
    top = max((max(row["importance"], row["noise"]) for row in table), default=0.0) or 1.0
    rows = [
        {
            **row,
            "bar": Bar(max(row["importance"], 0.0) / top, row["noise"] / top, not row["above_noise"]),
            "verdict": "above" if row["above_noise"] else "within",
        }
        for row in table
    ]
    titles = {"feature": "column", "bar": "importance", "importance": "mean drop", "std": "spread", "noise": "noise"}
    titles["verdict"] = "noise?"
    first = make_table(rows[:MAX_FEATURES], titles, "Permutation importance, the most important first")
    if len(rows) <= MAX_FEATURES:
        return [first]
    rest = rows[MAX_FEATURES : 20 * MAX_FEATURES]
    return [first, Fold(f"The next {len(rest):,} of {len(rows):,} columns", (make_table(rest, titles, first.caption),))]

"""Displays of a classification."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import average_precision_score, brier_score_loss, confusion_matrix, roc_auc_score

from autonet import AutoNetClassification
from autonet.core.errors import InvalidData, InvalidOption
from autonet.inspection import (
    CalibrationCurvesDisplay,
    ConfusionMatrixDisplay,
    PrecisionRecallCurvesDisplay,
    RocCurvesDisplay,
)

CURVES = [RocCurvesDisplay, PrecisionRecallCurvesDisplay, CalibrationCurvesDisplay]
SCORES = [roc_auc_score, average_precision_score, brier_score_loss]
OPTIONS: dict[str, Any] = {
    "max_trials": 1,
    "budget_type": "epochs",
    "max_budget": 9,
    "tree_ensembles": False,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def rows(classifier: AutoNetClassification, iris: Any) -> Any:
    """Noisy rows with the names of their classes."""
    X, y = iris
    return X + np.random.default_rng(0).normal(0, 0.6, X.shape), classifier.classes_[y]


@pytest.fixture(scope="module")
def binary(iris: Any) -> tuple[AutoNetClassification, Any, Any]:
    X, y = iris
    X, y = X[50:] + np.random.default_rng(0).normal(0, 0.6, X[50:].shape), np.where(y[50:] == 1, "no", "yes")
    return AutoNetClassification("tiny_cs", **OPTIONS).fit(X, y), X, y


def legend(display: Any) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_the_confusion_matrix_counts_rows_of_names(classifier: AutoNetClassification, rows: Any) -> None:
    X, y = rows
    display = ConfusionMatrixDisplay.from_estimator(classifier, X, y)
    assert (display.matrix_ == confusion_matrix(y, classifier.predict(X))).all()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["setosa", "versicolor", "virginica"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("predicted", "true")
    shares = ConfusionMatrixDisplay.from_estimator(classifier, X, y, normalize="true").matrix_
    assert shares.sum(axis=1) == pytest.approx([1, 1, 1])


def test_classes_that_do_not_occur_keep_their_place(classifier: AutoNetClassification, rows: Any) -> None:
    X, y = rows
    display = ConfusionMatrixDisplay.from_estimator(classifier, X[:50], y[:50])
    assert display.matrix_.shape == (3, 3)
    assert display.matrix_[1:].sum() == 0


@pytest.mark.filterwarnings("ignore:y has a single class")
def test_a_single_class_has_a_matrix_without_a_warning(iris: Any) -> None:
    X, y = iris[0][:20], np.full(20, "only")
    auto = AutoNetClassification("tiny_cs", **OPTIONS).fit(X, y)
    assert ConfusionMatrixDisplay.from_estimator(auto, X, y).matrix_.tolist() == [[20]]


@pytest.mark.parametrize(("curves", "score"), list(zip(CURVES, SCORES, strict=True)))
def test_each_class_has_a_curve_against_all_others(
    curves: Any, score: Any, classifier: AutoNetClassification, rows: Any
) -> None:
    X, y = rows
    display = curves.from_estimator(classifier, X, y)
    probabilities = classifier.predict_proba(X)
    for index, name in enumerate(classifier.classes_):
        assert display.scores_[name] == pytest.approx(score(y == name, probabilities[:, index]))
        assert f"{name} ({display.score_name} {display.scores_[name]:.3f})" in legend(display)
    assert len({line.get_color() for line in display.lines_.values()}) == 3


@pytest.mark.parametrize("curves", CURVES)
def test_of_two_classes_the_second_has_a_curve(curves: Any, binary: Any) -> None:
    auto, X, y = binary
    assert list(curves.from_estimator(auto, X, y).lines_) == ["yes"]


@pytest.fixture(scope="module")
def multilabel() -> tuple[AutoNetClassification, Any, Any]:
    X, y = make_multilabel_classification(150, n_classes=2, random_state=0)
    return AutoNetClassification("tiny_cs", **OPTIONS).fit(X, y), X, y


@pytest.mark.parametrize("curves", CURVES)
def test_each_label_has_a_curve(curves: Any, multilabel: Any) -> None:
    auto, X, y = multilabel
    assert list(curves.from_estimator(auto, X, y).lines_) == ["label 0", "label 1"]


def test_several_labels_have_no_confusion_matrix(multilabel: Any) -> None:
    with pytest.raises(InvalidOption, match="one label per row; this estimator was fitted to several labels per row"):
        ConfusionMatrixDisplay.from_estimator(*multilabel)


def test_of_many_classes_the_worst_are_drawn(classifier: AutoNetClassification, rows: Any) -> None:
    X, y = rows
    display = RocCurvesDisplay.from_estimator(classifier, X, y, max_curves=2)
    assert set(display.lines_) == set(list(display.scores_)[:2])
    assert list(display.scores_.values()) == sorted(display.scores_.values())
    assert display.ax_.get_legend().get_title().get_text() == "the worst 2 of 3"
    brier = CalibrationCurvesDisplay.from_estimator(classifier, X, y, max_curves=1)
    assert next(iter(brier.lines_)) == max(brier.scores_, key=lambda name: brier.scores_[name])


def test_classes_that_do_not_occur_have_no_curve(classifier: AutoNetClassification, rows: Any) -> None:
    X, y = rows
    assert set(RocCurvesDisplay.from_estimator(classifier, X[50:], y[50:]).lines_) == {"versicolor", "virginica"}
    with pytest.raises(InvalidData, match="50 rows that are all the same; RocCurvesDisplay needs rows"):
        RocCurvesDisplay.from_estimator(classifier, X[:50], y[:50])

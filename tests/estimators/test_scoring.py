"""What is predicted: thresholds, and the class that a metric is of."""

import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score, fbeta_score, make_scorer

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import DataWarning, InvalidOption


@pytest.fixture
def two_classes() -> tuple[np.ndarray, np.ndarray]:
    """A rare class that comes first in order."""
    X = np.random.default_rng(0).normal(size=(120, 3))
    return X, np.where(X[:, 0] + 0.5 * X[:, 1] > 1.2, "fraud", "ok")


def share(y: Any, predicted: Any, weight: float) -> float:
    return weight * float((y == predicted).mean())


def fitted(quick: dict[str, Any], X: Any, y: Any, **options: Any) -> AutoNetClassification:
    return AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1, "baseline": False, **options}).fit(X, y)


@pytest.mark.parametrize(
    ("metric", "other", "name"),
    [
        (
            make_scorer(fbeta_score, beta=2, average="macro"),
            make_scorer(fbeta_score, beta=1, average="macro"),
            "fbeta_score",
        ),
        (partial(share, weight=1), partial(share, weight=2), "share"),
        (lambda y, p: float((y == p).mean()), lambda y, p: float((y == p).mean()) / 2, "<lambda>"),
    ],
)
def test_metrics_of_the_same_name_are_refused(
    quick: dict[str, Any], two_classes: Any, metric: Any, other: Any, name: str
) -> None:
    X, y = two_classes[0], (two_classes[1] == "fraud").astype(int)
    with pytest.raises(InvalidOption, match=f"two metrics with the name '{name}'; use functions with different names"):
        fitted(quick, X, y, optimize_metric=metric, additional_metrics=[other])
    fitted(quick, X, y, optimize_metric=metric, additional_metrics=[metric, "accuracy"])


def test_the_threshold_is_what_predict_goes_by(quick: dict[str, Any], two_classes: Any) -> None:
    X, y = two_classes
    auto = fitted(quick, X, y, optimize_metric="f1", pos_label="fraud")
    p = auto.predict_proba(X)[:, 1]
    assert 0 < auto.threshold_ < 1
    assert ((p > auto.threshold_) == (auto.predict(X) == "ok")).all()
    auto.threshold_ = 0.9
    assert auto.threshold_ == 0.9
    assert ((p > 0.9) == (auto.predict(X) == "ok")).all()
    auto.threshold_ = None
    assert auto.threshold_ == 0.5
    assert ((p > 0.5) == (auto.predict(X) == "ok")).all()


def test_a_metric_that_does_not_decide_leaves_one_half(quick: dict[str, Any], two_classes: Any) -> None:
    assert fitted(quick, *two_classes).threshold_ == 0.5


def test_every_label_has_a_threshold(quick: dict[str, Any]) -> None:
    X = np.random.default_rng(0).normal(size=(90, 2))
    auto = fitted(quick, X, (X > [0.3, -0.3]).astype(int), optimize_metric="f1_macro")
    assert auto.threshold_.shape == (2,)
    auto.threshold_ = [0.2, 0.8]
    np.testing.assert_array_equal(auto.predict(X), auto.predict_proba(X) > [0.2, 0.8])
    auto.threshold_ = 0.4
    np.testing.assert_array_equal(auto.threshold_, [0.4, 0.4])
    auto.threshold_[0] = 7  # a copy
    assert auto.threshold_[0] == 0.4
    with pytest.raises(
        InvalidOption, match=r"threshold_ must be a number or 2, one per label, from 0 to 1; got \[0.1\]"
    ):
        auto.threshold_ = [0.1]


def test_thresholds_that_are_none(quick: dict[str, Any], two_classes: Any) -> None:
    auto = fitted(quick, *two_classes)
    for value in (-0.1, 1.1, float("nan"), "half", [0.5], [[0.5]], {}):
        with pytest.raises(InvalidOption, match="threshold_ must be a number from 0 to 1; got"):
            auto.threshold_ = value
        assert auto.threshold_ == 0.5


def test_there_is_no_threshold_for_three_classes(quick: dict[str, Any], iris: Any) -> None:
    auto = fitted(quick, *iris)
    assert auto.threshold_ is None
    with pytest.raises(InvalidOption, match="requires two classes or several labels; y has 3 classes"):
        auto.threshold_ = 0.5


def test_there_is_no_threshold_before_a_fit() -> None:
    auto = AutoNetClassification()
    assert not hasattr(auto, "threshold_")
    with pytest.raises(NotFittedError):
        auto.threshold_ = 0.5


@pytest.mark.parametrize("metric", ["f1", "recall", "average_precision"])
def test_the_positive_class_can_be_chosen(quick: dict[str, Any], two_classes: Any, metric: str) -> None:
    X, y = two_classes
    results = []
    for label in ("fraud", "ok"):
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataWarning)
            auto = fitted(quick, X, y, optimize_metric=metric, pos_label=label)
        results.append(auto.fit_result["info"][f"val_{metric}"])
        assert auto.fit_result["pos_label"] == label
        assert f"positive class {label!r}" in repr(auto)
    assert results[0] != results[1]


def test_the_f1_of_a_label_is_that_of_scikit_learn(quick: dict[str, Any], two_classes: Any) -> None:
    X, y = two_classes
    options = {"optimize_metric": "f1", "validation_split": 0.5, "shuffle": False}
    auto = fitted(quick, X, y, pos_label="fraud", **options)
    scorer = make_scorer(f1_score, pos_label="fraud")
    assert auto.fit_result["info"]["val_f1"] == pytest.approx(scorer(auto, X[60:], y[60:]))


@pytest.mark.parametrize(
    ("labels", "taken"),
    [(["ok", "fraud"], "ok"), (["ja", "nein"], "nein"), ([2, 3], 3)],
)
def test_a_positive_class_that_was_guessed_is_named(
    quick: dict[str, Any], two_classes: Any, labels: Any, taken: Any
) -> None:
    X, y = two_classes
    with pytest.warns(DataWarning, match=rf"The metric 'f1' scores the positive class; using .*{taken}.*, the last"):
        auto = fitted(quick, X, np.where(y == "ok", *labels), optimize_metric="f1")
    assert auto.fit_result["pos_label"] == taken


@pytest.mark.parametrize(
    ("labels", "taken"),
    [(["no", "yes"], "yes"), ([False, True], True), ([0, 1], 1), ([2, 1], 1), (["negative", "positive"], "positive")],
)
def test_labels_that_say_what_they_are_need_no_warning(
    quick: dict[str, Any], two_classes: Any, labels: Any, taken: Any
) -> None:
    X, y = two_classes
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        auto = fitted(quick, X, np.where(y == "ok", *labels), optimize_metric="f1")
    assert auto.fit_result["pos_label"] == taken


def test_metrics_that_take_any_label_for_the_positive_one_need_no_warning(
    quick: dict[str, Any], two_classes: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        fitted(quick, *two_classes, optimize_metric="roc_auc")
        assert fitted(quick, *two_classes).fit_result["pos_label"] is None


def test_positive_classes_that_cannot_be(quick: dict[str, Any], two_classes: Any, iris: Any) -> None:
    X, y = two_classes
    with pytest.raises(InvalidOption, match="pos_label='Fraud' is not a label of y; its labels: 'fraud', 'ok'"):
        fitted(quick, X, y, pos_label="Fraud")
    with pytest.raises(InvalidOption, match="requires two classes; y is a classification of 3 classes"):
        fitted(quick, *iris, pos_label=1)
    with pytest.raises(InvalidOption, match="requires two classes; y is a regression"):
        AutoNetRegression("tiny_cs", **quick, pos_label=1).fit(X, X[:, 0])

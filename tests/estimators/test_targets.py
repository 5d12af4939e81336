"""Targets, weights and metrics through the public API."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    fbeta_score,
    get_scorer,
    make_scorer,
    roc_auc_score,
)

from autonet import AutoNetClassification, AutoNetMultilabel, AutoNetRegression
from tests.estimators.tasks import rare

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture(scope="module")
def labelled() -> Any:
    return make_multilabel_classification(300, n_features=8, n_classes=4, random_state=0)


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
def test_several_labels_per_row(preset: str, labelled: Any, quick: dict[str, Any]) -> None:
    X, y = labelled
    auto = AutoNetMultilabel(preset, **quick).fit(X, y)
    predicted, probabilities = auto.predict(X), auto.predict_proba(X)
    assert predicted.shape == probabilities.shape == y.shape
    assert predicted.dtype == y.dtype
    assert np.mean(predicted == y) > 0.75
    np.testing.assert_array_equal(predicted, probabilities > 0.5)
    assert "val_multilabel_accuracy" in auto.fit_result["info"]


@pytest.mark.parametrize("n_labels", [2, 3])
def test_scorers_of_probabilities_take_several_labels(n_labels: int, labelled: Any, quick: dict[str, Any]) -> None:
    X, y = labelled[0], labelled[1][:, :n_labels]
    auto = AutoNetMultilabel("tiny_cs", **{**quick, "max_trials": 1}).fit(X, y)
    assert [classes.tolist() for classes in auto.classes_] == [[0, 1]] * n_labels
    for name, score in (("roc_auc", roc_auc_score), ("average_precision", average_precision_score)):
        assert get_scorer(name)(auto, X, y) == pytest.approx(score(y, auto.predict_proba(X)))


@pytest.mark.parametrize("metric", ["f1", "balanced_accuracy"])
def test_the_metric_steers_the_threshold(metric: str, quick: dict[str, Any]) -> None:
    X, y = rare()
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1, "max_budget": 3}, optimize_metric=metric)
    auto.fit(X, y)
    score = {"f1": f1_score, "balanced_accuracy": balanced_accuracy_score}[metric]
    threshold = auto.model_.threshold
    assert threshold is not None
    np.testing.assert_array_equal(auto.predict(X), auto.predict_proba(X)[:, 1] >= threshold)
    assert score(y, auto.predict(X)) >= score(y, auto.predict_proba(X)[:, 1] >= 0.5)
    assert score(y, auto.predict(X)) > {"f1": 0.5, "balanced_accuracy": 0.9}[metric]


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
def test_transforms_of_the_target(transform: str, diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    options = {**quick, "max_trials": 1, "min_budget": 27, "max_budget": 27, "target_transforms": [transform]}
    for target in (y, np.column_stack([y, np.exp(y / 50)])):
        auto = AutoNetRegression("tiny_cs", **options).fit(X, target)
        assert auto.predict(X).shape == target.shape
        assert auto.score(X, target) > 0.2


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("neg_log_loss", "neg_log_loss"),
        ("f1_macro", "f1_macro"),
        ("pac_metric", "pac_metric"),
        ("auc_metric", "auc_metric"),
        (make_scorer(fbeta_score, beta=2, average="macro"), "fbeta_score"),
        (lambda y, predicted: float(np.mean(y == predicted)), "<lambda>"),
    ],
)
def test_metrics_of_every_origin(metric: Any, name: str, iris: Any, quick: dict[str, Any]) -> None:
    labels = np.array(["a", "b", "c"])
    auto = AutoNetClassification("tiny_cs", **quick, optimize_metric=metric, additional_metrics=["accuracy"])
    auto.fit(iris[0], labels[iris[1]])
    info = auto.fit_result["info"]
    assert any(key.startswith("val_") and name.strip("<>") in key for key in info), info
    assert 0.5 < info["val_accuracy"] <= 1
    assert all("val_accuracy" in trial.reports[-1].metrics for trial in auto.history_)


def test_regression_metrics_of_scikit_learn(diabetes: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetRegression("tiny_cs", **quick, optimize_metric="neg_median_absolute_error").fit(*diabetes)
    info = auto.fit_result["info"]
    assert -100 < info["val_neg_median_absolute_error"] < 0


def test_a_frame_of_targets(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    targets = pd.DataFrame({"a": y, "b": -y})
    assert AutoNetRegression("tiny_cs", **quick).fit(X, targets).predict(X).shape == (442, 2)

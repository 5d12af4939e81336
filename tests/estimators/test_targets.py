"""Targets, weights and metrics through the public API."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.metrics import balanced_accuracy_score, f1_score, fbeta_score, make_scorer

from autonet import AutoNetClassification, AutoNetMultilabel, AutoNetRegression

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture(scope="module")
def labelled() -> Any:
    return make_multilabel_classification(300, n_features=8, n_classes=4, random_state=0)


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
def test_several_labels_per_row(preset: str, labelled: Any, quick: dict[str, Any]) -> None:
    X, y = labelled
    auto = AutoNetMultilabel(preset, **{**quick, "max_budget": 27}).fit(X, y)
    predicted, probabilities = auto.predict(X), auto.predict_proba(X)
    assert predicted.shape == probabilities.shape == y.shape
    assert predicted.dtype == y.dtype
    assert np.mean(predicted == y) > 0.75
    np.testing.assert_array_equal(predicted, probabilities > 0.5)
    assert "val_multilabel_accuracy" in auto.fit_result["info"]


def rare(n: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    """One row in a thousand is positive."""
    rng = np.random.default_rng(0)
    y = (np.arange(n) % 1000 == 0).astype(int)
    return rng.normal(size=(n, 3)) + 3.0 * y[:, None], y


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


@pytest.mark.parametrize("how", [{"class_weight": "balanced"}, {"loss_modules": ["cross_entropy_weighted"]}])
def test_weighted_losses_find_the_rare_class(how: dict[str, Any], quick: dict[str, Any]) -> None:
    X, y = rare()
    options = {**quick, **how, "max_trials": 1, "max_budget": 3}
    auto = AutoNetClassification("tiny_cs", **options, optimize_metric="roc_auc").fit(X, y)
    assert auto.predict(X)[y == 1].mean() > 0.8
    assert auto.predict(X)[y == 0].mean() < 0.2


@pytest.mark.parametrize("validation", [{}, {"cross_validator": 3}, {"cross_validator": "k_fold"}])
def test_weights_are_repetitions(validation: dict[str, Any], quick: dict[str, Any]) -> None:
    quick |= validation
    X, y = make_classification(80, random_state=0)
    weights = np.random.default_rng(0).integers(0, 4, 80)
    weighted = AutoNetClassification("tiny_cs", **quick).fit(X, y, sample_weight=weights)
    repeated = AutoNetClassification("tiny_cs", **quick).fit(X.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_weights_count_in_training_and_in_the_metric(quick: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = np.where(np.arange(400) < 200, X[:, 0] > 0, X[:, 0] < 0).astype(int)  # two halves that contradict each other
    for half in (slice(0, 200), slice(200, 400)):
        weights = np.full(400, 0.01)
        weights[half] = 1.0
        auto = AutoNetClassification("tiny_cs", **{**quick, "max_budget": 27}).fit(X, y, sample_weight=weights)
        assert auto.score(X[half], y[half]) > 0.9
        assert auto.fit_result["info"]["val_accuracy"] > 0.9


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
def test_transforms_of_the_target(transform: str, diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    options = {**quick, "max_budget": 27, "target_transforms": [transform]}
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

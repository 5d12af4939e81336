import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from autonet.core.errors import UnknownName
from autonet.core.metrics import METRICS, get_metric

CLASSIFICATION = [m.name for m in METRICS.values() if m.task == "classification"]
REGRESSION = [m.name for m in METRICS.values() if m.task == "regression"]


def classes(n_classes: int, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Codes in which every class occurs, and probabilities that know a little about them."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    p = rng.random((n, n_classes)) + np.eye(n_classes)[y] * 0.5
    return y, p / p.sum(axis=1, keepdims=True)


def targets(n_targets: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(40, n_targets)) * 10 ** rng.uniform(-3, 3, n_targets)
    return y, y + rng.normal(size=y.shape) * y.std(axis=0) * 0.3


@settings(deadline=None, max_examples=40)
@given(n_classes=st.integers(2, 6), seed=st.integers(0, 2**32 - 1))
def test_classification_metrics_are_those_of_scikit_learn(n_classes: int, seed: int) -> None:
    y, p = classes(n_classes, seed)
    auc = sk.roc_auc_score(y, p[:, 1]) if n_classes == 2 else sk.roc_auc_score(y, p, multi_class="ovr")
    expected = {
        "accuracy": sk.accuracy_score(y, p.argmax(axis=1)),
        "balanced_accuracy": sk.balanced_accuracy_score(y, p.argmax(axis=1)),
        "roc_auc": auc,
        "auc_metric": 2 * auc - 1,
        "cross_entropy": sk.log_loss(y, p),
    }
    assert set(expected) == set(CLASSIFICATION)
    for name, value in expected.items():
        assert get_metric(name, "classification").score(y, p) == pytest.approx(value, abs=1e-12), name


@settings(deadline=None, max_examples=40)
@given(n_targets=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_regression_metrics_are_those_of_scikit_learn(n_targets: int, seed: int) -> None:
    y, p = targets(n_targets, seed)
    expected = {
        "r2": sk.r2_score(y, p),
        "rmse": sk.root_mean_squared_error(y, p),
        "mean_distance": sk.mean_absolute_error(y, p),
    }
    assert set(expected) == set(REGRESSION)
    for name, value in expected.items():
        assert get_metric(name, "regression").score(y, p) == pytest.approx(value), name


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_a_perfect_classifier_has_the_least_loss(name: str) -> None:
    y, p = classes(4, seed=1)
    metric = get_metric(name, "classification")
    perfect = metric.loss(metric.score(y, np.eye(4)[y]))
    assert perfect == pytest.approx(0.0, abs=1e-12)
    assert metric.loss(metric.score(y, p)) > perfect


@pytest.mark.parametrize("name", REGRESSION)
def test_a_perfect_regression_has_the_least_loss(name: str) -> None:
    y, p = targets(2, seed=1)
    metric = get_metric(name, "regression")
    assert metric.loss(metric.score(y, y)) == pytest.approx(0.0)
    assert metric.loss(metric.score(y, p)) > 0


@settings(deadline=None, max_examples=30)
@given(name=st.sampled_from(sorted(METRICS)), score=st.floats(-1e6, 1e6))
def test_the_loss_can_be_turned_back_into_the_score(name: str, score: float) -> None:
    assert METRICS[name].score_of(METRICS[name].loss(score)) == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "roc_auc", "auc_metric", "cross_entropy"])
def test_a_class_without_validation_rows_is_no_obstacle(name: str) -> None:
    y, p = np.array([0, 2, 2, 0]), np.array([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.2, 0.2, 0.6], [0.8, 0.1, 0.1]])
    perfect_but_unsure = {"cross_entropy": -np.log([0.5, 0.6, 0.6, 0.8]).mean()}
    assert get_metric(name, "classification").score(y, p) == pytest.approx(perfect_but_unsure.get(name, 1.0))


@pytest.mark.parametrize("name", ["roc_auc", "auc_metric"])
def test_the_area_under_the_curve_of_one_class_is_undefined(name: str) -> None:
    assert math.isnan(get_metric(name, "classification").score(np.zeros(5, int), np.full((5, 2), 0.5)))


def test_the_cross_entropy_of_a_certain_mistake_is_finite() -> None:
    score = get_metric("cross_entropy", "classification").score(np.array([0]), np.array([[0.0, 1.0]]))
    assert 30 < score < math.inf


def test_a_constant_target_counts_nothing_unless_it_is_met() -> None:
    y = np.column_stack([np.arange(5.0), np.full(5, 3.0)])
    r2 = get_metric("r2", "regression")
    assert r2.score(y, y) == 1.0
    assert r2.score(y, y + np.array([0.0, 0.5])) == 0.5


def test_unknown_metrics_are_answered_with_the_nearest_of_the_same_task() -> None:
    with pytest.raises(UnknownName, match=r"Unknown classification metric 'acuracy'\. Did you mean 'accuracy'"):
        get_metric("acuracy", "classification")
    with pytest.raises(UnknownName, match="Unknown regression metric 'accuracy'"):
        get_metric("accuracy", "regression")


def test_r2_of_a_constant_target_and_of_a_single_row() -> None:
    r2 = get_metric("r2", "regression")
    assert r2.score(np.ones((3, 1)), np.ones((3, 1))) == 1.0
    assert r2.score(np.ones((1, 1)), np.zeros((1, 1))) == 0.0


@settings(deadline=None, max_examples=30)
@given(name=st.sampled_from(sorted(METRICS)), score=st.floats(-10, 10))
def test_better_scores_are_smaller_losses(name: str, score: float) -> None:
    metric = METRICS[name]
    better = score + 1 if metric.optimum is not None else score - 1
    assert metric.loss(better) < metric.loss(score)

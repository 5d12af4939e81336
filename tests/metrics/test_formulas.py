"""Formulas of metrics are those of scikit-learn, with and without weights."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from autonet.metrics.metric import get_metric
from tests.metrics.predictions import (
    REGRESSION,
    Classifier,
    classes,
    known_to_both,
    labels,
    scikit_learn,
    targets,
    weights,
)

SEED = st.integers(0, 2**32 - 1)


@settings(max_examples=20)
@given(n_classes=st.integers(2, 5), seed=SEED)
def test_formulas_of_classes_are_those_of_scikit_learn(n_classes: int, seed: int) -> None:
    y, p = classes(n_classes, seed)
    w = weights(len(y), seed)
    compared = 0
    for name in known_to_both("classification", n_classes):
        weighted = not name.endswith("likelihood_ratio")  # scikit-learn has these without weights
        expected = scikit_learn(name, Classifier(np.arange(n_classes)), p, y, w if weighted else None)
        if expected is not None:
            compared += 1
            metric = get_metric(name, "classification", np.arange(n_classes))
            assert metric.score(y, p, w if weighted else None) == pytest.approx(expected, abs=1e-10), name
    assert compared >= 20


@settings(max_examples=20)
@given(seed=SEED)
def test_a_class_without_rows_counts_in_means_over_classes_where_it_is_predicted(seed: int) -> None:
    y, p = classes(4, seed)
    y, p = np.where(y >= 2, 0, y), p * [1, 1, 1, 0]  # 2 is predicted only, 3 is neither
    for name in ("f1_macro", "precision_macro", "recall_macro", "jaccard_macro", "f1_weighted", "balanced_accuracy"):
        expected = scikit_learn(name, Classifier(np.arange(4)), p, y, None)
        assert get_metric(name, "classification", np.arange(4)).score(y, p) == pytest.approx(expected, abs=1e-10), name


def _brier(y: np.ndarray, p: np.ndarray, weight: np.ndarray | None) -> float:
    return float(sk.brier_score_loss(y, p, sample_weight=weight))


@settings(max_examples=15)
@given(n_labels=st.integers(1, 4), seed=SEED)
def test_formulas_of_labels_are_those_of_scikit_learn(n_labels: int, seed: int) -> None:
    y, p = labels(n_labels + 1, seed)
    w = weights(len(y), seed)
    estimator = Classifier([np.arange(2)] * y.shape[1])
    differs = {"neg_log_loss", "neg_brier_score", "d2_log_loss_score", "d2_brier_score", "balanced_accuracy"}
    for name in set(known_to_both("multilabel", 3)) - differs:
        expected = scikit_learn(name, estimator, p, y, w)
        assert get_metric(name, "multilabel").score(y, p, w) == pytest.approx(expected, abs=1e-10), name
    for name, from_members in {  # scikit-learn does not know these for labels: they are means over labels
        "balanced_accuracy": lambda y, p: sk.balanced_accuracy_score(y, p > 0.5, sample_weight=w),
        "neg_log_loss": lambda y, p: -sk.log_loss(y, p, sample_weight=w),
        "neg_brier_score": lambda y, p: -sk.brier_score_loss(y, p, sample_weight=w),
        "d2_brier_score": lambda y, p: 1 - _brier(y, p, w) / _brier(y, np.full(len(y), np.average(y, weights=w)), w),
        "d2_log_loss_score": lambda y, p: sk.d2_log_loss_score(y, p, sample_weight=w),
        "cross_entropy": lambda y, p: sk.log_loss(y, p, sample_weight=w),
        "multilabel_accuracy": lambda y, p: sk.accuracy_score(y, p > 0.5, sample_weight=w),
        "auc_metric": lambda y, p: 2 * sk.roc_auc_score(y, p, sample_weight=w) - 1,
    }.items():
        expected = np.mean([from_members(y[:, k], p[:, k]) for k in range(y.shape[1])])
        assert get_metric(name, "multilabel").score(y, p, w) == pytest.approx(expected, abs=1e-10), name


@settings(max_examples=40)
@given(n_targets=st.integers(1, 4), seed=SEED)
def test_formulas_of_values_are_those_of_scikit_learn(n_targets: int, seed: int) -> None:
    y, p = targets(n_targets, seed)
    w = weights(len(y), seed)
    expected = {
        "r2": sk.r2_score(y, p, sample_weight=w),
        "rmse": sk.root_mean_squared_error(y, p, sample_weight=w),
        "mean_distance": sk.mean_absolute_error(y, p, sample_weight=w),
        "neg_mean_squared_error": -sk.mean_squared_error(y, p, sample_weight=w),
        "neg_root_mean_squared_error": -sk.root_mean_squared_error(y, p, sample_weight=w),
        "neg_mean_absolute_error": -sk.mean_absolute_error(y, p, sample_weight=w),
    }
    assert set(expected) == set(REGRESSION)
    for name, value in expected.items():
        assert get_metric(name, "regression").score(y, p, w) == pytest.approx(value), name


def test_the_probabilistic_accuracy_of_two_classes_by_hand() -> None:
    y = np.array([0, 1, 1, 1])
    p1 = np.array([0.4, 0.9, 0.8, 0.5])
    pac = get_metric("pac_metric", "classification")
    chance = (0.25**0.25) * (0.75**0.75)  # exp(-entropy) of a quarter and three quarters
    reached = (0.6 * 0.9 * 0.8 * 0.5) ** 0.25  # exp(-log loss): the geometric mean of the right probabilities
    assert pac.score(y, np.column_stack([1 - p1, p1])) == pytest.approx((reached - chance) / (1 - chance))


@settings(max_examples=30)
@given(n_classes=st.integers(2, 5), seed=SEED)
def test_the_probabilistic_accuracy_is_0_for_the_shares_and_1_for_the_truth(n_classes: int, seed: int) -> None:
    y = classes(n_classes, seed)[0]
    w = weights(len(y), seed)
    pac = get_metric("pac_metric", "classification", np.arange(n_classes))
    shares = np.bincount(y, w) / (len(y) if w is None else w.sum())
    assert pac.score(y, np.tile(shares, (len(y), 1)), w) == pytest.approx(0, abs=1e-12)
    assert pac.score(y, np.eye(n_classes)[y], w) == pytest.approx(1)
    several = get_metric("pac_metric", "multilabel")
    z, q = labels(n_classes, seed)
    w = weights(len(z), seed)
    assert several.score(z, np.tile(np.average(z, axis=0, weights=w), (len(z), 1)), w) == pytest.approx(0, abs=1e-12)
    assert several.score(z, z.astype(float), w) == pytest.approx(1)
    one = get_metric("pac_metric", "classification").score(z[:, 0], np.column_stack([1 - q[:, 0], q[:, 0]]), w)
    assert several.score(z[:, :1], q[:, :1], w) == pytest.approx(one)


def test_predictions_that_are_not_finite_and_rows_without_weight_have_no_score() -> None:
    y, p = classes(2, 0)
    accuracy = get_metric("accuracy", "classification")
    assert math.isnan(accuracy.score(y, np.where(p > 0.6, np.nan, p)))
    assert math.isnan(accuracy.score(y, p, np.zeros(len(y))))


def test_the_cross_entropy_of_a_certain_mistake_is_finite() -> None:
    score = get_metric("cross_entropy", "classification").score(np.array([0]), np.array([[0.0, 1.0]]))
    assert 30 < score < math.inf


def test_a_constant_target_counts_nothing_unless_it_is_met() -> None:
    y = np.column_stack([np.arange(5.0), np.full(5, 0.1)])
    r2 = get_metric("r2", "regression")
    w = np.array([0.1, 0.2, 0.3, 0.4, 0.7])
    assert r2.score(y, y) == r2.score(y, y, w) == 1.0
    assert r2.score(y, y + np.array([0.0, 0.5])) == r2.score(y, y + np.array([0.0, 0.5]), w) == 0.5
    assert r2.score(np.ones((1, 1)), np.zeros((1, 1))) == 0.0


@pytest.mark.parametrize(("name", "sorts"), [("accuracy", 5), ("cross_entropy", 5), ("roc_auc", 15), ("f1", 5)])
def test_formulas_are_quick(name: str, sorts: float) -> None:
    """They take about as long as NumPy takes to sort the rows."""
    y, p = classes(2, 0, n=10_000)
    metric = get_metric(name, "classification")

    def seconds(call: Callable[[], Any]) -> float:
        start = time.thread_time()
        call()
        return time.thread_time() - start

    sort = min(seconds(lambda: np.argsort(p[:, 1])) for _ in range(10))
    assert min(seconds(lambda: metric.score(y, p)) for _ in range(10)) < sorts * sort
    assert min(seconds(lambda: metric.best_threshold(y, p)) for _ in range(5)) < 20 * sort


@given(st.integers(0, 1000), st.sampled_from([1e-308, 1e-200, 1.0, 1e200, 1e300]))
def test_errors_of_values_do_not_overflow_or_underflow(seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    y, p, w = rng.normal(size=(20, 2)), rng.normal(size=(20, 2)), rng.random(20)
    for name, power in (("r2", 0), ("rmse", 1), ("mean_distance", 1)):
        metric = get_metric(name, "regression")
        np.testing.assert_allclose(metric.score(y * unit, p * unit, w), metric.score(y, p, w) * unit**power, rtol=1e-6)

"""What holds for every metric that has a formula here."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.metrics.measures import own_measures
from autonet.metrics.metric import get_metric
from tests.metrics.predictions import CLASSIFICATION, REGRESSION, Classifier, classes, labels, scikit_learn, targets

SEED = st.integers(0, 2**32 - 1)


@settings(max_examples=25)
@given(seed=SEED, kind=st.sampled_from(["classification", "multilabel", "regression"]), outputs=st.integers(2, 4))
def test_a_weight_of_two_is_a_row_that_occurs_twice(seed: int, kind: Any, outputs: int) -> None:
    y, p = {"classification": classes, "multilabel": labels, "regression": targets}[kind](outputs, seed)
    w = np.random.default_rng(seed).integers(1, 4, len(y))
    rows = np.repeat(np.arange(len(y)), w)
    for name in own_measures(kind, outputs):
        metric = get_metric(name, kind, np.arange(outputs))
        assert metric.score(y, p, w.astype(float)) == pytest.approx(metric.score(y[rows], p[rows]), 1e-12, 1e-9), name


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_a_perfect_classifier_has_the_least_loss(name: str) -> None:
    y, p = classes(4, seed=1)
    metric = get_metric(name, "classification", np.arange(4))
    perfect = metric.loss(metric.score(y, np.eye(4)[y]))
    assert perfect == pytest.approx(0.0, abs=1e-12)
    assert metric.loss(metric.score(y, p)) > perfect


@pytest.mark.parametrize("name", REGRESSION)
def test_a_perfect_regression_has_the_least_loss(name: str) -> None:
    y, p = targets(2, seed=1)
    metric = get_metric(name, "regression")
    assert metric.loss(metric.score(y, y)) == pytest.approx(0.0)
    assert metric.loss(metric.score(y, p)) > 0


@settings(max_examples=30)
@given(name=st.sampled_from(sorted(CLASSIFICATION)), score=st.floats(-1e6, 1e6))
def test_losses_turn_back_into_scores_and_better_scores_are_smaller_losses(name: str, score: float) -> None:
    metric = get_metric(name, "classification", np.arange(3))
    assert metric.to_score(metric.loss(score)) == pytest.approx(score, abs=1e-9)
    assert metric.loss(score - 1 if metric.optimum is None else score + 1) < metric.loss(score)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_a_class_without_validation_rows_is_no_obstacle(name: str) -> None:
    y, p = np.array([0, 2, 2, 0]), np.array([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.2, 0.2, 0.6], [0.8, 0.1, 0.1]])
    score = get_metric(name, "classification", np.arange(3)).score(y, p)
    sure = {"cross_entropy", "neg_log_loss", "neg_brier_score", "d2_log_loss_score", "d2_brier_score", "pac_metric"}
    assert score == pytest.approx(1.0) if name not in sure else math.isfinite(score)


@pytest.mark.parametrize(
    "name", ["roc_auc", "auc_metric", "pac_metric", "roc_auc_ovo", "average_precision", "d2_log_loss_score"]
)
def test_the_ranking_of_one_class_is_undefined(name: str) -> None:
    assert math.isnan(get_metric(name, "classification").score(np.zeros(5, int), np.full((5, 2), 0.5)))
    assert math.isnan(get_metric("roc_auc", "multilabel").score(np.zeros((5, 2), int), np.full((5, 2), 0.5)))


def test_labels_of_one_value_are_left_out_of_rankings() -> None:
    y, p = np.array([[0, 1], [0, 0], [0, 1]]), np.array([[0.1, 0.9], [0.3, 0.2], [0.2, 0.7]])
    assert get_metric("roc_auc", "multilabel").score(y, p) == 1.0


@pytest.mark.parametrize("name", ["f1", "precision", "average_precision", "jaccard"])
def test_the_metrics_of_one_class_are_of_class_1_or_of_the_second(name: str) -> None:
    y, p = classes(2, seed=3)
    for labels_, positive in ((np.array([1, 2]), 0), (np.array([0, 1]), 1), (np.array(["a", "b"]), 1)):
        numbers = np.array([1, 0]) if positive == 0 else np.array([0, 1])
        expected = scikit_learn(
            name, Classifier(np.array([0, 1])), p[:, ::-1] if positive == 0 else p, numbers[y], None
        )
        assert get_metric(name, "classification", labels_).score(y, p) == pytest.approx(expected)
    expected = scikit_learn(name, Classifier(np.array([1, 2])), p, np.array([1, 2])[y], None)
    assert get_metric(name, "classification", np.array([1, 2])).score(y, p) == pytest.approx(expected)

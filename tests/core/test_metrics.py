import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from autonet.core.metrics import METRICS, get_metric

rng = np.random.default_rng(0)
Y = rng.integers(0, 3, 200)
P = rng.dirichlet([1, 1, 1], 200)


def test_classification_metrics_are_those_of_scikit_learn() -> None:
    labels = P.argmax(axis=1)
    assert get_metric("accuracy", "classification").score(Y, P) == sk.accuracy_score(Y, labels)
    assert get_metric("balanced_accuracy", "classification").score(Y, P) == pytest.approx(
        sk.balanced_accuracy_score(Y, labels)
    )
    assert get_metric("cross_entropy", "classification").score(Y, P) == pytest.approx(sk.log_loss(Y, P))
    auc = sk.roc_auc_score(Y, P, multi_class="ovr")
    assert get_metric("roc_auc", "classification").score(Y, P) == pytest.approx(auc)
    assert get_metric("auc_metric", "classification").score(Y, P) == pytest.approx(2 * auc - 1)
    binary = np.column_stack([1 - P[:, 0], P[:, 0]])
    assert get_metric("roc_auc", "classification").score(Y > 0, binary) == pytest.approx(
        sk.roc_auc_score(Y > 0, P[:, 0])
    )


def test_regression_metrics_are_those_of_scikit_learn() -> None:
    a, b = rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    assert get_metric("r2", "regression").score(a, b) == pytest.approx(sk.r2_score(a, b))
    assert get_metric("rmse", "regression").score(a, b) == pytest.approx(sk.root_mean_squared_error(a, b))
    assert get_metric("mean_distance", "regression").score(a, b) == pytest.approx(sk.mean_absolute_error(a, b))


def test_undefined_cases() -> None:
    r2 = get_metric("r2", "regression")
    assert r2.score(np.ones((3, 1)), np.ones((3, 1))) == 1.0
    assert r2.score(np.ones((1, 1)), np.zeros((1, 1))) == 0.0
    assert np.isnan(get_metric("roc_auc", "classification").score(np.zeros(5, int), np.full((5, 2), 0.5)))


@settings(max_examples=30)
@given(name=st.sampled_from(list(METRICS)), score=st.floats(-10, 10))
def test_better_scores_are_smaller_losses_and_the_way_back_is_exact(name: str, score: float) -> None:
    metric = METRICS[name]
    better = score + 1 if metric.optimum is not None else score - 1
    assert metric.loss(better) < metric.loss(score)
    assert metric.score_of(metric.loss(score)) == pytest.approx(score, abs=1e-12)

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from autonet.core.metrics.metric import decide, get_metric


def classes(n_classes: int, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Codes in which every class occurs, and probabilities that know a little about them; with ties."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]))
    p = np.round(rng.random((n, n_classes)) + np.eye(n_classes)[y] * 0.5, 2) + 0.01
    return y, p / p.sum(axis=1, keepdims=True)


def test_decisions() -> None:
    p = np.array([[0.5, 0.5], [0.4, 0.6], [0.9, 0.1]])
    assert decide(p, "classification", None).tolist() == decide(p, "classification", 0.5).tolist() == [0, 1, 0]
    assert decide(p, "classification", 0.05).tolist() == [1, 1, 1]
    assert decide(p, "multilabel", None).tolist() == [[0, 0], [0, 1], [1, 0]]
    assert decide(p, "multilabel", np.array([0.45, 0.7])).tolist() == [[1, 0], [0, 0], [1, 0]]
    assert decide(p, "regression", None) is p
    assert decide(p, "classification", 0.5).dtype == decide(p, "multilabel", None).dtype == np.int64


STEERED = ["f1", "f1_macro", "jaccard", "balanced_accuracy", "matthews_corrcoef", "recall_macro"]


@settings(max_examples=60)
@given(
    name=st.sampled_from(STEERED),
    share=st.sampled_from([0.05, 0.3, 0.8]),
    seed=st.integers(0, 2**32 - 1),
    weighted=st.booleans(),
)
def test_a_threshold_is_nearly_as_good_as_any_on_its_rows(name: str, share: float, seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    y = np.append(rng.random(200) < share, [False, True]).astype(int)
    p1 = np.round(1 / (1 + np.exp(-rng.normal(y * 2.0 - 3, 1))), 2)
    p = np.column_stack([1 - p1, p1])
    metric, w = get_metric(name, "classification"), rng.integers(1, 5, len(y)) * 0.7 if weighted else None
    threshold = metric.best_threshold(y, p, w)
    assert isinstance(threshold, float)
    assert 0 <= threshold <= 1
    best = max(metric.score(y, p, w, cut) for cut in [-0.1, *np.unique(p1)])
    assert metric.score(y, p, w, threshold) >= best - 0.25 * abs(best) / np.sqrt(len(y)) - 1e-9


def test_the_threshold_of_separate_classes_is_midway() -> None:
    p1 = np.array([0.1, 0.2, 0.3, 0.6, 0.7])
    p, y = np.column_stack([1 - p1, p1]), np.array([0, 0, 0, 1, 1])
    for metric in ("f1", "balanced_accuracy", sk.make_scorer(sk.f1_score)):
        assert get_metric(metric, "classification").best_threshold(y, p) == pytest.approx(0.45)


@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "cross_entropy", "precision", "recall", "average_precision"])
def test_metrics_without_a_say_leave_the_threshold_alone(name: str) -> None:
    y, p = classes(2, 0)
    metric = get_metric(name, "classification")
    assert not metric.decides
    assert metric.best_threshold(y, p) is None


def test_the_most_probable_of_several_classes_stands() -> None:
    y, p = classes(3, 0)
    assert get_metric("balanced_accuracy", "classification", np.arange(3)).best_threshold(y, p) is None


def test_rare_classes_gain_from_a_threshold_on_fresh_rows() -> None:
    rng = np.random.default_rng(0)

    def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random(n) < 0.1).astype(int)
        odds = 1.5 * (rng.normal(size=n) + 1.5 * y) - 1.125 + math.log(1 / 9)
        p1 = 1 / (1 + np.exp(-odds))
        return y, np.column_stack([1 - p1, p1])

    fresh = rows(20_000)
    for metric in (get_metric("f1", "classification"), get_metric(sk.make_scorer(sk.f1_score), "classification")):
        steered = [metric.score(*fresh, threshold=metric.best_threshold(y, p)) for y, p in [rows(200)] * 5]
        assert np.mean(steered) > metric.score(*fresh) + 0.05


@pytest.mark.parametrize("name", ["f1_macro", "f1_micro", "f1_samples", "balanced_accuracy"])
def test_every_label_has_its_threshold(name: str) -> None:
    rng = np.random.default_rng(2)
    y = (rng.random((300, 3)) < np.array([0.5, 0.3, 0.7])).astype(np.int64)
    p = np.clip(0.5 * y + rng.uniform(-0.2, 0.7, y.shape), 0.02, 0.98) * np.array([1.0, 0.5, 0.2])
    metric = get_metric(name, "multilabel")
    threshold = metric.best_threshold(y, p)
    assert isinstance(threshold, np.ndarray)
    assert threshold.shape == (3,)
    assert metric.score(y, p, threshold=threshold) > metric.score(y, p) + 0.05

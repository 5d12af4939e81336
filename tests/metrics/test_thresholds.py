import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from autonet.metrics.formulas import decide
from autonet.metrics.metric import get_metric


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


def test_a_label_of_one_value_counts_by_the_recall_of_that_value() -> None:
    y, p = np.array([[1, 0, 0], [1, 0, 1], [1, 0, 1], [1, 0, 1]]), np.array([0.9, 0.2, 0.3, 0.8])
    recalls = [2 / 4, 2 / 4, (0 / 1 + 1 / 3) / 2]  # of ones only, of zeros only, of both
    score = get_metric("balanced_accuracy", "multilabel").score(y, np.column_stack([p, p, p]))
    assert score == pytest.approx(np.mean(recalls))


def test_nothing_cuts_between_equal_rows() -> None:
    p1 = np.array([0.2, 0.4, 0.4, 0.4, 0.8])  # however they are sorted, a cut among the three would seem best
    p = np.column_stack([1 - p1, p1])
    for y in ([0, 0, 1, 1, 1], [0, 1, 1, 0, 1], [0, 1, 0, 0, 1]):
        threshold = get_metric("balanced_accuracy", "classification").best_threshold(np.array(y), p)
        assert threshold in (pytest.approx(0.3), pytest.approx(0.6))


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


@pytest.mark.parametrize("n", [10, 100, 1000])
@pytest.mark.parametrize("metric", ["f1", "balanced_accuracy", sk.make_scorer(sk.f1_score)])
def test_rows_that_crowd_near_zero_and_one_leave_the_threshold_between(metric: object, n: int) -> None:
    rng = np.random.default_rng(n)
    y = np.arange(n) % 2
    p1 = np.where(y, 1 - 10.0 ** -rng.uniform(4, 7, n), 10.0 ** -rng.uniform(9, 17, n))
    threshold = get_metric(metric, "classification").best_threshold(y, np.column_stack([1 - p1, p1]))  # type: ignore[arg-type]
    assert threshold == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("metric", [*STEERED, sk.make_scorer(sk.recall_score), sk.make_scorer(sk.f1_score)])
def test_no_threshold_is_smaller_than_what_the_rows_can_tell(metric: object) -> None:
    y = np.array([0] * 50 + [1] * 50)
    p1 = 10.0 ** -np.linspace(20, 10, 100)  # ranked perfectly, and all of them next to nothing
    for p in (p1, 1 - p1[::-1]):
        threshold = get_metric(metric, "classification").best_threshold(y, np.column_stack([1 - p, p]))  # type: ignore[arg-type]
        assert isinstance(threshold, float)
        assert 0.009 < threshold < 0.991


def test_labels_that_are_certain_are_cut_in_the_middle() -> None:
    y = (np.indices((60, 3)).sum(axis=0) % 3 > 0) * 1
    p = np.where(y, 1 - 1e-9, np.linspace(1e-15, 1e-12, 60)[:, None])
    threshold = get_metric("f1_macro", "multilabel").best_threshold(y, p)
    np.testing.assert_allclose(threshold, 0.5, atol=0.02)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["f1", "jaccard", "precision", "recall", "average_precision"])
@pytest.mark.parametrize("positive", [0, 1])
def test_a_metric_of_one_class_is_of_the_one_that_is_asked_for(name: str, positive: int) -> None:
    y, p = classes(2, 3)
    metric = get_metric(name, "classification", positive=positive)
    score = getattr(sk, f"{name}_score")
    expected = score(
        y, p[:, positive] if name == "average_precision" else decide(p, "classification"), pos_label=positive
    )
    assert metric.score(y, p) == pytest.approx(expected)
    assert metric.positive == positive


def test_likelihood_ratios_are_of_the_class_that_is_asked_for() -> None:
    y, p = classes(2, 3)
    for name, expected in zip(
        ("positive_likelihood_ratio", "neg_negative_likelihood_ratio"),
        sk.class_likelihood_ratios(1 - y, 1 - decide(p, "classification")),
        strict=True,
    ):
        metric = get_metric(name, "classification", positive=0)
        assert abs(metric.score(y, p)) == pytest.approx(expected)
        assert metric.score(y, p) == pytest.approx(get_metric(name, "classification").score(1 - y, p[:, ::-1]))

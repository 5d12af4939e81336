import math
import pickle
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from autonet.core.errors import InvalidData, InvalidOption, UnknownName
from autonet.metrics.measures import own_measures
from autonet.metrics.metric import get_metric, metric_names

SEED = st.integers(0, 2**32 - 1)
CLASSIFICATION = list(own_measures("classification", 3))
REGRESSION = list(own_measures("regression", 1))


def classes(n_classes: int, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Codes in which every class occurs, and probabilities that know a little about them; with ties."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]))
    p = np.round(rng.random((n, n_classes)) + np.eye(n_classes)[y] * 0.5, 2) + 0.01
    return y, np.round(p / p.sum(axis=1, keepdims=True), 12)  # what ties in one column ties in the other of two


def labels(n_labels: int, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random((n, n_labels)) < rng.uniform(0.1, 0.9, n_labels)).astype(np.int64)
    y[0], y[1] = 0, 1
    return y, np.clip(0.5 * y + rng.uniform(-0.2, 0.7, y.shape), 0.02, 0.98)


def targets(n_targets: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.uniform(0.5, 9.5, size=(40, n_targets)) * 10 ** rng.uniform(-3, 3, n_targets)
    return y, y * rng.uniform(0.7, 1.5, y.shape)


def weights(n: int, seed: int) -> np.ndarray | None:
    """None, or real weights among which equal ones occur."""
    rng = np.random.default_rng(seed + 1)
    return None if seed % 3 == 0 else rng.integers(1, 5, n) * rng.uniform(0.1, 3)


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A scikit-learn classifier whose table holds its probabilities."""

    def __init__(self, labels: Any) -> None:
        self.classes_ = labels

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        if isinstance(self.classes_, list):
            return (X > 0.5).astype(int)
        return self.classes_[X.argmax(axis=1)]


class Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    def predict(self, X: np.ndarray) -> np.ndarray:
        return X[:, 0] if X.shape[1] == 1 else X


def scikit_learn(name: str, estimator: Any, X: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> float | None:
    """What scikit-learn's scorer of this name says; None where it cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(sk.get_scorer(name)(estimator, X, y, sample_weight=weight))
    except (TypeError, ValueError):
        return None


def known_to_both(kind: Any, n_outputs: int) -> list[str]:
    names = own_measures(kind, n_outputs)
    return [name for name in names if name in sk.get_scorer_names()]


@settings(max_examples=40)
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


@settings(max_examples=30)
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


@pytest.mark.parametrize(("kind", "n_outputs"), [("classification", 2), ("classification", 4), ("multilabel", 3)])
def test_every_other_scorer_of_classes_is_scikit_learns_or_refused(kind: Any, n_outputs: int) -> None:
    y, p = classes(n_outputs, 4) if kind == "classification" else labels(n_outputs, 4)
    estimator = Classifier(np.arange(n_outputs) if kind == "classification" else [np.arange(2)] * n_outputs)
    of_classes = [name for name in metric_names(kind) if name in sk.get_scorer_names()]
    served = 0
    for name in set(of_classes) - set(own_measures(kind, n_outputs)):
        w = weights(len(y), 4)
        expected = scikit_learn(name, estimator, p, y, w)
        if expected is None or name == "top_k_accuracy":  # whose two most probable classes of two are always right
            with pytest.raises(InvalidOption, match=f"{name}' cannot score {n_outputs} .*; use '"):
                get_metric(name, kind, np.arange(n_outputs), n_outputs)
        else:
            served += 1
            metric = get_metric(name, kind, np.arange(n_outputs), n_outputs)
            assert metric.score(y, p, w) == pytest.approx(expected, nan_ok=True), name
    assert bool(served) == (kind == "multilabel")


@pytest.mark.parametrize("n_targets", [1, 3])
def test_every_other_scorer_of_values_is_scikit_learns_or_refused(n_targets: int) -> None:
    y, p = targets(n_targets, 7)
    w = weights(len(y), 7)
    one = y[:, 0] if n_targets == 1 else y
    for name in set(metric_names("regression")) - set(REGRESSION):
        weight = None if name == "neg_max_error" else w  # it takes none
        expected = scikit_learn(name, Regressor(), p, one, weight)
        if expected is None:
            with pytest.raises(InvalidOption, match=f"'{name}' cannot score 3 targets"):
                get_metric(name, "regression", n_outputs=n_targets)
        else:
            metric = get_metric(name, "regression", n_outputs=n_targets)
            assert metric.score(y, p, w) == pytest.approx(expected), name


def test_every_scorer_of_scikit_learn_is_served_or_refused_with_a_sentence() -> None:
    for name in sk.get_scorer_names():
        served = 0
        for kind, outputs in (("classification", 2), ("classification", 3), ("multilabel", 3), ("regression", 1)):
            try:
                metric = get_metric(name, kind, np.arange(outputs), outputs)  # type: ignore[arg-type]
            except InvalidOption as error:
                assert name in str(error)  # noqa: PT017
                assert "; use " in str(error)  # noqa: PT017
            else:
                served += 1
                assert metric.optimum == (0.0 if name.startswith(("neg_", "positive_")) else 1.0)
        is_clustering = name.endswith(("rand_score", "info_score", "measure_score", "mallows_score")) or name in (
            "completeness_score",
            "homogeneity_score",
        )
        assert bool(served) != is_clustering, name


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


@settings(max_examples=25)
@given(seed=SEED, kind=st.sampled_from(["classification", "multilabel", "regression"]), outputs=st.integers(2, 4))
def test_a_weight_of_two_is_a_row_that_occurs_twice(seed: int, kind: Any, outputs: int) -> None:
    y, p = {"classification": classes, "multilabel": labels, "regression": targets}[kind](outputs, seed)
    w = np.random.default_rng(seed).integers(1, 4, len(y))
    rows = np.repeat(np.arange(len(y)), w)
    for name in own_measures(kind, outputs):
        metric = get_metric(name, kind, np.arange(outputs))
        assert metric.score(y, p, w.astype(float)) == pytest.approx(metric.score(y[rows], p[rows]), abs=1e-9), name


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


def test_errors_of_logarithms_take_predictions_below_zero_but_no_such_targets() -> None:
    metric = get_metric("neg_mean_squared_log_error", "regression")
    assert metric.score(np.zeros((3, 1)), np.full((3, 1), -5.0)) == 0.0
    with pytest.raises(InvalidData, match="'neg_mean_squared_log_error' cannot score these targets: "):
        metric.score(np.full((3, 1), -3.0), np.ones((3, 1)))


def test_unknown_metrics_are_answered_with_the_nearest_of_the_same_task() -> None:
    with pytest.raises(UnknownName, match=r"Unknown classification metric 'acuracy'\. Did you mean 'accuracy'"):
        get_metric("acuracy", "classification")


@pytest.mark.parametrize(
    ("name", "kind", "n_classes", "sentence"),
    [
        ("accuracy", "regression", 0, "'accuracy' is a classification metric, but the task is regression; use '"),
        ("rmse", "classification", 2, "'rmse' is a regression metric, but the task is classification; use '"),
        (
            "rand_score",
            "classification",
            2,
            "'rand_score' is a clustering metric, but the task is classification; use",
        ),
        (
            "f1",
            "classification",
            3,
            r"'f1' cannot score 3 classes \(.*\); use 'f1_macro', 'f1_micro' or 'f1_weighted'\.",
        ),
        ("precision", "multilabel", 3, r"'precision' cannot score 3 labels \(.*\); use 'precision_macro', 'preci"),
        (
            "multilabel_accuracy",
            "classification",
            2,
            "'multilabel_accuracy' is a multilabel metric, but the task is class",
        ),
        ("pac_metric", "regression", 0, "'pac_metric' is a classification metric, but the task is regression"),
        (3, "classification", 2, "A metric must be a name or a callable; got 3"),
    ],
)
def test_names_for_other_tasks_are_refused(name: str, kind: Any, n_classes: int, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        get_metric(name, kind, np.arange(n_classes) if kind == "classification" else None)


@pytest.mark.parametrize("name", ["f1", "roc_auc", "neg_brier_score", "average_precision", "positive_likelihood_ratio"])
def test_metrics_travel_to_other_processes(name: str) -> None:
    y, p = classes(2, 9)
    metric = get_metric(name, "classification")
    assert pickle.loads(pickle.dumps(metric)).score(y, p) == metric.score(y, p)


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

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from autonet.core.errors import InvalidOption
from autonet.metrics.metric import get_metric


def classes(n_classes: int, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Codes in which every class occurs, and probabilities that know a little about them; with ties."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]))
    p = np.round(rng.random((n, n_classes)) + np.eye(n_classes)[y] * 0.5, 2) + 0.01
    return y, p / p.sum(axis=1, keepdims=True)


def cost(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return -float(np.mean(np.where(y_true == "bad", 5.0, 1.0) * (y_true != y_pred)))


def profit(estimator: Any, X: np.ndarray, y: np.ndarray) -> float:
    assert len(X) == len(y)
    return float(np.sum((estimator.predict(X) == y) * 2.0 - 1))


def test_callables_see_the_users_labels() -> None:
    y, p = classes(2, seed=5)
    names = np.array(["bad", "good"])
    wrong = y != p.argmax(axis=1)
    expected = {
        cost: -np.mean(np.where(y == 0, 5, 1) * wrong),
        profit: np.sum(1 - 2.0 * wrong),
        sk.make_scorer(sk.fbeta_score, beta=2, pos_label="bad"): sk.fbeta_score(
            y, p.argmax(axis=1), beta=2, pos_label=0
        ),
        sk.make_scorer(sk.roc_auc_score, response_method="predict_proba"): sk.roc_auc_score(y, p[:, 1]),
        sk.make_scorer(sk.roc_auc_score, response_method="decision_function"): sk.roc_auc_score(y, p[:, 1]),
        sk.make_scorer(sk.log_loss, response_method="predict_proba", greater_is_better=False): -sk.log_loss(y, p),
    }
    for function, value in expected.items():
        metric = get_metric(function, "classification", names)
        assert metric.score(y, p) == pytest.approx(value)
        assert metric.loss(1.0) < metric.loss(0.0)
    assert [get_metric(f, "classification", names).name for f in expected][:3] == ["cost", "profit", "fbeta_score"]
    assert [get_metric(f, "classification", names).decides for f in expected] == [True, True, True, False, False, False]


def test_callables_are_weighted_if_they_can_be() -> None:
    y, p = classes(3, seed=5)
    w = np.arange(1.0, len(y) + 1)
    weighted = sk.make_scorer(sk.f1_score, average="macro")
    expected = sk.f1_score(y, p.argmax(axis=1), average="macro", sample_weight=w)
    assert get_metric(weighted, "classification", np.arange(3)).score(y, p, w) == pytest.approx(expected)
    assert get_metric(sk.accuracy_score, "classification", np.arange(3)).score(y, p, w) == pytest.approx(
        sk.accuracy_score(y, p.argmax(axis=1), sample_weight=w)
    )
    assert get_metric(profit, "classification", np.arange(3)).score(y, p, w) == np.sum((p.argmax(axis=1) == y) * 2 - 1)


def test_callables_of_regressions_and_of_labels() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=(40, 1))
    p = y + rng.normal(size=y.shape)
    error = sk.make_scorer(sk.median_absolute_error, greater_is_better=False)
    assert get_metric(error, "regression").score(y, p) == -sk.median_absolute_error(y, p)
    assert get_metric(lambda a, b: -abs(a - b).max(), "regression").score(y, p) == -np.abs(y - p).max()
    y = rng.integers(0, 2, (40, 3))
    p = np.clip(0.5 * y + rng.uniform(-0.2, 0.7, y.shape), 0.02, 0.98)
    loss = sk.make_scorer(sk.hamming_loss, greater_is_better=False)
    metric = get_metric(loss, "multilabel")
    assert metric.score(y, p) == -sk.hamming_loss(y, p > 0.5)
    assert metric.best_threshold(y, p) is None


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda a, b: 1 / 0, "failed on a toy classification task: ZeroDivisionError: division by zero"),
        (lambda a, b: "good", "InvalidOption: got str 'good', expected a number"),
        (lambda a: 1.0, "TypeError: .*takes 1 positional argument.*Use a name, a scorer of make_scorer, or a"),
        (lambda a, b: math.nan, "is NaN on a toy classification task"),
        (
            lambda a, b: np.mean(a != b),
            "for wrong predictions and 0 for perfect ones, but greater must be better; use skl",
        ),
        (sk.make_scorer(sk.f1_score), "ValueError: .*pos_label=1"),
    ],
)
def test_callables_that_cannot_serve_are_refused_before_any_training(
    function: Callable[..., Any], sentence: str
) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        get_metric(function, "classification", np.array(["no", "yes"]))

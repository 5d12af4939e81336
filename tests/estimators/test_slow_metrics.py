"""Metrics whose calls take long: they are called seldom, and left out where there is no time."""

import time
import warnings
from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption, ScoreSkipped
from autonet.metrics.metric import get_metric

X = np.random.default_rng(0).normal(size=(400, 4))
Y = (X[:, 0] > 0).astype(int)


class Slow:
    """Accuracy, after a query that takes its time."""

    __name__ = "profit"

    def __init__(self, seconds: float) -> None:
        self.seconds, self.calls = seconds, 0

    def __call__(self, truth: Any, decided: Any) -> float:
        self.calls += 1
        time.sleep(self.seconds)
        return float(np.mean(truth == decided))


def test_a_slow_metric_is_tried_once_and_no_threshold_is_searched() -> None:
    slow, quick = Slow(1.1), Slow(0.0)
    metric = get_metric(slow, "classification")
    assert slow.calls == 1
    assert metric.is_slow
    assert not metric.decides
    assert get_metric(quick, "classification").decides


def test_a_metric_that_turns_out_to_be_slow_is_given_no_threshold() -> None:
    slow = Slow(0.0)
    metric, p = get_metric(slow, "classification"), 1 / (1 + np.exp(-X[:, 0]))
    slow.seconds, slow.calls = 0.3, 0
    assert metric.best_threshold(Y, np.stack([1 - p, p], axis=1)) is None
    assert metric.is_slow
    assert slow.calls == 2


def test_a_fit_calls_a_slow_metric_seldom_and_keeps_a_network() -> None:
    slow = Slow(0.3)
    auto = AutoNetClassification(max_runtime=5, n_jobs=1, optimize_metric=slow, random_state=0).fit(X, Y)
    assert slow.calls < 17
    assert auto.score(X, Y) > 0.8


def test_an_additional_metric_is_scored_once_at_the_end_if_there_is_time() -> None:
    slow = Slow(1.1)
    options: dict[str, Any] = {"budget_type": "epochs", "max_budget": 3, "max_trials": 2, "cross_validator": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScoreSkipped)
        auto = AutoNetClassification("tiny_cs", **options, additional_metrics=[slow]).fit(X, Y)
    assert slow.calls == 1 + 3
    assert auto.fit_result["info"]["val_profit"] > 0.5
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        auto = AutoNetClassification("tiny_cs", **options, additional_metrics=[slow], max_runtime=4.5).fit(X, Y)
    (told,) = [str(warning.message) for warning in caught if warning.category is ScoreSkipped]
    assert told.startswith("There was no time for the additional metrics profit; give a larger max_runtime")
    assert slow.calls == 1 + 3 + 1
    assert "val_profit" not in auto.fit_result["info"]


def test_a_metric_that_would_take_the_whole_time_is_refused() -> None:
    with pytest.raises(InvalidOption, match="metric takes more than 25% of max_runtime=1; increase max_runtime"):
        AutoNetClassification(max_runtime=1, optimize_metric=Slow(60.0)).fit(X, Y)

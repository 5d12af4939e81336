"""Metrics by their names in 0.2.1."""

import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.compat.autopytorch import metrics
from autonet.metrics.metric import get_metric


def test_every_metric_is_one_of_the_estimators() -> None:
    for known, kind in ((metrics.CLASSIFICATION_METRICS, "classification"), (metrics.REGRESSION_METRICS, "regression")):
        for name, metric in known.items():
            assert metrics.find_metric(name, kind) is metric  # type: ignore[arg-type]
            assert get_metric(metric.scorer, kind, None, 2, 1, ()).name == metric.scorer  # type: ignore[arg-type]
    for task in (AutoNetClassification, AutoNetRegression):
        default = task.default_metrics[task.kind]
        assert metrics.find_metric(default, task.kind).scorer == default


@pytest.mark.parametrize(
    ("metric", "score", "value", "cost"),
    [
        (metrics.accuracy, 0.9, 0.9, 0.1),
        (metrics.log_loss, -0.3, 0.3, 0.3),
        (metrics.r2, -1.0, -1.0, 2.0),
        (metrics.find_metric("rmse", "regression"), 2.5, 2.5, 2.5),
    ],
    ids=["accuracy", "log_loss", "r2", "rmse"],
)
def test_values_and_costs(metric: metrics.TaskMetric, score: float, value: float, cost: float) -> None:
    assert metric.from_score(score) == value
    assert metric.to_cost(score) == pytest.approx(cost)
    assert metric.from_cost(cost) == pytest.approx(value)
    assert metric._optimum - metric._sign * cost == pytest.approx(value)  # as users of Auto-PyTorch compute it


def test_metrics_of_a_task() -> None:
    binary = {metric.name for metric in metrics.list_metrics("classification", 2)}
    several = {metric.name for metric in metrics.list_metrics("classification", 3)}
    assert binary - several == {"average_precision", "precision", "recall", "f1"}
    assert "mean_squared_log_error" not in {metric.name for metric in metrics.list_metrics("regression", 0)}
    assert str(metrics.f1_macro) == metrics.f1_macro.name == "f1_macro"

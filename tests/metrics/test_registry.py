from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, make_scorer, mean_absolute_error

from autonet import register_metric, unregister_component
from autonet.core.errors import InvalidOption, UnknownName
from autonet.metrics.metric import METRICS, get_metric
from autonet.metrics.registry import make_custom_metric

pytestmark = pytest.mark.usefixtures("custom_components")


def test_a_registered_metric_is_known_by_name() -> None:
    register_metric("mine", accuracy_score)
    metric = get_metric("mine", "classification")
    assert metric.name == "mine"
    assert metric.score(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])) == 0.5
    with pytest.raises(UnknownName, match="Did you mean 'mine'"):
        get_metric("mines", "classification")
    unregister_component("optimize_metric", "mine")
    assert not METRICS.components


def test_a_metric_is_tried_on_every_kind_of_task() -> None:
    assert make_custom_metric("mae", make_scorer(mean_absolute_error, greater_is_better=False)).tasks
    for name in ("accuracy", "neg_log_loss", "r2"):
        with pytest.raises(InvalidOption, match=f"'{name}' is a metric of autonet or scikit-learn; use another name"):
            register_metric(name, accuracy_score)

    def broken(y_true: Any, y_pred: Any) -> float:
        raise ValueError("no such thing")

    with pytest.raises(InvalidOption, match=r"Metric 'mine' fails on toy data: .*no such thing"):
        register_metric("mine", broken)

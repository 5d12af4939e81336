"""The metrics of a fitted model: of binary tasks, several labels, quantiles."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetRegression

QUICK: dict[str, Any] = {"budget_type": "epochs", "max_budget": 2, "max_trials": 1, "random_state": 0}


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
@pytest.mark.parametrize(
    ("optimized", "make", "expected"),
    [
        (None, lambda y: np.c_[y == 0, y > 1].astype(int), {"accuracy", "f1_macro", "roc_auc"}),
        ("f1", lambda y: np.where(y > 0, "b", "a"), {"f1", "roc_auc", "positive_likelihood_ratio"}),
        (None, lambda y: np.array([7] * len(y)), {"accuracy", "f1"}),
    ],
)
def test_classifications_have_their_metrics(iris: Any, optimized: Any, make: Any, expected: set[str]) -> None:
    X, y = iris[0], make(iris[1])
    auto = AutoNetClassification("tiny_cs", optimize_metric=optimized, pos_label="b" if optimized else None, **QUICK)
    table = auto.fit(X, y).evaluate(X, y, n_bootstrap=20)
    assert expected <= set(table.column("metric"))
    assert f"val_{table[0]['metric']}" in auto.fit_result["best_network"]


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_quantiles_have_theirs(diabetes: Any) -> None:
    auto = AutoNetRegression("tiny_cs", quantiles=[0.1, 0.9], **QUICK).fit(*diabetes)
    assert auto.evaluate(*diabetes).column("metric") == ["pinball", "pinball_0.1", "pinball_0.9"]
    assert auto.best_score_ == -auto.fit_result["best_network"]["val_pinball"]

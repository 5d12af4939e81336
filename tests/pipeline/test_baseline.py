from typing import Any

import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autonet import AutoNetClassification
from autonet.core.clock import TimeLimit
from autonet.pipeline.baseline import fit_baseline
from tests.pipeline.trials import chosen, context


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
@pytest.mark.parametrize("strategy", ["maxabs", "none", "minmax"])
def test_the_baseline_is_as_good_as_a_logistic_regression(quick: dict[str, Any], strategy: str) -> None:
    X, y = load_wine(return_X_y=True)
    options = {**quick, "normalization_strategies": [strategy], "cross_validator": 3, "max_budget": 1}
    auto = AutoNetClassification("tiny_cs", **options).fit(X, y)
    logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y).score(X, y)
    assert auto.fit_result["models"]["linear"]["val_accuracy"] > logistic - 0.05


@pytest.mark.parametrize("unit", ["time", "epochs"])
def test_the_baseline_is_a_linear_network(unit: str, iris: Any) -> None:
    space = context(iris, unit=unit)
    baseline = fit_baseline(space, chosen(space), seconds=0.3, limit=TimeLimit())
    assert [type(m).__name__ for m in baseline.members[0].network] == ["Linear"]
    assert baseline.rank[0] < 0.3

"""Fitted estimators that the tests of displays share."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.inspection import hyperparameters

OPTIONS: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 1,
    "max_budget": 9,
    "max_trials": 5,
    "tree_ensembles": False,
    "cross_validator": "none",
    "random_state": 0,
}


@pytest.fixture(autouse=True)
def _few_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importance of fewer forests, which is computed for most displays to choose what they draw."""
    monkeypatch.setattr(hyperparameters, "N_FORESTS", 5)


@pytest.fixture(scope="session")
def classifier(iris: Any) -> AutoNetClassification:
    """A classifier of three classes with names, with an ensemble."""
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)
    return AutoNetClassification("tiny_cs", ensemble_size=5, **OPTIONS).fit(X, names[y])


@pytest.fixture(scope="session")
def regressor(diabetes: Any) -> AutoNetRegression:
    return AutoNetRegression("tiny_cs", optimize_metric="neg_mean_absolute_error", **OPTIONS).fit(*diabetes)

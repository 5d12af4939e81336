"""A search by the names of Auto-PyTorch that takes a second."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet.compat.autopytorch import TabularClassificationTask

SEARCH: dict[str, Any] = {
    "optimize_metric": "accuracy",
    "min_budget": 1,
    "max_budget": 9,
    "total_walltime_limit": 120,
    "smac_scenario_args": {"runcount_limit": 3},
}


@pytest.fixture(scope="session")
def quadrants() -> Any:
    """Rows to train on and to test on, as frames; no line divides their classes."""
    X = np.random.default_rng(0).normal(size=(460, 3))
    frame = pd.DataFrame(X, columns=["a", "b", "noise"])
    labels = pd.Series(np.where(X[:, 0] * X[:, 1] > 0, "good", "bad"), name="label")
    return frame[:400], frame[400:], labels[:400], labels[400:]


@pytest.fixture(scope="session")
def searched(quadrants: Any) -> TabularClassificationTask:
    """A task after a search; tests must not change it."""
    X_train, X_test, y_train, y_test = quadrants
    api = TabularClassificationTask(
        seed=42, ensemble_size=5, include_components={"network_backbone": ["ShapedMLPBackbone", "MLPBackbone"]}
    )
    data = {"X_train": X_train, "y_train": y_train, "X_test": X_test, "y_test": y_test, "dataset_name": "quadrants"}
    return api.search(**data, **SEARCH)

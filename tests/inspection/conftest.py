"""Fitted estimators and searches that the tests of inspection share."""

import warnings
from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetImageClassification, AutoNetImageRegression, AutoNetRegression
from autonet.search import Study
from tests.inspection.histories import search_budgets, search_conditional

# A search of several rungs, with tree ensembles, that a seed repeats.
SEARCH: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 2,
    "max_budget": 18,
    "max_trials": 6,
    "cross_validator": 2,
    "n_jobs": 1,
    "random_state": 0,
}


@pytest.fixture(scope="session")
def classifier(iris: Any) -> AutoNetClassification:
    """An ensemble of networks and trees on two folds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AutoNetClassification("medium_cs", networks=["shapedmlpnet"], **SEARCH).fit(*iris)


@pytest.fixture(scope="session")
def regressor(diabetes: Any) -> AutoNetRegression:
    """A regression by an error, of which smaller values are better, on a holdout."""
    options = {**SEARCH, "cross_validator": "none", "tree_ensembles": False, "max_trials": 4}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AutoNetRegression("tiny_cs", optimize_metric="rmse", **options).fit(*diabetes)


IMAGES: dict[str, Any] = {
    "budget_type": "epochs",
    "max_budget": 8,
    "max_trials": 1,
    "cross_validator": "none",
    "baseline": False,
    "n_jobs": 1,
    "random_state": 0,
}


@pytest.fixture(scope="session")
def pictures() -> tuple[Any, Any]:
    """Noise of 8 x 8 pixels, and what its right half tells: class "up" has a bright patch at the top, "down" below."""
    rng = np.random.default_rng(0)
    y = rng.choice(["dark", "down", "up"], 240)
    X = rng.integers(100, size=(240, 8, 8), dtype=np.uint8)
    X[y == "up", :4, 4:] += 120
    X[y == "down", 4:, 4:] += 120
    return X, y


@pytest.fixture(scope="session")
def image_classifier(pictures: Any) -> AutoNetImageClassification:
    X, y = pictures
    return AutoNetImageClassification("tiny_cs", **IMAGES).fit(X[:160], y[:160])


@pytest.fixture(scope="session")
def image_regressor(pictures: Any) -> AutoNetImageRegression:
    """A regression of color images, trained as they are."""
    X = np.stack([pictures[0]] * 3, -1)
    options = IMAGES | {"max_budget": 2}
    return AutoNetImageRegression("tiny_cs", augmentations=["none"], **options).fit(X[:160], X[:160].mean((1, 2, 3)))


@pytest.fixture(scope="session")
def with_budgets() -> Study:
    return search_budgets()


@pytest.fixture(scope="session")
def conditional() -> Study:
    return search_conditional()

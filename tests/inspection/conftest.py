"""Fitted estimators and searches that the tests of inspection share."""

import warnings
from typing import Any

import pytest

from autonet import AutoNetClassification, AutoNetRegression
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


@pytest.fixture(scope="session")
def with_budgets() -> Study:
    return search_budgets()


@pytest.fixture(scope="session")
def conditional() -> Study:
    return search_conditional()

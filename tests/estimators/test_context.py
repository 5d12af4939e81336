"""Rows that train and rows that validate, with their weights."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import KFold

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import SearchFailed, UnknownName, ValidationReused
from tests.estimators.refusals import X, refused

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def test_two_rows_work(quick: dict[str, Any]) -> None:
    with pytest.warns(ValidationReused, match="2 rows are too few"):
        auto = AutoNetClassification("tiny_cs", **quick).fit([[0.0], [1.0]], ["no", "yes"])
    assert set(auto.predict([[0.0], [1.0]])) <= {"no", "yes"}


def test_own_validation_rows(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **quick)
    auto.fit(X[::2], y[::2], X_valid=X[1::2], y_valid=y[1::2])
    assert auto.score(X[1::2], y[1::2]) == pytest.approx(auto.fit_result["info"]["val_accuracy"])
    with pytest.raises(ValueError, match=r"labels that y does not have: 7"):
        auto.fit(X, y, X_valid=X[:2], y_valid=[0, 7])
    with pytest.raises(ValueError, match="X_valid and y_valid belong together"):
        auto.fit(X, y, X_valid=X[:2])


def test_folds_of_which_one_has_no_weight() -> None:
    weights = (np.arange(60) < 20).astype(float)
    message = "All training rows of a fold have weight 0; pass a positive weight for some of them"
    refused(lambda: AutoNetRegression(cross_validator=KFold(3)).fit(X, X[:, 0], weights), message)


@pytest.mark.parametrize("validation", [{}, {"cross_validator": 3}, {"cross_validator": "k_fold"}])
def test_weights_are_repetitions(validation: dict[str, Any], quick: dict[str, Any]) -> None:
    quick |= validation
    X, y = make_classification(80, random_state=0)
    weights = np.random.default_rng(0).integers(0, 4, 80)
    weighted = AutoNetClassification("tiny_cs", **quick).fit(X, y, sample_weight=weights)
    repeated = AutoNetClassification("tiny_cs", **quick).fit(X.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_weights_count_in_training_and_in_the_metric(quick: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = np.where(np.arange(400) < 200, X[:, 0] > 0, X[:, 0] < 0).astype(int)  # two halves that contradict each other
    for half in (slice(0, 200), slice(200, 400)):
        weights = np.full(400, 0.01)
        weights[half] = 1.0
        auto = AutoNetClassification("tiny_cs", **{**quick, "max_budget": 27}).fit(X, y, sample_weight=weights)
        assert auto.score(X[half], y[half]) > 0.9
        assert auto.fit_result["info"]["val_accuracy"] > 0.9


def test_the_precision_of_training_is_an_option(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = {p: AutoNetClassification("tiny_cs", precision=p, **quick).fit(X, y) for p in ("float32", "bfloat16")}
    assert auto["bfloat16"].score(X, y) > 0.7
    assert auto["bfloat16"].predict_proba(X).dtype == auto["float32"].predict_proba(X).dtype
    assert not np.array_equal(auto["bfloat16"].predict_proba(X), auto["float32"].predict_proba(X))
    with pytest.raises(UnknownName, match=r"Unknown precision 'bfloat'\. Did you mean 'bfloat16'"):
        AutoNetClassification(precision="bfloat").fit(X, y)


def test_large_networks_are_refused(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", max_parameters=200_000, **{**quick, "max_trials": 6}).fit(X, y)
    sizes = [trial.last.metrics["parameters"] for trial in auto.history_ if trial.last is not None]
    refused_ones = [report.reason for trial in auto.history_ for report in trial.reports if report.reason]
    assert sizes
    assert max(sizes) <= 200_000
    assert refused_ones
    assert all(reason.endswith("parameters; max_parameters is 200000.") for reason in refused_ones)
    with pytest.raises(SearchFailed, match=r"InvalidNetwork: The network has \d+ parameters; max_parameters is 10\."):
        AutoNetClassification("tiny_cs", max_parameters=10, baseline=False, **quick).fit(X, y)

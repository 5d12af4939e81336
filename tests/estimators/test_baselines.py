"""What is fitted before the search, through the public API."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import BaselineReturned, SearchFailed
from tests.estimators.tasks import linear_problem

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.mark.parametrize("ensemble_size", [1, 10])
def test_without_a_baseline_networks_alone_are_kept(quick: dict[str, Any], ensemble_size: int) -> None:
    options = {**quick, "max_budget": 1, "ensemble_size": ensemble_size, "baseline": False}
    auto = AutoNetRegression("tiny_cs", **options).fit(*linear_problem())
    assert "linear" not in auto.fit_result["models"]
    assert auto.fit_result["best_network"]["name"].isdigit()


def test_without_a_baseline_and_a_network_there_is_nothing(quick: dict[str, Any], iris: Any) -> None:
    with pytest.raises(SearchFailed, match="No network was trained in time; give a larger max_runtime, or baseline"):
        AutoNetClassification("tiny_cs", max_runtime=1e-3, baseline=False, n_jobs=1).fit(*iris)


def test_a_single_class_has_its_baseline_in_any_case(quick: dict[str, Any], iris: Any) -> None:
    with pytest.warns(BaselineReturned, match="single class"):
        auto = AutoNetClassification("tiny_cs", **quick, baseline=False).fit(iris[0], np.full(150, "only"))
    assert set(auto.predict(iris[0])) == {"only"}


def test_one_class_needs_no_search(iris: Any) -> None:
    with pytest.warns(BaselineReturned, match="y has a single class"):
        auto = AutoNetClassification("tiny_cs", max_runtime=60).fit(iris[0], np.full(150, "only"))
    assert len(auto.history_) == 0
    assert set(auto.predict(iris[0])) == {"only"}
    assert auto.predict_proba(iris[0]).shape == (150, 1)


def test_a_failed_baseline_is_the_cause_if_no_trial_raised(iris: Any, monkeypatch: Any) -> None:
    def no_baseline(*_: Any, **__: Any) -> None:
        raise OSError("no baseline either")

    monkeypatch.setattr("autonet.estimators.baselines.fit_baseline", no_baseline)
    with pytest.raises(SearchFailed, match="OSError: no baseline either"):
        AutoNetClassification("tiny_cs", max_runtime=1e-6).fit(*iris)

"""`AutoNetEnsemble`, and how many models the ensemble of an estimator is selected from."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import autonet
from autonet import AutoNetClassification, AutoNetEnsemble, AutoNetMultilabel, AutoNetRegression
from tests.estimators.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

SEARCH: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 1,
    "max_budget": 3,
    "max_trials": 4,
    "cross_validator": "none",
    "baseline": False,
    "n_jobs": 1,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def fitted(iris: Any) -> AutoNetClassification:
    options = {"ensemble_sorted_initialization_n_best": 3, "ensemble_server_credentials": ("localhost", 8000)}
    return AutoNetEnsemble(AutoNetClassification, "tiny_cs", **options, **SEARCH).fit(*iris)


def test_an_ensemble_of_networks_begins_with_the_best_ones(fitted: AutoNetClassification) -> None:
    weights = fitted.fit_result["ensemble"]
    best = list(fitted.fit_result["models"])[:3]
    assert weights == pytest.approx(dict.fromkeys(best, 1 / 3))
    assert fitted.fit_result["ensemble_configs"] == {name: fitted.history_.trials[int(name)].config for name in weights}
    assert set(json.loads(json.dumps(fitted.fit_result))["ensemble_configs"]) == set(weights)


def test_it_is_an_estimator_like_any_other(fitted: AutoNetClassification, iris: Any, tmp_path: Path) -> None:
    X, _ = iris
    expected = fitted.predict_proba(X)
    fitted.save(tmp_path / "model.autonet")
    for other in (pickle.loads(pickle.dumps(fitted)), autonet.load(tmp_path / "model.autonet")):
        np.testing.assert_array_equal(other.predict_proba(X), expected)
        assert other["ensemble_configs"] == fitted["ensemble_configs"]
    assert clone(fitted).get_params() == fitted.get_params()
    assert fitted.get_params()["ensemble_size"] == 3
    assert fitted.get_params()["tree_ensembles"] is False


def test_a_refit_trains_the_configurations_of_an_ensemble(fitted: AutoNetClassification, iris: Any) -> None:
    configs = fitted.fit_result["ensemble_configs"]
    again = clone(fitted).refit(*iris, ensemble_configs=configs, budget=2, ensemble_only_consider_n_best=1)
    assert [trial.config for trial in again.history_] == list(configs.values())
    assert {trial.budget for trial in again.history_} == {2}
    assert len(again.fit_result["ensemble"]) == 1  # of the best model only
    alone = {"linear": {"NetworkSelector:network": "linear"}}
    refused(
        lambda: again.refit(*iris, alone["linear"], ensemble_configs=alone),
        "hyperparameter_config and ensemble_configs are both given; pass one of them.",
    )
    refused(lambda: again.refit(*iris, ensemble_configs=[1]), "ensemble_configs must map names to configurations")


def test_the_first_argument_is_a_class_or_an_estimator() -> None:
    auto = AutoNetEnsemble(AutoNetRegression("tiny_cs", max_budget=7), ensemble_size=5, config_preset="full_cs")
    assert type(auto) is AutoNetRegression
    assert (auto.preset, auto.max_budget, auto.ensemble_size) == ("full_cs", 7, 5)
    assert AutoNetEnsemble(AutoNetRegression("tiny_cs", max_budget=7)).preset == "tiny_cs"
    assert type(AutoNetEnsemble(AutoNetMultilabel)) is AutoNetMultilabel
    for wrong in ("AutoNetClassification", int):
        refused(lambda wrong=wrong: AutoNetEnsemble(wrong), "autonet must be AutoNetClassification")  # type: ignore[misc]
    refused(lambda: AutoNetEnsemble(AutoNetRegression, ensemble_sise=3), "Did you mean 'ensemble_size'")

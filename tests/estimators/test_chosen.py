"""`refit`: one configuration, without a search, on an estimator that was fitted or not."""

from typing import Any

import numpy as np
import pytest
from ConfigSpace import Configuration
from sklearn.base import clone

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import SearchFailed
from tests.estimators.refusals import refused

BATCHES = "CreateDataLoader:batch_size"
LINEAR = {"NetworkSelector:network": "linear"}

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture
def options(quick: dict[str, Any]) -> dict[str, Any]:
    return {**quick, "baseline": False}


def trials(auto: Any) -> list[tuple[dict[str, Any], float]]:
    return [(dict(trial.config), trial.budget) for trial in auto.history_]


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs"])
def test_an_estimator_that_was_not_fitted_trains_the_default_on_the_highest_budget(
    iris: Any, options: dict[str, Any], preset: str
) -> None:
    auto = AutoNetClassification(preset, **{**options, "ensemble_size": None}).refit(*iris)
    default = dict(auto.search_space_.get_default_configuration())
    assert trials(auto) == [(default, 9)]
    assert auto.best_config_ == default
    assert auto.fit_result["ensemble"] == {"0": 1.0}
    assert auto.fit_result["budget"] == 9
    assert auto.score(*iris) > 0.5


def test_a_fitted_estimator_trains_its_best_configuration_again(iris: Any, options: dict[str, Any]) -> None:
    auto = AutoNetClassification("medium_cs", **options).fit(*iris, networks=["tabm"])
    best, budget = auto.best_config_, auto.fit_result["budget"]
    assert auto.refit(*iris, networks=["realmlp"]) is auto  # options of a search change nothing
    assert trials(auto) == [(best, budget)]
    assert best["NetworkSelector:network"] == "tabm"


def test_a_refit_is_the_same_trial_as_in_a_search(iris: Any, options: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **options).fit(*iris, max_trials=1, min_budget=9)
    expected = auto.predict_proba(iris[0])
    np.testing.assert_array_equal(auto.refit(*iris).predict_proba(iris[0]), expected)
    again = clone(auto).refit(*iris, auto.best_config_)
    np.testing.assert_array_equal(again.predict_proba(iris[0]), expected)


def test_a_trial_is_named_by_its_number(iris: Any, options: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **options).fit(*iris, max_trials=2, max_budget=1)
    config = auto.history_.trials[1].config
    refused(lambda: auto.refit(*iris, 2), "the trials of the last fit have numbers from 0 to 1.")
    assert trials(auto.refit(*iris, 1, 1)) == [(config, 1)]


def test_a_part_of_a_configuration_is_completed_by_defaults(iris: Any, options: dict[str, Any]) -> None:
    auto = AutoNetClassification("medium_cs", **options).refit(*iris, {BATCHES: 60}, 3)
    default = dict(auto.search_space_.get_default_configuration())
    assert trials(auto) == [({**default, BATCHES: 60}, 3)]


def test_the_linear_baseline_is_a_configuration(iris: Any, options: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: pytest.fail("it was asked for"))
        auto.refit(*iris, LINEAR)
    assert auto.best_config_ == LINEAR
    assert auto.fit_result["ensemble"] == {"linear": 1.0}
    before = auto.predict_proba(iris[0])
    np.testing.assert_array_equal(auto.refit(*iris).predict_proba(iris[0]), before)


def test_rows_are_weighted_split_and_validated_as_in_fit(iris: Any, options: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **options)
    plain = auto.refit(X, y).predict_proba(X)
    weighted = auto.refit(X, y, sample_weight=1.0 + (y == 1)).predict_proba(X)
    assert not np.allclose(plain, weighted)
    auto.refit(X, y, groups=np.arange(150) % 5, cross_validator="group_k_fold")
    assert len(auto.model_.best) == 3
    auto.refit(X[::2], y[::2], X_valid=X[1::2], y_valid=y[1::2])
    assert auto.fit_result["info"]["val_accuracy"] == pytest.approx(auto.score(X[1::2], y[1::2]))
    refitted = auto.refit(X, y, refit_on_all_rows=True).predict_proba(X)
    assert not np.allclose(plain, refitted)


def test_a_regression_is_refitted(diabetes: Any, options: dict[str, Any]) -> None:
    auto = AutoNetRegression("medium_cs", **options).refit(*diabetes, budget=9)
    assert trials(auto)[0][1] == 9
    assert auto.score(*diabetes) > 0


@pytest.mark.usefixtures("cpu_clock")
def test_a_budget_is_in_the_unit_of_the_options(iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs", random_state=0).refit(*iris, budget=0.4)
    assert auto.history_.rungs.unit == "time"
    assert auto.fit_result["budget"] == pytest.approx(0.4)
    auto.refit(*iris, budget_type="epochs", max_budget=6)  # seconds are not epochs
    assert auto.fit_result["budget"] == 6


def test_a_loaded_model_is_refitted(iris: Any, options: dict[str, Any], tmp_path: Any) -> None:
    auto = AutoNetClassification("tiny_cs", **options).fit(*iris)
    auto.save(tmp_path / "a.autonet")
    loaded = autonet.load(tmp_path / "a.autonet").refit(*iris)
    assert trials(loaded) == [(auto.best_config_, auto.fit_result["budget"])]


def test_the_tutorial_of_auto_pytorch(iris: Any, options: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **options)
    config: Configuration = auto.get_hyperparameter_search_space(*iris).sample_configuration()
    auto.refit(
        X_train=iris[0],
        Y_train=iris[1],
        X_valid=None,
        Y_valid=None,
        hyperparameter_config=config,
        autonet_config=auto.get_current_autonet_config(),
        budget=2,
        rescore=False,
    )
    assert trials(auto) == [(dict(config), 2)]


def test_a_configuration_of_another_kind_of_task_is_refused(iris: Any, options: dict[str, Any]) -> None:
    X, y = iris
    labels = np.column_stack([y == 0, y == 1]).astype(int)
    auto = AutoNetClassification("tiny_cs", **options).fit(X, y, max_trials=1)
    message = "best_config_ is of a classification fit, and y is for multilabel; pass hyperparameter_config={} for"
    refused(lambda: auto.refit(X, labels), message)
    assert auto.refit(X, labels, {}).model_.targets.kind == "multilabel"
    auto.refit(X, y, LINEAR).refit(X, labels)
    assert auto.best_config_ == LINEAR


def test_a_failure_says_what_can_be_done(iris: Any, options: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **options)
    with pytest.raises(SearchFailed, match=r"^No network was trained in time; give a larger max_runtime\.$"):
        auto.refit(*iris, max_runtime=1e-4)


def test_a_run_directory_is_of_fits_only(iris: Any, options: dict[str, Any], tmp_path: Any) -> None:
    auto = AutoNetClassification("tiny_cs", **options, run_dir=tmp_path / "run").refit(*iris, budget=1)
    assert not (tmp_path / "run").exists()
    auto.fit(*iris)
    auto.refit(*iris, budget=2)
    assert len(auto.fit(*iris).history_) == 3


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hyperparameter_config": {BATCHES: 10**9}}, f"'{BATCHES}' = 1000000000 is not in its range"),
        ({"hyperparameter_config": {BATCHES[:-3]: 32}}, f"'{BATCHES[:-3]}'. Did you mean '{BATCHES}'"),
        ({"hyperparameter_config": {"xyz": 1}}, "Unknown hyperparameter 'xyz'; the hyperparameter is one of get_hyp"),
        ({"hyperparameter_config": {"NetworkSelector:network": "mlp"}}, "'NetworkSelector:network' = 'mlp' is not in"),
        ({"hyperparameter_config": {"PreprocessorSelector:nystroem:gamma": 0.1}}, "'PreprocessorSelector:nys"),
        ({"hyperparameter_config": [1]}, "hyperparameter_config must be a mapping of names to values, the number"),
        ({"hyperparameter_config": {1: 2}}, "hyperparameter_config must be a mapping of names"),
        ({"budget": 0}, "budget must be a finite number greater than 0, or None; got 0."),
        ({"budget": "long"}, "budget must be a finite number greater than 0, or None; got 'long'."),
        ({"budget": 2.5}, "budget must be a whole number of epochs; got 2.5."),
        (
            {"budget": 9, "budget_type": "time", "max_runtime": 5, "max_budget": None},
            "budget must not exceed max_runtime; got budget=9 and max_runtime=5 seconds.",
        ),
        ({"autonet_config": "tiny_cs"}, "autonet_config must be a mapping of options, or None; got 'tiny_cs'."),
        ({"autonet_config": {"max_budgt": 3}}, "Unknown option 'max_budgt'. Did you mean 'max_budget'"),
        ({"y": np.zeros(3)}, "pass one entry per row"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_and_changes_nothing(
    iris: Any, options: dict[str, Any], fitted: bool, arguments: dict[str, Any], message: str
) -> None:
    auto = AutoNetClassification("full_cs", **options)
    if fitted:
        auto.refit(*iris, budget=1)
    before = repr(vars(auto))
    data = {"X": iris[0], "y": iris[1]}
    refused(lambda: auto.refit(**{**data, **arguments}), message)
    assert repr(vars(auto)) == before

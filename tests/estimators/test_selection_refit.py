"""At the end of a fit, networks are trained on all rows."""

import time
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, make_scorer

from autonet import AutoNetClassification, AutoNetImageClassification
from autonet.core.errors import InvalidOption, SearchInterrupted
from autonet.core.interrupts import current_interrupt
from autonet.models.ensemble import TreeMember
from autonet.training.loop import train_epoch

PRESETS = ("tiny_cs", "medium_cs", "full_cs")

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def fitted(data: Any, options: dict[str, Any], **changes: Any) -> AutoNetClassification:
    given = {"max_trials": 2, "networks": ["shapedmlpnet"], **options, **changes}
    X_valid, y_valid = given.pop("valid", (None, None))
    return AutoNetClassification(**given).fit(*data, X_valid=X_valid, y_valid=y_valid)


@pytest.mark.parametrize("cross_validator", ["none", 3])
def test_an_ensemble_is_averaged_with_its_networks_trained_on_all_rows(
    iris: Any, quick: dict[str, Any], cross_validator: Any
) -> None:
    options = {**quick, "ensemble_size": 4, "cross_validator": cross_validator}
    without, refitted = (fitted(iris, options, refit_on_all_rows=refit) for refit in (False, True))
    assert refitted.fit_result["ensemble"] == pytest.approx(without.fit_result["ensemble"])
    assert refitted.fit_result["best_network"] == without.fit_result["best_network"]
    assert refitted.fit_result["info"]["val_accuracy"] == without.fit_result["info"]["val_accuracy"]
    weights = [list(auto.get_pytorch_model().parameters()) for auto in (without, refitted)]
    assert all(map(torch.equal, *weights))  # that of the validated winner
    assert not np.allclose(refitted.predict_proba(iris[0]), without.predict_proba(iris[0]), atol=1e-3)
    assert refitted.score(*iris) > 0.8


def test_a_single_network_is_trained_on_all_rows(iris: Any, quick: dict[str, Any]) -> None:
    without, refitted = (fitted(iris, quick, refit_on_all_rows=refit) for refit in (False, True))
    weights = [list(auto.get_pytorch_model().parameters()) for auto in (without, refitted)]
    assert not any(map(torch.equal, *weights))
    members = refitted.model_.ensemble.members
    assert [member.network for member in members] == [refitted.get_pytorch_model()]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_trees_of_the_ensemble_are_fitted_on_all_rows(iris: Any, quick: dict[str, Any], n_jobs: int) -> None:
    options = {**quick, "ensemble_size": 10, "tree_ensembles": True, "max_trials": 1, "max_budget": 1, "n_jobs": n_jobs}
    without, refitted = (fitted(iris, options, refit_on_all_rows=refit) for refit in (False, True))
    assert refitted.fit_result["ensemble"] == pytest.approx(without.fit_result["ensemble"])
    trees = [[m for m in auto.model_.ensemble.members if isinstance(m, TreeMember)] for auto in (without, refitted)]
    assert len(trees[0]) == len(trees[1]) >= 1
    for before, after in zip(*trees, strict=True):
        x = np.asarray(iris[0], np.float32)
        assert not np.array_equal(before.trees.predict(x), after.trees.predict(x))


def test_rows_to_validate_on_stay_unseen(iris: Any, quick: dict[str, Any]) -> None:
    valid = iris[0][::3], iris[1][::3]
    without, refitted = (fitted(iris, quick, refit_on_all_rows=refit, valid=valid) for refit in (False, True))
    np.testing.assert_array_equal(without.predict_proba(iris[0]), refitted.predict_proba(iris[0]))


def test_worker_processes_train_on_all_rows(iris: Any, quick: dict[str, Any]) -> None:
    auto = fitted(iris, quick, refit_on_all_rows=True, ensemble_size=4, n_jobs=2)
    trials = {name for name in auto.fit_result["ensemble"] if name != "linear"}
    assert len(auto.model_.ensemble.members) > len(trials)
    np.testing.assert_allclose(sum(auto.model_.ensemble.weights), 1)


@pytest.mark.parametrize(
    ("changes", "refits"), [({}, True), ({"cross_validator": 3}, False), ({"ensemble_size": 1}, False)]
)
def test_auto_is_for_an_ensemble_where_rows_were_held_out(
    iris: Any, quick: dict[str, Any], changes: dict[str, Any], refits: bool
) -> None:
    options = {**quick, "ensemble_size": 4, **changes}
    runs = [fitted(iris, options, refit_on_all_rows=refit).predict_proba(iris[0]) for refit in (False, "auto")]
    assert np.array_equal(*runs) != refits


@pytest.mark.usefixtures("cpu_clock")
@pytest.mark.filterwarnings("ignore::autonet.core.errors.RefitSkipped")  # a slow best network has no time for it
def test_it_happens_inside_the_time(digits: Any) -> None:
    options = {
        "max_runtime": 2,
        "n_jobs": 1,
        "random_state": 0,
        "networks": ["shapedmlpnet"],
        "refit_on_all_rows": True,
    }
    began = time.monotonic()
    auto = AutoNetClassification("medium_cs", **options).fit(*digits)
    assert time.monotonic() - began < 1.02 * 2 + 1
    assert auto.score(*digits) > 0.9


def test_an_interruption_leaves_what_was_validated(
    iris: Any, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    without = fitted(iris, quick)
    monkeypatch.setattr("autonet.pipeline.refit.train_epoch", interrupted)
    with pytest.warns(SearchInterrupted, match="without training on all rows"):
        auto = fitted(iris, quick, refit_on_all_rows=True)
    np.testing.assert_array_equal(auto.predict_proba(iris[0]), without.predict_proba(iris[0]))


def test_an_interruption_keeps_networks_of_images_so_far(digits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any) -> None:
        train_epoch(*arguments)
        current_interrupt().request("SIGINT")

    X, y = digits
    options = {"budget_type": "epochs", "max_budget": 3, "max_trials": 1, "random_state": 0, "n_jobs": 1}
    auto = AutoNetImageClassification("medium_cs", **options, cross_validator="none", baseline=False)
    monkeypatch.setattr("autonet.pipeline.refit.train_epoch", interrupted)
    with pytest.warns(SearchInterrupted, match="its training on all rows was ended early"):
        auto.fit(X.reshape(-1, 8, 8), y)
    assert auto.model_.ensemble.weights[-1] > 0.1  # the network one epoch later
    assert auto.score(X.reshape(-1, 8, 8), y) > 0.8


IMAGES = {
    "budget_type": "epochs",
    "max_trials": 3,
    "max_budget": 2,
    "min_budget": 2,
    "random_state": 0,
    "cross_validator": "none",
    "baseline": False,
    "n_jobs": 1,
}


def fitted_images(digits: Any, **changes: Any) -> AutoNetImageClassification:
    X, y = digits[0][:1200], digits[1][:1200]
    data = {name: (rows.reshape(-1, 8, 8) if "X" in name else rows) for name, rows in changes.pop("data", {}).items()}
    options = {**IMAGES, "networks": ["resnet"], **changes}
    return AutoNetImageClassification("medium_cs", **options).fit(X.reshape(-1, 8, 8), y, **data)


def test_networks_of_images_are_weighed_and_scored_by_rows_left_out(digits: Any) -> None:
    auto = fitted_images(digits)
    result = auto.fit_result
    assert result["info"]["refit_accuracy"] > 0.5
    assert f"refit_accuracy {result['info']['refit_accuracy']:.4f}" in repr(auto)
    assert set(result["ensemble"]) == set(result["ensemble_configs"])
    name = result["best_network"]["name"]
    assert result["best_network"]["loss"] == result["models"][name]["loss"]
    assert auto.best_config_ == auto.history_.trials[int(name)].config
    assert result["budget"] in (2, 4)  # that of the validated network, or of the one that went on
    assert auto.get_pytorch_model() in [member.network for member in auto.model_.ensemble.members]


def test_given_validation_images_are_not_learned_but_weigh_networks_that_train_on(digits: Any) -> None:
    X, y = digits
    given = {"X_valid": X[1200::2], "y_valid": y[1200::2]}
    auto = fitted_images(digits, data=given)
    assert auto.fit_result["budget"] == 4  # the best network is one that went on
    expected = auto.score(X[1200::2].reshape(-1, 8, 8), y[1200::2])
    assert auto.fit_result["info"]["refit_accuracy"] == pytest.approx(expected)


def test_a_single_network_of_images_is_the_better_one_of_all(digits: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "autonet"):
        auto = fitted_images(digits, ensemble_size=1)
    assert "1 of 1 trials" in caplog.text
    [member] = auto.model_.ensemble.members
    assert member.network is auto.get_pytorch_model()
    assert list(auto.fit_result["ensemble"]) == [auto.fit_result["best_network"]["name"]]
    assert auto.fit_result["budget"] == 4
    assert auto.fit_result["info"]["refit_accuracy"] > 0.9
    unseen = digits[0][1200:].reshape(-1, 8, 8), digits[1][1200:]
    assert auto.score(*unseen) > fitted_images(digits, ensemble_size=1, refit_on_all_rows=False).score(*unseen)


def test_workers_that_would_be_idle_train_the_next_best_networks(digits: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "autonet"):
        auto = fitted_images(digits, ensemble_size=1, n_jobs=2)
    assert "2 of 2 trials" in caplog.text
    assert len(auto.model_.ensemble.members) == 1


def test_a_budget_in_seconds_includes_the_refit(digits: Any) -> None:
    options = {"budget_type": "time", "max_trials": 1, "min_budget": 0.3, "max_budget": 0.3, "ensemble_size": 1}
    auto = fitted_images(digits, **options)
    [trial] = auto.history_.trials
    assert auto.fit_result["budget"] > trial.budget + 0.1


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def test_the_threshold_is_that_of_the_new_temperature(digits: Any) -> None:
    few = digits[0][:700], (digits[1][:700] == 8).astype(int)
    options = {"optimize_metric": "f1", "max_trials": 2}
    before, after = (fitted_images(few, refit_on_all_rows=refit, **options) for refit in (False, "auto"))
    old, new = before.fit_result["threshold"], after.fit_result["threshold"]
    temperatures = [auto.model_.ensemble.temperature for auto in (before, after)]
    assert temperatures[0] != temperatures[1] == 1.0  # few rows are left out, too few to fit it
    assert logit(new) == pytest.approx(logit(old) * temperatures[0])


def test_a_metric_that_a_sample_lacks_a_class_for_does_not_end_the_fit(digits: Any) -> None:
    X, y = digits
    y = np.where((y == 9) & (np.cumsum(y == 9) > 8), 8, y)  # eight images of a class
    metric = make_scorer(log_loss, greater_is_better=False, response_method="predict_proba")
    auto = fitted_images((X, y), optimize_metric=metric, max_trials=1)
    assert auto.fit_result["loss"] > 0
    assert not np.isnan(auto.fit_result["info"].get("refit_log_loss", 0.0))


def test_a_configuration_is_trained_for_its_budget_and_no_more(digits: Any) -> None:
    X, y = digits
    auto = AutoNetImageClassification("medium_cs", **IMAGES).refit(X.reshape(-1, 8, 8), y, {}, budget=1)
    assert auto.fit_result["budget"] == 1
    assert "refit_accuracy" not in auto.fit_result["info"]


def test_presets_choose_unless_the_user_does() -> None:
    chosen = {
        preset: AutoNetClassification(preset).get_current_autonet_config()["refit_on_all_rows"] for preset in PRESETS
    }
    assert chosen == {"tiny_cs": False, "medium_cs": "auto", "full_cs": "auto"}
    assert (
        AutoNetClassification("medium_cs", refit_on_all_rows=False).get_current_autonet_config()["refit_on_all_rows"]
        is False
    )


@pytest.mark.parametrize("value", ["yes", 1, 0.5])
def test_it_is_wanted_or_not(value: Any, iris: Any, quick: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="refit_on_all_rows must be True, False or 'auto'; got"):
        AutoNetClassification(**{**quick, "refit_on_all_rows": value}).fit(*iris)

"""A fitted estimator in a few lines."""

import itertools
import logging
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace
from sklearn.datasets import load_breast_cancer

import autonet
from autonet import AutoNetClassification
from autonet.estimators.description import describe_model, describe_search
from autonet.search.history import History
from autonet.search.records import Event, Report, Status
from autonet.search.rungs import Rungs


def test_a_network_alone_has_one_score(iris: Any, quick: dict[str, Any], caplog: Any) -> None:
    with caplog.at_level(logging.INFO, "autonet"):
        auto = AutoNetClassification("tiny_cs", **{**quick, "max_budget": 27, "log_level": "info"}).fit(*iris)
    result = auto.fit_result
    name = result["best_network"]["name"]
    assert result["ensemble"] == {name: 1.0}
    assert result["best_network"]["val_accuracy"] == result["info"]["val_accuracy"]
    assert f"predicts: network of trial {name}; train_accuracy" in repr(auto)
    assert f"predicts: network of trial {name}; train_accuracy" in caplog.text
    assert "best network:" not in repr(auto)


def fit_result(ensemble: dict[str, float], best: str, **fields: Any) -> dict[str, Any]:
    scores = {"loss": 0.125, "train_accuracy": 1.0, "val_accuracy": 0.875, "val_f1": 0.75}
    best_network = {"name": best, "loss": 0.25, "val_accuracy": 0.75, "val_f1": 0.5}
    return {
        "ensemble": ensemble,
        "best_network": best_network,
        "info": scores,
        "pos_label": None,
        "threshold": None,
        **fields,
    }


def test_members_are_called_by_their_names_the_heaviest_first() -> None:
    result = fit_result({"3": 0.2, "linear": 0.1, "boosting": 0.7}, "3")
    assert describe_model(result) == [
        "predicts: an ensemble of boosting (70%), network of trial 3 (20%), linear (10%); "
        "train_accuracy 1.0000, val_accuracy 0.8750, val_f1 0.7500",
        "best network: network of trial 3; val_accuracy 0.7500, val_f1 0.5000",
    ]


def test_one_score_is_shown_where_one_is_asked_for() -> None:
    assert describe_model(fit_result({"linear": 1.0}, "linear"), "f1") == ["predicts: linear; val_f1 0.7500"]


@pytest.mark.parametrize(("threshold", "said"), [(None, ""), (0.125, ", threshold 0.125")])
def test_the_positive_class_is_named_with_its_threshold(threshold: float | None, said: str) -> None:
    result = fit_result({"3": 1.0}, "3", pos_label="yes", threshold=threshold)
    assert describe_model(result)[1:] == [f"positive class 'yes'{said}"]


def test_the_threshold_that_decides_is_shown(quick: dict[str, Any], tmp_path: Path) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1}, optimize_metric="f1").fit(X, y)
    auto.threshold_ = 0.123
    auto.save(tmp_path / "model.autonet")
    for shown in (auto, autonet.load(tmp_path / "model.autonet")):
        assert "positive class 1, threshold 0.123" in repr(shown)
    auto.threshold_ = None
    assert "positive class 1, threshold" not in repr(auto)


def test_trials_that_were_stretched_are_named() -> None:
    history = History(Rungs.geometric(1, 9, 3))
    for number, budgets in enumerate([(1.0, 9.0), (1.0, 3.0, 40.0)]):
        history.apply(Event("propose", number, {"config": {}, "seed": 0, "origin": "sampler"}))
        for start, end in itertools.pairwise((0.0, *budgets)):
            history.add(history.trials[number], Report(start, end, end, 0.5, Status.FINISHED, end - start, 1.0))
    result = fit_result({"1": 1.0}, "1", budget=40.0, optimized_hyperparameter_config={})
    lines = describe_search(result, history, ConfigurationSpace())
    assert lines[:2] == [
        "2 configurations tried; the best network had budget 40",
        "trained beyond the budget 9 while their loss fell: trials 1 (to 40)",
    ]

"""What a fit says of itself: the scores of all models, and which of them predicts."""

import json
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from torch import nn

from autonet import AutoNetClassification, AutoNetRegression, register_network, unregister_network
from autonet.core.errors import BaselineReturned
from autonet.pipeline.tree_learners import LEARNERS
from tests.estimators.tasks import linear_problem


@pytest.fixture(scope="module")
def halves(iris: Any) -> Any:
    return train_test_split(*iris, test_size=0.5, random_state=0, stratify=iris[1])


@pytest.fixture(scope="module")
def ensemble(halves: Any) -> AutoNetClassification:
    """An ensemble of networks, the linear one and trees, validated on given rows."""
    X, X_valid, y, y_valid = halves
    return AutoNetClassification(
        "tiny_cs", budget_type="epochs", min_budget=5, max_budget=15, max_trials=4, n_jobs=1, random_state=0,
        ensemble_size=10, tree_ensembles=True, optimize_metric="neg_log_loss", additional_metrics=["accuracy"],
    ).fit(X, y, X_valid=X_valid, y_valid=y_valid)  # fmt: skip


def test_the_scores_are_those_of_what_predicts(ensemble: AutoNetClassification, halves: Any) -> None:
    X, X_valid, y, y_valid = halves
    result = json.loads(json.dumps(ensemble.fit_result))
    assert len(result["ensemble"]) > 1
    assert result["info"]["val_neg_log_loss"] == pytest.approx(-log_loss(y_valid, ensemble.predict_proba(X_valid)))
    assert result["info"]["val_accuracy"] == pytest.approx(accuracy_score(y_valid, ensemble.predict(X_valid)))
    assert result["info"]["train_neg_log_loss"] == pytest.approx(-log_loss(y, ensemble.predict_proba(X)))
    assert result["loss"] == result["info"]["loss"] == -result["info"]["val_neg_log_loss"]


def test_the_best_network_has_its_own(ensemble: AutoNetClassification) -> None:
    best, info = ensemble.fit_result["best_network"], ensemble.fit_result["info"]
    assert best["val_neg_log_loss"] < info["val_neg_log_loss"]
    assert best["val_neg_log_loss"] == -best["loss"]
    assert "val_accuracy" in best
    if best["name"] != "linear":
        trial = ensemble.history_.trials[int(best["name"])]
        assert dict(trial.config) == ensemble.best_config_


def test_every_model_has_its_own(ensemble: AutoNetClassification) -> None:
    models = ensemble.fit_result["models"]
    names = {"linear", *list(LEARNERS)[:2], *(str(trial.number) for trial in ensemble.history_)}
    assert set(models) == names
    losses = [scores["loss"] for scores in models.values()]
    assert losses == [-scores["val_neg_log_loss"] for scores in models.values()]
    weights = {name: scores["weight"] for name, scores in models.items() if scores["weight"]}
    assert weights == ensemble.fit_result["ensemble"]
    for trial in ensemble.history_:
        assert models[str(trial.number)]["loss"] <= trial.last.loss + 1e-9


def test_the_text_says_what_predicts(ensemble: AutoNetClassification) -> None:
    text, info = repr(ensemble), ensemble.fit_result["info"]
    assert "predicts: an ensemble of" in text
    assert f"val_neg_log_loss {info['val_neg_log_loss']:.4f}" in text
    assert "best network: " in text
    assert f"{ensemble.fit_result['best_network']['val_neg_log_loss']:.4f}" in text


@pytest.fixture
def same_as_linear() -> Any:
    """A network that is as good as the baseline."""
    register_network("mine", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, n_out)))
    yield "mine"
    unregister_network("mine")


def test_a_linear_model_is_called_by_its_name(quick: dict[str, Any], same_as_linear: str) -> None:
    auto = AutoNetRegression("tiny_cs", **{**quick, "networks": [same_as_linear], "max_trials": 1, "max_budget": 1})
    with pytest.warns(BaselineReturned):
        auto.fit(*linear_problem())
    assert "predicts: linear; " in repr(auto)
    assert auto.fit_result["best_network"]["name"] == "linear"
    assert auto.best_config_ == {"NetworkSelector:network": "linear"}


@pytest.mark.parametrize("ensemble_size", [1, 10])
def test_ties_go_to_networks(quick: dict[str, Any], same_as_linear: str, ensemble_size: int) -> None:
    X = np.repeat([[0.0], [1.0]], 50, axis=0)
    options = {
        **quick,
        "networks": [same_as_linear],
        "max_budget": 27,
        "min_budget": 27,
        "ensemble_size": ensemble_size,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error", BaselineReturned)
        auto = AutoNetClassification("tiny_cs", **options).fit(X, X[:, 0] > 0)
    models = auto.fit_result["models"]
    assert models["linear"]["loss"] == auto.fit_result["loss"] == 0
    assert "linear" not in auto.fit_result["ensemble"]
    assert auto.best_config_["NetworkSelector:network"] == "mine"


def test_the_linear_model_is_returned_where_it_is_clearly_better(quick: dict[str, Any], same_as_linear: str) -> None:
    options = {**quick, "networks": [same_as_linear], "max_trials": 1, "max_budget": 1}
    with pytest.warns(BaselineReturned, match="No network was better, so the linear baseline is returned"):
        auto = AutoNetRegression("tiny_cs", **options).fit(*linear_problem())
    assert auto.fit_result["ensemble"] == {"linear": 1.0}

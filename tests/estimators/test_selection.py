"""The final model: the winner alone, or a selection of what was trained."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidOption
from autonet.models.ensemble import Ensemble

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def test_an_ensemble_predicts_the_weighted_mean_of_its_networks(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    auto = AutoNetRegression(
        **{**quick, "max_trials": 10, "max_budget": 27, "ensemble_size": 10, "random_state": 1}
    ).fit(X, y)
    ensemble, table = auto.model_.ensemble, auto.model_.read(X)
    weights = auto.fit_result["ensemble"]
    assert len(weights) > 1
    assert sum(weights.values()) == pytest.approx(1) == pytest.approx(sum(ensemble.weights))
    assert set(weights) <= {"linear", *(str(trial.number) for trial in auto.history_)}
    separate = [Ensemble.from_members("", [m]).predict(table)[:, 0] for m in ensemble.members]
    np.testing.assert_allclose(auto.predict(X), np.average(separate, axis=0, weights=ensemble.weights))


@pytest.mark.usefixtures("cpu_clock")
def test_a_linear_model_of_fewer_folds_is_not_compared_with_networks(diabetes: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("autonet.pipeline.baseline.MAX_OVERHEAD", 0)  # the first fold has taken too long
    auto = AutoNetRegression("tiny_cs", max_runtime=2, n_jobs=1, cross_validator=5, ensemble_size=10, random_state=0)
    auto.fit(*diabetes)
    assert "linear" not in auto.fit_result["ensemble"]
    assert len(auto.model_.best) == 5


def test_one_network_is_the_winner_alone(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification(**{**quick, "max_budget": 81}).fit(*iris)
    assert auto.fit_result["ensemble"] == {str(auto.history_.best.number): 1.0}
    assert auto.model_.ensemble.temperature == 1
    assert len(auto.model_.ensemble.members) == 1


def test_the_ensemble_is_no_worse_on_the_validation_rows_by_the_metric(quick: dict[str, Any]) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.4, random_state=0)
    losses = {}
    for size in (1, 15):
        options = {**quick, "max_trials": 5, "ensemble_size": size, "optimize_metric": "neg_log_loss"}
        auto = AutoNetClassification(**options).fit(X_train, y_train, X_valid=X_valid, y_valid=y_valid)
        losses[size] = log_loss(y_valid, auto.predict_proba(X_valid))
    assert losses[15] < losses[1]


def test_the_same_seed_gives_the_same_ensemble(iris: Any, quick: dict[str, Any]) -> None:
    runs = [AutoNetClassification(**{**quick, "ensemble_size": 8, "cross_validator": 3}).fit(*iris) for _ in range(2)]
    assert runs[0].fit_result == runs[1].fit_result
    np.testing.assert_array_equal(*(auto.predict_proba(iris[0]) for auto in runs))


def test_thresholds_are_those_of_the_ensemble(quick: dict[str, Any]) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    rare = np.flatnonzero((y == 1) | (np.arange(len(y)) % 7 == 0))
    X, y = X[rare], 1 - y[rare]
    options = {**quick, "max_trials": 4, "ensemble_size": 8, "optimize_metric": "f1"}
    auto = AutoNetClassification(**options).fit(X, y)
    positive = auto.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(auto.predict(X), (positive > auto.model_.threshold).astype(int))
    assert accuracy_score(y, auto.predict(X)) > 0.9


def n_folds(auto: Any) -> int:
    return len(auto.model_.best)


def test_small_tables_are_validated_on_folds_and_larger_ones_are_not(quick: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 3))
    y = X[:, 0] + random.normal(size=3000)
    options = {**quick, "max_trials": 1, "cross_validator": "auto", "networks": ["shapedmlpnet"]}
    assert n_folds(AutoNetRegression(**options).fit(X[:300], y[:300])) == 5
    assert n_folds(AutoNetRegression(**options).fit(X[:40], y[:40])) == 1
    assert n_folds(AutoNetRegression(**options).fit(X, y)) == 1
    assert n_folds(AutoNetRegression(**options, validation_split=0.2).fit(X[:300], y[:300])) == 1
    assert n_folds(AutoNetRegression(**options, shuffle=False).fit(X[:300], y[:300])) == 1
    assert n_folds(AutoNetRegression(**options).fit(X[:300], y[:300], groups=np.arange(300) // 2)) == 1
    given = {"X_valid": X[300:400], "y_valid": y[300:400]}
    assert n_folds(AutoNetRegression(**options).fit(X[:300], y[:300], **given)) == 1


@pytest.mark.parametrize(
    ("rows", "columns", "runtime", "expected"),
    [(3000, 3, 240, 5), (3000, 3, 60, 1), (3000, 300, 240, 1), (100, 3, 6, 5), (100, 3, 4, 1)],
)
def test_tables_are_validated_on_folds_where_there_is_time(
    rows: int, columns: int, runtime: float, expected: int
) -> None:
    X = np.random.default_rng(0).normal(size=(rows, columns))
    options = {"max_trials": 1, "min_budget": 0.2, "max_budget": 0.2, "n_jobs": 1, "ensemble_size": 1}
    auto = AutoNetRegression("medium_cs", max_runtime=runtime, **options).fit(X, X[:, 0])
    assert n_folds(auto) == expected


def test_presets_choose_validation_and_ensemble_unless_the_user_does(iris: Any) -> None:
    short = {"budget_type": "epochs", "max_budget": 3, "max_trials": 3, "random_state": 0}
    assert n_folds(AutoNetClassification("tiny_cs", **short).fit(*iris)) == 1
    assert n_folds(AutoNetClassification("medium_cs", **short).fit(*iris)) == 5
    assert n_folds(AutoNetClassification("medium_cs", **short, cross_validator="none").fit(*iris)) == 1
    assert AutoNetClassification("medium_cs").get_params()["ensemble_size"] is None


@pytest.mark.parametrize("size", [0, -1, 2.5, float("inf"), "many", True])
def test_a_size_that_cannot_be_is_refused(size: Any, iris: Any, quick: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="ensemble_size must be"):
        AutoNetClassification(**{**quick, "ensemble_size": size}).fit(*iris)


def test_columns_of_every_kind_reach_all_networks(quick: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"number": random.normal(size=120), "word": random.choice(["a", "b", "c"], 120)})
    y = np.where(frame["word"] == "a", "yes", "no")
    auto = AutoNetClassification(**{**quick, "max_trials": 5, "cross_validator": "auto", "ensemble_size": 6})
    auto.fit(frame, y)
    assert auto.predict_proba(frame.iloc[:7]).shape == (7, 2)
    np.testing.assert_allclose(auto.predict_proba(frame)[:7], auto.predict_proba(frame.iloc[:7]), atol=1e-6)

"""Methods of fitted estimators that score the final model; see tests/inspection for what they return."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.calibration import CalibrationDisplay
from sklearn.exceptions import NotFittedError
from sklearn.inspection import PartialDependenceDisplay

import autonet
from autonet import AutoNetClassification

plt = pytest.importorskip("matplotlib.pyplot", reason="needs matplotlib, for scikit-learn's displays")


@pytest.fixture(scope="module")
def frame(iris: Any) -> pd.DataFrame:
    X, y = iris
    sizes = pd.Categorical(["small" if x < 5.5 else "large" for x in X[:, 0]], ["small", "large"], ordered=True)
    kinds = pd.Categorical(["abc"[i % 3] for i in range(len(X))])
    table = pd.DataFrame({"width": X[:, 1], "petal": X[:, 2], "size": sizes, "kind": kinds, "long": X[:, 2] > 4})
    return table.assign(y=["yes" if label == 2 else "no" for label in y])


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> AutoNetClassification:
    options = {"budget_type": "epochs", "max_budget": 9, "max_trials": 1, "baseline": False, "random_state": 0}
    return AutoNetClassification("tiny_cs", **options).fit(frame.drop(columns="y"), frame["y"])


def test_methods_need_a_fit(iris: Any) -> None:
    auto = AutoNetClassification()
    for method in (auto.leaderboard, lambda: auto.evaluate(*iris), lambda: auto.feature_importance(*iris)):
        with pytest.raises(NotFittedError):
            method()
    for name in ("cv_results_", "best_params_", "best_score_"):
        assert not hasattr(auto, name)


def test_a_loaded_model_is_scored_as_the_saved_one(
    fitted: AutoNetClassification, frame: pd.DataFrame, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model")
    loaded, X, y = autonet.load(tmp_path / "model"), frame.drop(columns="y"), frame["y"]
    assert loaded.evaluate(X, y) == fitted.evaluate(X, y)
    assert loaded.feature_importance(X, y) == fitted.feature_importance(X, y)
    assert loaded.best_score_ == fitted.best_score_
    assert not hasattr(loaded, "cv_results_")


@pytest.mark.parametrize(
    "options",
    [
        {"features": ["width", "kind", "size", "long"], "categorical_features": ["kind", "size", "long"]},
        {"features": [("kind", "size")], "categorical_features": ["kind", "size"]},
        {"features": ["petal", ("width", "petal")], "grid_resolution": 5},
        {"features": ["petal"], "kind": "both", "subsample": 10, "grid_resolution": 5},
    ],
)
def test_partial_dependence_is_drawn_for_categories_and_numbers(
    fitted: AutoNetClassification, frame: pd.DataFrame, options: dict[str, Any]
) -> None:
    display = PartialDependenceDisplay.from_estimator(fitted, frame.drop(columns="y")[::5], **options)
    assert len(display.pd_results) == len(options["features"])
    plt.close("all")


def test_partial_dependence_rises_with_the_petal(fitted: AutoNetClassification, frame: pd.DataFrame) -> None:
    display = PartialDependenceDisplay.from_estimator(fitted, frame.drop(columns="y"), ["petal"], grid_resolution=10)
    average = display.pd_results[0]["average"][0]
    assert average[-1] > average[0] + 0.1
    plt.close("all")


def test_calibration_is_drawn(fitted: AutoNetClassification, frame: pd.DataFrame) -> None:
    display = CalibrationDisplay.from_estimator(fitted, frame.drop(columns="y"), frame["y"], n_bins=4)
    assert display.prob_true[-1] > display.prob_true[0]
    plt.close("all")

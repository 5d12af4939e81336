"""A fit that does not succeed leaves the estimator as it was."""

import sys
from collections.abc import Callable
from copy import copy
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import AutonetError, BaselineReturned

PACKAGE = Path(autonet.__file__).parent
ANSWERS = ("classes_", "columns_", "n_features_in_", "feature_names_in_", "best_config_", "fit_result", "history_")


@pytest.fixture
def towns() -> tuple[pd.DataFrame, np.ndarray]:
    town = np.tile(["Bern", "Lima", "Oslo"], 20)
    return pd.DataFrame({"town": town, "size": np.arange(60.0)}), np.where(town == "Lima", "buy", "skip")


@pytest.fixture
def other_towns() -> tuple[pd.DataFrame, np.ndarray]:
    """A table whose categories and labels come in another order."""
    town = np.tile(["Aarau", "Bern", "Lima", "Oslo"], 15)
    return pd.DataFrame({"place": town}), np.where(town == "Oslo", "never", "always")


def answers(auto: Any, X: Any) -> list[str]:
    """Everything that a fitted classifier answers."""
    return [repr(getattr(auto, name)) for name in ANSWERS] + [repr(auto.predict_proba(X)), repr(auto), repr(vars(auto))]


def bad_labels(y: np.ndarray) -> np.ndarray:
    return np.where(np.arange(len(y)) == 7, None, y.astype(object))


@pytest.mark.parametrize(
    "arguments",
    [
        lambda X, y: {"X": X, "y": bad_labels(y)},
        lambda X, y: {"X": X, "y": y[:-1]},
        lambda X, y: {"X": X, "y": y, "sample_weight": -np.ones(len(y))},
        lambda X, y: {"X": X, "y": y, "groups": [1, 2]},
        lambda X, y: {"X": X, "y": y, "X_valid": X, "y_valid": y[:3]},
        lambda X, y: {"X": X, "y": y, "max_trials": -1},
        lambda X, y: {"X": X, "y": y, "networks": ["mine"]},
        lambda X, y: {"X": X.to_numpy()[:, :0], "y": y},
        lambda X, y: {"X": object(), "y": y},
        lambda X, y: {"X": X, "y": np.column_stack([y, y])},
        lambda X, y: {},
    ],
)
def test_a_refused_fit_leaves_the_model(
    quick: dict[str, Any], towns: Any, other_towns: Any, arguments: Callable[..., dict[str, Any]]
) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(*towns)
    before = answers(auto, towns[0])
    with pytest.raises(ValueError):
        auto.fit(**arguments(*other_towns))
    assert answers(auto, towns[0]) == before


def test_a_refused_first_fit_leaves_nothing(quick: dict[str, Any], other_towns: Any) -> None:
    X, y = other_towns
    auto = AutoNetClassification("tiny_cs", **quick)
    before = repr(vars(auto))
    with pytest.raises(ValueError, match="Negative values"):
        auto.fit(X, y, sample_weight=-np.ones(len(y)))
    assert repr(vars(auto)) == before


class Alarm:
    """A profiler that raises an error at the n-th call of a function of autonet."""

    def __init__(self, error: type[BaseException], n: int) -> None:
        self.error, self.left = error, n

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(PACKAGE)):
            self.left -= 1
            if self.left == 0:
                raise self.error


@pytest.mark.filterwarnings("ignore::autonet.core.errors.AutonetWarning")
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_an_error_at_any_moment_leaves_the_old_model_or_a_new_one(
    quick: dict[str, Any], towns: Any, other_towns: Any, error: type[BaseException]
) -> None:
    quick |= {"max_trials": 1, "min_budget": 1, "max_budget": 1}
    first = AutoNetClassification("tiny_cs", **quick).fit(*towns)
    before, failed = answers(first, towns[0]), 0
    calls = Alarm(error, -1)
    sys.setprofile(calls)
    try:
        AutoNetClassification("tiny_cs", **quick).fit(*other_towns)
    finally:
        sys.setprofile(None)
    for n in np.unique(np.geomspace(1, -1 - calls.left, 25).astype(int)):
        auto = copy(first)
        sys.setprofile(Alarm(error, int(n)))
        try:
            auto.fit(*other_towns)
        except (error, AutonetError):
            failed += 1
        finally:
            sys.setprofile(None)
        if "town" in auto.feature_names_in_:
            assert answers(auto, towns[0]) == before
        else:  # what failed was the baseline, or a trial
            assert set(auto.predict(other_towns[0])) <= {"never", "always"}
    assert failed > 5


@pytest.mark.filterwarnings("error")
def test_a_warning_that_is_an_error_leaves_the_model(quick: dict[str, Any], towns: Any) -> None:
    X, y = towns
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, y)
    before = answers(auto, X)
    with pytest.raises(BaselineReturned, match="single class"):
        auto.fit(X[["size"]], np.full(len(y), "buy"))
    assert answers(auto, X) == before


def test_the_next_fit_leaves_nothing_of_the_one_before(quick: dict[str, Any], towns: Any) -> None:
    X, y = towns
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, y)
    auto.fit(X[["size"]].to_numpy(), y)
    assert not hasattr(auto, "feature_names_in_")
    assert auto.n_features_in_ == len(auto.columns_) == 1


def test_a_regression_that_is_refused_keeps_its_targets(quick: dict[str, Any], diabetes: Any) -> None:
    X, y = diabetes
    auto = AutoNetRegression("tiny_cs", **quick).fit(X, y)
    before = auto.predict(X)
    with pytest.raises(ValueError, match="sample_weight"):
        auto.fit(X[:, :3], np.column_stack([y, y]), sample_weight=[1.0])
    np.testing.assert_array_equal(auto.predict(X), before)

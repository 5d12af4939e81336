"""History and search space travel in a model file if they are asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autonet
from autonet import AutoNetClassification
from autonet.core.errors import TrialPruned
from autonet.estimators.search_spec import describe_search, restore_search
from autonet.search import Study

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def test_a_history_is_loaded_with_the_model(iris: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    X, y = iris
    auto = AutoNetClassification("medium_cs", **quick).fit(X, y)
    auto.save(tmp_path / "with", with_history=True)
    auto.save(tmp_path / "without")
    loaded = autonet.load(tmp_path / "with")
    assert loaded.history_.to_dicts() == auto.history_.to_dicts()
    assert loaded.history_.best.config == auto.history_.best.config
    assert loaded.search_space_ == auto.search_space_
    assert repr(loaded) == repr(auto)
    np.testing.assert_array_equal(loaded.predict(X), auto.predict(X))
    with pytest.raises(AttributeError, match="history_ is not in the model file; save it with with_history=True"):
        _ = autonet.load(tmp_path / "without").history_


def objective(trial: Any) -> float:
    trial.report(trial["x"], step=1)
    if trial["x"] > 0.9:
        raise TrialPruned
    if trial["x"] < 0.05:
        raise ValueError(f"x is {trial['x']}")
    trial.set_attribute("rest", [1, "a", None])
    return float("nan") if 0.5 < trial["x"] < 0.55 else (trial["x"] - 0.3) ** 2 / trial.budget


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("budgets", [{}, {"min_budget": 1, "max_budget": 9, "budget_type": "epochs"}])
def test_a_history_is_rebuilt_from_plain_values(budgets: dict[str, Any]) -> None:
    with Study({"x": (0.0, 1.0), "kind": ["a", "b"]}, random_state=3, **budgets) as study:
        study.enqueue({"x": 0.99, "kind": "b"})
        if not budgets:
            study.optimize(lambda trial: objective(Budgeted(trial)), max_trials=40)
        else:
            study.optimize(objective, max_trials=40)
        study.enqueue({"x": 0.5, "kind": "a"})
        history, space = restore_search(describe_search(study.history, study.space))
        assert history.to_dicts() == study.history.to_dicts()
        assert [t.number for t in history.ranked()] == [t.number for t in study.history.ranked()]
        assert [vars(t) for t in history] == [vars(t) for t in study.history]
        assert [(t.number, r) for t, r in history.reports] == [(t.number, r) for t, r in study.history.reports]
        assert (history.rungs, history.queue) == (study.history.rungs, study.history.queue)
        assert space == study.space
        for budget in history.rungs.budgets:
            assert history.rung(budget) == study.history.rung(budget)


class Budgeted:
    """A trial without budgets, with one."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial
        self.budget = 1.0

    def __getitem__(self, name: str) -> Any:
        return self._trial[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

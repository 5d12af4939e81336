"""CMA-ES: what it converges to, and what its state is computed from."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.search import RunningTrial, Study
from autonet.search.samplers.cmaes import CmaEsSampler
from autonet.search.samplers.random import RandomSampler
from tests.search.samplers.records import history, mixed

PLANE = {"x": (-5.0, 5.0), "y": (-5.0, 5.0)}


def ridge(trial: RunningTrial) -> float:
    return float(100 * (trial["x"] - trial["y"]) ** 2 + (trial["x"] - 1) ** 2)


def test_it_follows_a_ridge_and_is_resumed_with_the_same_trials(tmp_path: Path) -> None:
    whole = Study(PLANE, sampler="cmaes", random_state=0).optimize(ridge, max_trials=100)
    assert whole.best is not None
    assert whole.best.value is not None
    assert whole.best.value < 0.02
    for n in (45, 100):
        with Study(PLANE, sampler="cmaes", run_dir=tmp_path, random_state=0) as study:
            study.optimize(ridge, max_trials=n)
            configs = [trial.config for trial in study.trials]
    assert configs == [trial.config for trial in whole.trials]


def test_it_begins_anew_after_convergence_with_a_larger_population() -> None:
    def steps(trial: RunningTrial) -> float:
        return float(round(abs(trial["x"])))

    study = Study({"x": (-5.0, 5.0)}, sampler=CmaEsSampler(popsize=4), random_state=0).optimize(steps, max_trials=150)
    x = np.array([trial.config["x"] for trial in study.trials])
    assert np.abs(x[-40:]).max() > 1, "a flat bottom is left"
    strategy = study.history.table(study.space).memory["cmaes"]
    assert strategy.popsize > 4


def test_other_hyperparameters_are_of_the_independent_sampler() -> None:
    space = {"x": (-5.0, 5.0), "kind": {"a": {"z": (0.0, 1.0)}, "b": {}, "c": {}}, "n": (1, 30)}
    study = Study(space, sampler="cmaes", random_state=0)
    study.optimize(lambda t: (t["x"] - 2) ** 2 + (t["kind"] != "b") + abs(t["n"] - 20) / 10, max_trials=80)
    assert study.best is not None
    assert study.best.value is not None
    assert study.best.value < 0.1
    assert all(("kind:a:z" in trial.config) == (trial.config["kind"] == "a") for trial in study.trials)
    only = Study({"kind": ["a", "b", "c"]}, sampler="cmaes", random_state=0).optimize(lambda t: 1.0)
    assert len(only.trials) == 3, "a space without numbers ends when all is tried"


def test_budgets_failures_and_points_from_elsewhere() -> None:
    def objective(trial: RunningTrial) -> Any:
        if trial["x"] < -4:
            raise ValueError
        return (trial["x"] - 1) ** 2 + (trial["y"] + 2) ** 2 + 1 / trial.budget

    study = Study(PLANE, sampler="cmaes", min_budget=1, max_budget=9, random_state=0)
    study.enqueue({"x": -5, "y": 5})
    study.optimize(objective, max_trials=60)
    study.enqueue({"x": 5, "y": 5})  # far from the distribution, which it must not blow up
    study.optimize(objective, max_trials=120)
    assert study.best is not None
    assert study.best.value is not None
    assert study.best.value - 1 / 9 < 1e-3
    last = [(trial.config["x"], trial.config["y"]) for trial in study.trials[-20:]]
    assert np.median(np.hypot(*(np.array(last) - [1, -2]).T)) < 0.5


def test_workers_and_generations_in_the_order_of_results() -> None:
    study = Study(PLANE, sampler="cmaes", random_state=0)
    while len(study.trials) < 75:
        asked = [study.ask() for _ in range(3)]
        for trial in reversed(asked):
            assert trial is not None
            study.tell(trial, ridge(trial))
    assert study.best is not None
    assert study.best.value is not None
    assert study.best.value < 0.1
    strategy = study.history.table(study.space).memory["cmaes"]
    assert [number for number, _ in strategy.told[:6]] == [2, 1, 0, 5, 4, 3]


def test_x0_is_the_first_mean() -> None:
    sampler = CmaEsSampler(sigma0=0.01, x0={"x": 3.0}, independent_sampler=RandomSampler())
    study = Study(PLANE, sampler=sampler, random_state=0).optimize(lambda t: 0.0, max_trials=6)
    points = np.array([[trial.config["x"], trial.config["y"]] for trial in study.trials[1:]])
    assert np.abs(points - [3.0, 0.0]).max() < 0.5
    with pytest.raises(InvalidOption, match="x0 has 'z'; the space has 'x', 'y'"):
        Study(PLANE, sampler=CmaEsSampler(x0={"z": 1}))
    with pytest.raises(InvalidOption, match="x0 has 'x' = 9, which is not in its range"):
        Study(PLANE, sampler=CmaEsSampler(x0={"x": 9}))
    defined = Study(sampler=CmaEsSampler(x0={"x": "9"}))
    with pytest.raises(InvalidOption, match="x0 has 'x' = '9', which is not in its range"):
        defined.optimize(lambda trial: trial.suggest_float("x", 0, 1), max_trials=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma0": 0}, "sigma0 must be a positive number; got 0"),
        ({"sigma0": math.nan}, "sigma0 must be a positive number; got nan"),
        ({"popsize": 3}, "popsize must be an integer of at least 4, or None; got 3"),
        ({"inc_popsize": 0}, "inc_popsize must be an integer of at least 1; got 0"),
        ({"x0": [1.0]}, "x0 must be a mapping from names to values, or None; got .1.0."),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        CmaEsSampler(**options)


def test_the_extra_is_named_before_any_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cmaes", None)
    with pytest.raises(
        MissingPackage, match=r'CMA-ES needs cmaes; install it with: pip install "autonet-torch\[cmaes\]"'
    ):
        Study(PLANE, sampler="cmaes")


def test_a_change_of_settings_or_of_results_is_no_continuation() -> None:
    space = mixed()
    record = history(space, {1: list(np.linspace(0, 1, 20)), 3: [0.5, 0.4]})
    rng = np.random.default_rng
    table = record.table(space)
    first = CmaEsSampler().propose(space, record, rng(0))
    other = CmaEsSampler(popsize=9).propose(space, record, rng(0))
    assert CmaEsSampler().propose(space, record, rng(0)) == first
    table.memory.clear()
    assert CmaEsSampler(popsize=9).propose(space, record, rng(0)) == other

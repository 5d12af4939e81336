"""Histories of every kind: resumed, conditional, failed, pruned, running, of one trial, empty."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    InCondition,
    Integer,
    OrdinalHyperparameter,
)

from autonet.core.errors import SearchFailed
from autonet.search import RunningTrial, Study, TrialPruned

Direction = Literal["minimize", "maximize"]


def mixed_space() -> ConfigurationSpace:
    """Every kind of hyperparameter, three of them conditional."""
    kind = Categorical("kind", ["a", "b", None, (1, 2)])
    rate, depth = Float("rate", (1e-4, 1.0), log=True), Integer("depth", (1, 8))
    units = OrdinalHyperparameter("units", [16, 32, 64, 128])
    space = ConfigurationSpace()
    space.add(kind, rate, depth, units, Integer("width", (8, 512), log=True), Constant("activation", "relu"))
    space.add(
        EqualsCondition(rate, kind, "a"),
        InCondition(depth, kind, ["b", None]),
        EqualsCondition(units, kind, (1, 2)),
    )
    return space


def mixed(trial: RunningTrial) -> dict[str, Any]:
    """Fails in all ways; has metrics and attributes."""
    trial.set_user_attr("shape", (trial.number, 2))
    if trial.number % 7 == 3:
        raise ValueError("broken")
    if trial.number % 7 == 4:
        return {"value": math.nan}
    if trial.number % 7 == 5:
        raise TrialPruned
    loss = abs(math.log(trial["width"] / 64)) + trial.get("depth", 0) / 8 + 1 / (trial.budget or 1)
    sign = -1 if trial.job.maximize else 1
    return {"value": sign * (loss + ("a", "b", None, (1, 2)).index(trial["kind"])), "std": 0.5, "gap": math.nan}


def make_mixed(direction: Direction = "minimize", n: int = 14, **options: Any) -> Study:
    """Search the mixed space at random, which finds every choice early."""
    study = Study(mixed_space(), direction=direction, sampler="random", random_state=0, **options)
    return study.optimize(mixed, max_trials=n)


def defined(trial: Any) -> float:
    """Define the space, and report intermediate values; runs under Optuna, too."""
    x, kind = trial.suggest_float("x", -10, 10), trial.suggest_categorical("kind", ["square", "absolute"])
    trial.suggest_int("layers", 0, 12, step=3)
    trial.suggest_float("dropout", 0, 1, step=0.1)
    trial.suggest_int("always", 1, 1)
    if kind == "square":
        trial.suggest_float("scale", 1e-3, 1, log=True)
    for step in range(3):
        trial.report(abs(x) / (step + 1), step)
        if trial.should_prune():
            raise TrialPruned
    return x * x if kind == "square" else abs(x)


def make_resumed() -> Study:
    """Stop a search with budgets, and go on from its run directory."""
    with TemporaryDirectory() as folder:
        options: Any = {"min_budget": 1, "max_budget": 9, "run_dir": Path(folder, "run")}
        make_mixed(n=8, **options).close()
        study = make_mixed(n=14, **options)
        study.close()
    return study


def make_timed() -> Study:
    """Have budgets in seconds."""
    study = Study({"x": (-1.0, 1.0)}, min_budget=0.1, max_budget=0.9, budget_type="time", random_state=0)
    return study.optimize(lambda trial: trial["x"] ** 2 + 1 / trial.budget, max_trials=8)  # type: ignore[operator]


def make_useless(objective: Callable[[RunningTrial], float]) -> Study:
    """End without any value."""
    study = Study({"x": (-1.0, 1.0)}, random_state=0)
    with suppress(SearchFailed):  # but not if all were pruned
        study.optimize(objective, max_trials=3)
    return study


def fail(trial: RunningTrial) -> float:
    raise ValueError(f"broken at {trial['x']}")


def prune(trial: RunningTrial) -> float:
    trial.report(math.nan, 0)
    trial.report(1.0, 1)
    raise TrialPruned


def make_running() -> Study:
    """Have trials that run: one in its first job, and one that goes on."""
    study = Study({"x": (-1.0, 1.0)}, min_budget=1, max_budget=3, random_state=0)
    while not any(trial.running and trial.usable for trial in study.trials):
        trial = study.ask()
        if trial is not None and trial.number != 1 and trial.budget == 1:
            study.tell(trial, trial["x"] ** 2)
    return study


MAKERS: Mapping[str, Callable[[], Study]] = {
    "minimize": make_mixed,
    "maximize": lambda: make_mixed("maximize", min_budget=1, max_budget=9),
    "resumed": make_resumed,
    "defined": lambda: Study(random_state=0).optimize(defined, max_trials=12),
    "timed": make_timed,
    "running": make_running,
    "failed": lambda: make_useless(fail),
    "pruned": lambda: make_useless(prune),
    "one trial": lambda: make_mixed(n=1),
    "empty": lambda: Study(mixed_space()),
    "undefined": Study,
}


@cache
def make(kind: str) -> Study:
    """Make a history, once for all tests."""
    return MAKERS[kind]()

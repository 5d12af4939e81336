"""Which job comes next, and that a seed repeats it."""

import subprocess
import sys

import numpy as np
import pytest

from autonet.search import Result, RunningTrial, Status, Study, minimize
from tests.search.objectives import LINE, quadratic


def test_one_seed_gives_one_history_in_any_process() -> None:
    program = """
from autonet.search import minimize
space = {"x": (-10.0, 10.0), "kind": {"a": {"r": (0.1, 1.0)}, "b": {}}}
study = minimize(lambda t: t["x"] ** 2 + t.get("kind:a:r", 2.0) / t.budget, space, min_budget=1, max_budget=9,
                 max_trials=30, random_state=5)
print([(t.number, t.config, [r.loss for r in t.reports]) for t in study.trials])
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert len(next(iter(printed))) > 1000
    configs = [[t.config for t in minimize(quadratic, LINE, max_trials=12, random_state=s).trials] for s in (3, 4)]
    assert configs[0] != configs[1]


def test_the_random_state_of_the_caller_is_untouched() -> None:
    np.random.seed(0)  # noqa: NPY002 - the very state that must not change
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    minimize(quadratic, LINE, max_trials=12, random_state=0)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("budget", [0, 1, None])
def test_a_trial_that_calls_itself_cut_does_not_go_on_for_ever(budget: float | None) -> None:
    study = Study(LINE, min_budget=1, max_budget=9, random_state=0)
    study.optimize(lambda t: Result(t["x"], budget, Status.CUT, checkpoint=1), max_trials=2)
    assert 2 <= len(study.history.reports) <= 8


def test_an_interrupt_keeps_what_is_finished_and_the_trial_is_begun_again() -> None:
    interrupted: list[int] = []

    def objective(trial: RunningTrial) -> float:
        if trial.number == 2 and not interrupted:
            interrupted.append(2)
            raise KeyboardInterrupt
        return quadratic(trial)

    study = Study(LINE, random_state=0).optimize(objective, max_trials=9)
    assert study.interrupted
    assert [t.number for t in study.trials if t.usable] == [0, 1]
    study.optimize(objective, max_trials=9)
    assert not study.interrupted
    assert [t.config for t in study.trials] == [
        t.config for t in minimize(quadratic, LINE, max_trials=9, random_state=0).trials
    ]

    def at_once(_: RunningTrial) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize(at_once, LINE)

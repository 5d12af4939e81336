"""Every configuration of an objective that defines its space runs once."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.search import RunningTrial, Study, minimize
from autonet.search.spaces.distributions import IntDistribution
from autonet.search.spaces.suggestions import SuggestionTree
from tests.search.spaces.defining import Objective, different, either, layers, reopen


def depends_on_a_sum(trial: RunningTrial) -> float:
    n = sum(trial.suggest_int(f"n{i}", 0, 1) for i in range(3))
    return sum(trial.suggest_categorical(f"w{i}", ["s", "m"]) == "s" for i in range(n)) + n


@pytest.mark.parametrize(("objective", "size"), [(either, 10), (depends_on_a_sum, 27), (layers, 12)])
@pytest.mark.parametrize("sampler", ["random", "bohb", "kde"])
def test_whatever_the_conditions_every_configuration_runs_once(
    objective: Objective, size: int, sampler: str, caplog: pytest.LogCaptureFixture
) -> None:
    study = minimize(objective, max_trials=60, random_state=0, sampler=sampler)
    assert different(study) == len(study.trials) == size
    assert f"stopping the search: all {size} configurations have been tried" in caplog.text


def test_where_all_was_tried_an_edited_objective_is_looked_at(tmp_path: Path) -> None:
    def objective(choices: list[str]) -> Objective:
        return lambda trial: len(trial.suggest_categorical("c", choices))

    assert len(reopen(tmp_path, objective(["a", "bb"]), 9).trials) == 2
    assert {t.config["c"] for t in reopen(tmp_path, objective(["a", "bb", "ccc", "dddd"]), 9).trials} == {
        "a",
        "bb",
        "ccc",
        "dddd",
    }
    study = reopen(tmp_path, lambda t: t.suggest_float("x", 0, 1), 20)
    assert len(study.trials) == 20


def test_a_single_failure_before_the_last_suggestion_hides_nothing() -> None:
    def flaky(trial: RunningTrial) -> float:
        if trial.number == 0:
            raise OSError("for once")
        kernel = trial.suggest_categorical("kernel", ["rbf", "linear"])
        if trial.number == 1:
            raise OSError("once more")
        return trial.suggest_int("c", 1, 3) + len(kernel)

    study = minimize(flaky, max_trials=20, random_state=0)
    assert len({repr(t.config) for t in study.trials if str(t.status) == "finished"}) == 6


def test_several_workers_do_not_run_the_same_configuration() -> None:
    study = Study(random_state=0)
    study.optimize(either, max_trials=6)
    while asked := [trial for _ in range(3) if (trial := study.ask()) is not None]:
        for trial in asked:
            study.tell(trial, either(trial))
    assert different(study) == len(study.trials) == 10


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), max_size=40), st.integers(0, 2**31))
def test_the_tree_knows_what_ran_and_draws_what_did_not(paths: list[tuple[int, ...]], seed: int) -> None:
    def steps(values: tuple[int, ...]) -> dict[str, int]:
        d, c, b, a = values
        return {"d": d, "c": c} | ({"b": b} if d else {}) | ({"a": a} if c > 1 else {})

    tree, rng = SuggestionTree(), np.random.default_rng(seed)
    ran = [steps(values) for values in paths]
    for config in ran:
        tree.add(config, {name: IntDistribution(0, 2) for name in config}, complete=True)
    everything = {repr(steps(v)) for v in itertools.product(range(3), repeat=4)}
    for values in itertools.product(range(3), repeat=4):
        proposal = {"d": values[0], "c": values[1], "b": values[2], "a": values[3]}
        completed, new = tree.complete(proposal, rng)
        if not new:
            assert completed in ran
        elif ran:
            assert steps(values) not in ran
    sampled = tree.sample(rng)
    if {repr(config) for config in ran} == everything:
        assert sampled is None
    else:
        assert sampled is not None
        assert not any(sampled.items() <= config.items() and sampled for config in ran)

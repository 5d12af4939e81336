"""What is proposed is legal and new."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float, ForbiddenAndConjunction, ForbiddenEqualsClause

from autonet.core.errors import EnqueuedIgnored, InvalidOption
from autonet.search import RunningTrial, Study, minimize
from tests.search.objectives import mixed_space, quadratic
from tests.search.spaces.defining import Objective, nested


def test_the_default_configuration_is_tried_first() -> None:
    study = minimize(quadratic, {"x": Float("x", (-10.0, 10.0), default=-1.0)}, max_trials=2)
    assert study.trials[0].config == {"x": -1.0}
    assert [t.origin for t in study.trials] == ["default", "sampler"]


def test_no_configuration_is_tried_twice_and_a_small_space_is_exhausted() -> None:
    study = minimize(lambda t: float(t["n"]), {"n": (1, 3), "c": ["a", "b"]}, max_trials=50)
    assert sorted((t.config["n"], t.config["c"]) for t in study.trials) == [(n, c) for n in (1, 2, 3) for c in "ab"]


def test_forbidden_configurations_are_never_tried() -> None:
    space = ConfigurationSpace({"n": (1, 4), "c": ["a", "b", "c"]})
    clause = ForbiddenAndConjunction(ForbiddenEqualsClause(space["c"], "b"), ForbiddenEqualsClause(space["n"], 2))
    space.add(clause)
    study = minimize(lambda t: float(t["n"]), space, max_trials=50)
    assert len(study.trials) == 11
    assert {"c": "b", "n": 2} not in [t.config for t in study.trials]


def test_a_sampler_that_proposes_what_is_not_legal_is_named() -> None:
    class Careless:
        def propose(self, *_: Any) -> dict[str, Any]:
            return {"kind": "a", "depth": 3}

    with pytest.raises(InvalidOption, match=r"Careless proposed .* which is not legal in the space"):
        minimize(lambda _: 1.0, mixed_space(), sampler=Careless(), max_trials=3)


def stepped(trial: RunningTrial) -> float:
    return trial.suggest_float("x", 0, 1, step=0.1)


@pytest.mark.parametrize(
    ("config", "value"),
    [({"x": 0.3}, 0.3), ({"x": 0.1 + 0.2}, 0.3), ({"x": np.float32(1)}, 1.0), ({"x": np.int64(0)}, 0.0)],
)
def test_what_is_enqueued_runs_as_it_was_asked_for(config: Any, value: float) -> None:
    study = Study(random_state=0)
    study.enqueue(config)
    study.optimize(stepped, max_trials=2)
    assert study.trials[0].config == {"x": value}
    assert study.trials[0].origin == "enqueued"


@pytest.mark.parametrize("rate", [0.3, 1e-3, 0.07, 1 / 3])
def test_what_is_enqueued_in_a_given_space_runs_to_the_last_bit(rate: float) -> None:
    from ConfigSpace import ConfigurationSpace

    space = ConfigurationSpace()
    space.add(Float("rate", (1e-4, 1.0), log=True))
    study = Study(space, random_state=0)
    study.enqueue({"rate": rate})
    assert study.optimize(lambda t: t["rate"], max_trials=1).trials[0].config == {"rate": rate}


@pytest.mark.parametrize(
    ("objective", "config", "sentence"),
    [
        (stepped, {"x": 5.0}, r"trial 0: 'x' = 5.0 is not in float \[0.0, 1.0\], step=0.1; 0\.\d was used instead"),
        (stepped, {"x": 0.35}, r"'x' = 0.35 is not in float"),
        (stepped, {"x": math.nan}, r"'x' = nan is not in float"),
        (stepped, {"x": "high"}, r"'x' = 'high' is not in float"),
        (stepped, {"X": 0.5}, r"trial 0: 'X' = 0.5 was not used: the objective suggested 'x'"),
        (nested, {"z": "tree", "x": 0.5}, r"'x' = 0.5 was not used: the objective suggested 'z'"),
        (
            lambda t: len(t.suggest_categorical("c", ["adam", "sgd"])),
            {"c": "rmsprop"},
            r"'c' = 'rmsprop' is not in categorical \['adam', 'sgd'\]; '\w+' was used instead",
        ),
        (lambda t: t.suggest_int("n", 1, 9), {"n": 2.5}, r"'n' = 2.5 is not in int \[1, 9\]"),
    ],
)
def test_what_is_enqueued_and_cannot_be_used_is_warned_of(objective: Objective, config: Any, sentence: str) -> None:
    study = Study(random_state=0)
    study.enqueue(config)
    with pytest.warns(EnqueuedIgnored, match=sentence):
        study.optimize(objective, max_trials=1)
    assert str(study.trials[0].status) == "finished"


def test_every_configuration_is_repeated_with_another_seed() -> None:
    """AIQC's eight combinations with two repeats are sixteen jobs."""
    space = {"neurons": [9, 12], "batch_size": [3, 5], "epochs": [30, 60]}
    study = Study(space, sampler="grid", random_state=0).optimize(lambda trial: trial.seed, repeats=2)
    pairs = list(zip(study.trials[::2], study.trials[1::2], strict=True))
    assert len({tuple(first.config.items()) for first, _ in pairs}) == len(pairs) == 8
    assert all(first.config == second.config and second.origin == "repeat" for first, second in pairs)
    assert len({trial.seed for trial in study.trials}) == 16


def test_repeats_go_on_in_a_run_directory(tmp_path: Path) -> None:
    def run(max_trials: int | None) -> Study:
        with Study({"x": [1, 2, 3]}, sampler="grid", run_dir=tmp_path / "run", random_state=0) as study:
            return study.optimize(lambda trial: float(trial["x"]), repeats=3, max_trials=max_trials)

    run(4)
    assert [trial.config["x"] for trial in run(None).trials] == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_repeats_of_an_objective_that_defines_its_space_have_its_configuration() -> None:
    def objective(trial: RunningTrial) -> float:
        return trial.suggest_float("x", 0, 1) + (trial.suggest_int("n", 1, 3) if trial.number < 4 else 0)

    trials = Study(random_state=0).optimize(objective, max_trials=4, repeats=2, n_jobs=2).trials
    assert trials[0].config == trials[1].config != trials[2].config == trials[3].config
    assert set(trials[1].config) == {"x", "n"}


@pytest.mark.parametrize("repeats", [0, 1.5, True, "two"])
def test_repeats_are_a_number_of_trials(repeats: Any) -> None:
    with pytest.raises(InvalidOption, match="repeats must be an integer of at least 1; got"):
        Study({"x": (0.0, 1.0)}).optimize(lambda trial: trial["x"], repeats=repeats)

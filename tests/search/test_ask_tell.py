"""Trials that are asked for and told of, without `optimize`."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidOption, UnknownName
from autonet.search import Result, Status, Study, minimize
from autonet.search.spaces.distributions import FloatDistribution, IntDistribution
from tests.search.objectives import LINE, mixed_space, quadratic


def test_ask_and_tell_are_all_that_is_needed() -> None:
    study = Study(LINE, random_state=0)
    for _ in range(40):
        trial = study.ask()
        assert trial is not None
        told = study.tell(trial, quadratic(trial))
        assert told.value == quadratic(trial)
    assert [t.config for t in study.trials] == [
        t.config for t in minimize(quadratic, LINE, max_trials=40, random_state=0).trials
    ]


def test_several_trials_may_be_asked_for_before_any_is_told_of() -> None:
    study = Study(LINE, random_state=0, min_budget=1, max_budget=9)
    for _ in range(12):
        asked = [study.ask() for _ in range(4)]
        assert len({t["x"] for t in asked if t is not None}) == 4, "what runs is not proposed again"
        for trial in reversed(asked):
            assert trial is not None
            assert study.report(trial, quadratic(trial), step=1) is False
            study.tell(trial, quadratic(trial))
    assert study.best.config["x"] == pytest.approx(3, abs=0.5)


def test_telling_of_failures_and_of_what_was_not_asked() -> None:
    study = Study(LINE)
    first, second = study.ask(), study.ask()
    assert first is not None
    assert second is not None
    assert study.tell(first, status="crashed").status is Status.CRASHED
    assert study.tell(second, math.nan).status is Status.DIVERGED
    with pytest.raises(InvalidOption, match=r"Trial 0 is not running; call ask\(\) first and tell\(\) each trial once"):
        study.tell(first, 1.0)
    third = study.ask()
    assert third is not None
    with pytest.raises(UnknownName, match="Unknown status 'great'"):
        study.tell(third, status="great")
    with pytest.raises(InvalidOption, match="status='finished' requires a value"):
        study.tell(third, status="finished")
    with pytest.raises(InvalidOption, match="status='pruned' excludes a value"):
        study.tell(third, 1.0, status="pruned")
    with pytest.raises(ValueError, match="cost = nan"):
        study.tell(third, Result(1.0, cost=math.nan))
    assert study.tell(third, 1.0, status="finished").value == 1.0


def test_enqueued_configurations_come_first_in_their_order() -> None:
    study = Study({"x": (-10.0, 10.0), "n": (1, 5)}, random_state=0)
    study.enqueue({"x": 3.0})
    study.enqueue({"x": -1.0, "n": 5})
    study.optimize(lambda t: t["x"] ** 2, max_trials=4)
    assert [t.config for t in study.trials[:2]] == [{"x": 3.0, "n": 3}, {"x": -1.0, "n": 5}]
    assert [t.origin for t in study.trials] == ["enqueued", "enqueued", "sampler", "sampler"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"y": 1}, "The space has no hyperparameter 'y'; it has 'kind', 'depth', 'rate'"),
        ({"rate": 2.0}, "'rate' = 2.0 is not in its range"),
        ({"kind": "b", "rate": 0.1}, "'rate' is not active in the configuration"),
    ],
)
def test_a_configuration_that_is_not_in_the_space_is_refused_at_once(config: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        Study(mixed_space()).enqueue(config)


@pytest.mark.parametrize("given", [None, "x", [("x", 0.5)], {1: 2}], ids=str)
@pytest.mark.parametrize("space", [None, {"x": (0.0, 1.0)}])
def test_what_is_no_configuration_cannot_be_enqueued(given: Any, space: Any) -> None:
    with pytest.raises(InvalidOption, match=r"enqueue\(\) expects a mapping from names to values; got"):
        Study(space).enqueue(given)


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ((0.0, 1.0), [[0.5], "0.5", None, 1j, 2.0, math.nan, {}]),
        ((1, 9), [2.5, [1, 2], "1", np.array([1, 2])]),
        (["a", "b"], [["a"], ["a", "b"], "c", None, {"a": 1}]),
        ([[1], [2]], [1, [3], [[1], [2]]]),
        ("k", ["x", ["k"], None]),
    ],
)
def test_values_of_any_type_are_refused_by_a_given_space(entry: Any, values: list[Any]) -> None:
    study = Study({"x": entry})
    for value in values:
        with pytest.raises(InvalidOption, match=r"'x' = .* is not in its range"):
            study.enqueue({"x": value})


def test_added_trials_are_learnt_from_and_never_proposed_again() -> None:
    study = Study({"n": (0, 3)}, sampler="random", random_state=0, direction="maximize")
    added = study.add({"n": 2}, 5, curve=[(0, 1.0), (1, 4.0)], attributes={"source": "paper"})
    assert (added.number, added.value, added.origin, added.curve) == (0, 5, "added", [(0, 1.0), (1, 4.0)])
    assert study.add({"n": 1}, status="pruned").status is Status.PRUNED
    study.enqueue({"n": 3})
    study.optimize(lambda trial: trial["n"], max_trials=9)
    assert [trial.config["n"] for trial in study.trials[2:]] == [3, 0]
    assert study.best.attributes == {"source": "paper"}


def test_added_trials_of_a_space_that_the_objective_defines(tmp_path: Path) -> None:
    definitions = {"x": FloatDistribution(0.0, 1.0)}
    with Study(run_dir=tmp_path, min_budget=1, max_budget=9, random_state=0) as study:
        assert study.add({"x": 0.5}, 0.25, definitions=definitions).budget == 9
        assert study.add({}, status="crashed").reports[0].reason == "reported as crashed by tell()"
        study.optimize(lambda trial: trial.suggest_float("x", 0, 2), n_trials=2)
    with Study.open(tmp_path) as study:
        assert [trial.origin for trial in study.trials] == ["added", "added", "sampler", "sampler"]
        assert (study.trials[0].config, study.trials[0].value) == ({"x": 0.5}, 0.25)
        assert study.history.definitions == {"x": FloatDistribution(0.0, 2.0)}


def test_what_cannot_be_added() -> None:
    study = Study(random_state=0)
    study.add({"x": 0.5}, 0.25, definitions={"x": FloatDistribution(0.0, 1.0)})
    with pytest.raises(InvalidOption, match="expected a definition of every value"):
        study.add({"x": 0.5}, 0.25)
    with pytest.raises(InvalidOption, match=r"'x' = 2 is not in float \[0\.0, 1\.0\]"):
        study.add({"x": 2}, 0.25, definitions={"x": FloatDistribution(0.0, 1.0)})
    with pytest.raises(InvalidOption, match="'x' was suggested as float"):
        study.add({"x": 2}, 0.25, definitions={"x": IntDistribution(0, 9)})
    with pytest.raises(TypeError, match="expected a number"):
        study.add({"x": 0.2}, "much", definitions={"x": FloatDistribution(0.0, 1.0)})
    with pytest.raises(InvalidOption, match="not in its range"):
        Study(LINE).add({"x": 99.0}, 1.0)
    assert len(study.trials) == 1

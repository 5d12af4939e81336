"""Spaces as dictionaries."""

import json
import math
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import Constant, Float

from autonet.core.errors import InvalidOption
from autonet.search import RunningTrial, Space, Study, minimize
from tests.search.objectives import mixed_space


def test_conditional_spaces_are_searched_with_inactive_hyperparameters_absent() -> None:
    def objective(trial: RunningTrial) -> float:
        assert set(trial) == ({"kind", "rate"} if trial["kind"] == "a" else {"kind", "depth"})
        assert all(type(v) in (str, int, float) for v in trial.values())
        return float(abs(math.log10(trial["rate"]) + 2) if trial["kind"] == "a" else 5 + trial["depth"])

    best = minimize(objective, mixed_space(), max_trials=25, random_state=1, on_error="raise").best
    assert best.config["kind"] == "a"
    assert best.config["rate"] == pytest.approx(0.01, rel=1)


def test_a_nested_dict_is_a_conditional_space() -> None:
    space = {"a": {"case 1": {"c1": (0.1, 10.0)}, "case 2": {"c2": (-10.0, 10.0)}, "case 3": None}}

    def objective(trial: RunningTrial) -> float:
        if trial["a"] == "case 1":
            return float(1 + trial["a:case 1:c1"])
        return float(trial["a:case 2:c2"] ** 2) if trial["a"] == "case 2" else 2.0

    best = minimize(objective, space, max_trials=100, random_state=0, on_error="raise").best
    assert set(best.config) == {"a", "a:case 2:c2"}
    assert best.value is not None
    assert best.value < 0.01


def test_values_are_what_the_user_wrote() -> None:
    choices = [None, True, 3, 2.5, "text", (1, 2), [500, 500]]
    seen: list[Any] = []
    minimize(lambda t: seen.append(t["c"]) or 0.0, {"c": choices, "n": (1, 3), "k": 7}, max_trials=21, random_state=0)
    assert all(any(value == c and type(value) is type(c) for c in choices) for value in seen)
    assert len(seen) == 21


Shape = namedtuple("Shape", "width depth")


@pytest.mark.parametrize(
    "space",
    [
        {"x": [Shape(1, 2), Shape(3, 4)]},
        {"x": [int]},
        {"x": Constant("x", print)},
        {"x": Float("x", (0, 1), meta={"owner": int})},
    ],
)
def test_a_space_that_would_not_come_back_is_refused(space: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"cannot be saved in a run directory"):
        Study(space, run_dir=tmp_path / "run")
    assert len(Study(space).space) == 1  # in memory all goes


@pytest.mark.parametrize(
    "entry",
    [
        (0, 2**63),
        (0, 10**400),
        (0.0, math.inf),
        (-1e308, 1e308),
        (1e-300, 2e-300),
        [math.nan, 1.0],
        [1, True],
        [np.zeros(2), np.ones(2)],
        math.nan,
    ],
)
def test_spaces_that_cannot_be_are_refused_by_name(entry: Any) -> None:
    with pytest.raises(InvalidOption, match=r"space\['x'\] = "):
        Study({"x": entry})


def test_samples_are_plain_values_of_the_priors() -> None:
    given = {
        "rate": (0.0, 1.0),
        "depth": range(2, 12, 3),
        "size": np.array([32, 64]),
        "share": list(np.float32([0.25, 0.5])),
        "down": range(3, 0, -1),
        "kind": {"a": {"n": (1, 3)}, "b": None},
    }
    space = Space(given)
    assert space.sample(10, random_state=0) == space.sample(10, random_state=0) != space.sample(10, random_state=1)
    drawn = space.sample(200, random_state=0)
    assert all(type(config) is dict for config in drawn)
    kinds = {name: {type(config[name]) for config in drawn if name in config} for name in space}
    assert kinds == {name: {float if name in ("rate", "share") else int} for name in space} | {"kind": {str}}
    assert {config["depth"] for config in drawn} == {2, 5, 8, 11}
    assert {config["down"] for config in drawn} == {1, 2, 3}
    assert all(("kind:a:n" in config) == (config["kind"] == "a") for config in drawn)
    assert json.loads(json.dumps(drawn)) == drawn
    assert Study(given).space.sample(10, random_state=0) == space.sample(10, random_state=0)
    with pytest.raises(InvalidOption, match=r"sample\(\) draws a number of configurations of at least 0; got -1"):
        space.sample(-1)


def test_every_study_has_a_space_that_samples(tmp_path: Path) -> None:
    theirs = mixed_space()
    with Study(theirs, run_dir=tmp_path) as study:
        assert study.space == theirs
        assert {config["kind"] for config in study.space.sample(20, random_state=0)} == {"a", "b"}
    with Study.open(tmp_path) as study:
        assert len(study.space.sample(2)) == 2
    defined = minimize(lambda t: t.suggest_float("x", 0, 1), max_trials=2)
    assert [set(config) for config in defined.space.sample(2)] == [{"x"}, {"x"}]
    assert Space(theirs).sample(4, random_state=0) == Space(theirs).sample(4, random_state=0)

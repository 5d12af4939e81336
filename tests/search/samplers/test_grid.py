"""The grid."""

from pathlib import Path

import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    Integer,
)

from autonet.core.errors import InvalidOption
from autonet.search import Seed, Study


def test_a_grid_goes_through_the_product_in_order() -> None:
    space = ConfigurationSpace()
    space.add(Integer("a", (1, 3), default=1), Categorical("b", ["u", "v"]), Constant("k", 0))
    trials = Study(space, sampler="grid").optimize(lambda trial: trial["a"]).trials
    assert [(t.config["a"], t.config["b"]) for t in trials] == [(a, b) for a in (1, 2, 3) for b in ("u", "v")]


def test_a_grid_has_no_seed() -> None:
    with pytest.raises(InvalidOption, match="'seed' is a seed, which is drawn and not enumerated; use a list of seeds"):
        Study({"a": [1, 2], "seed": Seed()}, sampler="grid")


def test_a_grid_goes_on_when_opened_again_and_asks_nothing_twice(tmp_path: Path) -> None:
    space = {"a": [1, 2, 3, 4], "b": {"u": {"n": (1, 3)}, "v": None}}
    configs = []
    for _ in range(6):
        with Study(space, sampler="grid", run_dir=tmp_path) as study:
            study.enqueue({"a": 4, "b": "v"}) if not configs else None
            study.optimize(lambda trial: trial["a"], max_trials=len(configs) + 3)
            configs = [tuple(t.config.items()) for t in study.trials]
    assert len(configs) == len(set(configs)) == 4 * (3 + 1)


def test_several_workers_go_through_a_grid_and_a_promotion_does_not_hold_it_up() -> None:
    study = Study({"a": (1, 12)}, sampler="grid", min_budget=1, max_budget=9)
    asked = [study.ask() for _ in range(4)]
    while any(asked):
        for trial in asked:
            if trial is not None:
                study.tell(trial, float(trial["a"]))
        asked = [study.ask() for _ in range(4)]
    assert sorted(t.config["a"] for t in study.trials) == list(range(1, 13))


def test_a_grid_too_large_to_write_down_is_begun_at_once() -> None:
    space = {f"x{i}": (1, 1000) for i in range(12)} | {"kind": {c: {"n": (1, 10**6)} for c in "abcdef"}}
    trials = Study(space, sampler="grid").optimize(lambda trial: 1.0, max_trials=60, progress=False).trials
    assert len({str(t.config) for t in trials}) == 60


def test_a_grid_refuses_continuous_hyperparameters_and_says_what_to_do() -> None:
    with pytest.raises(InvalidOption) as caught:
        Study({"n": (1, 3), "rate": (0.1, 1.0)}, sampler="grid")
    assert str(caught.value) == (
        "'rate' is continuous, and a grid requires finitely many values; use a list of values instead of a range, or "
        "another sampler."
    )
    assert len(Study({"n": (1, 3), "rate": [0.1, 0.3]}, sampler="grid").optimize(lambda trial: 1.0).trials) == 6

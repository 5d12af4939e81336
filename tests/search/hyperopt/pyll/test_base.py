"""Expressions of Hyperopt: nested spaces, conditions, arithmetic."""

import math

import numpy as np
import pytest

from autonet.core.errors import InvalidOption
from autonet.search.hyperopt import exceptions, hp, pyll, scope, space_eval
from autonet.search.hyperopt.pyll.base import CompiledSpace
from autonet.search.hyperopt.pyll.stochastic import sample


def test_nested_spaces_are_sampled_by_branch() -> None:
    space = {
        "model": hp.choice(
            "model",
            [
                {"type": "svm", "C": hp.lognormal("C", 0, 1), "kernel": hp.choice("kernel", ["linear", "rbf"])},
                ("tree", [hp.quniform("depth", 1, 9, 1), None]),
            ],
        ),
        "fixed": 3,
    }
    points = [sample(space, rng) for rng in range(30)]
    assert {type(point["model"]) for point in points} == {dict, tuple}
    for point in points:
        assert point["fixed"] == 3
        if isinstance(point["model"], dict):
            assert set(point["model"]) == {"type", "C", "kernel"}
            assert point["model"]["C"] > 0
            assert point["model"]["kernel"] in ("linear", "rbf")
        else:
            name, (depth, nothing) = point["model"]
            assert (name, type(depth), nothing) == ("tree", float, None)
    assert points == [pyll.stochastic.sample(space, rng) for rng in range(30)]


def test_arithmetic_and_functions_apply_to_values() -> None:
    @scope.define
    def double(x: float, *, plus: float = 0) -> float:
        return 2 * x + plus

    x = hp.uniform("x", 1, 2)
    space = [1 + x, x - 1, 2 * x, x / 2, x**2, -x, 3 - x, scope.int(10 * x), scope.exp(x), scope.double(x, plus=x)]
    assert space_eval(space, {"x": 1.5}) == (2.5, 0.5, 3.0, 0.75, 2.25, -1.5, 1.5, 15, math.exp(1.5), 4.5)
    with pytest.raises(AttributeError, match=r"no function 'nothing'; add it with @scope\.define"):
        scope.nothing(x)


def test_space_eval_takes_indices() -> None:
    space = hp.choice("a", [("case 1", hp.uniform("c1", 0, 1)), ("case 2", hp.randint("c2", 5))])
    assert space_eval(space, {"a": 1, "c2": np.int64(3)}) == ("case 2", 3)
    assert space_eval(space, {"a": np.float64(0), "c1": 0.5}) == ("case 1", 0.5)
    with pytest.raises(InvalidOption, match=r"There is no value for 'c1' among \['a'\]"):
        space_eval(space, {"a": 0})
    with pytest.raises(InvalidOption, match="'a' = 2: expected the index of an option, from 0 to 1"):
        space_eval(space, {"a": 2})


def test_a_hyperparameter_of_several_branches_is_active_in_each() -> None:
    shared = hp.uniform("shared", 0, 1)
    compiled = CompiledSpace(hp.choice("a", [(shared, 0), hp.uniform("own", 0, 1), [shared, 1]]))
    rng = np.random.default_rng(0)
    for _ in range(30):
        config = compiled.sample(rng)
        assert ("shared" in config) == (config["a"] != "option 1")
    everywhere = CompiledSpace([shared, hp.choice("b", [shared, 1])])
    assert not everywhere.space.conditions


def test_configurations_show_values_where_options_are_values() -> None:
    space = [
        hp.choice("n", [1, 5]),
        hp.choice("s", ["x", None]),
        hp.choice("f", [math.sin, math.sin]),
        hp.choice("o", [7]),
    ]
    compiled = CompiledSpace(space)
    assignment = {"n": 1, "s": 1, "f": 0, "o": 0}
    config = compiled.configure(assignment)
    assert config == {"n": 5, "s": "option 1", "f": "option 0", "o": 7}
    assert compiled.assign(config) == assignment
    assert compiled.point(assignment) == (5, None, math.sin, 7)


def test_invalid_spaces_are_refused() -> None:
    with pytest.raises(exceptions.DuplicateLabel, match="The label 'x' is used by two hyperparameters"):
        CompiledSpace([hp.uniform("x", 0, 1), hp.normal("x", 0, 1)])
    with pytest.raises(InvalidOption, match="The space has no hyperparameter"):
        CompiledSpace({"x": 1})
    with pytest.raises(InvalidOption, match="The space has no label 'y'; it has 'x'"):
        CompiledSpace(hp.uniform("x", 0, 1)).configure({"y": 1})

"""Values as other programs take them."""

import json
import math
from enum import Enum, IntEnum
from typing import Any

import numpy as np
import pytest

from autonet.search import Status
from autonet.search.export.values import (
    list_names,
    make_labels,
    make_step_counter,
    shorten_names,
    to_json,
    to_scalar,
    value_of,
)
from autonet.search.history import History
from autonet.search.rungs import Rungs
from tests.search.export.histories import make


class Color(Enum):
    RED = 1


class Size(IntEnum):
    LARGE = 3


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("value", "scalar"),
    [
        (None, None),
        (True, True),
        (2, 2),
        (0.5, 0.5),
        ("a\ud800", "a\\ud800"),
        (math.inf, "inf"),
        (np.float64(0.5), 0.5),
        (np.float32(math.nan), "nan"),
        (b"ab", "ab"),
        ((1, "b"), "(1, 'b')"),
        (Color.RED, "Color.RED"),
        (Size.LARGE, 3),
        (math.log, "log"),
        (Broken, "Broken"),
        (Broken(), "an object of type Broken"),
    ],
)
def test_a_scalar_is_what_json_has_or_text(value: Any, scalar: Any) -> None:
    found = to_scalar(value)
    assert found == scalar
    assert type(found) is type(scalar)


def test_json_takes_every_value() -> None:
    value = {"a": (1, [2.5, None]), 3: {"y", "x"}, "deep": {"\ud800": np.float64(1.0)}, "nan": math.nan, "o": Broken()}
    expected = {"a": [1, [2.5, None]], "3": ["x", "y"], "deep": {"\\ud800": 1.0}, "nan": "nan"}
    assert to_json(value) == {**expected, "o": "an object of type Broken"}
    assert json.loads(json.dumps(to_json(value), allow_nan=False).encode()) == to_json(value)


def test_labels_differ_though_their_texts_do_not() -> None:
    assert make_labels([(1, 2), "(1, 2)", "(1, 2) (2)", 1.0]) == ["(1, 2)", "(1, 2) (2)", "(1, 2) (2) (2)", 1.0]


@pytest.mark.parametrize(
    ("rungs", "budget", "step", "unit"),
    [
        (Rungs((1, 3, 9)), 3, 3, "1 epoch"),
        (Rungs((1, 3, 9)), 3.2, 4, "1 epoch"),  # stopped in the fourth epoch
        (Rungs((0.25, 1.0)), 0.25, 2500, "0.0001 epoch"),
        (Rungs((2.0, 60.0), unit="time"), 2.0, 2000, "0.001 s"),
        (Rungs((1e-6, 1.0), unit="time"), 1.5e-6, 1500, "1e-09 s"),
        (Rungs((1e-30, 1.0), unit="time"), 1.0, 10**12, "1e-12 s"),
    ],
)
def test_steps_are_integers_that_tell_budgets_apart(rungs: Rungs, budget: float, step: int, unit: str) -> None:
    count, found = make_step_counter(History(rungs))
    assert (count(budget), found) == (step, unit)


def test_values_follow_the_direction_of_the_study() -> None:
    for kind in ("minimize", "maximize"):
        for trial, report in make(kind).history.reports:
            failed = report.status in (Status.CRASHED, Status.DIVERGED, Status.PRUNED)
            assert value_of(trial, report) == (None if failed else report.loss * (-1 if kind == "maximize" else 1))


def test_names_are_shortened_unless_they_become_equal() -> None:
    names = ["a", "x:a", "x:y:b", "x:z:b", "x:z:c"]
    assert shorten_names(names) == {"a": "a", "x:a": "x:a", "x:y:b": "y:b", "x:z:b": "z:b", "x:z:c": "c"}
    assert list_names([{"b": 1, "a": 2}, {}, {"c": 3, "a": 4}]) == ["b", "a", "c"]

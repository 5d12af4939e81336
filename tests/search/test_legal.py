"""Spaces with forbidden clauses: legality of many rows at once, and configurations where few are legal."""

import logging
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    Categorical,
    Configuration,
    ConfigurationSpace,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    ForbiddenEqualsRelation,
    ForbiddenGreaterThanClause,
    ForbiddenGreaterThanRelation,
    ForbiddenInClause,
    ForbiddenLessThanClause,
    ForbiddenLessThanEqualsClause,
    ForbiddenLessThanRelation,
    ForbiddenOrConjunction,
    Integer,
)
from ConfigSpace.exceptions import ForbiddenValueError

from autonet.search import Study
from autonet.search.spaces.encoding import Encoding


def ordered(n: int = 7) -> ConfigurationSpace:
    """x0 <= x1 <= ... : one of n! configurations is legal."""
    space = ConfigurationSpace()
    numbers = [Float(f"x{i}", (0.0, 1.0), default=(i + 1) / (n + 2)) for i in range(n)]
    space.add(*numbers)
    space.add(*[ForbiddenGreaterThanRelation(a, b) for a, b in pairwise(numbers)])
    return space


def distance(trial: Any) -> float:
    return sum((trial[f"x{i}"] - i / 7) ** 2 for i in range(7))


@pytest.mark.parametrize("sampler", ["bohb", "forest", "kde", "random"])
def test_where_one_in_thousands_is_legal_the_search_goes_on(sampler: str) -> None:
    space = ordered()
    study = Study(space, random_state=0, sampler=sampler).optimize(distance, max_trials=25)
    assert len(study.trials) == 25
    for trial in study.trials:
        Configuration(space, values=dict(trial.config))  # legal, or it raises
    assert len({tuple(t.config.values()) for t in study.trials}) == 25


def test_where_few_are_legal_the_model_proposes_still() -> None:
    study = Study(ordered(), random_state=1).optimize(distance, max_trials=40)
    assert study.best.value is not None
    assert study.best.value < 0.006  # random search: .02


def test_a_walk_covers_what_is_legal() -> None:
    encoding, rng = Encoding(ordered(8)), np.random.default_rng(0)
    rows = encoding.sample_legal(200, rng)
    assert len(rows) == 200
    assert encoding.legal(rows).all()
    # Order statistics of eight uniform numbers: the i-th is i / 9 on average.
    np.testing.assert_allclose(rows.mean(axis=0), np.arange(1, 9) / 9, atol=0.06)


def test_a_needle_is_found_and_the_end_is_told(caplog: pytest.LogCaptureFixture) -> None:
    space = ConfigurationSpace()
    numbers = [Integer(f"n{i}", (0, 9), default=5) for i in range(4)]
    space.add(*numbers)
    space.add(*[ForbiddenLessThanClause(n, 4) for n in numbers], *[ForbiddenGreaterThanClause(n, 5) for n in numbers])
    study = Study(space, random_state=0).optimize(lambda t: float(sum(t.values())), max_trials=50)
    assert len({tuple(t.config.values()) for t in study.trials}) == len(study.trials) == 16
    assert "stopping the search: all 16 configurations have been tried" in caplog.text


def test_a_search_that_finds_nothing_legal_any_more_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "autonet.search")
    space = ConfigurationSpace()
    numbers = [Integer(f"n{i}", (0, 10**6), default=5) for i in range(3)]
    space.add(*numbers)
    space.add(*[ForbiddenLessThanClause(n, 5) for n in numbers], *[ForbiddenGreaterThanClause(n, 5) for n in numbers])
    study = Study(space, random_state=0).optimize(lambda t: float(sum(t.values())), max_trials=9)
    assert len(study.trials) == 1
    assert (
        "stopping the search: no legal configuration was found beyond the 1 tried, because the forbidden" in caplog.text
    )


def clauses() -> dict[str, Callable[[dict[str, Any]], Any]]:
    return {
        "equals": lambda h: ForbiddenEqualsClause(h["c"], "b"),
        "in": lambda h: ForbiddenInClause(h["n"], [2, 3]),
        "less": lambda h: ForbiddenLessThanClause(h["x"], 0.4),
        "less or equal": lambda h: ForbiddenLessThanEqualsClause(h["n"], 3),
        "greater": lambda h: ForbiddenGreaterThanClause(h["n"], 4),
        "and": lambda h: ForbiddenAndConjunction(ForbiddenEqualsClause(h["c"], "b"), ForbiddenInClause(h["n"], [2])),
        "or": lambda h: ForbiddenOrConjunction(ForbiddenEqualsClause(h["c"], "b"), ForbiddenInClause(h["n"], [2])),
        "relation": lambda h: ForbiddenLessThanRelation(h["x"], h["y"]),
        "equal relation": lambda h: ForbiddenEqualsRelation(h["n"], h["m"]),
    }


@pytest.mark.parametrize("kind", clauses())
def test_many_rows_are_judged_as_configspace_judges_one_value(kind: str) -> None:
    space = ConfigurationSpace()
    c, x, y = Categorical("c", ["a", "b"]), Float("x", (0.0, 1.0), default=0.9), Float("y", (0.0, 2.0), default=0.1)
    n, m = Integer("n", (1, 5), default=4), Integer("m", (1, 5), default=1)
    space.add(c, x, y, n, m, EqualsCondition(y, c, "a"))
    space.add(clauses()[kind]({"c": c, "x": x, "y": y, "n": n, "m": m}))
    encoding = Encoding(space)
    (clause,) = space.forbidden_clauses
    rows = encoding.sample(200, np.random.default_rng(0))
    legal = encoding.legal(rows)
    assert 0 < legal.sum() < 200
    for row, is_legal in zip(rows, legal, strict=True):
        assert is_legal == (not clause.is_forbidden_value(encoding.decode(row)))
        if kind != "less or equal":  # which ConfigSpace judges by >=
            try:
                Configuration(space, values=encoding.decode(row))
            except ForbiddenValueError:
                assert not is_legal
            else:
                assert is_legal


def test_all_legal_configurations_of_a_small_space_are_listed() -> None:
    space = ConfigurationSpace()
    c, n, w = Categorical("c", ["a", "b"]), Integer("n", (1, 5), default=4), Integer("w", (1, 3))
    space.add(c, n, w, EqualsCondition(w, c, "a"), ForbiddenInClause(n, [2, 3]))
    encoding = Encoding(space)
    rows = encoding.all_legal()
    assert rows is not None
    assert len(rows) == 3 * 3 + 3
    assert len({encoding.key(row) for row in rows}) == len(rows)
    assert Encoding(ordered()).all_legal() is None

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    AndConjunction,
    Categorical,
    Configuration,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    ForbiddenEqualsRelation,
    ForbiddenGreaterThanClause,
    ForbiddenInClause,
    ForbiddenLessThanClause,
    ForbiddenLessThanEqualsClause,
    ForbiddenLessThanRelation,
    ForbiddenOrConjunction,
    GreaterThanCondition,
    Integer,
)
from ConfigSpace.exceptions import ForbiddenValueError
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.task import Task
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.presets import list_presets, load_preset
from tests.search.spaces.forbidding import ordered


def space() -> ConfigurationSpace:
    cs = ConfigurationSpace()
    layers, use = Integer("layers", (1, 4), default=2), Categorical("use", [True, False], default=True)
    rate = Float("rate", (1e-3, 1.0), log=True, default=0.1)
    cs.add(layers, use, rate, Constant("k", 3), Categorical("size", ["s", "m", "l"], ordered=True, default="m"))
    cs.add(AndConjunction(EqualsCondition(rate, use, True), GreaterThanCondition(rate, layers, 2)))
    return cs


SPACES = [
    space(),
    *(
        build_space(Task(k), p.components, p.updates)
        for n in list_presets()
        for k in ("classification", "regression")
        for p in [load_preset(n, Task(k))]
    ),
]


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31), which=st.integers(0, len(SPACES) - 1))
def test_round_trips_lose_nothing_but_the_last_bit_and_mutants_are_legal(seed: int, which: int) -> None:
    encoding, rng = Encoding(SPACES[which]), np.random.default_rng(seed)
    for row in encoding.sample(3, rng):
        config = encoding.decode(row)
        back = encoding.decode(encoding.encode(config))
        assert back.keys() == config.keys()
        assert all(back[k] == (pytest.approx(v, rel=1e-12) if isinstance(v, float) else v) for k, v in config.items())
        np.testing.assert_array_equal(encoding.canonicalize(row[None])[0], row)
        for mutant in encoding.mutate(np.tile(row, (2, 1)), np.array([0.01, 0.3]), 0.5, rng):
            values = encoding.decode(mutant)
            assert dict(Configuration(encoding.space, values=values)).keys() == values.keys()  # legal, or it raises
            assert encoding.features(mutant).shape == (1, encoding.n_features)
            assert np.isfinite(encoding.features(mutant)).all()


def test_constants_are_no_features() -> None:
    assert Encoding(space()).n_features == 4


def test_forbidden_rows_are_recognized() -> None:
    cs = space()
    cs.add(ForbiddenEqualsClause(cs["layers"], 3))
    encoding = Encoding(cs)
    assert not any(encoding.decode(r)["layers"] == 3 for r in encoding.sample_legal(50, np.random.default_rng(0)))
    bad = encoding.encode({"layers": 3, "use": False, "k": 3, "size": "m"})
    assert not encoding.is_legal(bad)
    assert encoding.is_legal(encoding.encode({"layers": 2, "use": False, "k": 3, "size": "m"}))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_as_many_rows_are_drawn_as_asked_for(n: int) -> None:
    assert len(Encoding(space()).sample(n, np.random.default_rng(0))) == n


def test_a_walk_covers_what_is_legal() -> None:
    encoding, rng = Encoding(ordered(8)), np.random.default_rng(0)
    rows = encoding.sample_legal(200, rng)
    assert len(rows) == 200
    assert encoding.legal(rows).all()
    # Order statistics of eight uniform numbers: the i-th is i / 9 on average.
    np.testing.assert_allclose(rows.mean(axis=0), np.arange(1, 9) / 9, atol=0.06)


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

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
    ForbiddenEqualsClause,
    GreaterThanCondition,
    Integer,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.task import Task
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.presets import list_presets, load_preset


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

"""Ranges with a step, or with ends that ConfigSpace would round."""

from collections import Counter

import numpy as np
import pytest
from ConfigSpace.hyperparameters import UniformFloatHyperparameter, UniformIntegerHyperparameter
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.jsonvalues import to_text
from autonet.search import minimize
from autonet.search.spaces.distributions import FloatDistribution
from autonet.search.spaces.ranges import RangeHyperparameter, count_decimals, is_on_grid


@given(st.integers(-1000, 1000), st.integers(-500, 500), st.sampled_from([0.1, 0.25, 1e-3, 1 / 3, 7.0]))
def test_what_arithmetic_of_users_makes_of_a_place_is_on_the_grid(k: int, low: int, step: float) -> None:
    assert is_on_grid(low + k * step, low, step)
    assert is_on_grid(sum([step] * abs(k)), 0.0, step)
    assert not is_on_grid(low + (k + 0.5) * step, low, step)
    assert is_on_grid(low + (k + 0.5) * step, low, None)


@pytest.mark.parametrize(("value", "decimals"), [(0.1, 1), (0.1 + 0.2, 17), (3.0, 1), (1e-7, 7), (1e22, 0), (5, 0)])
def test_decimals_are_those_that_are_written(value: float, decimals: int) -> None:
    assert count_decimals(value) == decimals


@pytest.mark.parametrize(("log", "step"), [(False, 0.25), (False, None), (True, None)])
def test_vectors_are_places_between_the_ends(log: bool, step: float | None) -> None:
    space = RangeHyperparameter("x", 1.0, 4.0, step, log=log)
    vectors = np.linspace(0, 1, 13)
    values = [space.to_value(vector) for vector in vectors]
    assert values == pytest.approx(np.geomspace(1, 4, 13) if log else np.linspace(1, 4, 13))
    assert [space.to_vector(value) for value in values] == pytest.approx(vectors)
    assert all(space.legal_value(value) for value in values)
    for beyond in (0.99, 4.01, *([1.1] if step else [])):
        assert not space.legal_value(beyond)


def test_the_ends_of_a_grid_are_drawn_as_often_as_its_other_places() -> None:
    space = RangeHyperparameter("n", 0, 30, 10)
    drawn = Counter(int(space.to_value(v)) for v in space.sample_vector(4000, seed=np.random.RandomState(0)))
    assert set(drawn) == {0, 10, 20, 30}
    assert all(900 < n < 1100 for n in drawn.values())


def test_ranges_that_configspace_has_are_its_own() -> None:
    make = RangeHyperparameter.for_range
    assert type(make("x", 0.0, 1.0, step=None, log=False)) is UniformFloatHyperparameter
    assert type(make("n", 1, 9, step=1, log=True)) is UniformIntegerHyperparameter
    for low, high, step in ((0.0, 1e-15, None), (0.0, 1.0, 0.1), (1, 9, 2), (0, 2**60, 1), (0.0, 1e308, None)):
        assert type(make("x", low, high, step=step, log=False)) is RangeHyperparameter


def test_a_small_step_costs_no_more_than_a_large_one() -> None:
    space = FloatDistribution(0, 1, 1e-7).hyperparameter("x")
    assert space.size == 10_000_001
    study = minimize(lambda t: abs(t.suggest_float("x", 0, 1, step=1e-7) - 0.3), max_trials=30, random_state=0)
    assert len(to_text(study.history.definitions["x"].to_dict())) < 100
    assert study.best.value is not None
    assert study.best.value < 0.05

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from autonet.pipeline.greedy_selection import greedy_selection

Array = NDArray[Any]


def distance(truth: Array) -> Callable[[Array], tuple[float, float]]:
    return lambda mean: (float(np.abs(mean - truth).mean()), 0.0)


def test_models_that_err_in_opposite_ways_are_mixed() -> None:
    weights = greedy_selection([np.array([0.9]), np.array([1.2]), np.array([5.0])], distance(np.ones(1)), size=25)
    np.testing.assert_allclose(weights, [2 / 3, 1 / 3, 0])


def test_of_equally_good_ensembles_the_smaller_is_taken() -> None:
    same = np.array([0.3, 0.7])
    np.testing.assert_array_equal(greedy_selection([same, same, same], distance(np.ones(2)), size=10), [1, 0, 0])
    plateau = lambda mean: (max(1.0, float(np.abs(mean).max())), 0.0)  # noqa: E731 - a third model changes nothing
    weights = greedy_selection([np.array([3.0]), np.array([-3.0])], plateau, size=3)
    np.testing.assert_array_equal(weights, [0.5, 0.5])


def test_what_decides_between_equal_losses() -> None:
    rough = lambda mean: (0.0, float(np.abs(mean - 1).mean()))  # noqa: E731 - equal losses throughout
    np.testing.assert_allclose(greedy_selection([np.zeros(1), 2 * np.ones(1)], rough, size=2), [0.5, 0.5])


def test_the_first_model_stands_when_there_is_no_time() -> None:
    models = [np.array([0.9]), np.array([1.1])]
    weights = greedy_selection(models, distance(np.ones(1)), size=25, is_over=lambda: True)
    np.testing.assert_array_equal(weights, [1, 0])


def test_a_selection_may_begin_with_several_models() -> None:
    models = [np.array([0.9]), np.array([2.0]), np.array([1.2])]
    weights = greedy_selection(models, distance(np.ones(1)), size=3, initial=[0, 1])
    np.testing.assert_allclose(weights, [2 / 3, 1 / 3, 0])
    weights = greedy_selection(models, distance(np.ones(1)), size=1, initial=[1, 0])
    np.testing.assert_array_equal(weights, [0, 1, 0])


@settings(max_examples=60)
@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_an_ensemble_is_never_worse_than_its_first_model(n_models: int, size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    truth, models = random.normal(size=20), list(random.normal(size=(n_models, 20)))
    before = [m.copy() for m in models]
    loss = distance(truth)
    weights = greedy_selection(models, loss, size=size)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert np.count_nonzero(weights) <= size
    assert loss(np.tensordot(weights, models, 1))[0] <= loss(models[0])[0] + 1e-12
    np.testing.assert_array_equal(models, before)

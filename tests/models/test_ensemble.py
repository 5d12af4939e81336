import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from autonet.models.ensemble import apply_temperature, fit_temperature


@pytest.mark.parametrize("temperature", [0.5, 1.5, 3.0])
def test_the_temperature_of_probabilities_that_were_distorted_is_found(temperature: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3))
    y = (softmax(logits, axis=1).cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1)
    distorted = softmax(logits * temperature, axis=1)
    assert fit_temperature(distorted, y) == pytest.approx(temperature, rel=0.05)
    np.testing.assert_allclose(apply_temperature(distorted, temperature), softmax(logits, axis=1), rtol=1e-6)


def test_weights_count_as_repetitions() -> None:
    random = np.random.default_rng(1)
    p, y, weights = random.dirichlet(np.ones(3), 200), random.integers(0, 3, 200), random.integers(0, 4, 200)
    repeated = np.repeat(np.arange(200), weights)
    assert fit_temperature(p, y, weights.astype(float)) == pytest.approx(fit_temperature(p[repeated], y[repeated]))


@settings(max_examples=50)
@given(st.integers(2, 5), st.floats(0.25, 4.0), st.integers(0, 2**32 - 1))
def test_tempered_probabilities_keep_their_order(n_classes: int, temperature: float, seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.ones(n_classes), 10)
    changed = apply_temperature(p, temperature)
    np.testing.assert_allclose(changed.sum(axis=1), 1)
    np.testing.assert_array_equal(changed.argmax(axis=1), p.argmax(axis=1))


def test_certain_and_wrong_probabilities_give_no_infinities() -> None:
    p = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert np.isfinite(apply_temperature(p, fit_temperature(p, np.array([0, 1])))).all()

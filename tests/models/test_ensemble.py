"""The weighted mean of what members predict."""

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.images.reader import ImageData
from autonet.data.table import Table
from autonet.models import ensemble as module
from autonet.models.ensemble import Ensemble, apply_temperature, fit_temperature, weighted_mean
from tests.data.encoding.encoders import config

X = np.random.default_rng(0).normal(size=(40, 3))


class Encoder:
    """An encoder that counts how often it is asked."""

    def __init__(self) -> None:
        self.encoder = TabularEncoder.fit(Table.from_numbers(X), np.arange(40), config(scale="none"), 0)
        self.layout, self.asked = self.encoder.layout, 0

    def inputs(self, data: Any, device: torch.device, rows: Any = None) -> Any:
        self.asked += 1
        return self.encoder.inputs(data, device, rows)


@dataclass(frozen=True)
class Member:
    """Predicts a probability that depends on a column."""

    encoder: Any
    column: int

    def predict(self, x: Any) -> np.ndarray:
        p = torch.sigmoid(x[:, self.column]).double().numpy()
        return np.stack([1 - p, p], axis=1)


def expected(weights: list[float]) -> np.ndarray:
    p = 1 / (1 + np.exp(-X)) @ np.array(weights)
    return np.stack([1 - p, p], axis=1)


def test_predictions_are_the_weighted_mean_at_the_temperature() -> None:
    shared, own = Encoder(), Encoder()
    members = [Member(shared, 0), Member(own, 1), Member(shared, 2)]
    for temperature in (1.0, 2.5):
        ensemble = Ensemble(members, [0.5, 0.2, 0.3], [4, "linear", 4], temperature)
        mean = expected([0.5, 0.2, 0.3])
        np.testing.assert_allclose(
            ensemble.predict(Table.from_numbers(X)), apply_temperature(mean, temperature), atol=1e-6
        )
    assert ensemble.shares == pytest.approx({4: 0.8, "linear": 0.2})
    assert (shared.asked, own.asked) == (2, 2)  # once for both members and each prediction


def test_members_of_one_trial_count_the_same() -> None:
    ensemble = Ensemble.from_members(7, [Member(Encoder(), i) for i in range(3)])
    np.testing.assert_allclose(ensemble.predict(Table.from_numbers(X)), expected([1 / 3] * 3), atol=1e-6)
    assert ensemble.shares == pytest.approx({7: 1.0})


@pytest.mark.parametrize(("name", "number"), [("PREDICTED_ROWS", 7), ("THREADED_ROWS", 5)])
def test_parts_of_the_rows_and_threads_change_no_bit(name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble, table = Ensemble.from_members(7, [Member(Encoder(), i) for i in range(3)]), Table.from_numbers(X)
    before = ensemble.predict(table)
    monkeypatch.setattr(module, name, number)
    monkeypatch.setattr("autonet.core.cores.cpu_count", lambda: 4)
    np.testing.assert_array_equal(ensemble.predict(table), before)
    assert ensemble.predict(table.rows(slice(0))).shape == (0, 2)


def test_images_are_predicted_by_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watched(Encoder):
        def inputs(self, data: Any, device: torch.device, rows: Any = None) -> Any:
            threads.add(threading.get_ident())
            barrier.wait(timeout=60)
            return torch.from_numpy(data.values.reshape(len(data), -1)[:, :3])

    images = ImageData(np.random.default_rng(0).random((64, 3, 60, 60), np.float32))  # 16 at a time
    threads, barrier = set[int](), threading.Barrier(4)
    monkeypatch.setattr("autonet.core.cores.cpu_count", lambda: 4)
    assert Ensemble.from_members(7, [Member(Watched(), 0)]).predict(images).shape == (64, 2)
    assert len(threads) == 4


def test_an_interrupt_does_not_wait_for_the_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(sums: Any) -> None:
        raise KeyboardInterrupt

    class Slow(Encoder):
        def inputs(self, data: Any, device: torch.device, rows: Any = None) -> Any:
            time.sleep(0.01)
            return super().inputs(data, device, rows)

    for name, value in {"PREDICTED_ROWS": 1, "THREADED_ROWS": 5, "_mean": interrupt}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr("autonet.core.cores.cpu_count", lambda: 4)
    encoder = Slow()
    with pytest.raises(KeyboardInterrupt):
        Ensemble.from_members(7, [Member(encoder, 0)]).predict(Table.from_numbers(np.tile(X, (10, 1))))
    assert encoder.asked < 200  # of 400 rows


def test_rounding_takes_no_constant_off_its_value() -> None:
    constant, weights = np.full((5, 1), 0.1), [0.1] * 10
    assert sum(w * 0.1 for w in weights) != 0.1
    np.testing.assert_array_equal(weighted_mean(weights, [constant] * 10), constant)


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

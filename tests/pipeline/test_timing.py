"""Durations of an epoch, and the number of threads that follows from them."""

import time
from typing import Any

import numpy as np
import pytest
import torch

from autonet import AutoNetImageClassification
from autonet.pipeline import timing
from autonet.pipeline.images import IMAGES
from autonet.pipeline.timing import choose_precision, choose_threads, time_epoch
from autonet.training.batches import EncodedRows
from autonet.training.loop import train_step
from tests.clocks import FakeClock
from tests.pipeline.trials import chosen, context


def test_an_epoch_is_timed(iris: Any) -> None:
    space = context(iris, unit="time")
    assert 0 < time_epoch(space, chosen(space)) < 1


def test_an_epoch_of_several_folds_is_one_of_each(iris: Any) -> None:
    one, five = context(iris, unit="time"), context(iris, unit="time", folds=5)
    assert time_epoch(five, chosen(five)) > 2.5 * time_epoch(one, chosen(one))


@pytest.mark.parametrize(
    ("n_slots", "unit", "modality", "seconds", "n_threads"),
    [
        (1, "time", "images", (6.0, 2.0), 4),
        (2, "time", "images", (6.0, 4.0), 2),
        (4, "time", "images", (6.0, 2.0), 1),
        (1, "time", "images", (6.0, 5.9), 1),  # hardly faster
        (1, "time", "images", (0.0, 0.0), 1),  # the network fails
        (1, "epochs", "images", (6.0, 2.0), 1),
        (1, "time", "tables", (6.0, 2.0), 1),
    ],
)
def test_trials_train_on_all_their_cores_where_that_is_faster(
    n_slots: int,
    unit: Any,
    modality: str,
    seconds: tuple[float, float],
    n_threads: int,
    iris: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = context(iris, unit=unit)
    components = chosen(space)
    if modality == "images":
        space.modality = IMAGES
    monkeypatch.setattr(timing, "available_cores", lambda: 4)
    monkeypatch.setattr(timing, "time_epoch", lambda _space, _components, n, _most: seconds[n > 1])
    assert choose_threads(space, components, n_slots) == n_threads


@pytest.mark.parametrize(
    ("unit", "seconds", "precision"),
    [
        ("time", (6.0, 4.0), "bfloat16"),
        ("time", (6.0, 5.9), "float32"),  # hardly faster
        ("time", (6.0, 9.0), "float32"),  # a processor without instructions for it
        ("time", (6.0, 0.0), "float32"),  # the network fails with it
        ("epochs", (6.0, 4.0), "float32"),
    ],
)
def test_the_precision_is_the_faster_one(
    unit: Any, seconds: tuple[float, float], precision: str, iris: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = context(iris, unit=unit)
    monkeypatch.setattr(timing, "time_epoch", lambda space, *_: seconds[space.precision == "bfloat16"])
    assert choose_precision(space, chosen(space)) == precision
    space.custom = {"NetworkSelector": {"mine": None}}  # type: ignore[dict-item]  # its operations may have float32 alone
    assert choose_precision(space, chosen(space)) == "float32"


def test_a_slow_network_is_not_timed_to_the_end(iris: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    def step(*_: Any) -> None:
        steps.append(1)
        time.sleep(30)

    monkeypatch.setattr(timing, "train_step", step)
    space = context(iris, unit="time")
    seconds = timing.time_epoch(space, chosen(space), max_seconds=0.05)
    assert len(steps) == 1
    assert seconds >= 0.05 / 2  # an epoch has one step or more


def test_a_network_that_waits_is_timed_by_the_clock(
    iris: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []

    def step(*_: Any) -> None:
        steps.append(1)
        clock.now += 0.05

    monkeypatch.setattr(timing, "train_step", step)
    space = context(iris, unit="time")
    short, long = (timing.time_epoch(space, chosen(space), max_seconds=seconds) for seconds in (1.0, 10.0))
    assert len(steps) >= 10 + 100  # half of the time
    assert short == pytest.approx(long)


def test_augmentation_is_part_of_an_epoch(iris: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def augment(batch: EncodedRows, generator: torch.Generator) -> EncodedRows:
        clock.now += 0.05
        return batch

    space = context(iris, unit="time")
    monkeypatch.setattr(space.modality, "augmentation", lambda components: augment, raising=False)
    assert time_epoch(space, chosen(space), max_seconds=1) > 0.04  # nothing else moves the clock


def test_an_epoch_is_timed_in_the_precision_of_the_context(iris: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()

    def step(_state: Any, plan: Any, _rows: Any) -> None:
        found.add(plan.precision)

    monkeypatch.setattr(timing, "train_step", step)
    space = context(iris, unit="time")
    choose_precision(space, chosen(space))
    assert found == {"float32", "bfloat16"}


@pytest.mark.parametrize(
    ("given", "precision"),
    [({}, "bfloat16"), ({"precision": "float32"}, "float32"), ({"budget_type": "epochs"}, "float32")],
)
def test_a_fit_to_images_trains_in_the_precision_that_was_chosen(
    given: dict[str, Any], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()

    def step(state: Any, plan: Any, rows: Any) -> Any:
        found.add(plan.precision)
        return train_step(state, plan, rows)

    monkeypatch.setattr("autonet.training.loop.train_step", step)
    monkeypatch.setattr(
        "autonet.pipeline.timing.time_epoch", lambda space, *_: 1.0 if space.precision == "bfloat16" else 2.0
    )
    options: dict[str, Any] = {"max_trials": 1, "max_budget": 0.2, "n_jobs": 1, "baseline": False, **given}
    if "budget_type" in given:
        options["max_budget"] = 1
    X = np.random.default_rng(0).integers(256, size=(60, 8, 8), dtype=np.uint8)
    AutoNetImageClassification("tiny_cs", random_state=0, **options).fit(X, np.arange(60) % 2)
    assert found == {precision}


@pytest.mark.parametrize(("runtime", "n_threads"), [(14, 1), (15, 2)])
def test_a_fit_to_images_trains_on_the_threads_that_were_chosen(
    runtime: float, n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(16, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found.add((self.training, torch.get_num_threads()))
            output: torch.Tensor = self.linear(x.flatten(1))
            return output

    monkeypatch.setattr("autonet.estimators.search.choose_threads", lambda *_: 2)
    monkeypatch.setattr(IMAGES, "build_network", lambda *_: Network(), raising=False)
    options: dict[str, Any] = {
        "max_runtime": runtime,
        "max_budget": 0.2,
        "max_trials": 1,
        "n_jobs": 1,
        "refit_on_all_rows": False,
        "baseline": False,
    }
    auto = AutoNetImageClassification(random_state=0, **options)
    auto.fit(np.random.default_rng(0).integers(256, size=(80, 4, 4), dtype=np.uint8), np.arange(80) % 2)
    assert {n for training, n in found if training} == {n_threads}

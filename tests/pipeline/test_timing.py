"""Durations of an epoch, and the number of threads that follows from them."""

from typing import Any

import numpy as np
import pytest
import torch

from autonet import AutoNetImageClassification
from autonet.pipeline import timing
from autonet.pipeline.images import IMAGES
from autonet.pipeline.timing import choose_threads, time_epoch
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
    monkeypatch.setattr(timing, "time_epoch", lambda _space, _components, n: seconds[n > 1])
    assert choose_threads(space, components, n_slots) == n_threads


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

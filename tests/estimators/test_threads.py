"""Fits in several threads: serial results, and nothing of the caller's changed."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from autonet import AutoNetClassification, register_network
from autonet.nets.registry import NETWORKS

X = np.random.default_rng(0).normal(size=(300, 6))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


class Noisy(nn.Module):
    """A network that draws from torch's global random numbers itself."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            x = nn.functional.dropout(x, 0.1) + 0.1 * torch.randn_like(x)
        output: Tensor = self.layer(x)
        return output


@pytest.fixture
def noisy() -> Iterator[str]:
    register_network("noisy", Noisy)
    yield "noisy"
    NETWORKS.components.pop("noisy")


def probabilities(**options: Any) -> Any:
    given = {"budget_type": "epochs", "min_budget": 1, "max_budget": 3, "max_trials": 3, "random_state": 0, **options}
    return AutoNetClassification(given.pop("preset", "tiny_cs"), **given).fit(X, Y).predict_proba(X)


@pytest.mark.parametrize(
    "options",
    [{}, {"networks": ["shapedresnet"], "batch_loss_computation_techniques": ["mixup"]}, {"networks": ["noisy"]}],
    ids=["default", "shaken and mixed", "noisy"],
)
@pytest.mark.usefixtures("noisy")
def test_two_fits_at_once_repeat_one_and_leave_the_random_numbers_of_the_caller(options: dict[str, Any]) -> None:
    torch.manual_seed(5)
    alone = probabilities(**options)
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002 - the global one
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: probabilities(**options), range(2)))
    for one in both:
        np.testing.assert_array_equal(one, alone)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]


class Adversarial(nn.Module):
    """A network of a user's own with a layer that is called generator."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.generator = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.generator(x)
        return output


def test_a_layer_may_be_called_generator() -> None:
    register_network("adversarial", Adversarial)
    try:
        assert probabilities(networks=["adversarial"], baseline=False).shape == (300, 2)
    finally:
        NETWORKS.components.pop("adversarial")


@pytest.mark.usefixtures("noisy")
def test_the_caller_draws_the_same_numbers_while_a_fit_runs() -> None:
    torch.manual_seed(5)
    expected = torch.rand(10_000).tolist()
    torch.manual_seed(5)
    thread = threading.Thread(target=probabilities, kwargs={"networks": ["noisy"]})
    thread.start()
    drawn: list[float] = []
    while thread.is_alive() and len(drawn) < 10_000:
        drawn.append(torch.rand(()).item())
    thread.join()
    assert drawn == expected[: len(drawn)]

"""Fits in several threads: serial results, and nothing of the caller's changed."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from autonet import AutoNetClassification, register_network
from autonet.models.model import one_thread
from autonet.nets.registry import NETWORKS
from autonet.training.random import DrawFrom

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


def test_threads_of_torch_are_put_back_whatever_ends_first() -> None:
    torch.set_num_threads(2)
    first_is_inside, second_is_inside = threading.Event(), threading.Event()

    def first() -> None:
        with one_thread():
            first_is_inside.set()
            second_is_inside.wait()

    thread = threading.Thread(target=first)
    thread.start()
    first_is_inside.wait()
    with one_thread():
        second_is_inside.set()
        thread.join()
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(
    "draw",
    [
        lambda: nn.Linear(5, 7).weight,
        lambda: nn.init.orthogonal_(torch.empty(4, 4)),
        lambda: torch.randperm(20),
        lambda: torch.randint(3, 9, (5,)),
        lambda: torch.rand_like(torch.ones(4)),
        lambda: torch.randn_like(torch.ones(4)),
        lambda: nn.functional.dropout(torch.ones(50), 0.3),
        lambda: nn.functional.rrelu(torch.randn(20), training=True),
        lambda: torch.multinomial(torch.ones(5), 3),
        lambda: torch.normal(torch.zeros(3), torch.ones(3)),
    ],
)
def test_operations_draw_from_a_generator_what_they_would_from_the_global_one(draw: Callable[[], Tensor]) -> None:
    torch.manual_seed(3)
    expected = draw()
    torch.manual_seed(9)
    before = torch.get_rng_state()
    with DrawFrom(torch.Generator().manual_seed(3)) as mode:
        drawn = draw()
    assert torch.equal(drawn, expected)
    assert mode.n_draws > 0
    assert torch.equal(torch.get_rng_state(), before)

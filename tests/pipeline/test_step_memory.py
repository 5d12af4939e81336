"""Networks whose training step needs more memory than there is: refused before they train, in a sentence."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from autonet import AutoNetImageClassification
from autonet.core.errors import BaselineReturned, InvalidNetwork, SearchFailed
from autonet.core.task import Task
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.pipeline.step_memory import check_step_memory, share_memory
from autonet.training.batches import BATCH_LOSSES
from autonet.training.loop import TrainingPlan

GIANT = {  # a terabyte for a batch of 450 images
    "CreateDataLoader:batch_size": (450,),
    "NetworkSelector:densenet_flexible:blocks": (1,),
    "NetworkSelector:densenet_flexible:growth_rate": (128,),
    "NetworkSelector:densenet_flexible:layer_in_block_1": (24,),
    "NetworkSelector:densenet_flexible:resolution": (64,),
}
OPTIONS: dict[str, Any] = {"networks": ["densenet_flexible"], "search_space": GIANT, "random_state": 0, "n_jobs": 1}
REFUSED = (
    r"InvalidNetwork: A training step of the network on 450 images needs more than the \S+ GiB of memory that are "
    r"available to a trial; search smaller networks, images or batch sizes, or fewer trials at once\."
)
N = 40  # images of a batch
PLAN = TrainingPlan(N, nn.CrossEntropyLoss(), BATCH_LOSSES.components["standard"].build(), lambda progress: 1.0, None)


@pytest.fixture(scope="module")
def images() -> tuple[Any, Any]:
    y = np.arange(700) % 2
    return np.random.default_rng(0).integers(0, 99, (700, 64, 64), np.uint8) + y[:, None, None].astype(np.uint8), y


@pytest.mark.parametrize(
    "how", [{"max_trials": 2, "budget_type": "epochs", "max_budget": 1}, {"max_trials": 1, "max_runtime": 60}], ids=str
)
def test_a_search_of_giant_networks_alone_fails_with_the_reason(images: Any, how: dict[str, Any]) -> None:
    auto = AutoNetImageClassification("full_cs", baseline=False, cross_validator="none", **OPTIONS, **how)
    with pytest.raises(SearchFailed, match=REFUSED):
        auto.fit(*images)


@pytest.mark.parametrize("pooled", [False, True], ids=["here", "in a pool"])
def test_results_say_why_a_giant_network_was_refused(images: Any, pooled: bool) -> None:
    with ThreadPoolExecutor(1) as pool:
        executor = pool if pooled else None
        auto = AutoNetImageClassification(
            "full_cs", max_trials=1, budget_type="epochs", max_budget=1, executor=executor, **OPTIONS
        )
        with pytest.warns(BaselineReturned):
            auto.fit(*images)
    [failure] = auto.failures()
    assert failure["status"] == "crashed"
    assert re.fullmatch(REFUSED, failure["reason"])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", IMAGE_NETWORKS.components)
def test_the_limit_is_compared_with_what_the_backward_pass_needs(name: str, precision: str) -> None:
    component = IMAGE_NETWORKS.components[name]
    config = dict(component.space(Task("classification")).get_default_configuration())
    network, x = component.build(shape=(3, 17, 12), n_out=4, **config), torch.zeros(N + 1, 3, 17, 12)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    weights = {p.data_ptr() for p in network.parameters()}
    kept: dict[int, torch.Tensor] = {}
    plan = replace(PLAN, precision=precision)
    with (
        torch.autograd.graph.saved_tensors_hooks(lambda t: kept.setdefault(t.data_ptr(), t), lambda t: t),
        plan.autocast(x.device),
    ):
        output = network.train()(x[:N].to(memory_format=torch.channels_last))
    n_bytes = sum(t.untyped_storage().nbytes() for pointer, t in kept.items() if pointer not in weights)
    assert output.requires_grad
    check_step_memory(network, plan, x, 1.25 * n_bytes)
    with pytest.raises(InvalidNetwork, match="on 40 images needs more than"):
        check_step_memory(network, plan, x, 0.95 * n_bytes)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_is_made_of_weights_counts_once(precision: str) -> None:
    """Millions of weights, and few values of an image."""
    plan = replace(PLAN, precision=precision)
    normalized = nn.utils.parametrizations.weight_norm(nn.Conv2d(512, 1024, 3))
    network, x = (
        nn.Sequential(nn.Conv2d(1, 512, 3), normalized, nn.Flatten(), nn.Linear(1024, 3)),
        torch.ones(9, 1, 5, 5),
    )
    check_step_memory(network, plan, x, 2**26)
    with pytest.raises(InvalidNetwork, match="on 9 images needs more than"):
        check_step_memory(network, plan, x, 2**23)


class Stateful(nn.Sequential):
    """Counts its calls, draws random numbers, and keeps running statistics."""

    calls = 0

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(1, 64, 3), nn.BatchNorm2d(64), nn.Dropout(), nn.Flatten(), nn.Linear(2304, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        type(self).calls += 1
        output: torch.Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return output


def test_the_network_and_random_numbers_stay_as_they_are() -> None:
    network, x = Stateful(), torch.randn(N, 1, 8, 8)
    before, state = {k: v.clone() for k, v in network.state_dict().items()}, torch.get_rng_state()
    check_step_memory(network, PLAN, x, 2**22)
    assert Stateful.calls == 1
    assert "calls" not in vars(network)
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)
    check_step_memory(network, PLAN, x, 2**30)
    assert Stateful.calls == 1  # small networks are not tried


def test_a_network_that_fails_is_left_to_its_training() -> None:
    network = nn.Sequential(nn.Conv2d(1, 64, 1), nn.Linear(5, 2))
    check_step_memory(network, PLAN, torch.zeros(N, 1, 8, 8), 2**20)


def test_trials_at_once_share_the_memory() -> None:
    assert 0 < share_memory(4) < share_memory()

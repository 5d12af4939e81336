"""All networks, of tables and of images, pass the conformance suite and train in mixed precision."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from autonet.core.component import Component
from autonet.core.task import Task
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.nets.registry import NETWORKS
from autonet.testing.networks import IMAGE_SHAPES, network_checks

# Ours also take images of a pixel, of a line, and of many channels.
SMALL_SHAPES = ((1, 1, 1), (3, 1, 17), (1, 3, 3), (13, 9, 7))

ALL_CHECKS = [check for component in NETWORKS.components.values() for check in network_checks(component)]
IMAGE_CHECKS = [
    check
    for component in IMAGE_NETWORKS.components.values()
    for check in network_checks(component, modality="images", shapes=IMAGE_SHAPES + SMALL_SHAPES)
]


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda c: f"{c.component.name}: {c}")
def test_our_networks_conform(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize("check", IMAGE_CHECKS, ids=lambda c: f"{c.component.name}: {c}")
def test_our_networks_of_images_conform(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize("component", NETWORKS.components.values(), ids=lambda c: c.name)
def test_our_networks_train_and_predict_in_mixed_precision(component: Component[nn.Module]) -> None:
    """Nothing here asks for it (benchmarks/precision.py), users may."""
    assert_trains_and_predicts_in_mixed_precision(component, torch.randn(12, 5), n_in=5)


@pytest.mark.parametrize("component", IMAGE_NETWORKS.components.values(), ids=lambda c: c.name)
def test_our_networks_of_images_train_and_predict_in_mixed_precision(component: Component[nn.Module]) -> None:
    """Where it is faster, fits of images do."""
    assert_trains_and_predicts_in_mixed_precision(component, torch.randn(12, 3, 16, 12), shape=(3, 16, 12))


def assert_trains_and_predicts_in_mixed_precision(
    component: Component[nn.Module], x: torch.Tensor, **inputs: Any
) -> None:
    assert component.space is not None
    torch.manual_seed(0)
    config = dict(component.space(Task("classification")).get_default_configuration())
    network = component.build(n_out=3, **inputs, **config)
    with torch.autocast("cpu", torch.bfloat16):
        network(x).float().square().mean().backward()
        half = network.eval()(x).float()
    torch.testing.assert_close(half, network(x), atol=0.05, rtol=0.05)
    assert all(p.grad is not None for p in network.parameters() if p.requires_grad)

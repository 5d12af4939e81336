"""All networks pass the conformance suite, and train in mixed precision."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from autonet.core.component import Component
from autonet.core.task import Task
from autonet.nets.registry import NETWORKS
from autonet.testing.networks import network_checks

ALL_CHECKS = [check for component in NETWORKS.components.values() for check in network_checks(component)]


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda c: f"{c.component.name}: {c}")
def test_our_networks_conform(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize("component", NETWORKS.components.values(), ids=lambda c: c.name)
def test_our_networks_train_and_predict_in_mixed_precision(component: Component[nn.Module]) -> None:
    """Nothing here asks for it (benchmarks/precision.py), users may."""
    assert component.space is not None
    torch.manual_seed(0)
    config = dict(component.space(Task("classification")).get_default_configuration())
    network, x = component.build(n_in=5, n_out=3, **config), torch.randn(12, 5)
    with torch.autocast("cpu", torch.bfloat16):
        network(x).float().square().mean().backward()
        half = network.eval()(x).float()
    torch.testing.assert_close(half, network(x), atol=0.05, rtol=0.05)
    assert all(p.grad is not None for p in network.parameters() if p.requires_grad)

"""Depthwise-separable networks against plain torch."""

import pytest
import torch
from torch.nn import functional

from autonet.core.task import Task
from autonet.nets.images.mobilenet import CONVNEXT, MOBILENET, InvertedResidual, NextBlock
from autonet.training.optimizers import group_parameters


@pytest.mark.parametrize(("c_out", "stride"), [(8, 1), (16, 2)])
def test_an_inverted_residual_is_its_formula(c_out: int, stride: int) -> None:
    block = InvertedResidual(8, c_out, stride=stride, expansion=3, activation_name="silu").eval()
    x = torch.randn(2, 8, 6, 5)
    expand, _, _, depthwise, _, _, project, _ = block.branch
    scale = (1 + 1e-5) ** -0.5  # BatchNorm in evaluation, untrained
    h = functional.silu(functional.conv2d(x, expand.weight) * scale)
    h = functional.silu(functional.conv2d(h, depthwise.weight, stride=stride, padding=1, groups=24) * scale)
    y = functional.conv2d(h, project.weight) * scale
    torch.testing.assert_close(block(x), x + y if stride == 1 else y)


@pytest.mark.parametrize(("c_out", "stride"), [(8, 1), (16, 2)])
def test_a_block_of_convnext_is_its_formula(c_out: int, stride: int) -> None:
    block, x = NextBlock(8, c_out, stride=stride, expansion=2, activation_name="gelu"), torch.randn(2, 8, 9, 6)

    def norm(h: torch.Tensor) -> torch.Tensor:
        return (h - h.mean((1, 2, 3), keepdim=True)) / (h.var((1, 2, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()

    reduced = x
    if stride > 1:
        reduced = functional.conv2d(norm(x), block.reduce[1].weight, block.reduce[1].bias, stride=2, padding=1)
    depthwise, _, widen, _, narrow = block.branch
    h = norm(functional.conv2d(reduced, depthwise.weight, depthwise.bias, padding=3, groups=c_out))
    h = functional.conv2d(functional.gelu(functional.conv2d(h, widen.weight, widen.bias)), narrow.weight, narrow.bias)
    torch.testing.assert_close(block(x), reduced + 0.1 * h, atol=1e-5, rtol=1e-4)


def test_the_scale_of_a_branch_does_not_decay() -> None:
    block = NextBlock(8, 8, expansion=2, activation_name="gelu")
    groups = group_parameters(block, 0.1, 0.5)
    [apart] = [group for group in groups if any(p is block.scale for p in group["params"])]
    assert apart["weight_decay"] == 0.0


@pytest.mark.parametrize("component", [MOBILENET, CONVNEXT], ids=lambda c: c.name)
def test_stochastic_depth_grows_with_depth(component: object) -> None:
    config = dict(component.space(Task("classification")).get_default_configuration())  # type: ignore[attr-defined]
    network = component.build(shape=(3, 16, 16), n_out=2, **{**config, "death_rate": 0.6})  # type: ignore[attr-defined]
    drops = [m.p_drop for m in network.modules() if type(m).__name__ == "StochasticDepth"]
    assert drops == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

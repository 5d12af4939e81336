"""Residual convolutional networks against plain torch."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.nets.images.resnet import RESNET, ConvBlock

CONFIG: dict[str, Any] = {
    "resolution": 16,
    "num_groups": 3,
    "blocks_per_group": 2,
    "initial_filters": 8,
    "widen_factor": 2.0,
    "block": "basic",
    "activation": "relu",
    "use_squeeze": False,
    "death_rate": 0.0,
    "dropout": 0.0,
    "use_shake_shake": False,
    "use_shake_drop": False,
}


def norm(x: Tensor, layer: nn.BatchNorm2d) -> Tensor:
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    scaled = (x - mean) / torch.sqrt(variance + layer.eps)
    return scaled * layer.weight[:, None, None] + layer.bias[:, None, None]


@pytest.mark.parametrize(("c_out", "stride"), [(8, 1), (16, 2), (16, 1)])
def test_a_basic_block_is_its_formula(c_out: int, stride: int) -> None:
    block, x = ConvBlock(8, c_out, stride=stride, activation_name="relu"), torch.randn(4, 8, 7, 6)
    h = norm(x, block.start[0]).clamp(min=0)
    first, batch_norm, _, second = block.branch
    u = norm(functional.conv2d(h, first.weight, stride=stride, padding=1), batch_norm).clamp(min=0)
    if block.shortcut is None:
        shortcut = x
    elif stride == 1:
        shortcut = functional.conv2d(h, block.shortcut.weight)
    else:
        pooled = functional.avg_pool2d(h, 2, ceil_mode=True)
        shortcut = functional.conv2d(pooled, block.shortcut[1].weight)
    torch.testing.assert_close(block(x), shortcut + functional.conv2d(u, second.weight, padding=1))


def test_a_bottleneck_has_a_quarter_of_the_channels_inside() -> None:
    block = ConvBlock(64, 64, is_bottleneck=True, activation_name="relu", use_squeeze=True)
    convolutions = [m for m in block.branch if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size[0]) for c in convolutions] == [
        (64, 16, 1),
        (16, 16, 3),
        (16, 64, 1),
    ]
    assert type(block.branch[-1]).__name__ == "SqueezeExcitation"
    assert block(torch.randn(2, 64, 4, 4)).shape == (2, 64, 4, 4)


def test_the_structure_is_stem_groups_norm_activation_mean_head() -> None:
    network = RESNET.build(shape=(3, 33, 20), n_out=5, **CONFIG)
    names = ["Conv2d", *["Sequential"] * 3, "BatchNorm2d", "ReLU", "AdaptiveAvgPool2d", "Flatten", "Linear"]
    assert [type(m).__name__ for m in network] == names
    assert network[0].stride == (3, 3)
    sizes, x = [], torch.randn(2, 3, 33, 20)
    for layer in network[:4]:
        x = layer(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [(8, 11, 7), (8, 11, 7), (16, 6, 4), (32, 6, 4)]


def test_depth_regularization_grows_with_depth() -> None:
    network = RESNET.build(
        shape=(1, 8, 8),
        n_out=2,
        **{**CONFIG, "death_rate": 0.3, "use_shake_drop": True, "max_shake_drop_probability": 0.6},
    )
    blocks = [m for m in network.modules() if isinstance(m, ConvBlock)]
    assert [round(b.drop.p_drop, 6) for b in blocks] == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert [round(b.shake_drop_probability, 6) for b in blocks] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_shake_shake_averages_two_branches_in_evaluation_and_mixes_by_image_in_training() -> None:
    block = ConvBlock(8, 8, activation_name="relu", use_shake_shake=True).eval()
    x = torch.randn(3, 8, 4, 4)
    h = block.start(x)
    torch.testing.assert_close(block(x), x + (block.branch(h) + block.second_branch(h)) / 2)
    block.train()
    block.generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        y = block(x) - x
        h = block.start(x)
        first, second = block.branch(h), block.second_branch(h)
    share = ((y - second) / (first - second)).mean((1, 2, 3))
    assert len(share.round(decimals=4).unique()) == 3
    torch.testing.assert_close(y, second + share.view(-1, 1, 1, 1) * (first - second), atol=1e-4, rtol=1e-3)

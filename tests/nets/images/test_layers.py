"""Layers of convolutional networks against their formulas."""

import pytest
import torch
from torch.nn import functional

from autonet.nets.images.layers import (
    SqueezeExcitation,
    StochasticDepth,
    build_head,
    build_stem,
    halve,
    make_divisible,
    stem_stride,
)


def test_squeeze_and_excitation_scales_channels_by_a_gate_of_their_means() -> None:
    layer, x = SqueezeExcitation(16), torch.randn(3, 16, 5, 4)
    _, first, _, second, _ = layer.gate
    hidden = (x.mean((2, 3)) @ first.weight[:, :, 0, 0].T + first.bias).clamp(min=0)
    gate = torch.sigmoid(hidden @ second.weight[:, :, 0, 0].T + second.bias)
    assert hidden.shape == (3, 4)
    torch.testing.assert_close(layer(x), x * gate[:, :, None, None])


def test_stochastic_depth_drops_whole_images_and_keeps_the_mean() -> None:
    layer, x = StochasticDepth(0.25), torch.ones(4000, 2, 1, 3)
    layer.generator = torch.Generator().manual_seed(0)
    y = layer(x)
    assert y.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert (y == y[:, :1, :1, :1]).all()
    assert y.mean().item() == pytest.approx(1.0, abs=0.03)
    assert layer.eval()(x) is x
    layer.train().generator.manual_seed(0)
    assert torch.equal(layer(x), y)


@pytest.mark.parametrize(("side", "stride"), [(8, 1), (28, 1), (29, 2), (56, 2), (57, 3), (224, 8)])
def test_the_stem_makes_maps_of_at_most_the_resolution(side: int, stride: int) -> None:
    stem, size = build_stem((3, side, side - 3), 16, 28)
    assert stem_stride((3, side, side - 3), 28) == stride
    maps = stem(torch.zeros(1, 3, side, side - 3))
    assert tuple(maps.shape[1:]) == size
    assert max(size[1:]) <= 28


def test_maps_of_four_pixels_are_not_halved() -> None:
    assert halve((8, 9, 5)) == (2, (8, 5, 3))
    assert halve((8, 9, 4)) == (1, (8, 9, 4))


def test_the_head_is_norm_activation_mean_and_a_linear_layer() -> None:
    head = torch.nn.Sequential(*build_head(4, 3, activation_name="relu", dropout=0.0)).eval()
    x = torch.randn(2, 4, 6, 5)
    expected = functional.relu(x / (1 + 1e-5) ** 0.5).mean((2, 3)) @ head[-1].weight.T + head[-1].bias
    torch.testing.assert_close(head(x), expected)
    with_dropout = build_head(4, 3, activation_name="relu", dropout=0.2)
    assert [type(m).__name__ for m in with_dropout[-2:]] == ["Dropout", "Linear"]


def test_channels_are_multiples_of_eight() -> None:
    assert [make_divisible(w) for w in (1, 12, 12.1, 100)] == [8, 16, 16, 104]

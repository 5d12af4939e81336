"""Densely connected networks against plain torch."""

from typing import Any

import pytest
import torch
from torch.nn import functional

from autonet.nets.images.densenet import DENSENET, DenseLayer

CONFIG: dict[str, Any] = {
    "resolution": 32,
    "blocks": 2,
    "growth_rate": 8,
    "channel_reduction": 0.5,
    "bottleneck": True,
    "activation": "relu",
    "use_dropout": False,
    "layer_in_block_1": 2,
    "layer_in_block_2": 3,
}


@pytest.mark.parametrize("is_bottleneck", [True, False])
def test_a_dense_layer_appends_channels(is_bottleneck: bool) -> None:
    layer = DenseLayer(8, 4, is_bottleneck=is_bottleneck, activation_name="relu", dropout=0.0).eval()
    x, scale = torch.randn(2, 8, 5, 6), (1 + 1e-5) ** -0.5
    h = (x * scale).clamp(min=0)
    if is_bottleneck:
        h = (functional.conv2d(h, layer.branch[2].weight) * scale).clamp(min=0)
        assert h.shape[1] == 16
    new = functional.conv2d(h, layer.branch[-1].weight, padding=1)
    torch.testing.assert_close(layer(x), torch.cat([x, new], 1))


def test_transitions_reduce_channels_and_halve_maps() -> None:
    network = DENSENET.build(shape=(1, 12, 12), n_out=3, **CONFIG)
    sizes, x = [], torch.randn(2, 1, 12, 12)
    for layer in network[:4]:
        x = layer(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [(16, 12, 12), (32, 12, 12), (16, 6, 6), (40, 6, 6)]
    assert network(torch.randn(2, 1, 12, 12)).shape == (2, 3)


def test_dropout_is_in_every_layer_and_before_the_last() -> None:
    network = DENSENET.build(shape=(1, 12, 12), n_out=3, **{**CONFIG, "use_dropout": True, "dropout": 0.2})
    rates = [m.p for m in network.modules() if isinstance(m, torch.nn.Dropout)]
    assert rates == [0.2] * 6

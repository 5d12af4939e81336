"""Densely connected networks, ``densenet`` and ``densenet_flexible``.

Huang et al., "Densely Connected Convolutional Networks" (2017), arXiv 1608.06993.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.nets.activations import build_activation
from autonet.nets.images.layers import Shape, build_head, build_stem, halve, make_divisible

__all__ = ["DENSENET", "DENSENET_FLEXIBLE", "DenseLayer"]

MAX_BLOCKS = 4
# Ratio of the channels inside a layer to those that it adds.
BOTTLENECK = 4


class DenseLayer(nn.Module):
    """Append channels to a map: ``concat(x, branch(x))``.

    The branch is BatchNorm, activation, a 1 x 1 convolution to four times the new channels (if it is a bottleneck),
    BatchNorm, activation and a 3 x 3 convolution.

    Parameters
    ----------
    c_in : int
        Channels.
    growth_rate : int
        Channels that are added.
    is_bottleneck : bool
    activation_name : str
    dropout : float

    Notes
    -----
    Input of shape (n, c_in, h, w), output of shape (n, c_in + growth_rate, h, w).
    """

    def __init__(
        self, c_in: int, growth_rate: int, *, is_bottleneck: bool, activation_name: str, dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.BatchNorm2d(c_in), build_activation(activation_name)]
        if is_bottleneck:
            inside = BOTTLENECK * growth_rate
            layers += [nn.Conv2d(c_in, inside, 1, bias=False), nn.BatchNorm2d(inside)]
            layers += [build_activation(activation_name)]
            c_in = inside
        layers.append(nn.Conv2d(c_in, growth_rate, 3, padding=1, bias=False))
        layers += [nn.Dropout(dropout)] if dropout > 0 else []
        self.branch = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, h, w) to (n, c_in + growth_rate, h, w)."""
        return torch.cat([x, self.branch(x)], 1)


def build_densenet(
    *,
    shape: Shape,
    n_out: int,
    resolution: int,
    blocks: int,
    growth_rate: int,
    channel_reduction: float,
    bottleneck: bool,
    activation: str,
    use_dropout: bool,
    dropout: float = 0.0,
    **per_block: int,
) -> nn.Sequential:
    """Stack a stem, blocks of ``layer_in_block_1``, ... dense layers with transitions between them, and a head.

    A transition keeps the share `channel_reduction` of the channels, and halves the maps.
    """
    stem, size = build_stem(shape, make_divisible(2 * growth_rate), resolution)
    channels, rate = size[0], dropout if use_dropout else 0.0
    layers: list[nn.Module] = []
    for block in range(blocks):
        if block:
            stride, size = halve(size)
            kept = make_divisible(channels * channel_reduction)
            transition = [
                nn.BatchNorm2d(channels),
                build_activation(activation),
                nn.Conv2d(channels, kept, 1, bias=False),
            ]
            pooling = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
            layers.append(nn.Sequential(*transition, *pooling))
            channels = kept
        dense = list[nn.Module]()
        for _ in range(int(per_block[f"layer_in_block_{block + 1}"])):
            dense.append(
                DenseLayer(channels, growth_rate, is_bottleneck=bottleneck, activation_name=activation, dropout=rate)
            )
            channels += growth_rate
        layers.append(nn.Sequential(*dense))
    return nn.Sequential(stem, *layers, *build_head(channels, n_out, activation_name=activation, dropout=rate))


def _space(task: Task, *, growth_rate: tuple[int, int], layers: tuple[int, int], fixed: bool) -> cs.ConfigurationSpace:
    """Define blocks, layers and growth; `fixed` leaves bottleneck, reduction and activation as in the paper."""
    space = cs.ConfigurationSpace()
    blocks = cs.Integer("blocks", (1, MAX_BLOCKS), default=3, meta={"limits": (1, MAX_BLOCKS)})
    use_dropout = cs.Categorical("use_dropout", [True, False], default=False)
    dropout = cs.Float("dropout", (0.0, 0.5), default=0.1, meta={"limits": (0.0, 0.99)})
    space.add(
        cs.Integer("resolution", (8, 64), log=True, default=28, meta={"limits": (4, 1024)}),
        blocks,
        cs.Integer("growth_rate", growth_rate, log=True, default=12, meta={"limits": (1, 512)}),
        cs.Float("channel_reduction", (0.3, 0.9), default=0.5, meta={"limits": (0.1, 1.0)}),
        cs.Categorical("bottleneck", [True] if fixed else [True, False], default=True),
        cs.Categorical("activation", ["relu"] if fixed else ["relu", "silu", "gelu", "tanh"], default="relu"),
        use_dropout,
        dropout,
        cs.EqualsCondition(dropout, use_dropout, True),
    )
    for i in range(1, MAX_BLOCKS + 1):
        layer = cs.Integer(f"layer_in_block_{i}", layers, log=True, default=4, meta={"limits": (1, 64)})
        space.add(layer, *([cs.GreaterThanCondition(layer, blocks, i - 1)] if i > 1 else []))
    return space


def densenet_space(task: Task) -> cs.ConfigurationSpace:
    """Define blocks, layers and growth of the network of the paper."""
    return _space(task, growth_rate=(8, 40), layers=(2, 12), fixed=True)


def densenet_flexible_space(task: Task) -> cs.ConfigurationSpace:
    """Define a wider space: layers with or without bottleneck, other activations."""
    return _space(task, growth_rate=(5, 128), layers=(1, 24), fixed=False)


DENSENET: Component[nn.Module] = Component("densenet", build_densenet, densenet_space)
DENSENET_FLEXIBLE: Component[nn.Module] = Component("densenet_flexible", build_densenet, densenet_flexible_space)

"""Convolutional networks in stages: a stem, groups of blocks that halve the maps and widen the channels, a head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import nn

from autonet.core.lazy import configspace as cs
from autonet.nets.images.layers import Shape, build_head, build_stem, halve, make_divisible

__all__ = ["MakeBlock", "add_stages", "build_stages"]


class MakeBlock(Protocol):
    """Builds a block."""

    def __call__(self, c_in: int, c_out: int, *, stride: int, depth: float) -> nn.Module:
        """Build a block from `c_in` to `c_out` channels; `depth` is its share of the depth of the network."""


def build_stages(
    make_block: MakeBlock,
    *,
    shape: Shape,
    n_out: int,
    resolution: int,
    num_groups: int,
    blocks_per_group: int,
    initial_filters: int,
    widen_factor: float,
    activation_name: str,
    dropout: float,
) -> nn.Sequential:
    """Build a network of blocks.

    Parameters
    ----------
    make_block : callable
    shape : tuple of int
        Channels, height and width of an image.
    n_out : int
    resolution : int
        Upper bound of the longer side of the maps of the first group, in pixels.
    num_groups, blocks_per_group : int
        The first block of each further group halves the maps, unless they have four pixels a side.
    initial_filters : int
        Channels of the stem and the first group, rounded to a multiple of 8.
    widen_factor : float
        Ratio of the channels of a group to those of the previous one.
    activation_name : str
    dropout : float
        Dropout rate before the last layer.

    Returns
    -------
    nn.Sequential
        ``[0]`` Conv2d, ``[1]`` to ``[num_groups]`` Sequential of blocks, then BatchNorm2d, activation, the mean over
        the pixels, Flatten, Dropout if any, Linear.
    """
    stem, size = build_stem(shape, make_divisible(initial_filters), resolution)
    channels, n_blocks, number = size[0], num_groups * blocks_per_group, 0
    groups: list[nn.Module] = []
    for group in range(num_groups):
        stride, size = halve(size) if group else (1, size)
        width, blocks = make_divisible(initial_filters * widen_factor**group), list[nn.Module]()
        for i in range(blocks_per_group):
            number += 1
            blocks.append(
                make_block(width if i else channels, width, stride=1 if i else stride, depth=number / n_blocks)
            )
        groups.append(nn.Sequential(*blocks))
        channels = width
    return nn.Sequential(stem, *groups, *build_head(channels, n_out, activation_name=activation_name, dropout=dropout))


def add_stages(
    space: cs.ConfigurationSpace, *, blocks_per_group: int, initial_filters: int, activations: Sequence[str]
) -> cs.ConfigurationSpace:
    """Add the hyperparameters of `build_stages` to a space, with these defaults; the first activation is one."""
    space.add(
        cs.Integer("resolution", (8, 64), log=True, default=28, meta={"limits": (4, 1024)}),
        cs.Integer("num_groups", (1, 4), default=3, meta={"limits": (1, 8)}),
        cs.Integer("blocks_per_group", (1, 4), default=blocks_per_group, meta={"limits": (1, 16)}),
        cs.Integer("initial_filters", (8, 64), log=True, default=initial_filters, meta={"limits": (1, 1024)}),
        cs.Float("widen_factor", (1.0, 2.0), default=2.0, meta={"limits": (0.5, 4.0)}),
        cs.Categorical("activation", list(activations), default=activations[0]),
        cs.Categorical("use_squeeze", [True, False], default=False),
        cs.Float("death_rate", (0.0, 0.5), default=0.0, meta={"limits": (0.0, 0.99)}),
        cs.Float("dropout", (0.0, 0.5), default=0.0, meta={"limits": (0.0, 0.99)}),
    )
    return space

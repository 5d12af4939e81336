"""Residual convolutional network, ``resnet``.

Pre-activation blocks: He et al., "Identity Mappings in Deep Residual Networks" (2016), arXiv 1603.05027.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.nets.activations import build_activation
from autonet.nets.blocks import shake_drop, shake_shake
from autonet.nets.images.layers import SqueezeExcitation, StochasticDepth, make_divisible
from autonet.nets.images.stages import add_stages, build_stages

__all__ = ["RESNET", "ConvBlock"]

# Ratio of the channels of a bottleneck block to those inside.
BOTTLENECK = 4


class ConvBlock(nn.Module):
    """Pre-activation residual block of convolutions.

    With ``h = act(BN(x))``, it computes ``x + branch(h)``, or ``Ws h + branch(h)`` where the shape changes: the
    shortcut is the mean of the pixels that a stride merges, then a 1 x 1 convolution.

    Parameters
    ----------
    c_in, c_out : int
        Channels.
    stride : int
    is_bottleneck : bool
        Convolutions of 1 x 1, 3 x 3 and 1 x 1 pixels, with a quarter of the channels inside; else two of 3 x 3.
    activation_name : str
    use_squeeze : bool
        Whether the branch ends with squeeze-and-excitation.
    p_drop : float
        Probability of stochastic depth.
    use_shake_shake : bool
        Whether to mix two branches at random; see `autonet.nets.blocks.shake_shake`.
    shake_drop_probability : float
        Probability of perturbing the sum of the branches; see `autonet.nets.blocks.shake_drop`.

    Attributes
    ----------
    generator : torch.Generator or None
        Source of random numbers; None: torch's global generator.

    Notes
    -----
    Input of shape (n, c_in, h, w), output of shape (n, c_out, ceil(h / stride), ceil(w / stride)).
    """

    takes_generator = True

    def __init__(
        self,
        c_in: int,
        c_out: int,
        *,
        stride: int = 1,
        is_bottleneck: bool = False,
        activation_name: str,
        use_squeeze: bool = False,
        p_drop: float = 0.0,
        use_shake_shake: bool = False,
        shake_drop_probability: float = 0.0,
    ) -> None:
        super().__init__()
        self.generator: torch.Generator | None = None
        self.start = nn.Sequential(nn.BatchNorm2d(c_in), build_activation(activation_name))
        self.shortcut = _build_shortcut(c_in, c_out, stride)
        build = _build_bottleneck if is_bottleneck else _build_basic
        self.branch = build(c_in, c_out, stride, activation_name, use_squeeze=use_squeeze)
        self.second_branch = (
            build(c_in, c_out, stride, activation_name, use_squeeze=use_squeeze) if use_shake_shake else None
        )
        self.drop = StochasticDepth(p_drop)
        self.shake_drop_probability = shake_drop_probability

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, h, w) to (n, c_out, h', w')."""
        h = self.start(x)
        residual: Tensor = self.branch(h)
        if self.second_branch is not None:
            second = self.second_branch(h)
            residual = shake_shake(residual, second, training=self.training, generator=self.generator)
        if self.shake_drop_probability > 0:
            p_drop = self.shake_drop_probability
            residual = shake_drop(residual, p_drop=p_drop, training=self.training, generator=self.generator)
        shortcut: Tensor = x if self.shortcut is None else self.shortcut(h)
        return shortcut + self.drop(residual)  # type: ignore[no-any-return]


def _build_shortcut(c_in: int, c_out: int, stride: int) -> nn.Module | None:
    if c_in == c_out and stride == 1:
        return None
    project = nn.Conv2d(c_in, c_out, 1, bias=False)
    return project if stride == 1 else nn.Sequential(nn.AvgPool2d(stride, ceil_mode=True), project)


def _build_basic(c_in: int, c_out: int, stride: int, activation_name: str, *, use_squeeze: bool) -> nn.Sequential:
    layers = [
        nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        build_activation(activation_name),
        nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
    ]
    return nn.Sequential(*layers, *([SqueezeExcitation(c_out)] if use_squeeze else []))


def _build_bottleneck(c_in: int, c_out: int, stride: int, activation_name: str, *, use_squeeze: bool) -> nn.Sequential:
    inside = make_divisible(c_out / BOTTLENECK)
    layers = [
        nn.Conv2d(c_in, inside, 1, bias=False),
        nn.BatchNorm2d(inside),
        build_activation(activation_name),
        nn.Conv2d(inside, inside, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(inside),
        build_activation(activation_name),
        nn.Conv2d(inside, c_out, 1, bias=False),
    ]
    return nn.Sequential(*layers, *([SqueezeExcitation(c_out)] if use_squeeze else []))


def build_resnet(
    *,
    block: str,
    activation: str,
    use_squeeze: bool,
    death_rate: float,
    use_shake_shake: bool,
    use_shake_drop: bool,
    max_shake_drop_probability: float = 0.0,
    **stages: Any,
) -> nn.Sequential:
    """Build a residual network; see `build_stages` for the other hyperparameters.

    The last block has the probability `death_rate` of stochastic depth, block l of L has l / L of it; the same for
    shake-drop.
    """

    def make_block(c_in: int, c_out: int, *, stride: int, depth: float) -> nn.Module:
        return ConvBlock(
            c_in,
            c_out,
            stride=stride,
            is_bottleneck=block == "bottleneck",
            activation_name=activation,
            use_squeeze=use_squeeze,
            p_drop=death_rate * depth,
            use_shake_shake=use_shake_shake,
            shake_drop_probability=max_shake_drop_probability * depth if use_shake_drop else 0.0,
        )

    return build_stages(make_block, activation_name=activation, **stages)


def resnet_space(task: Task) -> cs.ConfigurationSpace:
    """Define depth, width, kind of blocks and regularization."""
    space = cs.ConfigurationSpace()
    use_shake_drop = cs.Categorical("use_shake_drop", [True, False], default=False)
    shake_drop_limit = cs.Float("max_shake_drop_probability", (0.0, 1.0), default=0.5, meta={"limits": (0.0, 1.0)})
    add_stages(space, blocks_per_group=1, initial_filters=32, activations=("relu", "silu", "gelu"))
    space.add(
        cs.Categorical("block", ["basic", "bottleneck"], default="basic"),
        cs.Categorical("use_shake_shake", [True, False], default=False),
        use_shake_drop,
        shake_drop_limit,
        cs.EqualsCondition(shake_drop_limit, use_shake_drop, True),
    )
    return space


RESNET: Component[nn.Module] = Component("resnet", build_resnet, resnet_space)

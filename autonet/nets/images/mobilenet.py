"""Networks of depthwise-separable convolutions, ``mobilenet`` and ``convnext``.

Inverted residuals: Sandler et al., "MobileNetV2" (2018), arXiv 1801.04381.
ConvNeXt: Liu et al., "A ConvNet for the 2020s" (2022), arXiv 2201.03545.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.nets.activations import build_activation
from autonet.nets.images.layers import SqueezeExcitation, StochasticDepth
from autonet.nets.images.stages import add_stages, build_stages
from autonet.nets.optimizer_factors import set_optimizer_factors

__all__ = ["CONVNEXT", "MOBILENET", "InvertedResidual", "NextBlock"]

# Scale of a branch at the start of training, as in ConvNeXt; small networks need no smaller one.
INITIAL_SCALE = 0.1


class InvertedResidual(nn.Module):
    """Expand channels, convolve each by itself, and project: x + project(depthwise(expand(x))).

    There is no sum where the shape changes.

    Parameters
    ----------
    c_in, c_out : int
        Channels.
    stride, kernel_size : int
    expansion : int
        Ratio of the channels inside to `c_in`.
    activation_name : str
    use_squeeze : bool
        Whether squeeze-and-excitation follows the depthwise convolution.
    p_drop : float
        Probability of stochastic depth.

    Notes
    -----
    Input of shape (n, c_in, h, w), output of shape (n, c_out, ceil(h / stride), ceil(w / stride)).
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        *,
        stride: int = 1,
        kernel_size: int = 3,
        expansion: int,
        activation_name: str,
        use_squeeze: bool = False,
        p_drop: float = 0.0,
    ) -> None:
        super().__init__()
        inside = c_in * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [
                nn.Conv2d(c_in, inside, 1, bias=False),
                nn.BatchNorm2d(inside),
                build_activation(activation_name),
            ]
        depthwise = nn.Conv2d(
            inside, inside, kernel_size, stride=stride, padding=kernel_size // 2, groups=inside, bias=False
        )
        layers += [depthwise, nn.BatchNorm2d(inside), build_activation(activation_name)]
        layers += [SqueezeExcitation(inside)] if use_squeeze else []
        self.branch = nn.Sequential(*layers, nn.Conv2d(inside, c_out, 1, bias=False), nn.BatchNorm2d(c_out))
        self.has_shortcut = c_in == c_out and stride == 1
        self.drop = StochasticDepth(p_drop)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, h, w) to (n, c_out, h', w')."""
        residual: Tensor = self.branch(x)
        return x + self.drop(residual) if self.has_shortcut else residual


class NextBlock(nn.Module):
    """Block of ConvNeXt: x + scale * W2 act(W1 norm(depthwise(x))), with a scale per channel.

    The norm is a GroupNorm of one group, over channels and pixels; where the shape changes, a norm and a convolution
    come first.

    Parameters
    ----------
    c_in, c_out : int
        Channels.
    stride, kernel_size : int
    expansion : int
        Ratio of the channels inside to `c_out`.
    activation_name : str
    use_squeeze : bool
        Whether squeeze-and-excitation follows the activation.
    p_drop : float
        Probability of stochastic depth.

    Notes
    -----
    Input of shape (n, c_in, h, w), output of shape (n, c_out, ceil(h / stride), ceil(w / stride)).
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        *,
        stride: int = 1,
        kernel_size: int = 7,
        expansion: int,
        activation_name: str,
        use_squeeze: bool = False,
        p_drop: float = 0.0,
    ) -> None:
        super().__init__()
        kernel = 3 if stride > 1 else 1
        reduce = nn.Conv2d(c_in, c_out, kernel, stride=stride, padding=kernel // 2)
        self.reduce = nn.Sequential(nn.GroupNorm(1, c_in), reduce) if c_in != c_out or stride > 1 else nn.Identity()
        layers: list[nn.Module] = [
            nn.Conv2d(c_out, c_out, kernel_size, padding=kernel_size // 2, groups=c_out),
            nn.GroupNorm(1, c_out),
            nn.Conv2d(c_out, c_out * expansion, 1),
            build_activation(activation_name),
            *([SqueezeExcitation(c_out * expansion)] if use_squeeze else []),
            nn.Conv2d(c_out * expansion, c_out, 1),
        ]
        self.branch = nn.Sequential(*layers)
        self.scale = nn.Parameter(torch.full((c_out, 1, 1), INITIAL_SCALE))
        set_optimizer_factors(self.scale, weight_decay=0.0)  # a vector, in spite of its shape
        self.drop = StochasticDepth(p_drop)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, h, w) to (n, c_out, h', w')."""
        x = self.reduce(x)
        return x + self.drop(self.branch(x) * self.scale)  # type: ignore[no-any-return]


def _build(block: Callable[..., nn.Module]) -> Callable[..., nn.Sequential]:
    """Return the builder of a network of these blocks."""

    def build(
        *, kernel_size: int, expansion: int, activation: str, use_squeeze: bool, death_rate: float, **stages: Any
    ) -> nn.Sequential:
        """Build a network; see `build_stages` for the other hyperparameters.

        The last block has the probability `death_rate` of stochastic depth, block l of L has l / L of it.
        """

        def make_block(c_in: int, c_out: int, *, stride: int, depth: float) -> nn.Module:
            return block(
                c_in,
                c_out,
                stride=stride,
                kernel_size=kernel_size,
                expansion=expansion,
                activation_name=activation,
                use_squeeze=use_squeeze,
                p_drop=death_rate * depth,
            )

        return build_stages(make_block, activation_name=activation, **stages)

    return build


def _space(kernel_size: int, activations: tuple[str, ...]) -> Callable[[Task], cs.ConfigurationSpace]:
    """Return the space of a network of blocks, with these defaults."""

    def space(task: Task) -> cs.ConfigurationSpace:
        result = cs.ConfigurationSpace()
        add_stages(result, blocks_per_group=2, initial_filters=24, activations=activations)
        result.add(
            cs.Categorical("kernel_size", [3, 5, 7], default=kernel_size, ordered=True),
            cs.Integer("expansion", (1, 6), default=4, meta={"limits": (1, 16)}),
        )
        return result

    return space


MOBILENET: Component[nn.Module] = Component("mobilenet", _build(InvertedResidual), _space(3, ("silu", "relu", "gelu")))
CONVNEXT: Component[nn.Module] = Component("convnext", _build(NextBlock), _space(7, ("gelu", "silu", "relu")))

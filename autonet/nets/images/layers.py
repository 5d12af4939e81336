"""Layers that the convolutional networks share: stem, head, squeeze-and-excitation, stochastic depth."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from autonet.nets.activations import build_activation

__all__ = [
    "MIN_SIDE",
    "Shape",
    "SqueezeExcitation",
    "StochasticDepth",
    "build_head",
    "build_stem",
    "halve",
    "make_divisible",
    "stem_stride",
]

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""

# Side of feature maps, in pixels, that is not halved any more.
MIN_SIDE = 4
# Channels of squeeze-and-excitation are a quarter of those that it scales.
SQUEEZE = 4


class SqueezeExcitation(nn.Module):
    """Scale channels by a gate: Hu et al., "Squeeze-and-Excitation Networks" (2018), arXiv 1709.01507.

    The gate is ``sigmoid(W2 relu(W1 mean(x)))``, with the mean over the pixels.

    Parameters
    ----------
    channels : int
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = max(channels // SQUEEZE, 4)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        return x * self.gate(x)  # type: ignore[no-any-return]


class StochasticDepth(nn.Module):
    """Drop a branch for random images: Huang et al., "Deep Networks with Stochastic Depth" (2016), arXiv 1603.09382.

    Kept branches are divided by the probability to keep them, so that evaluation is the identity.

    Parameters
    ----------
    p_drop : float
        Probability to drop, below 1.

    Attributes
    ----------
    generator : torch.Generator or None
        Source of random numbers; None: torch's global generator.
    """

    takes_generator = True

    def __init__(self, p_drop: float) -> None:
        super().__init__()
        self.p_drop = p_drop
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        if not self.training or self.p_drop == 0.0:
            return x
        generator = self.generator if x.is_cpu else None
        kept = torch.rand(len(x), 1, 1, 1, device=x.device, generator=generator) >= self.p_drop
        return x * (kept.to(x.dtype) / (1 - self.p_drop))

    def extra_repr(self) -> str:
        """Show the probability."""
        return f"p_drop={self.p_drop:g}"


def stem_stride(shape: Shape, resolution: int) -> int:
    """Return the smallest stride that makes the longer side of an image at most `resolution` pixels.

    >>> [stem_stride((3, side, side), 32) for side in (28, 32, 64, 96, 224)]
    [1, 1, 2, 3, 7]
    """
    return math.ceil(max(shape[1:]) / resolution)


def build_stem(shape: Shape, channels: int, resolution: int) -> tuple[nn.Conv2d, Shape]:
    """Build the first convolution, which makes maps of at most `resolution` pixels a side.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image.
    channels : int
        Of the output.
    resolution : int
        Upper bound of the longer side of its output, in pixels.

    Returns
    -------
    nn.Conv2d
        3 x 3 pixels, and 2 s - 1 a side with a stride s of 3 or more.
    tuple of int
        Channels, height and width of its output.
    """
    stride = stem_stride(shape, resolution)
    kernel = max(2 * stride - 1, 3)
    conv = nn.Conv2d(shape[0], channels, kernel, stride=stride, padding=kernel // 2, bias=False)
    return conv, (channels, -(-shape[1] // stride), -(-shape[2] // stride))


def halve(shape: Shape) -> tuple[int, Shape]:
    """Return the stride that halves maps, and their shape then; 1 for maps of four pixels or less a side.

    >>> halve((16, 28, 28)), halve((16, 4, 9))
    ((2, (16, 14, 14)), (1, (16, 4, 9)))
    """
    channels, height, width = shape
    if min(height, width) <= MIN_SIDE:
        return 1, shape
    return 2, (channels, -(-height // 2), -(-width // 2))


def build_head(channels: int, n_out: int, *, activation_name: str, dropout: float) -> list[nn.Module]:
    """Build the last layers: BatchNorm, activation, the mean over the pixels, dropout if any, Linear."""
    layers = [nn.BatchNorm2d(channels), build_activation(activation_name), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    if dropout > 0:
        layers.append(nn.Dropout(dropout))
    return [*layers, nn.Linear(channels, n_out)]


def make_divisible(width: float, divisor: int = 8) -> int:
    """Round a number of channels to a multiple, at least one; convolutions of other widths are slower.

    >>> [make_divisible(width) for width in (3, 17.9, 20, 64)]
    [8, 16, 24, 64]
    """
    return max(int(width / divisor + 0.5), 1) * divisor

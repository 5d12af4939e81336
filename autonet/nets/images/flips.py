"""Test-time augmentation: the mean of the outputs for an image and its mirror image."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from torch import Tensor, nn

__all__ = ["FlipAveraged", "average_flips"]


class FlipAveraged(nn.Sequential):
    """Layers whose output in evaluation is the mean of those for an image and for its mirror image.

    Training sees every image once, mirrored or not by the augmentation.

    Notes
    -----
    Input of shape (n, channels, h, w), mirrored left and right.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, n_out)."""
        output: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        if self.training:
            return output
        mirrored: Tensor = super().forward(x.flip(-1))  # type: ignore[no-untyped-call]
        return (output + mirrored) / 2

    def __getitem__(self, index: Any) -> Any:
        """Return a layer, or a plain `nn.Sequential` of a slice: maps of an image and its mirror image have no mean."""
        if isinstance(index, slice):
            return nn.Sequential(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)


def average_flips(network: nn.Module) -> FlipAveraged:
    """Return a network that averages over flips, with the layers of another, under their names.

    A network that computes more than its layers one after the other becomes a single layer.
    """
    is_plain = isinstance(network, nn.Sequential) and type(network).forward is nn.Sequential.forward
    layers: Any = network._modules  # noqa: SLF001 - `named_children` leaves out a layer that comes again
    return FlipAveraged(OrderedDict(layers)) if is_plain else FlipAveraged(network)

"""Test-time augmentation: the mean of the outputs for an image and its mirror image."""

from __future__ import annotations

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


def average_flips(network: nn.Module) -> FlipAveraged:
    """Return a network that averages over flips, with the layers of another."""
    return FlipAveraged(*network) if isinstance(network, nn.Sequential) else FlipAveraged(network)

"""Dropout whose masks are drawn faster than torch draws them on a CPU.

Networks are built with `torch.nn.Dropout`, a network of the user's own included; for training, and only there,
`replace_dropout` takes its place.
"""

import torch
from torch import Tensor, nn

__all__ = ["FastDropout", "replace_dropout"]

LEVELS = 2**16  # of a random number of 16 bits
FROM = 2**13  # numbers; with fewer torch is faster


class FastDropout(nn.Dropout):
    """`torch.nn.Dropout`, with masks from random numbers of 16 bits where the input lies on a CPU.

    Four of them come out of one draw of the generator: measured on 256 x 8 x 128 numbers, 0.55 instead of 1.6 ms.
    The rate is rounded to a multiple of 2^-16.

    Parameters
    ----------
    p : float
        The share of zeros, below 1.

    Attributes
    ----------
    generator : torch.Generator or None
        Which draws the masks on the CPU; None: torch's global one.
    """

    takes_generator = True

    def __init__(self, p: float) -> None:
        super().__init__(p)
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Set a random share of the numbers to zero while training, and scale the others up."""
        dropped = round(self.p * LEVELS)
        if not (self.training and x.is_cpu and 0 < dropped < LEVELS):
            return super().forward(x)
        if x.numel() < FROM:  # as torch does it
            return x * torch.empty_like(x).bernoulli_(1 - self.p, generator=self.generator).div_(1 - self.p)
        numbers = torch.empty(-(-x.numel() // 4), dtype=torch.int64)
        numbers = numbers.random_(-(2**63), None, generator=self.generator).view(torch.int16)
        kept = numbers[: x.numel()].view(x.shape) >= dropped - LEVELS // 2
        return x * kept.to(x.dtype).mul_(LEVELS / (LEVELS - dropped))


def replace_dropout(network: nn.Module) -> nn.Module:
    """Replace the `torch.nn.Dropout` of a network, in place; the network is returned."""
    for name, child in network.named_children():
        if type(child) is nn.Dropout:
            setattr(network, name, FastDropout(child.p).train(child.training))
        else:
            replace_dropout(child)
    return network

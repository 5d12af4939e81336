"""Dropout that draws its masks faster than torch does on a CPU.

Networks are built with `torch.nn.Dropout`; only for training, `replace_dropout` substitutes it.
"""

import torch
from torch import Tensor, nn

__all__ = ["FastDropout", "replace_dropout"]

# Number of values of a 16-bit random number.
N_LEVELS = 2**16
# Size of an input below which torch is faster.
MIN_NUMEL = 2**13


class FastDropout(nn.Dropout):
    """`torch.nn.Dropout` with masks from 16-bit random numbers on a CPU.

    One draw of the generator yields four of them, which takes a third of torch's time.  The rate is rounded to a
    multiple of 2^-16.

    Parameters
    ----------
    p : float
        Dropout rate, below 1.

    Attributes
    ----------
    generator : torch.Generator or None
        Source of random numbers on the CPU; None: torch's global generator.
    """

    takes_generator = True

    def __init__(self, p: float) -> None:
        super().__init__(p)
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Zero random elements of x, shape (n, ...), in training, and scale the others up."""
        dropped = round(self.p * N_LEVELS)
        if not (self.training and x.is_cpu and 0 < dropped < N_LEVELS):
            return super().forward(x)
        if x.numel() < MIN_NUMEL:  # the same masks as torch
            return x * torch.empty_like(x).bernoulli_(1 - self.p, generator=self.generator).div_(1 - self.p)
        numbers = torch.empty(-(-x.numel() // 4), dtype=torch.int64)
        numbers = numbers.random_(-(2**63), None, generator=self.generator).view(torch.int16)
        kept = numbers[: x.numel()].view(x.shape) >= dropped - N_LEVELS // 2
        return x * kept.to(x.dtype).mul_(N_LEVELS / (N_LEVELS - dropped))


def replace_dropout(network: nn.Module) -> nn.Module:
    """Replace the `torch.nn.Dropout` layers of a network in place, and return it."""
    for name, child in network.named_children():
        if type(child) is nn.Dropout:
            setattr(network, name, FastDropout(child.p).train(child.training))
        else:
            replace_dropout(child)
    return network

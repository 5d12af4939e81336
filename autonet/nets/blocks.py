"""Residual block with shake-shake and shake-drop.

Pre-activation residual block: He et al., "Identity Mappings in Deep Residual Networks" (2016), arXiv 1603.05027.
Shake-shake: Gastaldi (2017), arXiv 1705.07485.  Shake-drop: Yamada et al. (2018), arXiv 1802.02375.
"""

from typing import Any

import torch
from torch import Tensor, nn

from autonet.nets.activations import build_activation
from autonet.nets.layers import build_norm

__all__ = ["ResBlock", "shake_drop", "shake_shake"]


class _ForwardBackward(torch.autograd.Function):
    """Compute ``x * forward_scale``, with the gradient ``gradient * backward_scale``."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, forward_scale: Tensor, backward_scale: Tensor) -> Tensor:
        ctx.save_for_backward(backward_scale)
        return x * forward_scale

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (backward_scale,) = ctx.saved_tensors
        return gradients[0] * backward_scale, None, None


def _scale(x: Tensor, forward_scale: Tensor, backward_scale: Tensor) -> Tensor:
    return _ForwardBackward.apply(x, forward_scale, backward_scale)  # type: ignore[no-any-return,no-untyped-call]


def _per_row(x: Tensor) -> list[int]:
    """Return the shape of one number per row that broadcasts to x."""
    return [len(x), *[1] * (x.ndim - 1)]


def shake_shake(first: Tensor, second: Tensor, *, training: bool, generator: torch.Generator | None = None) -> Tensor:
    """Mix two branches: ``a * first + (1 - a) * second`` with a ~ U(0, 1) for each row.

    The gradient is split by an independent b ~ U(0, 1).  In evaluation the branches are averaged.

    Parameters
    ----------
    first, second : Tensor of shape (n, width) or (n, channels, h, w)
    training : bool
    generator : torch.Generator, optional

    Returns
    -------
    Tensor
        Of the same shape.
    """
    if not training:
        return 0.5 * (first + second)
    a, b = (torch.rand(_per_row(first), device=first.device, dtype=first.dtype, generator=generator) for _ in range(2))
    return _scale(first, a, b) + _scale(second, 1 - a, 1 - b)


def shake_drop(x: Tensor, *, p_drop: float, training: bool, generator: torch.Generator | None = None) -> Tensor:
    """Perturb each row of a branch with probability `p_drop`.

    A perturbed row is multiplied by a ~ U(-1, 1), its gradient by an independent b ~ U(0, 1).  In evaluation the
    branch is multiplied by the expected factor, ``1 - p_drop``.

    Parameters
    ----------
    x : Tensor of shape (n, width) or (n, channels, h, w)
    p_drop : float
    training : bool
    generator : torch.Generator, optional

    Returns
    -------
    Tensor
        Of the same shape.
    """
    if not training:
        return x * (1 - p_drop)
    shape = _per_row(x)
    keep = (torch.rand(shape, device=x.device, generator=generator) >= p_drop).to(x.dtype)
    a = 2 * torch.rand(shape, device=x.device, dtype=x.dtype, generator=generator) - 1
    b = torch.rand(shape, device=x.device, dtype=x.dtype, generator=generator)
    return _scale(x, keep + (1 - keep) * a, keep + (1 - keep) * b)


class ResBlock(nn.Module):
    """Pre-activation residual block.

    With ``branch(h) = W2 Dropout(act(norm(W1 h)))`` and ``h = act(norm(x))``, the block computes

    - ``x + branch(h)`` if `d_in` equals `d_out`,
    - ``Ws h + branch(h)`` otherwise: the shortcut projects the normalized input.

    Parameters
    ----------
    d_in, d_out : int
    activation_name : str
    dropout : float
    use_shake_shake : bool
        Whether to mix two branches at random; see `shake_shake`.
    shake_drop_probability : float
        Probability of perturbing the sum of the branches; see `shake_drop`.
    norm : {"batch", "layer", "none"}

    Attributes
    ----------
    generator : torch.Generator or None
        Source of random numbers; None: torch's global generator.

    Notes
    -----
    Input of shape (n, d_in), output of shape (n, d_out).

    >>> block = ResBlock(3, 5, activation_name="relu", dropout=0.0)
    >>> block(torch.randn(4, 3)).shape
    torch.Size([4, 5])
    """

    takes_generator = True

    def __init__(
        self,
        d_in: int,
        d_out: int,
        *,
        activation_name: str,
        dropout: float,
        use_shake_shake: bool = False,
        shake_drop_probability: float = 0.0,
        norm: str = "batch",
    ) -> None:
        super().__init__()
        self.generator: torch.Generator | None = None
        self.start = nn.Sequential(build_norm(norm, d_in), build_activation(activation_name))
        self.shortcut = nn.Linear(d_in, d_out) if d_in != d_out else None
        self.branch = self._branch(d_in, d_out, activation_name, dropout, norm)
        self.second_branch = self._branch(d_in, d_out, activation_name, dropout, norm) if use_shake_shake else None
        self.shake_drop_probability = shake_drop_probability

    @staticmethod
    def _branch(d_in: int, d_out: int, activation_name: str, dropout: float, norm: str) -> nn.Sequential:
        layers = [nn.Linear(d_in, d_out), build_norm(norm, d_out), build_activation(activation_name)]
        if dropout > 0:
            layers.append(nn.Dropout(dropout))
        return nn.Sequential(*layers, nn.Linear(d_out, d_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, d_in) to (n, d_out)."""
        h = self.start(x)
        residual: Tensor = self.branch(h)
        if self.second_branch is not None:
            second = self.second_branch(h)
            residual = shake_shake(residual, second, training=self.training, generator=self.generator)
        if self.shake_drop_probability > 0:
            p_drop = self.shake_drop_probability
            residual = shake_drop(residual, p_drop=p_drop, training=self.training, generator=self.generator)
        shortcut: Tensor = x if self.shortcut is None else self.shortcut(h)
        return shortcut + residual

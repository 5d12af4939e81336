"""Activation functions by name."""

import torch
from torch import Tensor, nn

from autonet.core.validation import check_choice

__all__ = ["ACTIVATIONS", "build_activation"]

# Values from which the formula of `Mish` is faster than torch's function, and where the result is x.
MANY_VALUES, LARGE = 10_000, 20.0


class Mish(nn.Mish):
    """torch's activation, whose formula, x n / (n + 2) with e = exp(x) and n = e (e + 2), is faster for many rows.

    It is used for predictions alone, which need no gradients.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map values elementwise."""
        # In this order: an export must not depend on the number of rows.
        if torch.compiler.is_compiling() or not torch.is_inference_mode_enabled() or x.numel() < MANY_VALUES:
            return super().forward(x)
        e = x.clamp(max=LARGE).exp_()
        n = (e + 2).mul_(e)
        return n.div_(n + 2).mul_(x)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "selu": nn.SELU,
    "leaky_relu": nn.LeakyReLU,
    "mish": Mish,
}


def build_activation(name: str) -> nn.Module:
    """Build an activation by name."""
    return ACTIVATIONS[check_choice("activation", name, ACTIVATIONS)]()

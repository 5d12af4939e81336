"""Activation functions by name."""

from torch import nn

from autonet.core.validation import check_choice

__all__ = ["ACTIVATIONS", "build_activation"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "selu": nn.SELU,
    "leaky_relu": nn.LeakyReLU,
    "mish": nn.Mish,
}


def build_activation(name: str) -> nn.Module:
    """Build an activation by name."""
    return ACTIVATIONS[check_choice("activation", name, ACTIVATIONS)]()

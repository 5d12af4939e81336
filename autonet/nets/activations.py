"""Activation functions that a configuration can choose."""

from torch import nn

from autonet.core.validation import check_choice

__all__ = ["ACTIVATIONS", "activation"]

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


def activation(name: str) -> nn.Module:
    """Make the activation of that name."""
    return ACTIVATIONS[check_choice("activation", name, ACTIVATIONS)]()

"""Normalization layers and heads, which the residual networks and perceptrons share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from autonet.core.lazy import configspace as cs
from autonet.core.validation import check_choice
from autonet.nets.activations import build_activation

__all__ = ["NORMS", "build_norm", "define_head", "define_norm", "list_head_widths", "make_head"]

NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
    "none": lambda width: nn.Identity(),
}

# Layers of a head, the output layer included.
MAX_HEAD_LAYERS = 4


def build_norm(name: str, width: int) -> nn.Module:
    """Build a normalization layer by name.

    >>> build_norm("layer", 8)
    LayerNorm((8,), eps=1e-05, elementwise_affine=True...)
    """
    return NORMS[check_choice("norm", name, NORMS)](width)


def make_head(*, n_in: int, n_out: int, widths: Sequence[int], activation_name: str) -> list[nn.Module]:
    """Make the layers of a head: Linear and activation for each width, and a Linear output.

    >>> make_head(n_in=8, n_out=3, widths=[], activation_name="relu")
    [Linear(in_features=8, out_features=3, bias=True)]
    """
    layers: list[nn.Module] = []
    for d_in, d_out in zip([n_in, *widths], widths, strict=False):
        layers += [nn.Linear(d_in, d_out), build_activation(activation_name)]
    return [*layers, nn.Linear(widths[-1] if widths else n_in, n_out)]


def list_head_widths(head: str, num_layers: int, units: Mapping[str, float]) -> list[int]:
    """List the widths of the hidden layers of a head, by the hyperparameters that `define_head` defines."""
    return [] if head == "linear" else [int(units[f"head_units_{i}"]) for i in range(1, num_layers)]


def define_norm(default: str) -> cs.hyperparameters.Hyperparameter[Any, Any]:
    """Define the optional choice of the normalization layer."""
    return cs.Categorical("norm", list(NORMS), default=default, meta={"optional": "norm"})


def define_head() -> list[Any]:
    """Define the optional choice of the head, and the layers of a fully connected one, as in Auto-PyTorch 0.2.1."""
    in_group = {"optional": "head"}
    head = cs.Categorical("head", ["linear", "fully_connected"], default="linear", meta=in_group)
    limits = {"limits": (1, MAX_HEAD_LAYERS), **in_group}
    layers = cs.Integer("head_num_layers", (1, MAX_HEAD_LAYERS), default=2, meta=limits)
    parts: list[Any] = [head, layers, cs.EqualsCondition(layers, head, "fully_connected")]
    for i in range(1, MAX_HEAD_LAYERS):
        units = cs.Integer(f"head_units_{i}", (64, 512), default=128, meta={"limits": (1, 2**16), **in_group})
        fully_connected = cs.EqualsCondition(units, head, "fully_connected")
        parts += [units, cs.AndConjunction(fully_connected, cs.GreaterThanCondition(units, layers, i))]
    return parts

"""Multilayer perceptrons: ``mlpnet`` with one width per layer, ``shapedmlpnet`` with a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.nets.activations import ACTIVATIONS, build_activation
from autonet.nets.layers import build_norm, define_head, define_norm, list_head_widths, make_head
from autonet.nets.shapes import SHAPES, compute_dropouts, compute_widths

__all__ = ["MLPNET", "SHAPEDMLPNET", "make_layer_conditions", "make_mlp"]

MAX_LAYERS = 15


def make_mlp(
    *,
    n_in: int,
    n_out: int,
    widths: list[int],
    dropouts: list[float],
    activation_name: str,
    norm: str = "none",
    head_widths: Sequence[int] = (),
) -> nn.Sequential:
    """Stack Linear, normalization, activation and dropout for each width, and a head.

    Parameters
    ----------
    n_in, n_out : int
    widths : list of int
    dropouts : list of float
        Dropout rate after each of the layers.
    activation_name : str
    norm : {"batch", "layer", "none"}
    head_widths : sequence of int
        Widths of the hidden layers of the head, which have neither normalization nor dropout; none: it is a single
        Linear.

    >>> make_mlp(n_in=4, n_out=2, widths=[8], dropouts=[0.0], activation_name="relu")
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=2, bias=True)
    )
    """
    layers: list[nn.Module] = []
    for d_in, d_out, dropout in zip([n_in, *widths], widths, dropouts, strict=False):
        normalization = [] if norm == "none" else [build_norm(norm, d_out)]
        layers += [nn.Linear(d_in, d_out), *normalization, build_activation(activation_name)]
        if dropout > 0:
            layers.append(nn.Dropout(dropout))
    head = make_head(n_in=widths[-1], n_out=n_out, widths=head_widths, activation_name=activation_name)
    return nn.Sequential(*layers, *head)


def build_mlpnet(
    *,
    n_in: int,
    n_out: int,
    num_layers: int,
    activation: str,
    use_dropout: bool,
    norm: str = "none",
    head: str = "linear",
    head_num_layers: int = 1,
    **numbered: float,
) -> nn.Sequential:
    """Build an MLP from ``num_units_1``, ``dropout_1`` and so on."""
    layers = range(1, num_layers + 1)
    return make_mlp(
        n_in=n_in,
        n_out=n_out,
        widths=[int(numbered[f"num_units_{i}"]) for i in layers],
        dropouts=[numbered[f"dropout_{i}"] if use_dropout else 0.0 for i in layers],
        activation_name=activation,
        norm=norm,
        head_widths=list_head_widths(head, head_num_layers, numbered),
    )


def mlpnet_space(task: Task) -> cs.ConfigurationSpace:
    """Define up to 15 layers, each with its own width and dropout."""
    layers = cs.Integer("num_layers", (1, MAX_LAYERS), default=3, meta={"limits": (1, MAX_LAYERS)})
    use_dropout = cs.Categorical("use_dropout", [True, False], default=True)
    parts: list[Any] = [layers, use_dropout, cs.Categorical("activation", list(ACTIVATIONS), default="relu")]
    for i in range(1, MAX_LAYERS + 1):
        units = cs.Integer(f"num_units_{i}", (10, 1024), log=True, default=128, meta={"limits": (1, 2**16)})
        dropout = cs.Float(f"dropout_{i}", (0.0, 0.8), default=0.1, meta={"limits": (0.0, 0.99)})
        parts += [units, dropout, *make_layer_conditions(i, layers, use_dropout, units, dropout)]
    space = cs.ConfigurationSpace()
    space.add(*parts, define_norm("none"), *define_head())
    return space


def make_layer_conditions(i: int, layers: Any, use_dropout: Any, units: Any, dropout: Any) -> list[Any]:
    """Make the conditions of layer i (from 1): width from `i` layers on, dropout only if it is used, too."""
    uses_dropout = cs.EqualsCondition(dropout, use_dropout, True)
    if i == 1:
        return [uses_dropout]
    is_deep_enough = cs.GreaterThanCondition(dropout, layers, i - 1)
    return [cs.GreaterThanCondition(units, layers, i - 1), cs.AndConjunction(uses_dropout, is_deep_enough)]


def build_shapedmlpnet(
    *,
    n_in: int,
    n_out: int,
    num_layers: int,
    max_units: int,
    mlp_shape: str,
    activation: str,
    use_dropout: bool,
    dropout_shape: str = "brick",
    max_dropout: float = 0.0,
    norm: str = "none",
    head: str = "linear",
    head_num_layers: int = 1,
    **head_units: int,
) -> nn.Sequential:
    """Build an MLP whose widths and dropout rates follow shapes."""
    return make_mlp(
        n_in=n_in,
        n_out=n_out,
        widths=compute_widths(mlp_shape, n_in=n_in, n_out=n_out, max_units=max_units, n_layers=num_layers),
        dropouts=compute_dropouts(dropout_shape, max_dropout=max_dropout if use_dropout else 0.0, n_layers=num_layers),
        activation_name=activation,
        norm=norm,
        head_widths=list_head_widths(head, head_num_layers, head_units),
    )


def shapedmlpnet_space(task: Task) -> cs.ConfigurationSpace:
    """Define depth, largest width, and the shapes of width and dropout."""
    space = cs.ConfigurationSpace()
    use_dropout = cs.Categorical("use_dropout", [True, False], default=True)
    shape = cs.Categorical("dropout_shape", list(SHAPES), default="brick")
    dropout = cs.Float("max_dropout", (0.0, 0.8), default=0.1, meta={"limits": (0.0, 0.99)})
    space.add(
        cs.Integer("num_layers", (1, MAX_LAYERS), default=3, meta={"limits": (1, 100)}),
        cs.Integer("max_units", (10, 1024), log=True, default=256, meta={"limits": (1, 2**16)}),
        cs.Categorical("mlp_shape", list(SHAPES), default="brick"),
        cs.Categorical("activation", list(ACTIVATIONS), default="relu"),
        use_dropout,
        shape,
        dropout,
        define_norm("none"),
        *define_head(),
    )
    space.add(cs.EqualsCondition(shape, use_dropout, True), cs.EqualsCondition(dropout, use_dropout, True))
    return space


MLPNET: Component[nn.Module] = Component("mlpnet", build_mlpnet, mlpnet_space)
SHAPEDMLPNET: Component[nn.Module] = Component("shapedmlpnet", build_shapedmlpnet, shapedmlpnet_space)

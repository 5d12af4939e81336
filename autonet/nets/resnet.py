"""Residual networks: ``resnet`` with one width per group, ``shapedresnet`` with a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.nets.activations import ACTIVATIONS, build_activation
from autonet.nets.blocks import ResBlock
from autonet.nets.layers import build_norm, define_head, define_norm, list_head_widths, make_head
from autonet.nets.mlp import make_layer_conditions
from autonet.nets.shapes import SHAPES, compute_dropouts, compute_widths

__all__ = ["RESNET", "SHAPEDRESNET", "make_resnet"]

MAX_GROUPS = 9
UNITS_LIMITS = {"limits": (1, 2**16)}
DROPOUT_LIMITS = {"limits": (0.0, 0.99)}


def make_resnet(
    *,
    n_in: int,
    n_out: int,
    widths: list[int],
    blocks_per_group: int,
    dropouts: list[float],
    activation_name: str,
    use_shake_shake: bool,
    max_shake_drop_probability: float,
    norm: str = "batch",
    head_widths: Sequence[int] = (),
) -> nn.Sequential:
    """Stack a Linear stem, groups of residual blocks, normalization, activation and a head.

    Parameters
    ----------
    n_in, n_out : int
    widths : list of int
        Width of the stem and of each group: n_groups + 1 values.
    blocks_per_group : int
        Only the first block of a group changes the width.
    dropouts : list of float
        Dropout rate of each group.
    activation_name : str
    use_shake_shake : bool
    max_shake_drop_probability : float
        Shake-drop probability of the last block; block l of L gets l/L of it.
    norm : {"batch", "layer", "none"}
    head_widths : sequence of int
        Widths of the hidden layers of the head; none: it is a single Linear.

    Returns
    -------
    nn.Sequential
        ``[0]`` Linear, ``[1]`` to ``[n_groups]`` Sequential of blocks, normalization, activation, the layers of the
        head.
    """
    n_blocks, block = (len(widths) - 1) * blocks_per_group, 0
    groups: list[nn.Module] = []
    for d_in, d_out, dropout in zip(widths, widths[1:], dropouts, strict=False):
        blocks = []
        for i in range(blocks_per_group):
            block += 1
            blocks.append(
                ResBlock(
                    d_out if i else d_in,
                    d_out,
                    activation_name=activation_name,
                    dropout=dropout,
                    use_shake_shake=use_shake_shake,
                    shake_drop_probability=max_shake_drop_probability * block / n_blocks,
                    norm=norm,
                )
            )
        groups.append(nn.Sequential(*blocks))
    return nn.Sequential(
        nn.Linear(n_in, widths[0]),
        *groups,
        build_norm(norm, widths[-1]),
        build_activation(activation_name),
        *make_head(n_in=widths[-1], n_out=n_out, widths=head_widths, activation_name=activation_name),
    )


def _common_space() -> cs.ConfigurationSpace:
    """Define the hyperparameters that both residual networks share."""
    space = cs.ConfigurationSpace()
    use_shake_drop = cs.Categorical("use_shake_drop", [True, False], default=False)
    shake_drop = cs.Float("max_shake_drop_probability", (0.0, 1.0), default=0.5, meta={"limits": (0.0, 1.0)})
    space.add(
        cs.Integer("num_groups", (1, MAX_GROUPS), default=2, meta={"limits": (1, MAX_GROUPS)}),
        cs.Integer("blocks_per_group", (1, 4), default=1, meta={"limits": (1, 20)}),
        cs.Categorical("activation", list(ACTIVATIONS), default="relu"),
        cs.Categorical("use_dropout", [True, False], default=True),
        cs.Categorical("use_shake_shake", [True, False], default=False),
        use_shake_drop,
        shake_drop,
        cs.EqualsCondition(shake_drop, use_shake_drop, True),
        define_norm("batch"),
        *define_head(),
    )
    return space


def build_resnet(
    *,
    n_in: int,
    n_out: int,
    num_groups: int,
    blocks_per_group: int,
    activation: str,
    use_dropout: bool,
    use_shake_shake: bool,
    use_shake_drop: bool,
    max_shake_drop_probability: float = 0.0,
    norm: str = "batch",
    head: str = "linear",
    head_num_layers: int = 1,
    **numbered: float,
) -> nn.Sequential:
    """Build a residual network from ``num_units_0`` (the stem), ``num_units_1``, ``dropout_1`` and so on."""
    return make_resnet(
        n_in=n_in,
        n_out=n_out,
        widths=[int(numbered[f"num_units_{i}"]) for i in range(num_groups + 1)],
        blocks_per_group=blocks_per_group,
        dropouts=[numbered[f"dropout_{i}"] if use_dropout else 0.0 for i in range(1, num_groups + 1)],
        activation_name=activation,
        use_shake_shake=use_shake_shake,
        max_shake_drop_probability=max_shake_drop_probability if use_shake_drop else 0.0,
        norm=norm,
        head_widths=list_head_widths(head, head_num_layers, numbered),
    )


def resnet_space(task: Task) -> cs.ConfigurationSpace:
    """Define up to 9 groups, each with its own width and dropout."""
    space = _common_space()
    groups, use_dropout = space["num_groups"], space["use_dropout"]
    parts: list[Any] = [cs.Integer("num_units_0", (10, 1024), log=True, default=256, meta=UNITS_LIMITS)]
    for i in range(1, MAX_GROUPS + 1):
        units = cs.Integer(f"num_units_{i}", (10, 1024), log=True, default=256, meta=UNITS_LIMITS)
        dropout = cs.Float(f"dropout_{i}", (0.0, 0.8), default=0.1, meta=DROPOUT_LIMITS)
        parts += [units, dropout, *make_layer_conditions(i, groups, use_dropout, units, dropout)]
    space.add(*parts)
    return space


def build_shapedresnet(
    *,
    n_in: int,
    n_out: int,
    num_groups: int,
    blocks_per_group: int,
    max_units: int,
    resnet_shape: str,
    activation: str,
    use_dropout: bool,
    use_shake_shake: bool,
    use_shake_drop: bool,
    dropout_shape: str = "brick",
    max_dropout: float = 0.0,
    max_shake_drop_probability: float = 0.0,
    norm: str = "batch",
    head: str = "linear",
    head_num_layers: int = 1,
    **head_units: int,
) -> nn.Sequential:
    """Build a residual network whose widths and dropout rates follow shapes."""
    return make_resnet(
        n_in=n_in,
        n_out=n_out,
        widths=compute_widths(resnet_shape, n_in=n_in, n_out=n_out, max_units=max_units, n_layers=num_groups + 1),
        blocks_per_group=blocks_per_group,
        dropouts=compute_dropouts(dropout_shape, max_dropout=max_dropout if use_dropout else 0.0, n_layers=num_groups),
        activation_name=activation,
        use_shake_shake=use_shake_shake,
        max_shake_drop_probability=max_shake_drop_probability if use_shake_drop else 0.0,
        norm=norm,
        head_widths=list_head_widths(head, head_num_layers, head_units),
    )


def shapedresnet_space(task: Task) -> cs.ConfigurationSpace:
    """Define depth, largest width, and the shapes of width and dropout."""
    space = _common_space()
    use_dropout = space["use_dropout"]
    shape = cs.Categorical("dropout_shape", list(SHAPES), default="brick")
    dropout = cs.Float("max_dropout", (0.0, 0.8), default=0.1, meta=DROPOUT_LIMITS)
    space.add(
        cs.Integer("max_units", (10, 1024), log=True, default=256, meta=UNITS_LIMITS),
        cs.Categorical("resnet_shape", list(SHAPES), default="brick"),
        shape,
        dropout,
    )
    space.add(cs.EqualsCondition(shape, use_dropout, True), cs.EqualsCondition(dropout, use_dropout, True))
    return space


RESNET: Component[nn.Module] = Component("resnet", build_resnet, resnet_space)
SHAPEDRESNET: Component[nn.Module] = Component("shapedresnet", build_shapedresnet, shapedresnet_space)

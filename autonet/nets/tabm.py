"""TabM: an MLP that is an ensemble of k members with mostly shared weights.

TabM: Gorishniy et al., "TabM: Advancing Tabular Deep Learning with Parameter-Efficient Ensembling" (2025),
arXiv 2410.24210.  Shared linear layers are initialized by the configuration's method, heads and unshared parameters as
in the paper.
"""

from __future__ import annotations

from torch import nn, ones

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.nets.activations import ACTIVATIONS, build_activation
from autonet.nets.batch_ensemble import POOLINGS, BatchEnsembleLinear, EnsembleMean, LinearEnsemble, sample_signs

__all__ = ["TABM", "build_tabm", "tabm_space"]

VARIANTS = ("mini", "full")


def build_tabm(
    *,
    n_in: int,
    n_out: int,
    variant: str,
    n_members: int,
    num_layers: int,
    width: int,
    dropout: float,
    activation: str,
    pooling: str,
) -> nn.Sequential:
    """Build layers of Linear, activation and dropout, a head for each member, and their mean.

    Parameters
    ----------
    n_in, n_out : int
    variant : {"mini", "full"}
        With "mini", members differ in the input scales of the first layer and in their heads; with "full", in the
        input and output scales and biases of every layer, too.
    n_members, num_layers, width : int
    dropout : float
    activation : str
    pooling : {"softmax", "sigmoid", "identity"}
        See `EnsembleMean`.

    Returns
    -------
    nn.Sequential
        Maps (n, n_in) to (n, n_members, n_out) in training, to (n, n_out) in evaluation.
    """
    full = check_choice("variant of tabm", variant, VARIANTS) == "full"
    layers: list[nn.Module] = []
    for i in range(num_layers):
        if i == 0:
            layers.append(BatchEnsembleLinear(sample_signs(n_members, n_in), width, scales_outputs=full))
        elif full:
            layers.append(BatchEnsembleLinear(ones(n_members, width), width, scales_outputs=True))
        else:
            layers.append(nn.Linear(width, width))
        layers.append(build_activation(activation))
        if dropout > 0:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, LinearEnsemble(width, n_out, n_members), EnsembleMean(pooling))


def tabm_space(task: Task) -> cs.ConfigurationSpace:
    """Define variant, number of members, and the shared MLP; the pooling depends on the task.

    The defaults are smaller than the paper's 32 members of width 512, which are slow to train on a CPU.
    """
    space = cs.ConfigurationSpace()
    space.add(
        cs.Categorical("variant", list(VARIANTS), default="mini"),
        cs.Integer("n_members", (2, 32), log=True, default=8, meta={"limits": (1, 1024)}),
        cs.Integer("num_layers", (1, 5), default=2, meta={"limits": (1, 100)}),
        cs.Integer("width", (32, 512), log=True, default=128, meta={"limits": (1, 2**16)}),
        cs.Float("dropout", (0.0, 0.5), default=0.1, meta={"limits": (0.0, 0.99)}),
        cs.Categorical("activation", list(ACTIVATIONS), default="relu"),
        cs.Constant("pooling", POOLINGS[task.kind]),
    )
    return space


TABM: Component[nn.Module] = Component("tabm", build_tabm, tabm_space)

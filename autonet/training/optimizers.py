"""Optimizers: torch's, fused where torch has a fused kernel, without weight decay on biases and norms."""

from collections.abc import Callable
from typing import Any

import torch
from ConfigSpace import Categorical, ConfigurationSpace, Float
from torch import nn

from autonet.core.component import Component, Node
from autonet.core.task import Task
from autonet.training.eager import eager

__all__ = ["OPTIMIZERS", "Adam", "parameter_groups"]

Groups = list[dict[str, Any]]
POSITIVE = {"limits": (1e-12, 1e3)}
SHARE = {"limits": (0.0, 0.9999)}

Adam = eager(torch.optim.Adam)
AdamW = eager(torch.optim.AdamW)
SGD = eager(torch.optim.SGD)
RMSprop = eager(torch.optim.RMSprop)


def parameter_groups(network: nn.Module, learning_rate: float, weight_decay: float) -> Groups:
    """Split parameters by their learning rate and weight decay.

    Matrices lose weight, vectors (biases, norms) do not.  Nor do embeddings: a rare category would lose its weights in
    all the batches that are without it.  Factors that a network notes on its parameters (`autonet.nets.factors`) go
    before this and multiply both.

    Parameters
    ----------
    network : nn.Module
    learning_rate, weight_decay : float

    Returns
    -------
    list of dict
        With ``params``, ``lr`` and ``weight_decay``; strongest decay first.
    """
    embeddings = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding)}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for p in network.parameters():
        decay = getattr(p, "weight_decay_factor", None)
        if decay is None:
            decay = float(p.ndim > 1 and id(p) not in embeddings)
        groups.setdefault((decay, getattr(p, "learning_rate_factor", 1.0)), []).append(p)
    return [
        {"params": groups[factors], "lr": learning_rate * factors[1], "weight_decay": weight_decay * factors[0]}
        for factors in sorted(groups, reverse=True)
    ]


def _adam(*, network: nn.Module, learning_rate: float, weight_decay: float, beta1: float, beta2: float) -> Any:
    groups = parameter_groups(network, learning_rate, weight_decay)
    return Adam(groups, betas=(beta1, beta2), fused=True)


def _adamw(*, network: nn.Module, learning_rate: float, weight_decay: float, beta1: float, beta2: float) -> Any:
    groups = parameter_groups(network, learning_rate, weight_decay)
    return AdamW(groups, betas=(beta1, beta2), fused=True)


def _sgd(*, network: nn.Module, learning_rate: float, momentum: float, weight_decay: float, nesterov: bool) -> Any:
    groups = parameter_groups(network, learning_rate, weight_decay)
    return SGD(groups, momentum=momentum, nesterov=nesterov and momentum > 0, fused=True)


def _rmsprop(*, network: nn.Module, learning_rate: float, momentum: float, weight_decay: float, alpha: float) -> Any:
    groups = parameter_groups(network, learning_rate, weight_decay)  # torch has no fused RMSprop
    return RMSprop(groups, momentum=momentum, alpha=alpha, foreach=True)


def _space(*, rate: float, **own: tuple[float, float, float]) -> Callable[[Task], ConfigurationSpace]:
    """Learning rate and weight decay on log scales, and the optimizer's own: (low, high, default) each."""

    def space(task: Task) -> ConfigurationSpace:
        cs = ConfigurationSpace()
        cs.add(
            Float("learning_rate", (1e-4, 1e-1), log=True, default=rate, meta=POSITIVE),
            Float("weight_decay", (1e-6, 1e-1), log=True, default=1e-4, meta={"limits": (0.0, 10.0)}),
        )
        for name, (low, high, default) in own.items():
            cs.add(Float(name, (low, high), default=default, meta=SHARE))
        return cs

    return space


def _sgd_space(task: Task) -> ConfigurationSpace:
    cs = _space(rate=3e-2, momentum=(0.5, 0.99, 0.9))(task)
    cs.add(Categorical("nesterov", [True, False], default=True))
    return cs


_BETAS = {"beta1": (0.85, 0.95, 0.9), "beta2": (0.9, 0.9995, 0.999)}

OPTIMIZERS: Node[torch.optim.Optimizer] = Node.of(
    "OptimizerSelector",
    [
        Component("adam", _adam, _space(rate=1e-3, **_BETAS)),
        Component("adamw", _adamw, _space(rate=1e-3, **_BETAS)),
        Component("sgd", _sgd, _sgd_space),
        Component("rmsprop", _rmsprop, _space(rate=1e-3, momentum=(0.1, 0.99, 0.5), alpha=(0.5, 0.999, 0.99))),
    ],
    selector="optimizer",
    option="optimizer",
)

"""Optimizers of torch, fused where possible, without weight decay on biases, norms and embeddings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from autonet.core.component import Component, Node
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task

__all__ = ["OPTIMIZERS", "Adam", "group_parameters"]

Groups = list[dict[str, Any]]
T = TypeVar("T", bound=type[torch.optim.Optimizer])

POSITIVE_LIMITS = {"limits": (1e-12, 1e3)}
UNIT_LIMITS = {"limits": (0.0, 0.9999)}

# Methods that torch keeps out of compiled graphs.  The first call of each imports torch._dynamo: 800 modules with
# sympy, one to three seconds of CPU time.
GUARDED_METHODS = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def make_eager(optimizer: T) -> T:
    """Derive an optimizer class that computes the same and never imports `torch._dynamo`.

    Its steps cannot be part of a compiled graph.  Methods that are not torch's stay as they are.

    >>> make_eager(torch.optim.AdamW)
    <class 'autonet.training.optimizers.AdamW'>
    """
    of_torch = [name for name in (*GUARDED_METHODS, "step") if getattr(optimizer, name).__module__.startswith("torch.")]
    methods: dict[str, Any] = {name: inspect.unwrap(getattr(optimizer, name)) for name in of_torch}
    if "step" in methods:
        methods["step"] = torch.no_grad()(methods["step"])
    methods["__doc__"] = f"`torch.optim.{optimizer.__name__}` without `torch._dynamo`."
    return type(optimizer.__name__, (optimizer,), methods)  # type: ignore[return-value]


Adam = make_eager(torch.optim.Adam)
AdamW = make_eager(torch.optim.AdamW)
SGD = make_eager(torch.optim.SGD)
RMSprop = make_eager(torch.optim.RMSprop)


def group_parameters(network: nn.Module, learning_rate: float, weight_decay: float) -> Groups:
    """Group parameters by learning rate and weight decay.

    Weight decay applies to matrices, and not to vectors (biases, norms) and embeddings: the embedding of a rare
    category would decay in every batch without it.  Factors of a network's own parameters, set by
    `autonet.nets.optimizer_factors`, override this and multiply both.

    Parameters
    ----------
    network : nn.Module
    learning_rate, weight_decay : float

    Returns
    -------
    list of dict
        Groups with ``params``, ``lr`` and ``weight_decay``, in descending order of decay.
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
    groups = group_parameters(network, learning_rate, weight_decay)
    return Adam(groups, betas=(beta1, beta2), fused=True)


def _adamw(*, network: nn.Module, learning_rate: float, weight_decay: float, beta1: float, beta2: float) -> Any:
    groups = group_parameters(network, learning_rate, weight_decay)
    return AdamW(groups, betas=(beta1, beta2), fused=True)


def _sgd(*, network: nn.Module, learning_rate: float, momentum: float, weight_decay: float, nesterov: bool) -> Any:
    groups = group_parameters(network, learning_rate, weight_decay)
    return SGD(groups, momentum=momentum, nesterov=nesterov and momentum > 0, fused=True)


def _rmsprop(*, network: nn.Module, learning_rate: float, momentum: float, weight_decay: float, alpha: float) -> Any:
    groups = group_parameters(network, learning_rate, weight_decay)  # torch has no fused RMSprop
    return RMSprop(groups, momentum=momentum, alpha=alpha, foreach=True)


def _space(*, rate: float, **own: tuple[float, float, float]) -> Callable[[Task], cs.ConfigurationSpace]:
    """Make a space: learning rate and weight decay on log scales, and (low, high, default) of further ranges."""

    def space(task: Task) -> cs.ConfigurationSpace:
        result = cs.ConfigurationSpace()
        result.add(
            cs.Float("learning_rate", (1e-4, 1e-1), log=True, default=rate, meta=POSITIVE_LIMITS),
            cs.Float("weight_decay", (1e-6, 1e-1), log=True, default=1e-4, meta={"limits": (0.0, 10.0)}),
        )
        for name, (low, high, default) in own.items():
            result.add(cs.Float(name, (low, high), default=default, meta=UNIT_LIMITS))
        return result

    return space


def _sgd_space(task: Task) -> cs.ConfigurationSpace:
    result = _space(rate=3e-2, momentum=(0.5, 0.99, 0.9))(task)
    result.add(cs.Categorical("nesterov", [True, False], default=True))
    return result


_BETAS = {"beta1": (0.85, 0.95, 0.9), "beta2": (0.9, 0.9995, 0.999)}

OPTIMIZERS: Node[torch.optim.Optimizer] = Node.from_components(
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

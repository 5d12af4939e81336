"""Loss modules: torch's own, built with what they need to know of the training targets."""

from typing import Any

import torch
from ConfigSpace import ConfigurationSpace, Float
from torch import Tensor, nn

from autonet.core.component import Component, Node
from autonet.core.task import Task

__all__ = ["LOSSES"]


def _cross_entropy(*, y: Tensor, n_outputs: int, label_smoothing: float) -> nn.Module:
    return nn.CrossEntropyLoss(label_smoothing=label_smoothing)


def _cross_entropy_weighted(*, y: Tensor, n_outputs: int, label_smoothing: float) -> nn.Module:
    """Weigh class k by n / (K n_k), so that every class counts the same in total."""
    counts = torch.bincount(y, minlength=n_outputs).clamp(min=1)
    return nn.CrossEntropyLoss(len(y) / (n_outputs * counts.float()), label_smoothing=label_smoothing)


def _label_smoothing(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Float("label_smoothing", (0.0, 0.2), default=0.0, meta={"limits": (0.0, 0.99)}))
    return space


def _huber_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    # In standard deviations of the target.
    space.add(Float("delta", (0.1, 3.0), log=True, default=1.0, meta={"limits": (1e-3, 1e3)}))
    return space


def _plain(module: type[nn.Module]) -> Any:
    return lambda y, n_outputs, **hyperparameters: module(**hyperparameters)


LOSSES: Node[nn.Module] = Node.of(
    "LossModuleSelector",
    [
        Component("cross_entropy", _cross_entropy, _label_smoothing, ("classification",)),
        Component("cross_entropy_weighted", _cross_entropy_weighted, _label_smoothing, ("classification",)),
        Component("mse_loss", _plain(nn.MSELoss), tasks=("regression",)),
        Component("l1_loss", _plain(nn.L1Loss), tasks=("regression",)),
        Component("huber_loss", _plain(nn.HuberLoss), _huber_space, ("regression",)),
    ],
    selector="loss_module",
    option="loss_modules",
)

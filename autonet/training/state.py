"""What a trial is made of while it trains, and the checkpoint from which it goes on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from autonet.training.segment import Position

__all__ = ["Best", "TrainingState", "detached"]

# Decay per step of the averaged weights: a memory of about 200 steps.
EMA_DECAY = 0.995


def detached(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a state dict, so that further training does not change it."""
    return {k: v.detach().clone() if isinstance(v, Tensor) else v for k, v in values.items()}


def _detached_optimizer(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "state": {k: detached(v) for k, v in values["state"].items()}}


@dataclass
class Best:
    """The best weights so far by validation; of equally good ones the later, which the schedule has calmed more."""

    loss: float = float("inf")  # of the metric, to be minimized
    tie_breaker: float = float("inf")  # plain validation loss
    outputs: Tensor = field(default_factory=lambda: torch.empty(0))  # on the validation rows
    weights: dict[str, Any] = field(default_factory=dict)
    epochs: int = 0

    def offer(self, loss: float, tie_breaker: float, outputs: Tensor, network: nn.Module, epochs: int) -> None:
        """Take the weights of `network` if they are no worse."""
        if loss <= self.loss:
            self.loss, self.tie_breaker, self.outputs, self.epochs = loss, tie_breaker, outputs.cpu(), epochs
            self.weights = detached(network.state_dict())


class TrainingState:
    """Network, optimizer, averaged weights, position and best weights of one network in training.

    Parameters
    ----------
    network : nn.Module
    optimizer : torch.optim.Optimizer
    averages_weights : bool
        Whether to keep an exponential moving average of the weights.
    """

    def __init__(self, network: nn.Module, optimizer: torch.optim.Optimizer, *, averages_weights: bool) -> None:
        self.network, self.optimizer = network, optimizer
        average = get_ema_multi_avg_fn(EMA_DECAY)  # type: ignore[no-untyped-call]
        self.averaged = AveragedModel(network, multi_avg_fn=average, use_buffers=True) if averages_weights else None
        self.device = next(network.parameters()).device
        self.learning_rates = [group["lr"] for group in optimizer.param_groups]
        self.position = Position()
        self.best = Best()

    @property
    def judged(self) -> nn.Module:
        """The network that is validated: the averaged one where there is one."""
        return self.network if self.averaged is None else self.averaged.module

    def checkpoint(self) -> dict[str, Any]:
        """Return everything that the next job of the trial goes on from, as plain values and tensors."""
        return {
            "network": detached(self.network.state_dict()),
            "optimizer": _detached_optimizer(self.optimizer.state_dict()),
            "averaged": None if self.averaged is None else detached(self.averaged.state_dict()),
            "position": asdict(self.position),
            "best": self.best,
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Go back to a checkpoint, the global random state of torch included."""
        self.network.load_state_dict(checkpoint["network"])
        # Optimizers take the tensors of a state dict as their own: without a copy they would change the checkpoint.
        self.optimizer.load_state_dict(_detached_optimizer(checkpoint["optimizer"]))
        if self.averaged is not None:
            self.averaged.load_state_dict(checkpoint["averaged"])
        self.position = Position(**checkpoint["position"])
        self.best = replace(checkpoint["best"])
        torch.set_rng_state(checkpoint["random"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(checkpoint["random_gpu"], self.device)

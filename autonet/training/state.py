"""What a trial is made of while it trains, and the checkpoint from which it goes on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from autonet.training.segment import Position

__all__ = ["Snapshot", "TrainingState", "detached"]

# Decay per step of the averaged weights: a memory of about 200 steps.
EMA_DECAY = 0.995


def detached(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a state dict, so that further training does not change it."""
    return {k: v.detach().clone() if isinstance(v, Tensor) else v for k, v in values.items()}


def _detached_optimizer(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "state": {k: detached(v) for k, v in values["state"].items()}}


@dataclass(frozen=True)
class Snapshot:
    """Weights that were validated.

    Attributes
    ----------
    loss : float
        Of the metric, to be minimized.
    tie_breaker : float
        Plain validation loss.
    outputs : Tensor of shape (n_valid, n_out)
        On the validation rows, on the CPU.
    weights : dict
        State dict.
    epochs : int
        Epochs of training before.
    """

    loss: float = float("inf")
    tie_breaker: float = float("inf")
    outputs: Tensor = field(default_factory=lambda: torch.empty(0))
    weights: dict[str, Any] = field(default_factory=dict)
    epochs: int = 0


class TrainingState:
    """Network, optimizer, averaged weights, position and snapshots of one network in training.

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
        self.weight_decays = [group.get("weight_decay", 0.0) for group in optimizer.param_groups]
        self.dropouts = [(m, m.p) for m in network.modules() if isinstance(m, nn.Dropout)]
        self.position = Position()
        self.best = self.last = Snapshot()

    @property
    def judged(self) -> nn.Module:
        """The network that is validated: the averaged one where there is one."""
        return self.network if self.averaged is None else self.averaged.module

    def validated(self, loss: float, tie_breaker: float, outputs: Tensor) -> None:
        """Take a snapshot; of equally good ones the later is the best, which the schedule has calmed more."""
        weights = detached(self.judged.state_dict())
        self.last = Snapshot(loss, tie_breaker, outputs.cpu(), weights, self.position.epochs)
        if loss <= self.best.loss:
            self.best = self.last

    def regularize(self, factor: float) -> None:
        """Multiply the dropout and weight decay that the configuration asked for."""
        for group, decay in zip(self.optimizer.param_groups, self.weight_decays, strict=True):
            group["weight_decay"] = decay * factor
        for dropout, p in self.dropouts:
            dropout.p = p * factor

    def checkpoint(self) -> dict[str, Any]:
        """Return everything that the next job of the trial goes on from, as plain values and tensors."""
        return {
            "network": detached(self.network.state_dict()),
            "optimizer": _detached_optimizer(self.optimizer.state_dict()),
            "averaged": None if self.averaged is None else detached(self.averaged.state_dict()),
            "position": asdict(self.position),
            "best": self.best,
            "last": self.last,
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
        self.best, self.last = checkpoint["best"], checkpoint["last"]
        torch.set_rng_state(checkpoint["random"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(checkpoint["random_gpu"], self.device)

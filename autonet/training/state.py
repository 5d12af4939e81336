"""What a trial is made of while it trains, and the checkpoint from which it goes on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from autonet.training.averaging import AveragedWeights
from autonet.training.random import bind_generator
from autonet.training.segment import Position

__all__ = ["Snapshot", "TrainingState", "detached"]

# Training is over when twice as many epochs as it took to the best one, and so many more, have passed.  What that
# costs and saves: benchmarks/stopping.py.
PATIENCE_FACTOR, PATIENCE_EPOCHS = 2, 16


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
    generator : torch.Generator, optional
        What training draws from on the CPU; default: torch's global one.
    """

    def __init__(
        self, network: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator | None = None
    ) -> None:
        self.network, self.optimizer = network, optimizer
        self.averaged = AveragedWeights(network)
        self.device = next(network.parameters()).device
        self.generator = generator
        # Whether layers draw on their own from the global numbers; not known before the first step.
        self.draws_itself = None if generator is not None and self.device.type == "cpu" else False
        bind_generator(generator if self.device.type == "cpu" else None, network)
        self.learning_rates = [group["lr"] for group in optimizer.param_groups]
        self.weight_decays = [group.get("weight_decay", 0.0) for group in optimizer.param_groups]
        self.dropouts = [(m, m.p) for m in network.modules() if isinstance(m, nn.Dropout)]
        self.position = Position()
        self.best = self.last = Snapshot()

    @property
    def exhausted(self) -> bool:
        """Whether further training is not expected to find anything better."""
        return self.position.epochs > PATIENCE_FACTOR * self.best.epochs + PATIENCE_EPOCHS

    def validated(self, loss: float, tie_breaker: float, outputs: Tensor) -> None:
        """Note how good the averaged weights are, and keep them if they are the best.

        Of those with the same loss the ones with the smaller tie-breaker are better, and then the later ones: a metric
        such as accuracy may be the same for hundreds of epochs.

        Parameters
        ----------
        loss, tie_breaker : float
        outputs : Tensor of shape (n_valid, n_out)
        """
        self.last = Snapshot(loss, tie_breaker, outputs.cpu(), {}, self.position.epochs)
        if (loss, tie_breaker) <= (self.best.loss, self.best.tie_breaker):
            self.keep_last()
            self.best = self.last

    def keep_last(self) -> None:
        """Keep the weights that were validated last; to be called before training goes on."""
        if not self.last.weights:
            self.last = replace(self.last, weights=detached(self.averaged.network.state_dict()))

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
            "averaged": self.averaged.state_dict(),
            "position": asdict(self.position),
            "best": self.best,
            "last": self.last,
            "random": torch.get_rng_state() if self.generator is None else self.generator.get_state(),
            "random_gpu": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Go back to a checkpoint, the state of the random numbers included."""
        self.network.load_state_dict(checkpoint["network"])
        # Optimizers take the tensors of a state dict as their own: without a copy they would change the checkpoint.
        self.optimizer.load_state_dict(_detached_optimizer(checkpoint["optimizer"]))
        self.averaged.load_state_dict(checkpoint["averaged"])
        self.position = Position(**checkpoint["position"])
        self.best, self.last = checkpoint["best"], checkpoint["last"]
        if self.generator is None:
            torch.set_rng_state(checkpoint["random"])
        else:
            self.generator.set_state(checkpoint["random"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(checkpoint["random_gpu"], self.device)

"""State of a network in training, and its checkpoints."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from autonet.training.budget import Position
from autonet.training.curve import LearningCurve
from autonet.training.ema import EMAWeights
from autonet.training.epoch_schedules import LossSchedule
from autonet.training.random import bind_generator

__all__ = ["Snapshot", "TrainingState", "clone_state_dict"]

# Early stopping: after PATIENCE_FACTOR times the epochs of the best validation, and PATIENCE_EPOCHS more.  Costs and
# savings: benchmarks/stopping.py.
PATIENCE_FACTOR = 2
PATIENCE_EPOCHS = 16


def clone_state_dict(state: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a state dict to the CPU, so that further training does not change it, and checkpoints leave GPUs free."""
    return {k: v.detach().to("cpu", copy=True) if isinstance(v, Tensor) else v for k, v in state.items()}


def _clone_optimizer_state(state: Mapping[str, Any]) -> dict[str, Any]:
    return {**state, "state": {k: clone_state_dict(v) for k, v in state["state"].items()}}


@torch.no_grad()
def _lay_out_as_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Store the state of an optimizer in the memory format of the parameters, which fused steps rely on.

    Files keep the values of a tensor and not its format, such as channels last.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape and value.stride() != parameter.stride():
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


@dataclass(frozen=True)
class Snapshot:
    """A validation: losses, outputs and weights.

    Attributes
    ----------
    loss : float
        Metric loss; smaller is better.
    tie_breaker : float
        Plain loss.
    outputs : Tensor of shape (n_valid, n_out)
        Outputs for the validation rows, on the CPU.
    weights : dict
        State dict of the EMA network, on the CPU.
    epochs : int
        Number of epochs trained before.
    """

    loss: float = float("inf")
    tie_breaker: float = float("inf")
    outputs: Tensor = field(default_factory=lambda: torch.empty(0))
    weights: dict[str, Any] = field(default_factory=dict)
    epochs: int = 0


class TrainingState:
    """Network, optimizer, EMA weights, position and snapshots of one network in training.

    Parameters
    ----------
    network : nn.Module
    optimizer : torch.optim.Optimizer
    generator : torch.Generator, optional
        Source of random numbers on the CPU; default: torch's global generator.
    schedule : LossSchedule, optional
        Schedule of the learning rate that follows the validations.

    Attributes
    ----------
    redirected_to : torch.Generator or None
        Source of the random numbers that steps would draw from torch's global generator on the CPU, as components of
        the user's own do.  None, to save its costs, after a step that drew none.
    patience : float or None
        Epochs without improvement after which training stops early; infinite: it never does.  None: more than twice
        the epochs of the best validation, plus 16.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        generator: torch.Generator | None = None,
        schedule: LossSchedule | None = None,
    ) -> None:
        self.network, self.optimizer, self.schedule = network, optimizer, schedule
        self.ema = EMAWeights(network)
        self.device = next(network.parameters()).device
        self.generator = self.redirected_to = generator
        bind_generator(generator if self.device.type == "cpu" else None, network)
        self.learning_rates = [group["lr"] for group in optimizer.param_groups]
        self.weight_decays = [group.get("weight_decay", 0.0) for group in optimizer.param_groups]
        self.dropouts = [(m, m.p) for m in network.modules() if isinstance(m, nn.Dropout)]
        self.position = Position()
        self.patience: float | None = None
        self.best = self.last = Snapshot()
        self.curve = LearningCurve()
        self._validated_step = -1  # of the EMA weights, in this process

    @property
    def should_stop_early(self) -> bool:
        """Whether further training is not expected to improve the network, or its patience has run out."""
        if self.patience is not None:
            return self.position.epochs - self.best.epochs >= self.patience
        return self.position.epochs > PATIENCE_FACTOR * self.best.epochs + PATIENCE_EPOCHS

    def record_validation(self, loss: float, tie_breaker: float, outputs: Tensor) -> None:
        """Record a validation of the EMA weights, and keep the weights if they are the best.

        Equal losses are compared by the tie-breaker, and then the later weights win: a metric such as accuracy may be
        constant for hundreds of epochs.

        Parameters
        ----------
        loss, tie_breaker : float
            Metric loss and plain loss; smaller is better.
        outputs : Tensor of shape (n_valid, n_out)
            Outputs of the network for the validation rows.
        """
        self.last = Snapshot(loss, tie_breaker, outputs.cpu(), {}, self.position.epochs)
        self._validated_step = self.ema.steps
        if (loss, tie_breaker) <= (self.best.loss, self.best.tie_breaker):
            self.keep_last_weights()
            self.best = self.last

    def keep_last_weights(self) -> None:
        """Keep the weights of the last validation; call it before training continues."""
        if not self.last.weights:
            self.last = replace(self.last, weights=clone_state_dict(self.ema.network.state_dict()))

    def scale_regularization(self, factor: float) -> None:
        """Set dropout and weight decay to `factor` times the values of the configuration."""
        for group, decay in zip(self.optimizer.param_groups, self.weight_decays, strict=True):
            group["weight_decay"] = decay * factor
        for dropout, p in self.dropouts:
            dropout.p = p * factor

    def checkpoint(self) -> dict[str, Any]:
        """Return all that is needed to continue training, as plain values and tensors on the CPU."""
        is_validated = self._validated_step == self.ema.steps and bool(self.last.weights)
        averaged = self.last.weights if is_validated else clone_state_dict(self.ema.network.state_dict())
        return {
            "network": clone_state_dict(self.network.state_dict()),
            "optimizer": _clone_optimizer_state(self.optimizer.state_dict()),
            "ema": self.ema.state_dict(averaged),
            "position": asdict(self.position),
            "best": self.best,
            "last": self.last,
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "random": torch.get_rng_state() if self.generator is None else self.generator.get_state(),
            "random_gpu": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Restore a checkpoint, including the state of the random numbers."""
        self.network.load_state_dict(checkpoint["network"])
        # Optimizers do not copy the tensors of a state dict: their next step would change the checkpoint.
        self.optimizer.load_state_dict(_clone_optimizer_state(checkpoint["optimizer"]))
        _lay_out_as_parameters(self.optimizer)
        self.ema.load_state_dict(checkpoint["ema"])
        self.position = Position(**checkpoint["position"])
        self.best, self.last = checkpoint["best"], checkpoint["last"]
        self.restore_schedule(checkpoint)
        if self.generator is None:
            torch.set_rng_state(checkpoint["random"])
        else:
            self.generator.set_state(checkpoint["random"])
        if self.device.type == "cuda" and checkpoint["random_gpu"] is not None:  # else it was trained on a CPU
            torch.cuda.set_rng_state(checkpoint["random_gpu"], self.device)

    def restore_schedule(self, checkpoint: Mapping[str, Any]) -> None:
        """Restore the schedule of a checkpoint alone: a training without validations repeats its learning rates."""
        if self.schedule is not None:
            self.schedule.load_state_dict(checkpoint["schedule"])

"""The training loop: `train` runs epochs until the segment is over, `train_epoch` runs steps, `train_step` is one.

Rows live in memory as tensors and batches are lists of indices: no DataLoader, no copy of the table.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from autonet.core.modality import Augmentation, Inputs
from autonet.training.batches import BatchLoss, Rows, shuffled_batches
from autonet.training.random import draw_from
from autonet.training.schedules import Schedule
from autonet.training.segment import Segment
from autonet.training.state import TrainingState

__all__ = ["Divergence", "Plan", "Validation", "predict", "train", "train_epoch", "train_step"]

# Share of the time that validation may take; after a validation that was quick compared to training, the next
# epoch is validated again.  Averaged weights can be judged from the first epoch on, and must be: in a long segment a
# small table is learned by heart before the learning rate has come down.
VALIDATION_SHARE = 0.1
SLOW_METRIC_SECONDS = 0.1
# Of the time of a training step, what the forward pass takes: to foresee the first validation.
FORWARD_SHARE = 0.4
PREDICTION_BATCH = 4096


class Divergence(ArithmeticError):
    """The training loss, or an output on the validation rows, became NaN or infinite."""


Validation = Callable[[Tensor], tuple[float, float]]
"""Maps the network's outputs on the validation rows to (loss of the metric, plain loss), smaller is better."""


@dataclass(frozen=True)
class Plan:
    """How to train: everything that a configuration decides besides network and optimizer.

    Attributes
    ----------
    batch_size : int
    loss : nn.Module
    batch_loss : callable
        Turns a batch into a loss: standard, or mixup.
    schedule : Schedule
    max_gradient_norm : float or None
    regularization : Schedule, optional
        Maps the progress t in [0, 1] through a segment to the factor of dropout and weight decay; default: 1.
    augment : callable, optional
        Maps a batch, and the generator to draw from, to the batch that is trained on.
    """

    batch_size: int
    loss: nn.Module
    batch_loss: BatchLoss
    schedule: Schedule
    max_gradient_norm: float | None
    regularization: Schedule | None = None
    augment: Augmentation | None = None


def train(
    state: TrainingState, plan: Plan, rows: Rows, valid_x: Inputs, validation: Validation, segment: Segment
) -> None:
    """Train until the segment is over, or nothing better comes, keeping the best and the last validated weights.

    Parameters
    ----------
    state : TrainingState
        Changed in place.
    plan : Plan
    rows : Rows
        Training rows.
    valid_x : Tensor or Inputs of shape (n_valid, n_in)
    validation : callable
    segment : Segment
        When the user interrupts it is over, and the state is validated as at any other end.

    Raises
    ------
    Divergence
        As soon as the training loss is not finite.
    """
    # From the first epoch on, unless validation is slow: then first when it takes no more than its share.
    validated_at = 0.0 if segment.metric_seconds > SLOW_METRIC_SECONDS else -math.inf
    before = state.position.seconds
    segment.validation_steps = FORWARD_SHARE * len(valid_x) / plan.batch_size
    segment.exhausted = state.exhausted
    while not segment.over:
        train_epoch(state, plan, rows, segment)
        state.position.seconds = before + segment.elapsed
        due = segment.unit == "epochs" or segment.elapsed - validated_at >= segment.kept_back / VALIDATION_SHARE
        if due or segment.over:
            began = segment.elapsed
            outputs = predict(state.averaged.network, valid_x)
            if not torch.isfinite(outputs).all():
                raise Divergence(f"outputs on the validation rows are not finite at step {state.position.steps}")
            state.validated(*validation(outputs), outputs)
            validated_at = segment.elapsed
            segment.validation_seconds = validated_at - began
            segment.exhausted = state.exhausted
    state.keep_last()


def train_epoch(state: TrainingState, plan: Plan, rows: Rows, segment: Segment) -> None:
    """Train on every row once, or until the segment is over."""
    state.network.train()
    for batch in shuffled_batches(len(rows), plan.batch_size, state.device, state.generator):
        if segment.over:
            return
        progress = segment.progress
        factor = plan.schedule(progress)
        for group, rate in zip(state.optimizer.param_groups, state.learning_rates, strict=True):
            group["lr"] = rate * factor
        if plan.regularization is not None:
            state.regularize(plan.regularization(progress))
        chosen = rows.take(batch)
        train_step(state, plan, plan.augment(chosen, state.generator) if plan.augment else chosen)
        segment.step()
        state.position.steps += 1
    state.position.epochs += 1


def train_step(state: TrainingState, plan: Plan, batch: Rows) -> None:
    """Take one step on one batch."""
    if state.draws_itself is False:
        loss = plan.batch_loss(state.network, plan.loss, batch)
    else:
        with draw_from(state.generator) as count_draws:
            loss = plan.batch_loss(state.network, plan.loss, batch)
        state.draws_itself = count_draws() > 0
    # Reading the loss is free on a CPU and a wait on a GPU.
    if (loss.is_cpu or state.position.steps % 16 == 0) and not math.isfinite(loss.item()):
        raise Divergence(f"training loss became {loss.item()} at step {state.position.steps}")
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if plan.max_gradient_norm is not None:
        nn.utils.clip_grad_norm_(state.network.parameters(), plan.max_gradient_norm)
    state.optimizer.step()
    state.averaged.update()


@torch.inference_mode()
def predict(network: nn.Module, x: Inputs) -> Tensor:
    """Compute the outputs of a network in evaluation mode, a few thousand rows at a time.

    Parameters
    ----------
    network : nn.Module
    x : Tensor or Inputs of shape (n, n_in)

    Returns
    -------
    Tensor of shape (n, n_out)
    """
    if network.training:  # what it takes to tell all layers is a sixth of the time for a single row
        network.eval()
    return torch.cat([network(x[first : first + PREDICTION_BATCH]) for first in range(0, len(x), PREDICTION_BATCH)])

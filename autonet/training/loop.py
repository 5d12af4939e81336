"""The training loop: `train` runs epochs until the budget is used, `train_epoch` runs steps, `train_step` is one.

Rows are tensors in memory and batches are index tensors: no DataLoader, no copy of the data.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from autonet.core.modality import Augmentation, Inputs
from autonet.training.batches import BatchLoss, EncodedRows, shuffled_batches
from autonet.training.budget import TrainingBudget
from autonet.training.epoch_schedules import EpochSchedule
from autonet.training.random import draw_from
from autonet.training.schedules import Schedule
from autonet.training.state import TrainingState

__all__ = [
    "FORWARD_SHARE",
    "TrainingDiverged",
    "TrainingPlan",
    "Validation",
    "predict",
    "train",
    "train_epoch",
    "train_step",
    "training_modes",
]

# Share of the time that validation may take.  Fast validations run after every epoch: with a long budget, a small table
# is overfitted before the learning rate has decayed.
VALIDATION_SHARE = 0.1
# Seconds per call above which the first validation waits, too.
SLOW_METRIC_SECONDS = 0.1
# Share of the forward pass in the time of a training step; predicts the duration of the first validation.
FORWARD_SHARE = 0.4
# Rows per forward pass in prediction.
PREDICTION_BATCH_SIZE = 4096
# Steps between two checks of the loss on a GPU, where reading it waits for the device.
GPU_CHECK_INTERVAL = 16


class TrainingDiverged(ArithmeticError):
    """The training loss, or an output on the validation rows, became NaN or infinite."""


Validation = Callable[[Tensor], tuple[float, float]]
"""Maps outputs for the validation rows, shape (n_valid, n_out), to (metric loss, plain loss); smaller is better."""


@dataclass(frozen=True)
class TrainingPlan:
    """Settings of training that a configuration determines, besides network and optimizer.

    Attributes
    ----------
    batch_size : int
    loss : nn.Module
    batch_loss : callable
        Maps a network, a loss and a batch to the loss of the batch: standard, or mixup.
    schedule : Schedule or EpochSchedule
    max_gradient_norm : float or None
    regularization : Schedule, optional
        Maps the progress t in [0, 1] through the budget to a factor of dropout and weight decay; default: 1.
    augment : callable, optional
        Maps a batch and a generator to the augmented batch.
    precision : {"float32", "bfloat16"}, default="float32"
        Of products of matrices in the forward and backward pass: "bfloat16" is ``torch.autocast``.
    """

    batch_size: int
    loss: nn.Module
    batch_loss: BatchLoss
    schedule: Schedule | EpochSchedule
    max_gradient_norm: float | None
    regularization: Schedule | None = None
    augment: Augmentation | None = None
    precision: str = "float32"

    def autocast(self, device: torch.device) -> AbstractContextManager[None]:
        """Return the context of the forward pass."""
        return nullcontext() if self.precision == "float32" else torch.autocast(device.type, torch.bfloat16)


def train(
    state: TrainingState,
    plan: TrainingPlan,
    rows: EncodedRows,
    valid_x: Inputs,
    validation: Validation,
    budget: TrainingBudget,
) -> None:
    """Train until the budget is used or training stops early; keep the best and the last validated weights.

    Parameters
    ----------
    state : TrainingState
        Modified in place.
    plan : TrainingPlan
    rows : EncodedRows
        Training rows.
    valid_x : Tensor or Inputs of shape (n_valid, n_in)
        Inputs of the validation rows.
    validation : callable
        Maps their outputs to (metric loss, plain loss).
    budget : TrainingBudget
        Ends when the user interrupts; the state is validated then, too.

    Raises
    ------
    TrainingDiverged
        If the training loss or an output for the validation rows is not finite.
    """
    # Validate from the first epoch on, unless the metric is slow: then once it takes no more than its share.
    last_validation = 0.0 if budget.metric_seconds > SLOW_METRIC_SECONDS else -math.inf
    seconds_before = state.position.seconds
    budget.validation_steps = FORWARD_SHARE * len(valid_x) / plan.batch_size
    budget.stopped_early = state.should_stop_early
    while not budget.finished:
        train_epoch(state, plan, rows, budget)
        state.position.seconds = seconds_before + budget.elapsed
        due = budget.unit == "epochs" or budget.elapsed - last_validation >= budget.reserved / VALIDATION_SHARE
        if due or budget.finished:
            start = budget.elapsed
            outputs = predict(state.ema.network, valid_x)
            if not torch.isfinite(outputs).all():
                raise TrainingDiverged(f"outputs on the validation rows are not finite at step {state.position.steps}")
            losses = validation(outputs)
            state.record_validation(*losses, outputs)
            if state.schedule is not None:
                state.schedule.record(_count_epochs(state, budget), losses[1])
            last_validation = budget.elapsed
            budget.validation_seconds = last_validation - start
            epochs = state.position.steps / budget.steps_per_epoch
            state.curve.add_validation(epochs, state.position.seconds, *losses, _score_sample(state, budget))
            budget.stopped_early = state.should_stop_early
    state.keep_last_weights()


def _score_sample(state: TrainingState, budget: TrainingBudget) -> float | None:
    """Return the metric loss on the sample of the training rows, if it is due and will be kept."""
    sample = state.curve.sample
    if sample is None or not state.curve.keeps_next or not sample.is_due(budget.steps):
        return None
    return sample.validation(predict(state.ema.network, sample.x))[0]


def train_epoch(state: TrainingState, plan: TrainingPlan, rows: EncodedRows, budget: TrainingBudget) -> None:
    """Train on every row once, or until the budget is used."""
    state.network.train()
    for batch in shuffled_batches(len(rows), plan.batch_size, state.device, state.generator):
        if budget.finished:
            return
        progress = budget.progress
        if isinstance(plan.schedule, EpochSchedule):
            factor = plan.schedule.factor(_count_epochs(state, budget))
        else:
            factor = plan.schedule(progress)
        for group, rate in zip(state.optimizer.param_groups, state.learning_rates, strict=True):
            group["lr"] = rate * factor
        if plan.regularization is not None:
            state.scale_regularization(plan.regularization(progress))
        train_step(state, plan, rows.take(batch))
        budget.count_step()
        state.position.steps += 1
    state.position.epochs += 1


def _count_epochs(state: TrainingState, budget: TrainingBudget) -> int:
    """Return the number of whole epochs of the trial so far; those that a budget has cut short add up."""
    return state.position.steps // budget.steps_per_epoch


def train_step(state: TrainingState, plan: TrainingPlan, batch: EncodedRows) -> None:
    """Augment a batch, and take one optimizer step on it."""
    if plan.augment is not None:
        batch = plan.augment(batch, state.generator)
    with plan.autocast(state.device), draw_from(state.redirected_to) as count_draws:
        loss = plan.batch_loss(state.network, plan.loss, batch)
    if not count_draws():
        state.redirected_to = None
    if loss.is_cpu or state.position.steps % GPU_CHECK_INTERVAL == 0:
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingDiverged(f"training loss became {value} at step {state.position.steps}")
        state.curve.add_step(value)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if plan.max_gradient_norm is not None:
        nn.utils.clip_grad_norm_(state.network.parameters(), plan.max_gradient_norm)
    state.optimizer.step()
    state.ema.update()


@torch.inference_mode()
def predict(network: nn.Module, x: Inputs) -> Tensor:
    """Compute the outputs of a network in evaluation mode, in batches.

    Parameters
    ----------
    network : nn.Module
    x : Tensor or Inputs of shape (n, n_in)

    Returns
    -------
    Tensor of shape (n, n_out)
    """
    if network.training:  # eval() visits all layers, which takes long beside a single row
        network.eval()
    size = getattr(x, "prediction_rows", PREDICTION_BATCH_SIZE)
    first: Tensor = network(x[:size])
    outputs = first.new_empty((len(x), *first.shape[1:]))  # small tensors kept between large ones fragment the memory
    outputs[: len(first)] = first
    for start in range(size, len(x), size):
        batch = slice(start, start + size)
        outputs[batch] = network(x[batch])
    return outputs


@contextmanager
def training_modes() -> Iterator[None]:
    """Enable gradients inside a ``with`` block, and restore the global modes of torch at its end.

    A registered network, or an exception at any moment, may leave other modes behind.
    """
    dtype, autocast = torch.get_default_dtype(), {d: torch.is_autocast_enabled(d) for d in ("cpu", "cuda")}
    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)
        for device, enabled in autocast.items():
            torch.set_autocast_enabled(device, enabled)

"""The baseline: a linear network, fitted before the search so that there is always a model to return."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.clock import TimeLimit
from autonet.core.component import Components
from autonet.core.interrupts import current_interrupt
from autonet.core.task import Task
from autonet.models.ensemble import NetworkMember
from autonet.models.network import LINEAR_CONFIG
from autonet.pipeline.context import TrialContext
from autonet.training.batches import BATCH_LOSSES, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import TrainingPlan, train
from autonet.training.losses import LOSSES
from autonet.training.optimizers import Adam
from autonet.training.random import draw_from
from autonet.training.schedules import SCHEDULES
from autonet.training.state import Snapshot, TrainingState

__all__ = ["Baseline", "fit_baseline"]

MAX_ROWS = 20_000  # training rows used
BATCH_SIZE = 64
EPOCHS = 10
MAX_OVERHEAD = 3  # time of all folds with their encoding, as a multiple of the training time
MIN_SECONDS = 0.1  # of training, whatever the time limit: there must be a model


@dataclass
class Baseline:
    """A fitted baseline.

    Attributes
    ----------
    members : list of NetworkMember
        A linear network per fold; fewer if time was short or the user interrupted.
    snapshots : list of Snapshot
        Their losses and outputs on the validation rows.
    encoding_seconds : float
        Time to encode a row.
    """

    members: list[NetworkMember] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    encoding_seconds: float = 0.0

    def first_folds(self, n_folds: int) -> "Baseline":
        """Return the baseline of the first folds only."""
        return replace(self, members=self.members[:n_folds], snapshots=self.snapshots[:n_folds])

    @property
    def rank(self) -> tuple[float, float]:
        """Mean loss of the metric and mean plain loss over the folds, as trials are ranked by."""
        loss, tie_breaker = np.mean([(s.loss, s.tie_breaker) for s in self.snapshots], axis=0)
        return float(loss), float(tie_breaker)

    @property
    def predictions(self) -> list[NDArray[Any]]:
        """Predictions for the validation rows of each fold."""
        return [m.targets.decode(s.outputs.numpy()) for m, s in zip(self.members, self.snapshots, strict=True)]


def fit_baseline(context: TrialContext, components: Components, *, seconds: float, limit: TimeLimit) -> Baseline:
    """Train a linear network on every fold, or on the first alone if encoding takes long.

    Parameters
    ----------
    context : TrialContext
    components : Components
        Their loss and imputation are used.
    seconds : float
        Time for training on all folds; where budgets are epochs, ten epochs are trained instead.
    limit : TimeLimit
    """
    components = components.replace(context.modality.baseline_encoding)
    baseline = Baseline()
    n_folds, began = len(context.folds), time.monotonic()
    for fold in range(n_folds):
        _fit_fold(baseline, context, fold, components, seconds=seconds / n_folds, limit=limit)
        now = time.monotonic()
        for_all = (now - began) / (fold + 1) * n_folds
        if (
            current_interrupt().requested
            or limit.passed()
            or (context.unit == "time" and for_all > MAX_OVERHEAD * seconds)
        ):
            break
    return baseline


def _fit_fold(
    baseline: Baseline, context: TrialContext, number: int, components: Components, *, seconds: float, limit: TimeLimit
) -> None:
    """Train on the rows of a fold."""
    fold = context.folds[number]
    chosen = np.random.default_rng(context.seed).permutation(fold.train)[:MAX_ROWS]
    began = time.monotonic()
    encoder = context.modality.fit_encoder(context.data, chosen, components, context.seed)
    targets = context.fit_targets(components, chosen)
    rows = context.rows(targets, context.inputs(encoder, chosen), chosen)
    valid = context.rows(targets, context.inputs(encoder, fold.valid), fold.valid)
    baseline.encoding_seconds = (time.monotonic() - began) / (len(rows) + len(valid))
    plan = TrainingPlan(
        BATCH_SIZE,
        components[LOSSES].build(y=rows.y, weights=rows.weights, task=context.task).to(context.device),
        BATCH_LOSSES.choose("standard").build(),
        SCHEDULES.components["onecycle"].build(warmup=0.3, start_factor=0.1),
        None,
    )
    metric_seconds = context.metric.seconds
    length = EPOCHS if context.unit != "time" else seconds + metric_seconds
    generator = torch.Generator().manual_seed(context.seed)
    with draw_from(generator):
        network = context.modality.build_linear(context.task, encoder.layout)
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    if context.task.quantiles:
        _begin_at_quantiles(network, context.task, rows.y)
    network.to(context.device)
    state = TrainingState(network, Adam(network.parameters(), 1e-2, fused=True), generator)
    limit = max(limit, TimeLimit.after(MIN_SECONDS))
    n_batches = count_batches(len(rows), BATCH_SIZE)
    budget = TrainingBudget(context.training_unit, 0.0, length, n_batches, limit, metric_seconds)
    train(state, plan, rows, valid.x, context.validation(fold.valid, targets, valid.y), budget)
    if not state.best.weights:
        return  # interrupted at once
    network.load_state_dict(state.best.weights)
    baseline.members.append(NetworkMember(encoder, targets, network.cpu().eval(), LINEAR_CONFIG, context.task))
    baseline.snapshots.append(state.best)
    current_interrupt().protect()  # from now on there is a model to return


@torch.no_grad()
def _begin_at_quantiles(network: nn.Module, task: Task, y: Tensor) -> None:
    """Set the bias of the outputs to the quantiles of the training targets (n, 1), which predict the same for all."""
    *_, bias = network.parameters()
    if bias.shape == (task.n_outputs,):
        bias.copy_(torch.quantile(y[:, 0], torch.tensor(task.quantiles, device=y.device)))

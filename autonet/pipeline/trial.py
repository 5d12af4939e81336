"""One configuration to one trained model: `run_trial` encodes, builds, trains, validates and reports.

A trial trains one network per fold: a single one for a holdout, k of them for cross-validation.
"""

import math
import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from autonet.core.alarms import DeadlinePassed
from autonet.core.component import Node
from autonet.core.modality import Encoder, Modality
from autonet.core.task import InputLayout, Task
from autonet.core.typing import Array
from autonet.data.targets.encoder import TargetEncoder
from autonet.models.network import NetworkMember, restore_network
from autonet.nets.dropout import replace_dropout
from autonet.nets.initialization import initialize_from_rows
from autonet.nets.registry import NETWORKS
from autonet.pipeline.context import TrialContext
from autonet.pipeline.tabular import TABLES
from autonet.search.records import Result, Status
from autonet.search.running import RunningTrial
from autonet.training.batches import BATCH_LOSSES, LOADER, EncodedRows, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import TrainingDiverged, TrainingPlan, train
from autonet.training.losses import LOSSES
from autonet.training.optimizers import OPTIMIZERS
from autonet.training.pickling import pickle_tensors
from autonet.training.random import bind_generator, draw_from, seed_gpu
from autonet.training.schedules import REGULARIZATION, SCHEDULES
from autonet.training.state import Snapshot, TrainingState

__all__ = [
    "TrainedFold",
    "additional_scores",
    "build_member",
    "build_training",
    "run_trial",
    "start_training",
]


@dataclass(frozen=True)
class TrainedFold:
    """What a trial leaves behind for a fold: its encoders, the state of training, and the best weights in it."""

    encoder: Encoder
    targets: TargetEncoder
    state: dict[str, Any]
    n_parameters: int

    @property
    def position(self) -> dict[str, Any]:
        """How far it has been trained: steps, epochs and seconds."""
        position: dict[str, Any] = self.state["position"]
        return position

    @property
    def best(self) -> Snapshot:
        """The best weights by validation."""
        best: Snapshot = self.state["best"]
        return best

    @property
    def last(self) -> Snapshot:
        """The weights of the last epoch."""
        last: Snapshot = self.state["last"]
        return last

    def prediction(self, snapshot: Snapshot) -> Array:
        """Return what the weights of a snapshot predict for the validation rows."""
        return self.targets.decode(snapshot.outputs.numpy())

    def __reduce__(self) -> tuple[Any, ...]:
        """Go between processes as quickly as its tensors can."""
        return _unpickled, (pickle_tensors((self.encoder, self.targets, self.state, self.n_parameters)),)


def _unpickled(data: bytes) -> TrainedFold:
    return TrainedFold(*pickle.loads(data))  # noqa: S301 - from a process of this fit


def run_trial(context: TrialContext, trial: RunningTrial) -> Result:
    """Train the networks of a trial, from their checkpoints to the trial's budget.

    Parameters
    ----------
    context : TrialContext
    trial : RunningTrial
        Its checkpoint is a list of `TrainedFold`, one per fold, or None.

    Returns
    -------
    Result
    """
    n_folds, share = len(context.folds), _folds_that_share(context)
    target, before = trial.job.target, trial.checkpoint.load()
    trained: list[TrainedFold] = []
    budgets: list[TrainingBudget] = []
    generator = torch.Generator().manual_seed(trial.seed)
    with seed_gpu(trial.seed, context.device):
        for fold in range(n_folds):
            encoded = context.encoded(trial, fold)
            rows, valid = encoded.rows, encoded.valid
            with draw_from(generator):
                state, plan = start_training(context, trial, encoded.encoder, rows, generator)
                if before is None:
                    initialize_from_rows(state.network, rows.x)
            if before is not None:
                state.restore(before[fold].state)
            now = time.monotonic()
            budget = TrainingBudget(
                context.unit,
                trial.start / share,
                target / share,
                count_batches(len(rows), plan.batch_size),
                now + (trial.deadline - now) / (n_folds - fold),
                context.metric.seconds,
            )
            if budget.deadline - now < context.metric.seconds:
                raise DeadlinePassed("no time for a validation")
            try:
                train(state, plan, rows, valid.x, context.validation(fold, encoded.targets, valid.y), budget)
                if not state.best.weights:
                    raise DeadlinePassed("interrupted before its first validation")
            except TrainingDiverged as divergence:
                return Result(float("inf"), trial.start, Status.DIVERGED, metrics={"reason": str(divergence)})
            n_parameters = sum(p.numel() for p in state.network.parameters())
            trained.append(TrainedFold(encoded.encoder, encoded.targets, state.checkpoint(), n_parameters))
            budgets.append(budget)
    return _result(context, trial, before, trained, budgets)


def _folds_that_share(context: TrialContext) -> int:
    """Return by how many the budget is divided: seconds are shared by the folds, epochs are not."""
    return len(context.folds) if context.unit == "time" else 1


def _result(
    context: TrialContext,
    trial: RunningTrial,
    before: Sequence[TrainedFold] | None,
    trained: list[TrainedFold],
    budgets: list[TrainingBudget],
) -> Result:
    """Sum up what the folds came to."""
    share = _folds_that_share(context)
    loss = float(np.mean([t.best.loss for t in trained]))
    paid = {"time": "seconds", "epochs": "epochs"}[context.unit]
    earlier = [fold.position[paid] for fold in before] if before else [0] * len(trained)
    spent = [fold.position[paid] - was for fold, was in zip(trained, earlier, strict=True)]
    n_parameters = sum(t.n_parameters for t in trained)
    status, reached = Status.FINISHED, trial.job.target
    if any(b.truncated for b in budgets):
        status = Status.INTERRUPTED if any(b.interrupted for b in budgets) else Status.CUT
        reached = min(min(b.reached for b in budgets) * share, reached)
    return Result(
        loss,
        reached,
        status,
        tie_breaker=float(np.mean([t.best.tie_breaker for t in trained])),
        # An epoch costs what its parameters cost: a measure that every run of a seed repeats.
        cost=sum(n * (t.n_parameters if context.unit == "epochs" else 1) for n, t in zip(spent, trained, strict=True)),
        complete=all(b.stopped_early for b in budgets),
        metrics={
            f"val_{context.metric.name}": context.metric.score_of(loss),
            **additional_scores(context, [t.prediction(t.best) for t in trained]),
            "epochs": sum(t.position["epochs"] for t in trained) / len(trained),
            "parameters": n_parameters,
        },
        checkpoint=trained,
    )


def additional_scores(
    context: TrialContext, predictions: Sequence[Array], deadline: float = -math.inf
) -> dict[str, float]:
    """Score predictions for the validation rows of folds by the metrics that are recorded only.

    Means over the folds in which a metric has a value; NaN where it has none in any.  Slow metrics are left out where
    they would take longer than until `deadline`, a reading of ``time.monotonic()``.
    """
    scores = {}
    for metric in context.additional_metrics:
        if metric.is_slow and time.monotonic() + metric.seconds * len(predictions) > deadline:
            continue
        of_folds = []
        for fold, prediction in zip(context.folds, predictions, strict=False):
            truth, weights = context.y[fold.valid], context.metric_weights(fold.valid)
            threshold = metric.best_threshold(truth, prediction, weights) if metric.decides else None
            of_folds.append(metric.score(truth, prediction, weights, threshold))
        defined = [score for score in of_folds if np.isfinite(score)]
        scores[f"val_{metric.name}"] = float(np.mean(defined)) if defined else float("nan")
    return scores


def build_training(
    task: Task,
    config: Mapping[str, Any],
    rows: EncodedRows,
    layout: InputLayout | None = None,
    networks: Node[nn.Module] = NETWORKS,
    generator: torch.Generator | None = None,
    modality: Modality = TABLES,
) -> tuple[TrainingState, TrainingPlan]:
    """Build network, optimizer and plan of a configuration for rows that are encoded already: by default, numbers.

    Training draws from the generator, the initialization from that of `draw_from`; default: torch's global one.
    """
    layout = layout or InputLayout(rows.x.shape[1], n_numbers=rows.x.shape[1])
    network = modality.build_network(task, config, layout, rows.x, networks)
    network = replace_dropout(network).to(rows.x.device)
    schedule = SCHEDULES.build(config)
    settings = BATCH_LOSSES.parameters(config)
    loss = LOSSES.build(config, y=rows.y, weights=rows.weights, n_outputs=task.n_outputs)
    plan = TrainingPlan(
        batch_size=LOADER.parameters(config)["batch_size"],
        loss=loss.to(rows.x.device),
        batch_loss=BATCH_LOSSES.build(config),
        schedule=schedule,
        max_gradient_norm=settings["max_gradient_norm"] if settings["use_gradient_clipping"] else None,
        regularization=REGULARIZATION[SCHEDULES.parameters(config)["regularization_schedule"]],
        augment=modality.augmentation(config),
    )
    optimizer = OPTIMIZERS.build(config, network=network)
    bind_generator(generator, plan.batch_loss)
    return TrainingState(network, optimizer, generator), plan


def start_training(
    context: TrialContext, config: Mapping[str, Any], encoder: Encoder, rows: EncodedRows, generator: torch.Generator
) -> tuple[TrainingState, TrainingPlan]:
    """Build network, optimizer and plan of a configuration for the encoded rows of a fold; see `build_training`."""
    task, networks = context.task, context.networks
    return build_training(task, config, rows, encoder.layout, networks, generator, context.modality)


def build_member(
    context: TrialContext, config: Mapping[str, Any], fold: TrainedFold, weights: Mapping[str, Any]
) -> NetworkMember:
    """Rebuild a network with weights of its training, ready to predict on the CPU."""
    build = partial(context.modality.build_network, context.task, config, fold.encoder.layout, None, context.networks)
    network = restore_network(build, weights)
    return NetworkMember(fold.encoder, fold.targets, network, dict(config), context.task)

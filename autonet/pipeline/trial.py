"""One configuration to one trained model: `run_trial` encodes, builds, trains, validates and reports.

A trial trains one network per fold: a single one for a holdout, k of them for cross-validation.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.component import Components
from autonet.core.errors import InvalidData, InvalidNetwork
from autonet.core.modality import Modality
from autonet.core.task import InputLayout, Task
from autonet.core.typing import Array
from autonet.models.ensemble import NetworkMember
from autonet.models.initial_weights import load_matching
from autonet.models.network import restore_network
from autonet.nets.dropout import replace_dropout
from autonet.nets.initialization import UNINITIALIZED, initialize_from_rows
from autonet.nets.modernnca import remember_rows
from autonet.pipeline.context import EncodedFold, TrialContext
from autonet.pipeline.details import FOLDS, describe_curve, describe_fold, new_curve
from autonet.pipeline.step_memory import check_step_memory, share_memory
from autonet.pipeline.tabular import TABLES
from autonet.pipeline.threads import torch_threads
from autonet.pipeline.trained import TrainedFold, as_checkpoint, as_folds
from autonet.pipeline.tree_learners import TREE_LEARNER
from autonet.pipeline.unseen import TrainedNetwork
from autonet.search.records import Result, Status
from autonet.search.running_trial import RunningTrial
from autonet.training.batches import BATCH_LOSSES, LOADER, EncodedRows, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.epoch_schedules import LossSchedule
from autonet.training.loop import TrainingDiverged, TrainingPlan, Validation, train
from autonet.training.losses import LOSSES
from autonet.training.optimizers import OPTIMIZERS
from autonet.training.random import bind_generator, draw_from, seed_gpu
from autonet.training.schedules import REGULARIZATION, SCHEDULES
from autonet.training.state import TrainingState

__all__ = [
    "SUBSET_EPOCHS",
    "build_in_context",
    "build_member",
    "build_training",
    "run_trial",
    "score_additional",
]

SUBSET_EPOCHS = 50  # that a network is trained for on its share of the rows


def run_trial(context: TrialContext, trial: RunningTrial) -> Result:
    """Train the networks of a trial, from their checkpoints to the trial's budget; or fit a tree ensemble on a fold.

    Parameters
    ----------
    context : TrialContext
    trial : RunningTrial
        Its checkpoint is a list of `TrainedFold`, one per fold, or None.

    Returns
    -------
    Result
    """
    if TREE_LEARNER in trial:
        # Importing scikit-learn's trees takes a sixth of a second, in every worker process.
        from autonet.pipeline.tree_fitting import fit_tree_learner  # noqa: PLC0415

        return fit_tree_learner(context, trial)
    components, folds = context.resolve(trial.params), context.folds_at(trial.job.target)
    before = [] if context.trains_subsets else as_folds(trial.checkpoint.load(), context.nodes) or []
    trained: list[TrainedFold] = []
    budgets: list[TrainingBudget] = []
    networks: list[TrainedNetwork] = []
    details: list[dict[str, Any]] = []
    generator = torch.Generator().manual_seed(trial.seed)
    with torch_threads(context.threads), seed_gpu(trial.seed, context.device):
        for fold in range(len(folds)):
            encoded = _encode(context, components, fold, trial.job.target)
            rows, valid, earlier = encoded.rows, encoded.valid, before[fold] if fold < len(before) else None
            state, plan = _begin_training(context, components, encoded, earlier, generator)
            n_batches, limit = count_batches(len(rows), plan.batch_size), trial.limit.share(len(folds) - fold)
            budget = _limit_training(context, trial, n_batches, limit, anew=earlier is None)
            if budget.limit.left() < context.metric.seconds:
                raise TimedOut("no time for a validation")
            try:
                validation = context.validation(folds[fold].valid, encoded.targets, valid.y)
                validation = _notify(validation, context, trial, state)
                train(state, plan, rows, valid.x, validation, budget)
                if not state.best.weights:
                    raise TimedOut("interrupted before its first validation")
            except TrainingDiverged as divergence:
                details.append(describe_curve(state.curve, context.metric))
                reason = {"reason": str(divergence)}
                return Result(math.inf, trial.start, Status.DIVERGED, metrics=reason, details={FOLDS: details})
            n_parameters = sum(p.numel() for p in state.network.parameters())
            trained.append(TrainedFold(encoded.encoder, encoded.targets, state.checkpoint(), n_parameters))
            budgets.append(budget)
            seconds = budget.validation_seconds or 0.0
            details.append(describe_fold(state.curve, context.metric, state.best.loss, seconds, len(valid)))
            networks.append(
                TrainedNetwork(
                    state.ema.network, state.best.weights, encoded.encoder, encoded.targets.decode, seconds / len(valid)
                )
            )
        result = _summarize(context, trial, before, trained, budgets)
        scores = _score_unseen(context, trained, networks, trial.limit)
        return replace(result, metrics={**result.metrics, **scores}, details={FOLDS: details})


def _encode(context: TrialContext, components: Components, fold: int, budget: float) -> EncodedFold:
    """Encode a fold; its training rows are a share of all if budgets are."""
    if context.trains_subsets:
        return context.encode_subset(components, fold, budget)
    return context.encode_fold(components, fold)


def _begin_training(
    context: TrialContext,
    components: Components,
    encoded: EncodedFold,
    earlier: TrainedFold | None,
    generator: torch.Generator,
) -> tuple[TrainingState, TrainingPlan]:
    """Build network, optimizer and plan of a fold, and restore an earlier state of training."""
    rows, layout = encoded.rows, encoded.encoder.layout
    chosen = components if earlier is None else components.replace([UNINITIALIZED])
    with draw_from(generator):
        state, plan = build_in_context(context, chosen, rows, layout, generator)
        if earlier is None:
            initialize_from_rows(state.network, rows.x)
            remember_rows([state.network, state.ema.network], rows.x, rows.y, rows.weights)
    state.curve, state.patience = new_curve(context, encoded, plan.batch_size), context.patience
    if earlier is not None:
        state.restore(earlier.state)
    return state, plan


def _limit_training(
    context: TrialContext, trial: RunningTrial, n_batches: int, limit: TimeLimit, *, anew: bool
) -> TrainingBudget:
    """Return the training budget of a fold: its share of what the job trains."""
    share, seconds = _n_budget_shares(context), context.metric.seconds
    if context.trains_subsets:
        return TrainingBudget("epochs", 0.0, SUBSET_EPOCHS, n_batches, limit, seconds)
    start = 0.0 if anew else trial.start / share  # a fold may be new where others continue
    return TrainingBudget(context.training_unit, start, trial.job.target / share, n_batches, limit, seconds)


def _score_unseen(
    context: TrialContext, trained: Sequence[TrainedFold], networks: Sequence[TrainedNetwork], limit: TimeLimit
) -> dict[str, float]:
    """Score the networks on the test rows, if there are any, with the best threshold for the validation rows."""
    if context.unseen is None:
        return {}
    threshold = context.find_threshold([fold.prediction(fold.best) for fold in trained])
    return context.unseen.score_trial(networks, threshold, context.device, limit)


def _notify(validation: Validation, context: TrialContext, trial: RunningTrial, state: TrainingState) -> Validation:
    """Notify the search of each validation, if it wants to know."""
    if not context.notifies:
        return validation

    def validate(outputs: torch.Tensor) -> tuple[float, float]:
        losses = validation(outputs)
        trial.notify(losses[0], state.position.epochs)
        return losses

    return validate


def _n_budget_shares(context: TrialContext) -> int:
    """Return the number of folds that share a budget: seconds are shared, epochs are not."""
    return len(context.folds) if context.unit == "time" else 1


def _summarize(
    context: TrialContext,
    trial: RunningTrial,
    before: Sequence[TrainedFold],
    trained: list[TrainedFold],
    budgets: list[TrainingBudget],
) -> Result:
    """Combine the folds into the result of the trial."""
    loss = float(np.mean([t.best.loss for t in trained]))
    paid = {"time": "seconds", "epochs": "epochs", "subset": "steps"}[context.unit]
    earlier = [fold.position[paid] for fold in before] + [0] * (len(trained) - len(before))
    spent = [fold.position[paid] - was for fold, was in zip(trained, earlier, strict=True)]
    n_parameters = sum(t.n_parameters for t in trained)
    status, reached = Status.FINISHED, trial.job.target
    if any(b.truncated for b in budgets):
        status = Status.INTERRUPTED if any(b.interrupted for b in budgets) else Status.CUT
        reached = min(_find_reached(context, trial, budgets), reached)
    return Result(
        loss,
        reached,
        status,
        tie_breaker=float(np.mean([t.best.tie_breaker for t in trained])),
        # Epochs times parameters: unlike seconds, every run of a seed repeats it.
        cost=sum(n * (t.n_parameters if context.unit != "time" else 1) for n, t in zip(spent, trained, strict=True)),
        complete=all(b.stopped_early for b in budgets) and _has_all_rows(context, trial),
        metrics={
            f"val_{context.metric.name}": context.metric.to_score(loss),
            **score_additional(context, [t.prediction(t.best) for t in trained]),
            "epochs": sum(t.position["epochs"] for t in trained) / len(trained),
            "parameters": n_parameters,
        },
        checkpoint=as_checkpoint(trained, trial),
    )


def _find_reached(context: TrialContext, trial: RunningTrial, budgets: Sequence[TrainingBudget]) -> float:
    """Return the budget that all folds have reached."""
    least = min(budget.reached for budget in budgets)
    if context.trains_subsets:
        return trial.start + (trial.job.target - trial.start) * least / SUBSET_EPOCHS
    return least * _n_budget_shares(context)


def _has_all_rows(context: TrialContext, trial: RunningTrial) -> bool:
    """Whether a larger budget would bring nothing but longer training: neither rows nor folds."""
    budget = trial.job.target
    return not (context.trains_subsets and budget < 1) and len(context.folds_at(budget)) == len(context.folds)


def score_additional(
    context: TrialContext, predictions: Sequence[Array], limit: TimeLimit | None = None
) -> dict[str, float]:
    """Score predictions (n_valid, n_outputs) of each fold by the additional metrics.

    Scores are means over the folds in which the metric is defined, NaN if it is defined in none.  Slow metrics are
    left out unless they would end within `limit`.
    """
    scores = {}
    for metric in context.additional_metrics:
        if metric.is_slow and (limit is None or limit.left() < metric.seconds * len(predictions)):
            continue
        scores_of_folds = []
        for fold, prediction in zip(context.folds, predictions, strict=False):
            truth, weights = context.y[fold.valid], context.metric_weights(fold.valid)
            with suppress(InvalidData):  # a fold may lack a class
                scores_of_folds.append(metric.best_score(truth, prediction, weights))
        defined = [score for score in scores_of_folds if np.isfinite(score)]
        scores[f"val_{metric.name}"] = float(np.mean(defined)) if defined else float("nan")
    return scores


def build_training(
    task: Task,
    components: Components,
    rows: EncodedRows,
    layout: InputLayout | None = None,
    generator: torch.Generator | None = None,
    modality: Modality = TABLES,
    initial_weights: Mapping[str, torch.Tensor] | None = None,
) -> tuple[TrainingState, TrainingPlan]:
    """Build network, optimizer and training plan for encoded rows.

    Parameters
    ----------
    task : Task
    components : Components
    rows : EncodedRows
        Training rows, shape (n, n_in).
    layout : InputLayout, optional
        Of the encoded rows; default: all columns are numerical features.
    generator : torch.Generator, optional
        For the draws of training; those of the initialization come from `draw_from`.  Default: torch's global one.
    modality : Modality
    initial_weights : mapping of str to Tensor, optional
        Those whose names and shapes match replace what is drawn.
    """
    layout = layout or InputLayout(rows.x.shape[1], n_numbers=rows.x.shape[1])
    network = modality.build_network(task, components, layout, rows.x, rows.y)
    if initial_weights is not None:
        load_matching(network, initial_weights)
    network = replace_dropout(network).to(rows.x.device)
    chosen, batch_loss = components[SCHEDULES], components[BATCH_LOSSES]
    schedule = chosen.build()
    loss = components[LOSSES].build(y=rows.y, weights=rows.weights, task=task)
    clipping = batch_loss.settings
    plan = TrainingPlan(
        batch_size=components[LOADER].settings["batch_size"],
        loss=loss.to(rows.x.device),
        batch_loss=batch_loss.build(),
        schedule=schedule,
        max_gradient_norm=clipping["max_gradient_norm"] if clipping["use_gradient_clipping"] else None,
        regularization=REGULARIZATION[chosen.settings["regularization_schedule"]],
        augment=modality.augmentation(components),
    )
    optimizer = components[OPTIMIZERS].build(network=network)
    bind_generator(generator, plan.batch_loss)
    follows = schedule if isinstance(schedule, LossSchedule) else None
    return TrainingState(network, optimizer, generator, follows), plan


def build_in_context(
    context: TrialContext,
    components: Components,
    rows: EncodedRows,
    layout: InputLayout,
    generator: torch.Generator | None = None,
) -> tuple[TrainingState, TrainingPlan]:
    """Call `build_training` with the modality and precision of a context; raise for a network that is too large."""
    state, plan = build_training(
        context.task, components, rows, layout, generator, context.modality, context.initial_weights
    )
    n_parameters = sum(p.numel() for p in state.network.parameters())
    if n_parameters > context.max_parameters:
        raise InvalidNetwork(f"The network has {n_parameters} parameters; max_parameters is {context.max_parameters}.")
    plan = replace(plan, precision=context.precision)
    if context.modality.limits_memory:
        limit = share_memory() if context.step_memory is None else context.step_memory
        check_step_memory(state.network, plan, rows.x, limit)
    return state, plan


def build_member(
    context: TrialContext, config: Mapping[str, Any], fold: TrainedFold, weights: Mapping[str, Any]
) -> NetworkMember:
    """Rebuild a trained network, ready to predict on the CPU."""
    components = context.resolve(config).replace([UNINITIALIZED])
    build = partial(context.modality.build_network, context.task, components, fold.encoder.layout)
    return NetworkMember(fold.encoder, fold.targets, restore_network(build, weights), dict(config), context.task)

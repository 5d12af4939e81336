"""Refit: train the networks and tree ensembles of the final model on all rows, but those that weigh them.

No rows are left to validate on, so the number of epochs is taken from the training that was validated.
"""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.models.ensemble import Member, TreeMember
from autonet.models.trees import BoostedTrees
from autonet.nets.initialization import UNINITIALIZED, initialize_from_rows
from autonet.nets.modernnca import remember_rows
from autonet.pipeline.context import TrialContext
from autonet.pipeline.resampling import resample
from autonet.pipeline.selection import Candidate
from autonet.pipeline.threads import torch_threads
from autonet.pipeline.trained import TrainedFold
from autonet.pipeline.tree_learners import TREE_LEARNER
from autonet.pipeline.trial import build_in_context, build_member
from autonet.pipeline.validation_scores import calibrated_loss
from autonet.search.evaluation import Objective, Outcome
from autonet.search.executors.base import Executor
from autonet.search.records import Job, Result, Trial
from autonet.search.running_trial import RunningTrial
from autonet.training.batches import count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import TrainingDiverged, train_epoch
from autonet.training.random import draw_from, seed_gpu

__all__ = ["Refitted", "refit", "refit_trial"]

Weights = dict[str, Any]

# A network whose best epoch lies after this share of its training continues; others start anew
# (docs/benchmarks/log.md).
CONTINUED_SHARE = 0.8
# Networks of modalities whose search has time for few epochs continue in any case up to this multiple of them: until
# then the best epoch is a matter of chance.
UNDERTRAINED_FACTOR = 2.0
PLANNED_SHARE = 0.8  # of the time; the rest is for encoding, and for jobs of different lengths
MAX_REST_SECONDS = 5.0  # of the rest, if all jobs run at once
# Share of a refit for which there must be time, by unit of budgets.
MIN_TRAINING_SHARE = {"time": 0.5, "epochs": 1.0, "subset": 1.0}
# The same of a network that continues: a short cycle is one, too.
MIN_FURTHER_SHARE = {"time": 0.2, "epochs": 1.0, "subset": 1.0}


@dataclass(frozen=True)
class _Refit:
    """A refit to do: of the networks of a trial, or of a tree ensemble.

    Attributes
    ----------
    job : Job
        Its target is how many seconds the refit takes.
    min_share : float
        Share of these seconds that must be left to begin it.
    build : callable
        Makes the members from the checkpoint of the result.
    """

    job: Job
    min_share: float
    build: Callable[[Any], list[Member]]


@dataclass(frozen=True)
class Refitted:
    """What a refit has trained.

    Attributes
    ----------
    members : list of Member
        One per fold.
    budget : float
        Seconds or epochs of the training of the networks, in all; of a tree ensemble 0.
    """

    members: list[Member]
    budget: float


def refit(
    context: TrialContext,
    trained: Mapping[int, tuple[Trial, list[TrainedFold]]],
    trees: Sequence[Candidate[TreeMember]],
    shares: Mapping[int | str, float],
    executor: Executor,
    limit: TimeLimit,
) -> Iterator[tuple[int | str, Refitted]]:
    """Train networks on all rows, for about as many epochs as their best one took, and grow tree ensembles as large.

    A network that was still improving continues from its last state, and so does one of few epochs; one that had begun
    to overfit starts anew.

    Parameters
    ----------
    context : TrialContext
    trained : mapping of int to (Trial, list of TrainedFold)
        By number of the trial.
    trees : sequence of Candidate
        Tree ensembles; those of several folds stay as they are.
    shares : mapping of int or str to float
        Weights of the trials and tree ensembles in the final model.  If there is no time for all, those of the largest
        weight per second come first; where rows are left to weigh them by, those of the smallest calibrated loss,
        because the weights will change.
    executor : Executor
    limit : TimeLimit

    Yields
    ------
    name : int or str
        Number of a trial whose networks were trained in time, or name of a tree ensemble.
    refitted : Refitted
    """
    wanted: dict[int | str, _Refit] = {
        number: _plan_networks(context, trial, folds) for number, (trial, folds) in trained.items()
    }
    if len(context.folds) == 1:
        wanted |= {tree.name: _plan_trees(context, i, tree) for i, tree in enumerate(trees)}

    def priority(name: int | str) -> float:
        if isinstance(name, int) and len(context.checked_rows):
            (fold,) = trained[name][1]
            return -calibrated_loss(context, context.folds[0].valid, fold.prediction(fold.last))
        return shares[name] / max(wanted[name].job.target, 1e-6)

    limit = limit.shift(-_check_seconds(context, [folds for _, folds in trained.values()]))
    jobs = _choose_jobs([wanted[name] for name in sorted(wanted, key=priority, reverse=True)], executor.n_slots, limit)
    names, done = {refit.job.trial: name for name, refit in wanted.items()}, list[int | str]()
    for outcome in _run(partial(refit_trial, context), jobs, executor):
        name, checkpoint = names[outcome.job.trial], outcome.result.checkpoint
        if checkpoint is None:
            what = f"trial {name}" if isinstance(name, int) else name
            logging.getLogger("autonet").info("%s stays as it was validated: %s", what, outcome.reason)
        else:
            done.append(name)
            yield name, Refitted(wanted[name].build(checkpoint), outcome.result.metrics.get("trained", 0.0))
    n_trees = sum(isinstance(name, str) for name in done)
    logging.getLogger("autonet").info(
        "%d of %d trials and %d of %d tree ensembles trained on all rows",
        *(len(done) - n_trees, len(trained), n_trees, len(wanted) - len(trained)),
    )


def _choose_jobs(wanted: Sequence[_Refit], n_slots: int, limit: TimeLimit) -> list[Job]:
    """Return the jobs that there is time for, in the order of their priority."""
    for_each = PLANNED_SHARE * limit.left()
    left, chosen = for_each * n_slots, list[tuple[Job, float]]()
    for refit in wanted:
        seconds = min(refit.job.target, for_each, left)
        if seconds >= refit.min_share * refit.job.target:
            chosen.append((refit.job, seconds))
            left -= seconds
    if len(chosen) <= n_slots:
        longest = max(for_each, limit.left() - MAX_REST_SECONDS)
        chosen = [(job, min(job.target, longest)) for job, _ in chosen]
    return [replace(job, target=seconds, deadline=limit.at) for job, seconds in chosen]


def _run(objective: Objective, jobs: Sequence[Job], executor: Executor) -> Iterator[Outcome]:
    """Run jobs, the longest first, and yield their outcomes; an interrupt starts no more."""
    waiting, running = sorted(jobs, key=lambda job: job.target), 0
    try:
        while waiting or running:
            if current_interrupt().requested:
                waiting.clear()
            while waiting and running < executor.n_slots:
                executor.submit(objective, waiting.pop())
                running += 1
            for outcome in executor.wait():
                running -= 1
                yield outcome
    finally:
        executor.cancel()


def _plan_networks(context: TrialContext, trial: Trial, folds: Sequence[TrainedFold]) -> _Refit:
    """Plan the refit of the networks of a trial."""

    def build(weights: Sequence[Weights]) -> list[Member]:
        return [build_member(context, trial.config, fold, w) for fold, w in zip(folds, weights, strict=True)]

    min_share = (MIN_FURTHER_SHARE if all(_continues(context, fold) for fold in folds) else MIN_TRAINING_SHARE)[
        context.unit
    ]
    seconds = _seconds(context, folds) / (trial.budget if context.trains_subsets else 1.0)
    job = Job(trial.number, trial.config, 0.0, seconds, trial.seed, math.inf, checkpoint=folds)
    return _Refit(job, min_share, build)


def _plan_trees(context: TrialContext, index: int, candidate: Candidate[TreeMember]) -> _Refit:
    """Plan the refit of the tree ensemble of a holdout; boosting needs more iterations for more rows."""
    (member,) = candidate.members()
    growth = len(context.refit_rows) / len(context.folds[0].train)
    size = round(member.trees.size * growth) if isinstance(member.trees, BoostedTrees) else member.trees.size
    config = {TREE_LEARNER: candidate.name, "size": size}
    job = Job(-1 - index, config, 0.0, candidate.budget * growth, context.seed, math.inf)
    return _Refit(job, 1.0, lambda member: [member])


def refit_trial(context: TrialContext, trial: RunningTrial) -> Result:
    """Train the networks of a trial on all rows; or fit a tree ensemble on them.

    Parameters
    ----------
    context : TrialContext
    trial : RunningTrial
        Its checkpoint is a list of `TrainedFold`, one per fold; its budget is in seconds.

    Returns
    -------
    Result
        Its loss is 0; its checkpoint is a list of state dicts, one per fold; ``trained`` among its metrics is the
        training in all, in seconds or epochs.
    """
    if TREE_LEARNER in trial:
        from autonet.pipeline.tree_fitting import refit_tree_learner  # noqa: PLC0415 - slow to import, as in `run_trial`

        return refit_tree_learner(context, trial)
    components, every = context.resolve(trial.params), context.refit_rows
    folds: list[TrainedFold] = trial.checkpoint.load()
    weights, share, used = list[Weights](), trial.job.target / _seconds(context, folds), 0.0
    seed = trial.seed + 1  # other networks than those that were trained before
    generator = torch.Generator().manual_seed(seed)
    with torch_threads(context.threads), seed_gpu(seed, context.device):
        for done, fold in enumerate(folds):
            # The encoders stay those that the networks know; they were fitted without the validation rows.
            rows, layout = context.rows(fold.targets, context.encode_all(fold.encoder), every), fold.encoder.layout
            rows = resample(rows, components, layout, (context.seed, done))
            with draw_from(generator):
                chosen = components.replace([UNINITIALIZED] if _continues(context, fold) else [])
                state, plan = build_in_context(context, chosen, rows, layout, generator)
                if not _continues(context, fold):
                    initialize_from_rows(state.network, rows.x)
            n_batches, limit = count_batches(len(rows), plan.batch_size), trial.limit.share(len(folds) - done)
            state.restore_schedule(fold.state)
            if _continues(context, fold):
                state.restore(fold.state)
                state.position.steps = state.position.epochs * n_batches  # schedules count epochs of these rows
            with draw_from(generator):
                remember_rows([state.network, state.ema.network], rows.x, rows.y, rows.weights)
            length = _epochs(context, fold)
            if context.unit == "time":
                length *= share * _epoch_seconds(context, fold)
            budget = TrainingBudget(context.training_unit, 0.0, length, n_batches, limit)
            while not budget.finished:
                train_epoch(state, plan, rows, budget)
            if budget.interrupted and not len(context.checked_rows):  # else the check tells what they are worth
                raise TimedOut("interrupted")
            if context.unit != "time" and budget.truncated and not budget.interrupted:
                raise TimeoutError(f"no time for {length:g} epochs")
            seconds = state.position.seconds + budget.elapsed
            used += seconds if context.unit == "time" else state.position.epochs / len(folds)
            weights.append({name: tensor.cpu() for name, tensor in state.ema.network.state_dict().items()})
            if not all(torch.isfinite(tensor).all() for tensor in weights[-1].values()):
                raise TrainingDiverged(f"weights became infinite at step {state.position.steps}")
    return Result(0.0, metrics={"trained": used}, checkpoint=weights)


def _is_undertrained(context: TrialContext, fold: TrainedFold) -> bool:
    """Whether a network was trained for few epochs, of a modality whose search has no time for more."""
    return bool(fold.position["epochs"] < UNDERTRAINED_FACTOR * context.modality.compared_epochs)


def _continues(context: TrialContext, fold: TrainedFold) -> bool:
    """Whether a network continues: it had only begun, or was still improving when its training ended."""
    return _is_undertrained(context, fold) or bool(fold.best.epochs >= CONTINUED_SHARE * fold.position["epochs"])


def _epochs(context: TrialContext, fold: TrainedFold) -> float:
    """Return the number of epochs of the refit."""
    epochs = fold.position["epochs"] if _is_undertrained(context, fold) else fold.best.epochs
    share = context.modality.refit.further_epochs if _continues(context, fold) else 1.0
    if context.unit != "time":  # nothing but the number of trials may limit the fit
        share = min(share, 1.0)
    return float(max(round(epochs * share), 1))


def _seconds(context: TrialContext, folds: Sequence[TrainedFold]) -> float:
    """Estimate the seconds that the refit of a trial takes."""
    return max(sum(_epochs(context, fold) * _epoch_seconds(context, fold) for fold in folds), 1e-6)


def _check_seconds(context: TrialContext, trained: Iterable[Sequence[TrainedFold]]) -> float:
    """Estimate the seconds of predicting the checked rows, by validated and refitted networks."""
    share = len(context.checked_rows) / len(context.refit_rows)
    return 2 * share * sum(_epoch_seconds(context, fold) for folds in trained for fold in folds)


def _epoch_seconds(context: TrialContext, fold: TrainedFold) -> float:
    """Estimate the seconds of an epoch on all rows."""
    n_trained = len(context.folds[0].train)
    seconds: float = fold.position["seconds"] / max(fold.position["epochs"], 1)
    return seconds * len(context.refit_rows) / n_trained

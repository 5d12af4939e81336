"""Refit of the selected model: its networks and tree ensembles learn all rows, and are weighed anew."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from autonet.core.clock import TimeLimit
from autonet.core.errors import BaselineReturned, RefitSkipped, SearchFailed, SearchInterrupted
from autonet.core.interrupts import Interrupt, current_interrupt
from autonet.core.typing import Array
from autonet.estimators.notices import NO_TIME_TO_REFIT, Searched, interrupt_name
from autonet.estimators.selection import Scores, Selection
from autonet.estimators.time_plan import TimePlan
from autonet.models.conformal import Conformal, QuantileConformal
from autonet.models.ensemble import Ensemble, NetworkMember, TreeMember, apply_temperature
from autonet.pipeline.context import TrialContext
from autonet.pipeline.refit import Refitted, refit
from autonet.pipeline.refitted import CheckedEnsemble, add_refitted
from autonet.pipeline.selection import MIN_CALIBRATION_ROWS, Candidate
from autonet.pipeline.trained import TrainedFold, as_folds
from autonet.pipeline.trial import score_additional
from autonet.search.executors.base import Executor
from autonet.search.records import Trial

__all__ = ["refit_selection"]

# Trials to choose those to refit from, where there is a time limit and rows are left to weigh them by.
CONSIDERED_PER_SLOT = 3
MIN_RARE_ROWS = 10  # checked rows of the rarer class, or value of a label, that a threshold is found on
CHECK_SECONDS = 0.5  # for weighing refitted networks after an interrupt: a fit returns within two seconds

Trained = dict[int, tuple[Trial, list[TrainedFold]]]
"""By number: trials, and their networks, one per fold."""


def refit_selection(
    selection: Selection,
    study: Searched,
    context: TrialContext,
    trees: Sequence[Candidate[TreeMember]],
    ensemble_size: int,
    executor: Executor,
    plan: TimePlan,
    *,
    asked: bool,
) -> Selection:
    """Train the networks and tree ensembles of a selection on all rows.

    Parameters
    ----------
    selection : Selection
    study : Study
    context : TrialContext
    trees : sequence of Candidate
        Tree ensembles that were fitted.
    ensemble_size : int
        If it is 1, the best network remains, or the refitted one if no rows are left to tell; else both are averaged.
    executor : Executor
    plan : TimePlan
    asked : bool
        Whether to warn if there is no time for it.
    """
    shares, interrupt = selection.ensemble.shares, current_interrupt()
    if interrupt.requested:
        return selection
    chosen = [candidate for candidate in trees if candidate.name in shares]
    n_best = executor.n_slots * (1 if plan.runtime is None else CONSIDERED_PER_SLOT)
    trained = _load_trained(selection, study, context, n_best)
    if not (trained or chosen):
        return selection
    refitted, weight, single = dict[int | str, Refitted](), context.modality.refit.weight, ensemble_size == 1
    with suppress(SearchFailed), interrupt.abandoning():
        for name, each in refit(context, trained, chosen, shares, executor, plan.limit("refit")):
            refitted[name] = each
    was_interrupted = current_interrupt().requested
    if not refitted and not was_interrupted:
        return selection.warn(RefitSkipped(NO_TIME_TO_REFIT)) if asked else selection
    limit = TimeLimit.after(CHECK_SECONDS) if was_interrupted else plan.limit("closing")
    checked = _weigh(selection.ensemble, refitted, context, limit, single=single) if refitted else None
    if checked is None and current_interrupt().requested:
        return selection.warn(_explain(interrupt, "without training on all rows"))
    if was_interrupted:
        selection = selection.warn(_explain(interrupt, "its training on all rows was ended early"))
    if checked is not None:
        selection = _with_checked(selection, context, checked, trained, limit)
        return _with_best(selection, context, checked, trained, refitted, limit)
    known = {name: each.members for name, each in refitted.items() if name in shares}
    if single and known:
        ((name, members),) = known.items()
        networks = [member for member in members if isinstance(member, NetworkMember)]
        return replace(selection, members=networks, ensemble=Ensemble.from_members(name, networks))
    return replace(selection, ensemble=add_refitted(selection.ensemble, known, weight))


def _weigh(
    ensemble: Ensemble,
    refitted: Mapping[int | str, Refitted],
    context: TrialContext,
    limit: TimeLimit,
    *,
    single: bool,
) -> CheckedEnsemble | None:
    """Add refitted networks to an ensemble, and weigh all by the checked rows; None without rows or time."""
    members = {name: each.members for name, each in refitted.items()}
    both = add_refitted(ensemble, members, context.modality.refit.weight)
    return CheckedEnsemble.weigh(context, both, limit, n_validated=len(ensemble.members), single=single)


def _explain(interrupt: Interrupt, what: str) -> SearchInterrupted:
    return SearchInterrupted(f"{interrupt_name(interrupt)}: the best model is returned, {what}.")


def _load_trained(selection: Selection, study: Searched, context: TrialContext, n_best: int) -> Trained:
    """Load the networks to refit: those of the ensemble.

    Where rows are left to weigh refitted networks by, also those of the `n_best` trials of the smallest plain loss:
    after short trainings, that tells more than the choice of an ensemble.
    """
    trials, trained = study.history.trials, Trained()

    def load(trial: Trial) -> bool:
        folds = as_folds(study.load_checkpoint(trial), context.nodes)
        if folds is not None:
            trained[trial.number] = trial, folds
        return folds is not None

    for name in selection.ensemble.shares:
        if isinstance(name, int):
            load(trials[name])
    if len(context.checked_rows):
        n_loaded = 0
        for trial in sorted(study.history.ranked(), key=lambda trial: trial.rank[1]):
            if n_loaded == n_best:
                break
            n_loaded += trial.number in trained or load(trial)
    return trained


def _with_checked(
    selection: Selection, context: TrialContext, checked: CheckedEnsemble, trained: Trained, limit: TimeLimit
) -> Selection:
    """Return the selection with the checked weights, and threshold, calibration and score by the same rows."""
    rows, conformal, metric = context.checked_rows, selection.conformal, context.metric
    y, prediction = context.y[rows], checked.prediction
    if isinstance(conformal, QuantileConformal):
        conformal = QuantileConformal.fit(y, prediction, conformal.quantiles)
    elif conformal is not None:
        # Intervals rest on the disagreement of the validated members, which are the first.
        weights = checked.ensemble.weights if conformal.widths is None else conformal.weights
        parts = ([prediction] for prediction in checked.predictions)
        conformal = Conformal.fit(y, list(zip(weights, parts, strict=False)), [prediction])
    threshold, score = _find_threshold(selection, context, checked), None
    if not metric.is_slow or limit.left() > metric.seconds:
        score = metric.score_sample(y, prediction, context.metric_weights(rows), threshold)
    configs, shares = dict(selection.configs), checked.ensemble.shares
    configs.update((name, dict(trial.config)) for name, (trial, _) in trained.items())
    return replace(
        selection,
        ensemble=checked.ensemble,
        configs={name: config for name, config in configs.items() if name in shares},
        conformal=conformal,
        threshold=threshold,
        refit_score=score if score is not None and math.isfinite(score) else None,
    )


def _find_threshold(selection: Selection, context: TrialContext, checked: CheckedEnsemble) -> float | Array | None:
    """Return the threshold that is best on the checked rows; where they are too few, the earlier one."""
    rows, metric, before = context.checked_rows, context.metric, selection.threshold
    y = context.y[rows]
    if before is not None and context.task.kind == "classification":
        # The same decisions as before, of probabilities at another temperature.
        ratio = checked.ensemble.temperature / selection.ensemble.temperature
        before = float(apply_temperature(np.array([[1 - before, before]]), ratio)[0, 1])
    if not metric.decides or len(rows) < MIN_CALIBRATION_ROWS:
        return before
    found = metric.best_threshold(y, checked.prediction, context.metric_weights(rows))
    if found is None or before is None:  # a metric that has become slow finds none
        return before if found is None else found
    n_positive = np.count_nonzero(y, axis=0)
    is_rare = np.minimum(n_positive, len(rows) - n_positive) < MIN_RARE_ROWS
    return np.where(is_rare, before, found) if context.task.kind == "multilabel" else before if is_rare else found


def _with_best(
    selection: Selection,
    context: TrialContext,
    checked: CheckedEnsemble,
    trained: Trained,
    refitted: Mapping[int | str, Refitted],
    limit: TimeLimit,
) -> Selection:
    """Return the selection with the network of the smallest loss on the checked rows as the best one."""
    name, member = checked.best
    if name not in trained or not isinstance(member, NetworkMember):
        return selection
    trial, folds = trained[int(name)]
    candidate = Candidate.from_trial(trial, context, folds, [fold.best for fold in folds])
    longer = name in refitted and member in refitted[name].members and not context.trains_subsets
    scores = selection.best
    if name != selection.name:
        scores = Scores(candidate.rank[0], score_additional(context, candidate.predictions, limit))
    return replace(
        selection.without(BaselineReturned),
        name=name,
        config=candidate.config,
        members=[member],
        budget=refitted[name].budget if longer else candidate.budget,
        best=scores,
    )

"""Refit of the selected model: its networks and tree ensembles learn all rows, and are weighed anew."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from autonet.core.clock import TimeLimit
from autonet.core.errors import BaselineReturned, RefitSkipped, SearchFailed, SearchInterrupted
from autonet.core.interrupts import current_interrupt
from autonet.estimators.notices import NO_TIME_TO_REFIT, Searched, interrupt_name
from autonet.estimators.selection import Scores, Selection
from autonet.estimators.time_plan import TimePlan
from autonet.models.conformal import Conformal, QuantileConformal
from autonet.models.ensemble import Ensemble, NetworkMember, TreeMember
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
    asked_for: bool,
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
    asked_for : bool
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
    done, weight = dict[int | str, Refitted](), context.modality.refit.weight
    with suppress(SearchFailed), interrupt.abandoning():
        done = refit(context, trained, chosen, shares, executor, plan.limit("refit"))
    refitted = {name: each.members for name, each in done.items()}
    was_interrupted = current_interrupt().requested
    limit = TimeLimit.after(CHECK_SECONDS) if was_interrupted else plan.limit("closing")
    weighed = add_refitted(selection.ensemble, refitted, weight)
    checked = CheckedEnsemble.weigh(context, weighed, limit, single=ensemble_size == 1) if refitted else None
    if was_interrupted:
        what = "without training on all rows" if checked is None else "its training on all rows was ended early"
        note = SearchInterrupted(f"{interrupt_name(interrupt)}: the best model is returned, {what}.")
        selection = replace(selection, warnings=(*selection.warnings, note))
    elif asked_for and not refitted:
        return replace(selection, warnings=(*selection.warnings, RefitSkipped(NO_TIME_TO_REFIT)))
    if checked is not None:
        selection = _with_checked(selection, context, checked, trained, limit)
        return _with_best(selection, context, checked, trained, done, limit)
    if was_interrupted:
        return selection
    known = {name: members for name, members in refitted.items() if name in shares}
    if ensemble_size == 1 and known:
        ((name, members),) = known.items()
        networks = [member for member in members if isinstance(member, NetworkMember)]
        return replace(selection, members=networks, ensemble=Ensemble.from_members(name, networks))
    return replace(selection, ensemble=add_refitted(selection.ensemble, known, weight))


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
    threshold, score = selection.threshold, None
    if metric.decides and len(rows) >= MIN_CALIBRATION_ROWS:
        threshold = metric.best_threshold(y, prediction, context.metric_weights(rows))
    if not metric.is_slow or limit.left() > metric.seconds:
        score = metric.score(y, prediction, context.metric_weights(rows), threshold)
    configs, shares = dict(selection.configs), checked.ensemble.shares
    configs.update((name, dict(trial.config)) for name, (trial, _) in trained.items())
    return replace(
        selection,
        ensemble=checked.ensemble,
        configs={name: config for name, config in configs.items() if name in shares},
        conformal=conformal,
        threshold=threshold,
        refit_score=score,
    )


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

"""The search of a fit: its study, rungs, limits, and the tree ensembles beside it."""

import logging
import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.component import Components
from autonet.core.interrupts import current_interrupt
from autonet.estimators.callbacks import FitCallbacks
from autonet.estimators.chosen import Chosen, complete_configs
from autonet.estimators.options import Options
from autonet.estimators.report import log_trial
from autonet.estimators.run import Run
from autonet.estimators.time_plan import TimePlan
from autonet.models.ensemble import TreeMember
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate, weigh_trees
from autonet.pipeline.timing import choose_precision, choose_threads, time_epoch
from autonet.pipeline.tree_jobs import TreeJobs
from autonet.search.executors.base import Executor
from autonet.search.progress import ProgressBar
from autonet.search.records import Trial
from autonet.search.rungs import Rungs
from autonet.search.schedulers.halving import AsynchronousHalving
from autonet.search.study import Callback, Study

# Sampler and scheduler by `algorithm`; that of "bohb" depends on the budgets.
ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    "bohb": ("bohb", None),
    "hyperband": ("random", "hyperband"),
    "random": ("random", "none"),
}
# Exponent from which on the loss of a network falls enough with its budget to train it until the end of the search.
MIN_EXPONENT = 0.2

__all__ = [
    "create_study",
    "create_tree_jobs",
    "explain_end",
    "limit_search",
    "place_rungs",
    "share_encodings",
    "tune_training",
]


def share_encodings(context: TrialContext, executor: Executor) -> AbstractContextManager[Any]:
    """Share encodings inside a ``with`` block: it returns a cache for the context, or None.

    They are shared by several worker processes of this machine, on Linux, if they are copies of the data.
    """
    if executor.n_slots == 1 or context.device.type != "cpu" or not sys.platform.startswith("linux"):
        return nullcontext()
    if not context.modality.copies:
        return nullcontext()
    from autonet.pipeline.shared_encodings import SharedEncodings  # noqa: PLC0415 - Linux only
    from autonet.search.executors.processes import Processes  # noqa: PLC0415 - slow to import

    if not isinstance(executor, Processes):
        return nullcontext()
    return SharedEncodings.create(len(context.folds))


def create_study(
    space: ConfigurationSpace,
    context: TrialContext,
    options: Options,
    rungs: Rungs,
    run: Run,
    chosen: Chosen | None = None,
) -> Study:
    """Create the study of a run, or return the one that it has.

    It begins with the user's configurations and the portfolio of the preset, or with the only configurations to train.
    One that the run has keeps as many checkpoints as the larger ensemble needs.
    """
    n_kept = options.ensemble_limits.n_loaded
    if run.study is not None:
        run.study.keep_best = max(run.study.keep_best, n_kept)
        return run.study
    sampler, scheduler = ALGORITHMS[options.algorithm]
    stretches = context.unit == "time" and options.max_budget is None
    study = Study(
        space,
        min_budget=rungs.bottom,
        max_budget=rungs.top,
        sampler=sampler,
        scheduler=scheduler or AsynchronousHalving(MIN_EXPONENT if stretches else math.inf),
        eta=options.eta,
        budget_type=context.unit,
        random_state=context.seed,
        run_dir=run.store,
        keep_best=n_kept,
    )
    if len(context.folds) > 1:
        study.history.prefer_from(context.min_budget_for_cv)
    study.log_trials = False  # `log_trial` does, with the scores of the metric
    if chosen is None:
        configs = complete_configs(options.first_configs, study.encoding)
        configs += options.load_portfolio(context.task, study.encoding) if options.algorithm == "bohb" else []
    else:
        configs = chosen.complete(study.encoding)
    for config in configs:
        study.enqueue(config)
    logging.getLogger("autonet").info(
        "%d of %d hyperparameters free; rungs %s", study.encoding.n_features, len(space), study.rungs
    )
    return study


def tune_training(
    context: TrialContext, default: Components, options: Options, plan: TimePlan, n_slots: int, earlier: Rungs | None
) -> float:
    """Choose threads and precision of the trials by measurement, and time an epoch.

    Parameters
    ----------
    context : TrialContext
        Gets the number of threads of a trial, and the precision.
    default : Components
        What is measured: the default configuration.
    options : Options
        Those of the user.
    plan : TimePlan
    n_slots : int
        Number of trials at once.
    earlier : Rungs or None
        Those of an earlier fit of the run.

    Returns
    -------
    float
        Seconds of an epoch; 0 if no rung depends on it.
    """
    seconds = plan.timing_seconds
    with current_interrupt().abandoning():
        if plan.repays_processes:
            context.threads = choose_threads(context, default, n_slots, seconds)
        if options.precision == "auto":
            context.precision = choose_precision(context, default, seconds)
            logging.getLogger("autonet").info("networks train in %s on %d threads", context.precision, context.threads)
        if plan.needs_timing and (earlier is None or context.modality.compared_epochs):
            return time_epoch(context, default, context.threads, seconds)
    return 0.0


def place_rungs(
    context: TrialContext, options: Options, plan: TimePlan, earlier: Rungs | None, epoch_seconds: float
) -> tuple[Rungs, TimePlan]:
    """Place the rungs of the search, unless it has some, and reserve time for slow metrics.

    Where networks cannot train their epochs, no time is reserved for a refit, unless the user asks for it.

    Parameters
    ----------
    context : TrialContext
    options : Options
        Those of the user.
    plan : TimePlan
    earlier : Rungs or None
        Those of an earlier fit of the run.
    epoch_seconds : float
        Of the default configuration; 0 if it was not timed.
    """
    n_folds, compared_epochs = len(context.folds), context.modality.compared_epochs
    if options.refit_on_all_rows == "auto":
        plan = plan.without_refit_if_short(epoch_seconds, compared_epochs)
    rungs = earlier or plan.rungs(epoch_seconds, context.metric.seconds * n_folds, compared_epochs)
    return rungs, replace(plan, scoring=plan.scoring_seconds(context.additional_metrics, n_folds))


def create_tree_jobs(
    study: Study, context: TrialContext, options: Options, plan: TimePlan, run: Run, executor: Executor
) -> TreeJobs | None:
    """Return the executor that fits tree ensembles beside the trials of a study; None if there are to be none."""
    if not options.tree_ensembles or context.task.has_one_class:
        return None
    if context.task.quantiles:
        logging.getLogger("autonet").info("tree ensembles are left out: they predict means, and no quantiles")
        return None

    def weigh(trees: Sequence[Candidate[TreeMember]]) -> float:
        return weigh_trees(study.history.ranked(), study.load_checkpoint, context, trees)

    return TreeJobs(executor, context, plan.limit("search"), run.trees, weigh, run.keep_trees)


def limit_search(
    study: Study, options: Options, plan: TimePlan, bar: ProgressBar, run: Run, callbacks: Sequence[Callback]
) -> dict[str, Any]:
    """Return the keywords of `Study.optimize`: limits, and callbacks for the log and the progress bar.

    Parameters
    ----------
    study : Study
    options : Options
    plan : TimePlan
    bar : ProgressBar
    run : Run
        Saves the seconds of the search.
    callbacks : sequence of callable
        Further ones: of loggers, and the user's.
    """

    def show_and_record(study: Study, trial: Trial) -> None:
        log_trial(logging.getLogger("autonet"), study, trial)
        bar.show(study.history)
        run.record("search")

    return {
        "max_trials": options.limit_trials(study.rungs),
        "timeout": max(plan.limit("search").left(), 0.0) if plan.runtime else None,
        "callbacks": [show_and_record, *callbacks],
        "progress": False,
    }


def explain_end(study: Study, options: Options, plan: TimePlan, callbacks: FitCallbacks) -> str:
    """Say what has ended a search."""
    history, most = study.history, options.limit_trials(study.rungs)
    if study.interrupted or current_interrupt().requested:
        return "an interrupt"
    if callbacks.ended:
        return "a callback"
    if most is not None and len(history) >= most:
        return f"the number of trials, {most}"
    if history.table(study.space).n_distinct >= study.encoding.size:
        return f"the space: all of its {study.encoding.size:g} configurations were tried"
    if history.best is None:
        return "failures: no trial has a value"
    return f"the time limit of {plan.runtime:g} s" if plan.runtime else "the scheduler: no job was left"

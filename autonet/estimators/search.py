"""The search of a fit: its study, rungs and limits."""

import logging
from dataclasses import replace
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.component import Components
from autonet.core.interrupts import current_interrupt
from autonet.estimators.callbacks import FitCallbacks
from autonet.estimators.options import Options
from autonet.estimators.refitting import Chosen
from autonet.estimators.report import log_trial
from autonet.estimators.run import Run
from autonet.estimators.time_plan import TimePlan
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import CONSIDERED
from autonet.pipeline.trial import time_epoch
from autonet.search.progress import ProgressBar
from autonet.search.records import Trial
from autonet.search.rungs import Rungs
from autonet.search.study import Study

__all__ = ["create_study", "limit_search", "place_rungs"]


def create_study(
    space: ConfigurationSpace,
    context: TrialContext,
    options: Options,
    rungs: Rungs,
    run: Run,
    chosen: Chosen | None = None,
) -> Study:
    """Create the study of a run, or return the one that it has.

    It begins with the portfolio of the preset, or with the only configuration to train.
    """
    if run.study is not None:
        return run.study
    study = Study(
        space,
        min_budget=rungs.bottom,
        max_budget=rungs.top,
        eta=options.eta,
        budget_type=context.unit,
        random_state=context.seed,
        run_dir=run.store,
        keep_best=CONSIDERED if options.max_networks > 1 else 1,
    )
    study.log_trials = False  # `log_trial` does, with the scores of the metric
    if chosen is None:
        configs = options.load_portfolio(context.task, study.encoding)
    else:
        configs = [] if chosen.is_linear else [chosen.complete(study.encoding)]
    for config in configs:
        study.enqueue(config)
    return study


def place_rungs(
    context: TrialContext, default: Components, plan: TimePlan, earlier: Rungs | None, *, timed: bool
) -> tuple[Rungs, TimePlan]:
    """Place the rungs of the search, unless it has some, and reserve time for slow metrics.

    Parameters
    ----------
    context : TrialContext
    default : Components
        To time epochs of.
    plan : TimePlan
    earlier : Rungs or None
        Those of an earlier fit of the run.
    timed : bool
        Whether to time an epoch.
    """
    epoch, n_folds = 0.0, len(context.folds)
    if timed and plan.needs_timing and earlier is None:
        with current_interrupt().abandoning():
            epoch = time_epoch(context, default)
    rungs = earlier or plan.rungs(epoch, context.metric.seconds * n_folds)
    return rungs, replace(plan, scoring=plan.scoring_seconds(context.additional_metrics, n_folds))


def limit_search(
    study: Study, options: Options, plan: TimePlan, bar: ProgressBar, run: Run, callbacks: FitCallbacks
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
    callbacks : FitCallbacks
        The user's.
    """

    def show_and_record(study: Study, trial: Trial) -> None:
        log_trial(logging.getLogger("autonet"), study, trial)
        bar.show(study.history)
        run.record("search")

    return {
        "max_trials": options.limit_trials(study.rungs),
        "timeout": max(plan.limit("search").left(), 0.0) if plan.runtime else None,
        "callbacks": [show_and_record, callbacks],
        "progress": False,
    }

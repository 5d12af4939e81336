"""The search of a fit: its study, rungs and limits."""

import logging
from dataclasses import replace
from functools import partial
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.component import Components
from autonet.core.interrupts import current_interrupt
from autonet.estimators.callbacks import FitCallbacks
from autonet.estimators.options import Options
from autonet.estimators.refitting import Chosen
from autonet.estimators.report import log_trial
from autonet.estimators.time_plan import TimePlan
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import CONSIDERED
from autonet.pipeline.trial import time_epoch
from autonet.search.progress import ProgressBar
from autonet.search.rungs import Rungs
from autonet.search.study import Study

__all__ = ["create_study", "limit_search", "place_rungs"]


def create_study(
    space: ConfigurationSpace, context: TrialContext, options: Options, rungs: Rungs, chosen: Chosen | None = None
) -> Study:
    """Create a study that begins with the portfolio of the preset, or with the only configuration to train."""
    study = Study(
        space,
        min_budget=rungs.bottom,
        max_budget=rungs.top,
        eta=options.eta,
        budget_type=context.unit,
        random_state=context.seed,
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


def place_rungs(context: TrialContext, default: Components, plan: TimePlan, *, timed: bool) -> tuple[Rungs, TimePlan]:
    """Place the rungs of the search, and reserve time for slow metrics.

    Parameters
    ----------
    context : TrialContext
    default : Components
        To time epochs of.
    plan : TimePlan
    timed : bool
        Whether to time an epoch.
    """
    epoch, n_folds = 0.0, len(context.folds)
    if timed and plan.needs_timing:
        with current_interrupt().abandoning():
            epoch = time_epoch(context, default)
    rungs = plan.rungs(epoch, context.metric.seconds * n_folds)
    return rungs, replace(plan, scoring=plan.scoring_seconds(context.additional_metrics, n_folds))


def limit_search(
    study: Study, options: Options, plan: TimePlan, bar: ProgressBar, callbacks: FitCallbacks
) -> dict[str, Any]:
    """Return the keywords of `Study.optimize`: limits, and callbacks for the log and the progress bar.

    Parameters
    ----------
    study : Study
    options : Options
    plan : TimePlan
    bar : ProgressBar
    callbacks : FitCallbacks
        The user's.
    """
    return {
        "max_trials": options.limit_trials(study.rungs),
        "timeout": max(plan.limit("search").left(), 0.0) if plan.runtime else None,
        "callbacks": [
            partial(log_trial, logging.getLogger("autonet")),
            lambda study, trial: bar.show(study.history),
            callbacks,
        ],
        "progress": False,
    }

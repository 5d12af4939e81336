"""The study of a fit: configurations of networks, its limits, and what the log and the progress bar say of it."""

import logging
from functools import partial
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.estimators.logs import log_trial
from autonet.estimators.options import Options
from autonet.pipeline.ensemble import CONSIDERED
from autonet.pipeline.workspace import Workspace
from autonet.search.progress import ProgressBar
from autonet.search.rungs import Rungs
from autonet.search.study import Study

__all__ = ["make_study", "search_limits"]


def make_study(space: ConfigurationSpace, workspace: Workspace, options: Options, rungs: Rungs) -> Study:
    """Return a study that begins with the portfolio of the preset."""
    study = Study(
        space,
        min_budget=rungs.bottom,
        max_budget=rungs.top,
        eta=options.eta,
        budget_type=workspace.unit,
        random_state=workspace.seed,
        keep_best=CONSIDERED if options.networks_kept > 1 else 1,
    )
    study.log_trials = False  # `log_trial` does, with the scores of the metric
    for config in options.portfolio(workspace.task, study.encoding):
        study.enqueue(config)
    return study


def search_limits(study: Study, options: Options, seconds: float, bar: ProgressBar) -> dict[str, Any]:
    """Return how long `Study.optimize` goes on, and what it calls after each trial.

    Parameters
    ----------
    study : Study
    options : Options
    seconds : float
        Time for it, if the runtime is limited.
    bar : ProgressBar
    """
    return {
        "max_trials": options.trials(study.rungs),
        "timeout": max(seconds, 0.0) if options.time.runtime else None,
        "callbacks": [partial(log_trial, logging.getLogger("autonet")), lambda study, trial: bar.show(study.history)],
        "progress": False,
    }

"""The search of a fit: a study over configurations of networks, with what the log and the progress bar say of it."""

import logging
from functools import partial

from ConfigSpace import ConfigurationSpace

from autonet.core.errors import SearchFailed
from autonet.core.interrupts import current_interrupt
from autonet.estimators.logs import log_trial
from autonet.estimators.options import Options
from autonet.pipeline.ensemble import CONSIDERED
from autonet.pipeline.trial import run_trial
from autonet.pipeline.workspace import Workspace
from autonet.search.executors.base import Executor
from autonet.search.progress import ProgressBar
from autonet.search.rungs import Rungs
from autonet.search.study import Study

__all__ = ["make_study", "search"]


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


def search(
    study: Study, workspace: Workspace, executor: Executor, options: Options, seconds: float, bar: ProgressBar
) -> None:
    """Run the search; if it comes to nothing, there is the baseline.

    Parameters
    ----------
    study : Study
    workspace : Workspace
    executor : Executor
    options : Options
    seconds : float
        Time for it, if the runtime is limited.
    bar : ProgressBar
    """
    logger = logging.getLogger("autonet")
    bar.begin("search")
    try:
        with current_interrupt().abandoning():
            study.optimize(
                partial(run_trial, workspace),
                max_trials=options.trials(study.rungs),
                timeout=max(seconds, 0.0) if options.time.runtime else None,
                executor=executor,
                callbacks=[partial(log_trial, logger), lambda study, trial: bar.show(study.history)],
                progress=False,
            )
    except SearchFailed:
        logger.debug("the search has no model", exc_info=True)

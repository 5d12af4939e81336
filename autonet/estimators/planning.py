"""Plan of a fit before it runs: `AutoNet.plan`."""

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from autonet.core.resulttable import ResultTable
from autonet.data.table import Table
from autonet.estimators.autopytorch.keywords import translate_data
from autonet.estimators.fitting import (
    build_context_of_fit,
    build_space_of_fit,
    decide_on_refit,
    know_components,
    read_inputs,
    resolve_options,
)
from autonet.estimators.options import Options
from autonet.estimators.run import Run
from autonet.estimators.search import place_rungs, tune_training
from autonet.estimators.time_plan import TimePlan
from autonet.inspection.forecast import Forecast
from autonet.models.model import one_thread
from autonet.pipeline.timing import time_epoch
from autonet.pipeline.tree_learners import MIN_SHARE
from autonet.pipeline.trial import SUBSET_EPOCHS
from autonet.search.executors.base import Executor
from autonet.search.rungs import Rungs

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["plan_fit"]


def plan_fit(estimator: "AutoNet", X: Any, y: Any, overrides: Mapping[str, Any]) -> ResultTable:
    """Forecast a fit; with data, an epoch of the default configuration is timed, and nothing else is trained."""
    data, overrides = translate_data({"X": X, "y": y}, overrides)
    options = resolve_options(estimator, overrides)
    plan = options.plan_time()
    with options.adopt_executor() as adopted, one_thread():
        if X is None:
            rungs, epoch = plan.rungs(0.0), None
            workers = adopted.n_slots if adopted else plan.workers(Table.from_numbers(np.empty((0, 0))))
        else:
            plan, rungs, epoch, workers = _measure(estimator, data, options, plan, adopted)
    seconds = epoch and epoch * (SUBSET_EPOCHS if plan.unit == "subset" else 1)
    return Forecast(
        rungs=rungs,
        workers=workers,
        stages=_list_stages(plan),
        max_trials=options.limit_trials(rungs),
        unit_seconds=1.0 if plan.unit == "time" else seconds,
        network_share=1 - MIN_SHARE if options.tree_ensembles and not options.levels else 1.0,
    ).table()


def _measure(
    estimator: "AutoNet", data: dict[str, Any], options: Options, plan: TimePlan, adopted: Executor | None
) -> tuple[TimePlan, Rungs, float, int]:
    """Read the data and place the rungs as a fit does; time an epoch, too, if budgets are not in seconds."""
    _, inputs = read_inputs(estimator, data, None, None, options)
    context = build_context_of_fit(estimator, inputs, options, plan, Run(options.draw_seed()))
    resolved, plan = decide_on_refit(options, plan, context, inputs)
    space = build_space_of_fit(estimator, context, resolved, know_components(copy(estimator), options), None)
    default = context.resolve(space.get_default_configuration())
    workers = adopted.n_slots if adopted else plan.workers(context.data)
    epoch = 0.0 if context.task.has_one_class else tune_training(context, default, options, plan, workers, None)
    rungs, plan = place_rungs(context, options, plan, None, epoch)
    return plan, rungs, 1.0 if plan.unit == "time" else time_epoch(context, default), workers


def _list_stages(plan: TimePlan) -> dict[str, float]:
    """Return the seconds of each stage; none without a time limit."""
    if plan.runtime is None:
        return {}
    search, selection, refit, closing = (
        plan.limit(stage).at - plan.began for stage in ("search", "selection", "refit", "closing")
    )
    return {
        "baseline": plan.baseline_seconds,
        "search": max(search - plan.baseline_seconds, 0.0),
        "selection": selection - search,
        "refit": refit - selection,
        "closing": closing - refit,
    }

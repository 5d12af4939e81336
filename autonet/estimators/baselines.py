"""What is fitted before the search, so that there is always a model: the baseline, and traditional learners."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autonet.core.interrupts import current_interrupt
from autonet.estimators.options import Options
from autonet.estimators.time_plan import TimePlan
from autonet.models.ensemble import Member
from autonet.pipeline.baseline import Baseline, fit_baseline
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate

__all__ = ["Baselines", "fit_baselines"]


@dataclass(frozen=True)
class Baselines:
    """What there is before the search.

    Attributes
    ----------
    baseline : Baseline or None
        None also if the user wants none.
    error : Exception or None
        Why there is no baseline.
    learners : sequence of Candidate
        Traditional learners, if they were asked for.
    """

    baseline: Baseline | None
    error: Exception | None
    learners: Sequence[Candidate[Member]]

    def should_search(self, context: TrialContext, plan: TimePlan) -> bool:
        """Whether there is something to search, and time to encode the table for it."""
        if current_interrupt().requested or _has_one_class(context):
            return False
        seconds = self.baseline.encoding_seconds * len(context.data) if self.baseline else 0.0
        return seconds < plan.left("closing")


def fit_baselines(context: TrialContext, config: Mapping[str, Any], options: Options, plan: TimePlan) -> Baselines:
    """Fit the baseline, and traditional learners if they are wanted.

    Learners come before the search because it can use whatever they leave of their share of the time, and because they
    are there when it is interrupted.
    """
    baseline, error = None, None
    if options.baseline or _has_one_class(context):
        baseline, error = _fit_linear(context, config, plan)
    if current_interrupt().requested or not options.traditional_learners or _has_one_class(context):
        return Baselines(baseline, error, ())
    # scikit-learn's trees take a sixth of a second to import, in every process that imports the estimators.
    from autonet.pipeline.tree_learners import fit_tree_learners  # noqa: PLC0415

    seconds = min(plan.traditional_learners, plan.left("search"))
    encoding_seconds = baseline.encoding_seconds if baseline and math.isfinite(seconds) else 0.0
    fitted = fit_tree_learners(context, config, seconds=seconds, encoding_seconds=encoding_seconds)
    return Baselines(baseline, error, fitted.candidates)


def _fit_linear(
    context: TrialContext, config: Mapping[str, Any], plan: TimePlan
) -> tuple[Baseline | None, Exception | None]:
    """Fit the baseline; an error is handed back, because the search may succeed all the same."""
    logger = logging.getLogger("autonet")
    try:
        baseline = fit_baseline(context, config, seconds=plan.baseline, deadline=plan.until("closing"))
    except Exception as error:  # the cause of SearchFailed, if nothing else can be trained either
        logger.warning("the linear baseline failed", exc_info=True)
        return None, error
    score = context.metric.score_of(baseline.rank[0])
    logger.info("baseline: linear network, validation %s %.4f", context.metric.name, score)
    return baseline, None


def _has_one_class(context: TrialContext) -> bool:
    return context.task.kind == "classification" and context.task.n_outputs == 1

"""The linear baseline, fitted before the search, so that there is always a model."""

import logging
from dataclasses import dataclass

from autonet.core.component import Components
from autonet.core.interrupts import current_interrupt
from autonet.estimators.options import Options
from autonet.estimators.time_plan import TimePlan
from autonet.pipeline.baseline import Baseline, fit_baseline
from autonet.pipeline.context import TrialContext

__all__ = ["BaselineOutcome", "fit_baselines"]


@dataclass(frozen=True)
class BaselineOutcome:
    """The linear baseline, or why there is none.

    Attributes
    ----------
    baseline : Baseline or None
        None also if the user asked for none.
    error : Exception or None
        Why there is no baseline.
    """

    baseline: Baseline | None
    error: Exception | None

    def should_search(self, context: TrialContext, plan: TimePlan) -> bool:
        """Return whether there is anything to search, and time to encode the data for it."""
        if current_interrupt().requested or context.task.has_one_class:
            return False
        seconds = self.baseline.encoding_seconds * len(context.data) if self.baseline else 0.0
        return seconds < plan.limit("closing").left()


def fit_baselines(context: TrialContext, components: Components, options: Options, plan: TimePlan) -> BaselineOutcome:
    """Fit the linear baseline, unless the user asked for none.

    Parameters
    ----------
    context : TrialContext
    components : Components
        Those of the default configuration, for the encoding and the training of the baseline.
    options : Options
    plan : TimePlan
    """
    if not options.baseline and not context.task.has_one_class:
        return BaselineOutcome(None, None)
    return BaselineOutcome(*_fit_linear(context, components, plan))


def _fit_linear(
    context: TrialContext, components: Components, plan: TimePlan
) -> tuple[Baseline | None, Exception | None]:
    """Fit the baseline; return an error instead of raising it, as the search may still succeed."""
    logger = logging.getLogger("autonet")
    try:
        baseline = fit_baseline(context, components, seconds=plan.baseline_seconds, limit=plan.limit("closing"))
    except Exception as error:  # the cause of SearchFailed, if nothing else can be trained either
        logger.warning("the linear baseline failed", exc_info=True)
        return None, error
    score = context.metric.to_score(baseline.rank[0])
    logger.info("baseline: linear network, validation %s %.4f", context.metric.name, score)
    return baseline, None

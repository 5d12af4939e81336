"""Models fitted before the search, so that there is always one: a linear baseline, and tree ensembles."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

from autonet.core.component import Components
from autonet.core.interrupts import current_interrupt
from autonet.estimators.options import Options
from autonet.estimators.run import Run
from autonet.estimators.time_plan import TimePlan
from autonet.models.ensemble import Member
from autonet.pipeline.baseline import Baseline, fit_baseline
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate

__all__ = ["Baselines", "fit_baselines"]


@dataclass(frozen=True)
class Baselines:
    """Models fitted before the search.

    Attributes
    ----------
    baseline : Baseline or None
        None also if the user asked for none.
    error : Exception or None
        Why there is no baseline.
    tree_ensembles : sequence of Candidate
        Empty unless `traditional_learners` asks for them.
    """

    baseline: Baseline | None
    error: Exception | None
    tree_ensembles: Sequence[Candidate[Member]]

    def should_search(self, context: TrialContext, plan: TimePlan) -> bool:
        """Return whether there is anything to search, and time to encode the data for it."""
        if current_interrupt().requested or _has_one_class(context):
            return False
        seconds = self.baseline.encoding_seconds * len(context.data) if self.baseline else 0.0
        return seconds < plan.limit("closing").left()


def fit_baselines(
    context: TrialContext, components: Components, options: Options, plan: TimePlan, run: Run
) -> Baselines:
    """Fit the linear baseline, and tree ensembles if asked for and the run has none.

    Tree ensembles come before the search, which can use what they leave of their share of the time, and after which an
    interrupt would find none.

    Parameters
    ----------
    context : TrialContext
    components : Components
        Those of the default configuration, for the encoding and the training of the baseline.
    options : Options
    plan : TimePlan
    run : Run
    """
    baseline, error = None, None
    if options.baseline or _has_one_class(context):
        baseline, error = _fit_linear(context, components, plan)
    if current_interrupt().requested or not options.traditional_learners or _has_one_class(context):
        return Baselines(baseline, error, ())
    if run.trees is not None:
        return Baselines(baseline, error, run.trees)
    # Importing scikit-learn's trees takes a sixth of a second, in every worker process.
    from autonet.pipeline.tree_learners import fit_tree_learners  # noqa: PLC0415

    seconds = min(plan.tree_ensemble_seconds, plan.limit("search").left())
    encoding_seconds = baseline.encoding_seconds if baseline and math.isfinite(seconds) else 0.0
    trees = fit_tree_learners(context, seconds=seconds, encoding_seconds=encoding_seconds)
    run.keep_trees(trees)
    return Baselines(baseline, error, trees)


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


def _has_one_class(context: TrialContext) -> bool:
    return context.task.kind == "classification" and context.task.n_outputs == 1

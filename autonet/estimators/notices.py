"""Errors and warnings about what a search has found: no network, the baseline, an incomplete selection or refit."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from autonet.core.errors import AutonetWarning, ScoreSkipped, SearchFailed
from autonet.core.interrupts import Interrupt
from autonet.models.ensemble import Ensemble
from autonet.nets.registry import LINEAR
from autonet.pipeline.baseline import Baseline
from autonet.pipeline.context import TrialContext
from autonet.search.history import History
from autonet.search.records import Status, Trial

__all__ = [
    "NO_TIME_TO_REFIT",
    "Searched",
    "explain_baseline",
    "explain_failure",
    "interrupt_name",
    "warn_of_skipped_scores",
]

NO_TIME_TO_REFIT = (
    "There was no time to train on all rows, as refit_on_all_rows=True asks for: the networks are those that were "
    "validated. Give a larger max_runtime, or refit_on_all_rows=False."
)


class Searched(Protocol):
    """A study that trained networks, or what a run directory has of it."""

    @property
    def history(self) -> History:
        """All trials."""

    @property
    def errors(self) -> Sequence[Exception]:
        """Exceptions of trials, in order."""

    def load_checkpoint(self, trial: Trial) -> Any:
        """Load the latest checkpoint of a trial; None if there is none."""


def explain_failure(study: Searched, baseline_error: Any, *, single: bool) -> SearchFailed:
    """Return the error that says why there is no model."""
    cause = study.errors[0] if study.errors else baseline_error
    if cause is None and any(report.status == Status.DIVERGED for trial in study.history for report in trial.reports):
        return SearchFailed(
            "Every network diverged: its outputs or its loss were not finite. Use other networks, or smaller learning "
            f"rates{'' if single else ', or baseline=True'}."
        )
    if cause is None:
        more = "" if single else ", or baseline=True"
        return SearchFailed(f"No network was trained in time; give a larger max_runtime{more}.")
    error = SearchFailed(f"Nothing could be trained. The first error: {type(cause).__name__}: {cause}")
    error.__cause__ = cause if isinstance(cause, BaseException) else None
    return error


def warn_of_skipped_scores(context: TrialContext, scores: Mapping[str, float]) -> list[AutonetWarning]:
    """Return a warning about metrics that there was no time for."""
    names = [m.name for m in context.additional_metrics if f"val_{m.name}" not in scores]
    if not names:
        return []
    return [
        ScoreSkipped(
            f"There was no time for the additional metrics {', '.join(names)}; give a larger max_runtime, or score "
            "the predictions afterwards."
        )
    ]


def interrupt_name(interrupt: Interrupt) -> str:
    """Return the first word of a sentence about an interrupt."""
    return "SIGTERM" if interrupt.signal == "SIGTERM" else "Interrupted"


def explain_baseline(study: Searched, context: TrialContext, baseline: Baseline, ensemble: Ensemble) -> str:
    """Say why the linear baseline is returned, or the best network."""
    metric = context.metric
    role = "returned" if list(ensemble.shares) == [LINEAR] else "the best network"
    mine = f"the linear baseline is {role} (validation {metric.name} {metric.to_score(baseline.rank[0]):.4f})"
    best = study.history.best
    if context.task.has_one_class:
        return f"y has a single class, so {mine}."
    if best is None and study.errors:
        first = study.errors[0]
        return f"Every trial failed, so {mine}. The first error: {type(first).__name__}: {first}"
    if best is None or best.last is None:
        return f"No network finished in time, so {mine}. Give a larger max_runtime."
    return f"No network was better, so {mine}; the best network has {metric.to_score(best.last.loss):.4f}."

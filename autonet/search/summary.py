"""Summary and failures of a search, as tables."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autonet.core.resulttable import ResultTable
from autonet.search.records import Report, Status, Trial
from autonet.search.schedulers.halving import falling_exponent
from autonet.search.trajectory import elapsed_seconds

if TYPE_CHECKING:
    from autonet.search.history import History

__all__ = ["SUMMARY_COLUMNS", "failures", "summarize", "summary_rows"]

Row = dict[str, Any]

SUMMARY_COLUMNS = ("section", "item", "count", "seconds", "note")

# Statuses of jobs that something has limited, with what has.
LIMITS = {
    Status.CUT: "ended by the time limit before the budget, with a value",
    Status.TIMEOUT: "ended by the time limit, without a value",
    Status.INTERRUPTED: "ended by the user",
    Status.MEMOUT: "out of memory",
    Status.PRUNED: "pruned: other trials are better",
}


def summarize(history: "History") -> ResultTable:
    """Summarize a search: statuses, how the time was divided, what was limited; see `Study.summary`."""
    return ResultTable(summary_rows(history), SUMMARY_COLUMNS)


def summary_rows(history: "History") -> list[Row]:
    """Return the rows of `summarize`."""
    elapsed = elapsed_seconds(history)
    wall = _row("seconds", "search", len(elapsed), elapsed[-1] if elapsed else 0.0, "wall time in which trials ran")
    return [*_count_trials(history), *_divide(history), *_count_budgets(history), *_list_limits(history), wall]


def failures(history: "History") -> ResultTable:
    """Return the jobs that failed, with reason and traceback; see `Study.failures`."""
    rows = [
        {
            "trial": trial.number,
            "budget": report.target,
            "status": str(report.status),
            "reason": report.reason,
            "seconds": report.seconds,
            "error": report.error,
        }
        for trial, report in history.reports
        if report.failed
    ]
    return ResultTable(rows, ("trial", "budget", "status", "reason", "seconds", "error"))


def _row(section: str, item: str, count: int | None, seconds: float | None = None, note: str = "") -> Row:
    return {"section": section, "item": item, "count": count, "seconds": seconds, "note": note}


def _seconds(reports: Iterable[Report]) -> float:
    return sum(report.seconds for report in reports)


def _count_trials(history: "History") -> list[Row]:
    """Count the trials by the status of their latest job, with the seconds of all their jobs."""
    groups = defaultdict[str, list[Trial]](list)
    for trial in history:
        groups["running" if trial.running or trial.status is None else str(trial.status)].append(trial)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return [_row("trials", name, len(ts), sum(_seconds(t.reports) for t in ts)) for name, ts in ordered]


def _divide(history: "History") -> list[Row]:
    """Return how the time was divided between new trials and the continuation of earlier ones."""
    rungs = history.rungs
    if len(rungs) == 1 or not history.reports:
        return []
    news = [trial.reports[0] for trial in history if trial.reports]
    later = [job for trial in history for job in trial.reports[1:]]
    promotions = [job for job in later if job.target in rungs.budgets]
    stretched = [job for job in later if job.target > rungs.top]
    others = [job for job in later if job.target < rungs.top and job.target not in rungs.budgets]
    note = f"one in {rungs.eta:g} of each rung is promoted"
    best = history.best
    if best is not None and (exponent := falling_exponent(best)) > 0:
        note += f"; the loss of the best trial fell like budget ** -{exponent:.2g}"
    rows = [
        _row("division", "new trials", len(news), _seconds(news), f"to the lowest rung, {rungs.bottom:g}"),
        _row("division", "promotions", len(promotions), _seconds(promotions), note),
    ]
    if others:
        why = "of the best trials, to what the time left allowed"
        rows.append(_row("division", "continuations", len(others), _seconds(others), why))
    if stretched:
        furthest = max(job.budget for job in stretched)
        why = f"beyond the top rung, to {furthest:.4g}, because the loss still fell"
        rows.append(_row("division", "stretched", len(stretched), _seconds(stretched), why))
    return rows


def _count_budgets(history: "History") -> list[Row]:
    """Count the jobs to each rung, with their seconds."""
    rungs = history.rungs
    if rungs.unit == "none":
        return []
    reports = [report for _, report in history.reports]
    rows = []
    for budget in rungs.budgets:
        jobs = [job for job in reports if job.target == budget]
        note = "top rung" if budget == rungs.top else "lowest rung" if budget == rungs.bottom else ""
        note = "the only rung" if len(rungs) == 1 else note
        rows.append(_row("rungs", f"{budget:.4g} {rungs.words}", len(jobs), _seconds(jobs), note))
    return rows


def _list_limits(history: "History") -> list[Row]:
    """Return what has limited jobs, and how many."""
    rows, reports = [], [report for _, report in history.reports]
    for status, what in LIMITS.items():
        jobs = [job for job in reports if job.status is status]
        rows += [_row("limits", str(status), len(jobs), _seconds(jobs), what)] if jobs else []
    complete = [trial for trial in history if trial.complete]
    if complete:
        rows.append(_row("limits", "complete", len(complete), None, "trials that further training would not improve"))
    return rows

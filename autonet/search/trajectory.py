"""The best value of a search over wall time."""

from typing import TYPE_CHECKING, Any

import numpy as np

from autonet.core.resulttable import ResultTable

if TYPE_CHECKING:
    from autonet.search.history import History

__all__ = ["elapsed_seconds", "trajectory"]


def trajectory(history: "History") -> ResultTable:
    """Return the best value so far over wall time, a row per improvement; see `StudyView.trajectory`.

    The first value from `History.preferred_from` on is an improvement, too.
    """
    rows: list[dict[str, Any]] = []
    best = (True, float("inf"))
    for (trial, report), seconds in zip(history.reports, elapsed_seconds(history), strict=True):
        rank = (report.budget < history.preferred_from, report.loss)
        if not report.failed and report.loss < float("inf") and rank < best:
            best = rank
            value = -report.loss if history.maximize else report.loss
            rows.append({"seconds": seconds, "value": value, "trial": trial.number, "budget": report.budget})
    return ResultTable(rows, ("seconds", "value", "trial", "budget"))


def elapsed_seconds(history: "History") -> list[float]:
    """Return for each report the wall seconds until its job ended; time in which no job ran does not count.

    Such are pauses between two sessions of a run directory.
    """
    if not history.reports:
        return []
    began = np.array([report.began for _, report in history.reports])
    ended = began - began.min() + [report.seconds for _, report in history.reports]
    began = began - began.min()
    order = np.argsort(began, kind="stable")
    covered = np.maximum.accumulate(ended[order])  # up to here a job has run, or nothing later does
    first = np.concatenate([[True], began[order][1:] > covered[:-1]])  # jobs that begin after a pause
    pauses = np.cumsum(np.where(first, began[order] - np.concatenate([[0.0], covered[:-1]]), 0.0))
    before = pauses[np.searchsorted(began[order], ended, side="right") - 1]
    elapsed: list[float] = np.maximum.accumulate(ended - before).tolist()
    return elapsed

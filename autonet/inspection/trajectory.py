"""The best validation score of a fit over wall time."""

from autonet.core.resulttable import ResultTable
from autonet.search.history import History
from autonet.search.trajectory import trajectory

__all__ = ["score_trajectory"]


def score_trajectory(history: History, metric: str) -> ResultTable:
    """Return the best validation score so far over wall time, a row per improvement.

    Parameters
    ----------
    history : History
        Of trials that networks were trained in.
    metric : str
        The metric that the fit optimized.
    """
    scores = {(trial.number, report.budget): report.metrics.get(f"val_{metric}") for trial, report in history.reports}
    rows = [
        {
            "seconds": row["seconds"],
            "score": scores[row["trial"], row["budget"]],
            "trial": row["trial"],
            "budget": row["budget"],
        }
        for row in trajectory(history)
    ]
    columns = ("seconds", "score", "trial", "budget")
    return ResultTable(rows, columns, f"best validation {metric} over seconds of search")

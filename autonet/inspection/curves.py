"""Learning curves of the trials of a fit."""

from collections.abc import Iterator
from typing import Any

from autonet.core.resulttable import ResultTable
from autonet.pipeline.details import FOLDS
from autonet.search.history import History
from autonet.search.records import Report, Trial

__all__ = ["learning_curves"]

COLUMNS = ("trial", "fold", "budget", "epoch", "seconds", "train_loss", "val_loss", "train_score", "val_score")


def learning_curves(history: History, metric: str) -> ResultTable:
    """Return the learning curves of all trials, a row per validation that was kept.

    Parameters
    ----------
    history : History
        Of trials that networks were trained in.
    metric : str
        The metric that the fit optimized.
    """
    rows = [row for trial in history for row in _rows_of_trial(trial)]
    n_trials = len({row["trial"] for row in rows})
    caption = f"learning curves of {n_trials} trial{'' if n_trials == 1 else 's'}; val_score is {metric}"
    return ResultTable(rows, COLUMNS, caption)


def _rows_of_trial(trial: Trial) -> Iterator[dict[str, Any]]:
    for report in _continued_reports(trial):
        budget = report.target if report.failed else report.budget
        for fold, details in enumerate(report.details.get(FOLDS, ())):
            curve = details["curve"]
            for values in zip(*curve.values(), strict=True):
                yield {"trial": trial.number, "fold": fold, "budget": budget, **dict(zip(curve, values, strict=True))}


def _continued_reports(trial: Trial) -> list[Report]:
    """Return the reports of the jobs that continued one another: a trial without checkpoint begins again."""
    first = max((i for i, report in enumerate(trial.reports) if report.start == 0), default=0)
    return trial.reports[first:]

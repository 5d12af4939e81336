"""Statistics of trials that have the same configuration."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from autonet.core.jsonvalues import to_text
from autonet.core.resulttable import ResultTable
from autonet.search.records import Trial

if TYPE_CHECKING:
    from autonet.search.history import History

__all__ = ["aggregate"]

Row = dict[str, Any]

STATISTICS: dict[str, Callable[[Sequence[float]], float | None]] = {
    "mean": statistics.fmean,
    "std": lambda values: statistics.stdev(values) if len(values) > 1 else None,
    "min": min,
    "median": statistics.median,
    "max": max,
}


def aggregate(history: "History") -> ResultTable:
    """Return statistics of the trials of each configuration and budget, the best mean first; see `Study.aggregate`."""
    groups: dict[tuple[str, float | None], list[Trial]] = {}
    has_budget = history.rungs.unit != "none"
    for trial in history:
        budget = _get_budget(trial) if has_budget else None
        groups.setdefault((to_text(dict(sorted(trial.config.items()))), budget), []).append(trial)
    rows = [_aggregate_group(trials, budget) for (_, budget), trials in groups.items()]
    sign = -1 if history.maximize else 1
    rows.sort(key=lambda row: (row["value_mean"] is None, sign * (row["value_mean"] or 0.0)))
    return ResultTable(rows)


def _get_budget(trial: Trial) -> float:
    """Return the budget that a trial has reached; of one that failed at first, the budget that it was to reach."""
    return trial.budget if trial.usable or not trial.reports else trial.reports[-1].target


def _aggregate_group(trials: Sequence[Trial], budget: float | None) -> Row:
    usable = [trial for trial in trials if trial.usable]
    values = {"value": [trial.value for trial in usable]}
    for name in dict.fromkeys(name for trial in usable for name in trial.metrics):
        found = [trial.metrics.get(name) for trial in usable]
        if all(isinstance(value, Real) for value in found):
            values[name] = found
    row: Row = {"trials": [trial.number for trial in trials], "failed": len(trials) - len(usable)}
    if budget is not None:
        row["budget"] = budget
    row |= {f"params_{name}": value for name, value in trials[0].config.items()}
    return row | dict(_list_statistics(values))


def _list_statistics(values: dict[str, list[Any]]) -> Iterator[tuple[str, float | None]]:
    for name, found in values.items():
        for statistic, function in STATISTICS.items():
            yield f"{name}_{statistic}", function(found) if found else None

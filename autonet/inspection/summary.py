"""Summary of a fit: its trials, the time of its stages, and what was limited by what."""

from typing import Any

from autonet.core.resulttable import ResultTable
from autonet.inspection.record import FitRecord
from autonet.search.history import History
from autonet.search.summary import SUMMARY_COLUMNS, summary_rows

__all__ = ["summarize_fit"]

Row = dict[str, Any]


def summarize_fit(history: History | None, record: FitRecord) -> ResultTable:
    """Summarize a fit.

    Parameters
    ----------
    history : History or None
        None if the model file has none.
    record : FitRecord
    """
    searched = [] if history is None else summary_rows(history)
    rows = [row for row in searched if row["section"] != "seconds"]
    if record.ended_by:
        rows.append(_row("limits", "search", note=f"ended by {record.ended_by}"))
    rows += [_row("limits", "warning", note=note) for note in record.notes]
    rows += [_row("trees", name, seconds=seconds) for name, seconds in record.tree_seconds.items()]
    rows += [_row("seconds", stage, seconds=seconds) for stage, seconds in record.seconds.items()]
    if record.seconds:
        workers = f"{record.workers} trial{'' if record.workers == 1 else 's'} at a time"
        rows.append(_row("seconds", "total", seconds=sum(record.seconds.values()), note=workers))
    return ResultTable(rows, SUMMARY_COLUMNS)


def _row(section: str, item: str, *, seconds: float | None = None, note: str = "") -> Row:
    return {"section": section, "item": item, "count": None, "seconds": seconds, "note": note}

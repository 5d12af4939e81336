"""Rows are told by their position; pandas' indexes show when that cannot be meant."""

from collections.abc import Hashable, Mapping
from typing import Any

from autonet.core.errors import DataWarning
from autonet.core.warn import warn

__all__ = ["warn_of_other_order"]


def warn_of_other_order(what: str, table: Any, others: Mapping[Hashable, Any]) -> None:
    """Warn if something has the index of a table in another order.

    Parameters
    ----------
    what : str
        What the table is called in the message.
    table : object
        Only what has an index, as frames and series of pandas do, is looked at.
    others : mapping of name to object
    """
    index = _index(table)
    for name, other in others.items():
        theirs = _index(other)
        if index is None or theirs is None or len(index) != len(theirs) or index.equals(theirs):
            continue
        if index.is_unique and theirs.is_unique and set(index) == set(theirs):
            warn(
                f"{name} has the index of {what} in another order, and rows are matched by position, not by index. "
                f"If that is not meant, give {name}.loc[{what}.index].",
                DataWarning,
            )


def _index(rows: Any) -> Any:
    index = getattr(rows, "index", None)  # a method of lists
    return index if hasattr(index, "equals") and hasattr(index, "is_unique") else None

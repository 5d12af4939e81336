"""Open lists of dictionaries, dictionaries of columns, and structured arrays."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np

from autonet.core.errors import InvalidData
from autonet.core.typing import Array
from autonet.data.reading.columns import EXACT, RawColumn, RawTable, array_of_objects
from autonet.data.reading.names import check_names, join_first, warn_if_index_order_differs

__all__ = ["fill_masked", "is_records", "open_dictionary", "open_records", "open_structured"]


def is_records(X: Any) -> bool:
    """Return whether X is a list, tuple or array of dictionaries."""
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object)
    return is_list and len(X) > 0 and isinstance(X[0], Mapping)


def open_records(rows: Sequence[Mapping[Hashable, Any]]) -> RawTable:
    """Open a list of dictionaries, one per row.

    Raises
    ------
    InvalidData
        If they have different keys.
    """
    expected = rows[0].keys()
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InvalidData(
                f"Row {i} of X is a {type(row).__name__}, but row 0 is a dictionary; pass rows of one type."
            )
        if row.keys() != expected:
            differences = [(expected - row.keys(), "lacks"), (row.keys() - expected, "also has")]
            listed = " and ".join(f"{verb} {join_first(sorted(map(repr, keys)))}" for keys, verb in differences if keys)
            raise InvalidData(
                f"Row {i} of X {listed}, unlike row 0; use the same keys in every row, and None for missing values."
            )
    names = tuple(expected)
    check_names(names, "Keys of X")

    def column(i: int) -> RawColumn:
        return RawColumn.from_array(names[i], array_of_objects([row[names[i]] for row in rows]))

    return RawTable(names, len(rows), column, are_ordered=False)


def open_dictionary(X: Mapping[Hashable, Any]) -> RawTable:
    """Open a dictionary of columns, or of the values of one row.

    Raises
    ------
    InvalidData
        If it mixes both, or has columns of different lengths.
    """
    names = tuple(X)
    check_names(names, "Keys of X")
    lists = [name for name in names if not _is_scalar(X[name])]
    if not lists:
        return open_records([X])
    if len(lists) < len(names):
        scalar = next(name for name in names if _is_scalar(X[name]))
        raise InvalidData(
            f"X is a dictionary with a column under {lists[0]!r} and a single value under {scalar!r}. "
            "Pass columns of one length, or one row of single values."
        )
    lengths = {name: len(X[name]) for name in names}
    other = next((name for name in names if lengths[name] != lengths[names[0]]), None)
    if other is not None:
        raise InvalidData(
            f"The columns of X have different lengths: {lengths[names[0]]} under {names[0]!r}, "
            f"{lengths[other]} under {other!r}."
        )
    warn_if_index_order_differs(repr(names[0]), X[names[0]], {repr(name): X[name] for name in names})
    return RawTable(names, lengths[names[0]], lambda i: _to_raw_column(names[i], X[names[i]]), are_ordered=False)


def open_structured(X: Array) -> RawTable:
    """Open a structured or record array of shape (n,) or (n, 1).

    Raises
    ------
    InvalidData
        If it has another shape, or fields that are arrays.
    """
    if X.ndim == 2 and X.shape[1] == 1:
        X = X[:, 0]
    if X.ndim != 1:
        raise InvalidData(f"X is a structured array of shape {X.shape}; expected one entry per row: shape (n,).")
    names = X.dtype.names or ()
    deep = next((name for name in names if X.dtype[name].shape), None)
    if deep is not None:
        raise InvalidData(f"Field {deep!r} of X has arrays of shape {X.dtype[deep].shape}; use one field per value.")
    return RawTable(
        tuple(names), len(X), lambda i: RawColumn.from_array(names[i], fill_masked(np.asanyarray(X[names[i]])))
    )


def fill_masked(array: Array) -> Array:
    """Replace masked values of an array by NaN, in the same shape."""
    if not isinstance(array, np.ma.MaskedArray):
        return array
    is_exact = array.dtype.kind in "bf" or (array.dtype.kind in "iu" and np.abs(array).max() < EXACT)
    values = array.astype(np.float64 if is_exact else object)
    return np.asarray(np.ma.filled(values, np.nan))


def _to_raw_column(name: Hashable, column: Any) -> RawColumn:
    series = nw.from_native(column, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return RawColumn.from_series(name, series)
    if isinstance(column, np.ndarray):
        if column.ndim != 1:
            raise InvalidData(f"Column {name!r} of X has shape {column.shape}; expected one dimension.")
        return RawColumn.from_array(name, fill_masked(column))
    return RawColumn.from_array(name, array_of_objects(list(column)))


def _is_scalar(value: Any) -> bool:
    sized = hasattr(value, "__len__") and not (isinstance(value, np.ndarray) and value.ndim == 0)
    return not sized or isinstance(value, str | bytes | Mapping)

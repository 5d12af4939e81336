"""Targets of any library as arrays, without missing values."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.errors import InvalidData
from autonet.core.tensors import to_numpy
from autonet.core.typing import Array
from autonet.core.warn import join_first
from autonet.data.reading.columns import is_missing

__all__ = ["check_no_missing", "first_collection", "read_names", "to_array"]

SHOWN = 5  # rows in a message


def read_names(y: Any) -> tuple[str, ...]:
    """Return the names of the columns of targets; an empty tuple if they have none, or not all are distinct strings."""
    columns = y if isinstance(y, Mapping) else getattr(_open(y), "columns", ())
    names = tuple(columns)
    return names if all(isinstance(n, str) for n in names) and len(set(names)) == len(names) else ()


def to_array(y: Any, name: str = "y", names: Sequence[str] = ()) -> Array:
    """Convert array-like targets of shape (n,) or (n, p) to an array without missing values.

    Parameters
    ----------
    y : array-like, series, data frame or dictionary of columns
    name : str
        For messages.
    names : sequence of str
        Columns to take, in this order, where columns have names.

    Raises
    ------
    InvalidData
        If columns are missing, values are missing or infinite, or there is not one entry per row.
    """
    if y is None:
        raise InvalidData(f"This estimator requires {name} to be passed, but the target {name} is None.")
    found = read_names(y) if names else ()
    if found and found != tuple(names):
        y = _select(y, found, names, name)
    if isinstance(y, Mapping):
        return _stack_columns(y, name)
    if sparse.issparse(y):
        y = y.toarray()
    native = _open(to_numpy(y, name))
    values = native.to_numpy() if isinstance(native, nw.Series | nw.DataFrame) else _list_to_array(native)
    if isinstance(values, np.ma.MaskedArray):
        mask, values = np.ma.getmaskarray(values), np.ma.getdata(values).astype(object)
        values[mask] = None
    if values.ndim == 0 or values.dtype.names:
        raise InvalidData(f"{name} must have one entry per row; got {y!r:.60}.")
    check_no_missing(values, name)
    return _narrow_dtype(values)


def check_no_missing(values: Array, name: str) -> None:
    """Check that no value of an array (n,) or (n, p) is missing or infinite.

    Raises
    ------
    InvalidData
        With the first rows that have one.
    """
    missing = _find_missing(values)
    if missing.any():
        rows = np.flatnonzero(missing.reshape(len(missing), -1).any(axis=1))
        listed = ", ".join(map(str, rows[:SHOWN])) + (", ..." if len(rows) > SHOWN else "")
        raise InvalidData(
            f"{name} contains NaN, infinity or missing values in {len(rows)} of {len(missing)} rows (rows {listed}); "
            "drop these rows."
        )


def _select(y: Any, found: Sequence[str], names: Sequence[str], name: str) -> dict[str, Any]:
    """Return the columns of these names."""
    lacking = [repr(key) for key in names if key not in found]
    if lacking:
        raise InvalidData(
            f"{name} lacks columns of the y of fit: {join_first(lacking)}; name its columns as those, or pass an array."
        )
    return {key: y[key] for key in names}


def _open(y: Any) -> Any:
    """Return a data frame or series of any library as one of narwhals, others as they are."""
    try:
        return nw.from_native(y, pass_through=True, allow_series=True, eager_only=True)
    except nw.exceptions.DuplicateError:  # columns of one name
        return np.asarray(y)


def _stack_columns(columns: Mapping[Any, Any], name: str) -> Array:
    """Return columns as an array of shape (n, p)."""
    arrays = [to_array(column, f"column {key!r} of {name}") for key, column in columns.items()]
    if not arrays or {a.shape for a in arrays} != {(len(arrays[0]),)}:
        shapes = ", ".join(str(a.shape) for a in arrays) or "none"
        raise InvalidData(f"{name} must have columns of the same length; got columns of the shapes {shapes}.")
    return np.column_stack(arrays)


def _list_to_array(y: Any) -> Array:
    """Convert targets to an array; objects if not all are strings, so that NaN does not become the label "nan"."""
    try:
        values: Array = np.asanyarray(y)
    except ValueError:  # rows of different lengths
        values = np.empty(len(y), object)
        values[:] = list(y)
    if values.dtype.kind in "US" and isinstance(y, list | tuple):
        objects = np.array(y, dtype=object)
        if not all(isinstance(v, str | bytes) for v in objects.flat):
            return objects
    return values


def first_collection(values: Array) -> Any:
    """Return the first entry of an array (n, ...) that is a list, a set or another collection; None if there is none.

    Tuples of one length in an array of objects are labels.
    """
    if values.dtype != object:
        return None
    if all(isinstance(v, tuple) for v in values.flat) and len({len(v) for v in values.flat}) == 1:
        return None
    found = (v for v in values.flat if isinstance(v, Collection | np.ndarray) and not isinstance(v, str | bytes))
    return next(found, None)


def _find_missing(values: Array) -> NDArray[np.bool_]:
    if values.dtype.kind in "fc":
        return ~np.isfinite(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind != "O":
        return np.zeros(len(values), bool)

    if first_collection(values) is not None:
        return np.array([v is None for v in values.flat], bool).reshape(values.shape)
    unusable = [is_missing(v) or (isinstance(v, float | np.floating) and np.isinf(v)) for v in values.ravel()]
    return np.array(unusable, bool).reshape(values.shape)


def _narrow_dtype(values: Array) -> Array:
    """Convert an array of Python booleans or numbers to a boolean or numeric dtype.

    Columns of booleans and columns of numbers, (n, p), become numbers.
    """
    if values.dtype.kind != "O" or not values.size:
        return values
    if all(isinstance(v, bool | np.bool_) for v in values.ravel()):
        return values.astype(bool)
    is_mixed = values.ndim == 1 and any(isinstance(v, bool) for v in values)
    if not is_mixed and all(isinstance(v, int | float | np.number | np.bool_) for v in values.ravel()):
        return np.array(values.tolist())
    return values

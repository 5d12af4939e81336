"""Normalize pandas, polars, arrow, NumPy and SciPy inputs to an array or to columns."""

from collections import Counter
from collections.abc import Mapping
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_array

from autonet.core.errors import InvalidData
from autonet.core.typing import Array
from autonet.data.reading.columns import RawTable
from autonet.data.reading.names import check_names
from autonet.data.reading.records import fill_masked, is_records, open_dictionary, open_records, open_structured

__all__ = ["open_table"]


def open_table(X: Any) -> "Array | sparse.csr_array | RawTable":
    """Open a table as an array of numbers or as columns.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n, p)
        Or a structured array, a list of dictionaries, a dictionary of columns, or a dictionary with one row.

    Returns
    -------
    ndarray or csr_array of shape (n, p), or RawTable
        An array of real numbers is returned without a copy, a sparse matrix as csr_array of float32 or float64, any
        other table as `RawTable`.

    Raises
    ------
    InvalidData, ValueError
        If X has no rows, no columns, not two dimensions, or ambiguous column names.
    TypeError
        If X is of an unsupported type or a lazy frame.
    """
    if isinstance(X, RawTable):  # opened before
        return X
    if getattr(getattr(X, "dtype", None), "kind", "") == "c":
        raise InvalidData(
            "Complex data not supported: X has complex numbers; pass their real and imaginary parts as columns."
        )
    if sparse.issparse(X):
        return _open_sparse(X)
    if X is None:
        raise InvalidData("X is None; pass an array, a list of rows or a data frame.")
    if isinstance(X, Mapping):
        return _check_columns(open_dictionary(X))
    if is_records(X):
        return _check_columns(open_records(X))
    if isinstance(X, np.ndarray):
        return _open_array(X if X.dtype.names else fill_masked(X))
    _check_names(X)
    frame = nw.from_native(X, pass_through=True, allow_series=True)
    if isinstance(frame, nw.LazyFrame):
        raise TypeError(f"X is a lazy {type(X).__name__}; collect it into a data frame first.")
    if not isinstance(frame, nw.DataFrame | nw.Series) and hasattr(X, "__arrow_c_stream__"):
        frame = nw.from_arrow(X, backend="pyarrow")
    if isinstance(frame, nw.DataFrame):
        return _check_columns(RawTable.from_frame(frame))
    return _open_array(_array_of_rows(X) if isinstance(X, list | tuple) else X)


def _open_array(X: Any) -> "Array | RawTable":
    if isinstance(X, str | bytes) or not (hasattr(X, "__array__") or hasattr(X, "__getitem__")):
        raise InvalidData(f"X is a {type(X).__name__}: {X!r:.60}; pass an array, a list of rows or a data frame.")
    if isinstance(X, np.ndarray) and X.dtype.names:
        return _check_columns(open_structured(X))
    checked = check_array(X, dtype=None, ensure_all_finite=False)
    array = X if isinstance(X, np.ndarray) else checked
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    return array if array.dtype.kind in "iuf" else RawTable.from_array(array)


def _open_sparse(X: Any) -> sparse.csr_array:
    X = check_array(X, accept_sparse=("csr", "csc", "coo"), dtype=None, ensure_all_finite=False)
    single = np.can_cast(X.dtype, np.float32)
    csr = sparse.csr_array(X, dtype=np.float32 if single else np.float64)
    if not csr.has_canonical_format:  # duplicate entries; the arrays of the caller are not modified
        csr = csr.copy()
        csr.sum_duplicates()
    return csr


def _array_of_rows(rows: Any) -> Array:
    """Convert a list of rows to an array; of objects if not all are numbers, so that none becomes a string."""
    if rows and hasattr(rows[0], "dtype"):
        return np.asarray(rows)
    try:
        array = np.array(rows, dtype=object)
    except ValueError as error:
        raise InvalidData(f"X is a list that cannot be converted to rows and columns: {error}") from error
    if array.ndim == 1 and len(array) and isinstance(array[0], list | tuple):
        lengths = Counter(len(row) if isinstance(row, list | tuple) else 1 for row in rows)
        raise InvalidData(f"The rows of X have different lengths: {', '.join(map(str, sorted(lengths)))}.")
    types = set(map(type, array.flat))
    numeric = bool not in types and all(issubclass(cls, Real) for cls in types)
    return np.array(rows) if types and numeric else array


def _check_columns(columns: RawTable) -> RawTable:
    shape = (columns.n_rows, len(columns.names))
    check_array(np.broadcast_to(np.float32(0), shape))  # takes no memory, and raises the errors of scikit-learn
    return columns


def _check_names(X: Any) -> None:
    if not (hasattr(X, "shape") and hasattr(X, "columns")):  # a lazy frame has no shape, and its columns warn
        return
    check_names(list(X.column_names if hasattr(X, "column_names") else X.columns), "Names of columns")

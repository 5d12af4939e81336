"""Normalize pandas, polars, arrow, NumPy and SciPy inputs to an array or to columns."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_array

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.tensors import to_numpy
from autonet.core.typing import Array
from autonet.core.warn import join_first, warn
from autonet.data.reading.columns import EXACT, Names, RawColumn, array_of_objects

__all__ = ["RawTable", "name_array_columns", "open_table", "warn_if_index_order_differs"]

OF_IMAGES = "AutoNetImageClassification or AutoNetImageRegression"


@dataclass(frozen=True)
class RawTable:
    """Table whose columns are made on request.

    Attributes
    ----------
    names : tuple of hashable
        Indices if columns have no names.
    n_rows : int
    column : callable
        ``column(i)`` returns the i-th column.
    are_named : bool
        False for columns of an array.
    are_ordered : bool
        False for keys of dictionaries, whose order has no meaning.
    """

    names: Names
    n_rows: int
    column: Callable[[int], RawColumn]
    are_named: bool = True
    are_ordered: bool = True

    @classmethod
    def from_array(cls, X: Array) -> "RawTable":
        """Make a table of an array of shape (n, p)."""
        return cls(tuple(range(X.shape[1])), len(X), lambda i: RawColumn.from_array(i, X[:, i]), are_named=False)

    @classmethod
    def from_frame(cls, frame: "nw.DataFrame[Any]") -> "RawTable":
        """Make a table of a data frame."""
        names = tuple(frame.columns)
        series = list(frame.iter_columns())  # views; frame[:, i] would list all names in each call
        return cls(names, len(frame), lambda i: RawColumn.from_series(names[i], series[i]))

    def __iter__(self) -> Iterator[RawColumn]:
        """Iterate over the columns, with one in memory at a time."""
        return map(self.column, range(len(self.names)))

    def arrange(self, names: Names) -> "RawTable":
        """Reorder unordered columns to `names`, if these are the same names, perhaps as text."""
        same = not self.are_ordered and set(map(str, self.names)) == set(map(str, names))
        return self.select(names) if same else self

    def select(self, names: Names) -> "RawTable":
        """Select columns by their names, or names as text; columns of an array have none, and stay as they are.

        Raises
        ------
        InvalidData
            If a column is missing.
        """
        if self.names == names or not self.are_named:
            return self
        position, keys = {name: i for i, name in enumerate(self.names)}, names
        if not all(name in position for name in names):  # JSON has no other keys than text
            position, keys = {str(name): i for i, name in enumerate(self.names)}, tuple(map(str, names))
        missing = [repr(name) for name, key in zip(names, keys, strict=True) if key not in position]
        if missing:
            raise _missing_error(missing)
        return replace(self, names=names, column=lambda i: self.column(position[keys[i]]))

    def number(self, n_columns: int) -> "RawTable":
        """Select columns by the names of those of an array, x0, x1, ..., or by their numbers.

        Ordered columns with other names stay as they are.

        Raises
        ------
        InvalidData
            If unordered columns have other names, or one is missing.
        """
        if not self.are_named:
            return self
        position = {str(name): i for i, name in enumerate(self.names)}
        keys = name_array_columns(n_columns)
        if keys[0] not in position and "0" in position:
            keys = [str(i) for i in range(n_columns)]
        missing = [repr(key) for key in keys if key not in position]
        if missing and self.are_ordered:
            return self
        if len(missing) == n_columns:
            raise InvalidData(
                f"X has keys such as {self.names[0]!r:.60}, but fit had an array, whose columns have no names; use the "
                f"keys {join_first([repr(key) for key in keys])}, or pass rows as lists."
            )
        if missing:
            raise _missing_error(missing)
        numbers = tuple(range(n_columns))
        return replace(self, names=numbers, column=lambda i: self.column(position[keys[i]]), are_named=False)


def name_array_columns(n_columns: int) -> list[str]:
    """Return the names that columns of an array get where they need some: x0, x1, ..., as in scikit-learn."""
    return [f"x{i}" for i in range(n_columns)]


def _missing_error(missing: Sequence[str]) -> InvalidData:
    return InvalidData(f"X lacks columns of fit: {join_first(missing)}; use None where a value is missing.")


def open_table(X: Any, keys: Collection[str] | None = None) -> "Array | sparse.csr_array | RawTable":
    """Open a table as an array of numbers or as columns.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n, p)
        Or a structured array, a list of dictionaries, a dictionary of columns, or a dictionary with one row.
    keys : collection of str, optional
        Names, as text, of the columns that will be read: dictionaries may differ in others.  Default: all.

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
    X = to_numpy(X) if hasattr(X, "requires_grad") else X  # a tensor
    if getattr(getattr(X, "dtype", None), "kind", "") == "c":
        raise InvalidData(
            "Complex data not supported: X has complex numbers; pass their real and imaginary parts as columns."
        )
    if sparse.issparse(X):
        return _open_sparse(X)
    if X is None:
        raise InvalidData("X is None; pass an array, a list of rows or a data frame.")
    if isinstance(X, Mapping):
        return _check_columns(_open_dictionary(X))
    if _is_records(X):
        return _check_columns(_open_records(X, keys))
    if isinstance(X, np.ndarray):
        return _open_array(X if X.dtype.names else _fill_masked(X))
    if hasattr(X, "shape") and hasattr(X, "columns"):  # a lazy frame has no shape, and its columns warn
        _check_names(list(X.column_names if hasattr(X, "column_names") else X.columns), "Names of columns")
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
        hint = f", or use {OF_IMAGES} for a folder of images" if isinstance(X, str) else ""
        raise InvalidData(f"X is a {type(X).__name__}: {X!r:.60}; pass an array, a list of rows or a data frame{hint}.")
    if isinstance(X, np.ndarray) and X.dtype.names:
        return _check_columns(_open_structured(X))
    shape = tuple(getattr(X, "shape", ()))
    if isinstance(X, np.ndarray) and len(shape) == 1 and len(X) and isinstance(X[0], str):
        raise InvalidData(
            f"X has {len(X)} texts in one dimension, but a table has rows and columns; reshape it to one column, or "
            f"use {OF_IMAGES} for paths of images."
        )
    if len(shape) > 2:
        raise InvalidData(
            f"X has shape {shape}, but a table has rows and columns; reshape it, or use {OF_IMAGES} for images."
        )
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
    if not rows:
        raise InvalidData("X is an empty list; pass at least one row.")
    if hasattr(rows[0], "dtype"):
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
    if 0 in shape:
        check_array(np.empty(shape))  # raises the errors of scikit-learn
    return columns


def _is_records(X: Any) -> bool:
    """Return whether X is a list, tuple or array of dictionaries."""
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object)
    return is_list and len(X) > 0 and isinstance(X[0], Mapping)


def _open_records(rows: Sequence[Mapping[Hashable, Any]], keys: Collection[str] | None = None) -> RawTable:
    """Open a list of dictionaries, one per row, which must have the same keys, or the same of those that are read."""
    names = tuple(rows[0])
    expected = _choose_keys(rows[0], keys)
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InvalidData(
                f"Row {i} of X is a {type(row).__name__}, but row 0 is a dictionary; pass rows of one type."
            )
        if row.keys() != rows[0].keys() and (found := _choose_keys(row, keys)) != expected:
            differences = [(expected - found, "lacks"), (found - expected, "also has")]
            listed = " and ".join(f"{verb} {join_first(sorted(map(repr, part)))}" for part, verb in differences if part)
            raise InvalidData(
                f"Row {i} of X {listed}, unlike row 0; use the same keys in every row, and None for missing values."
            )
    _check_names(names, "Keys of X")

    def column(i: int) -> RawColumn:
        return RawColumn.from_array(names[i], array_of_objects([row[names[i]] for row in rows]))

    return RawTable(names, len(rows), column, are_ordered=False)


def _choose_keys(row: Mapping[Hashable, Any], keys: Collection[str] | None) -> set[Hashable]:
    return {key for key in row if keys is None or str(key) in keys}


def _open_dictionary(X: Mapping[Hashable, Any]) -> RawTable:
    """Open a dictionary of columns of one length, or of the values of one row."""
    names = tuple(X)
    _check_names(names, "Keys of X")
    lists = [name for name in names if not _is_scalar(X[name])]
    if not lists:
        return _open_records([X])
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


def _open_structured(X: Array) -> RawTable:
    """Open a structured or record array of shape (n,) or (n, 1), whose fields are not arrays."""
    if X.ndim == 2 and X.shape[1] == 1:
        X = X[:, 0]
    if X.ndim != 1:
        raise InvalidData(f"X is a structured array of shape {X.shape}; expected one entry per row: shape (n,).")
    names = X.dtype.names or ()
    deep = next((name for name in names if X.dtype[name].shape), None)
    if deep is not None:
        raise InvalidData(f"Field {deep!r} of X has arrays of shape {X.dtype[deep].shape}; use one field per value.")
    return RawTable(
        tuple(names), len(X), lambda i: RawColumn.from_array(names[i], _fill_masked(np.asanyarray(X[names[i]])))
    )


def _fill_masked(array: Array) -> Array:
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
        return RawColumn.from_array(name, _fill_masked(column))
    return RawColumn.from_array(name, array_of_objects(list(column)))


def _is_scalar(value: Any) -> bool:
    sized = hasattr(value, "__len__") and not (isinstance(value, np.ndarray) and value.ndim == 0)
    return not sized or isinstance(value, str | bytes | Mapping)


def _check_names(names: Sequence[Hashable], what: str) -> None:
    """Check that the names of columns are unique and of one type; `what` they are in the message."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        listed = join_first([repr(name) for name in twice])
        raise InvalidData(f"Columns of X have the same name: {listed}; rename or drop them.")
    types = {type(name).__name__: name for name in names}
    if "str" in types and len(types) > 1:
        examples = ", ".join(f"{name!r} ({cls})" for cls, name in sorted(types.items()))
        raise InvalidData(f"{what} are of different types: {examples}. Make all of them strings.")


def warn_if_index_order_differs(what: str, table: Any, others: Mapping[Hashable, Any]) -> None:
    """Warn if other data have the pandas index of a table in another order, because rows are matched by position.

    Parameters
    ----------
    what : str
        Name of the table in the message.
    table : object
        Data without a pandas index are ignored.
    others : mapping of str to object
        Data by their name in the message.
    """
    index = _get_index(table)
    for name, other in others.items():
        theirs = _get_index(other)
        if index is None or theirs is None or len(index) != len(theirs) or index.equals(theirs):
            continue
        if index.is_unique and theirs.is_unique and set(index) == set(theirs):
            warn(
                f"{name} has the index of {what} in another order, but rows are matched by position; to match them by "
                f"index, pass {name}.loc[{what}.index].",
                DataWarning,
            )


def _get_index(rows: Any) -> Any:
    index = getattr(rows, "index", None)  # lists have a method index
    return index if hasattr(index, "equals") and hasattr(index, "is_unique") else None

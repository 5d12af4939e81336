"""Schema of a table: its fitted columns, by which further tables are read."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData, UnknownName
from autonet.core.spec import describable
from autonet.core.warn import warn
from autonet.data.reading.columns import Names, RawColumn, RawTable
from autonet.data.reading.convert import (
    DATE_PARTS,
    exceeds_float32,
    find_infinity,
    infinity_error,
    iter_row_chunks,
    read_codes,
    read_instants,
    read_numbers,
    read_text,
    write_date_parts,
)
from autonet.data.reading.feature_types import Column, fits_float32, float_bits, infer_column
from autonet.data.reading.frames import open_table
from autonet.data.reading.levels import LevelIndex
from autonet.data.reading.names import check_features, join_first
from autonet.data.table import MISSING_CODE, UNSEEN_CODE, Table

__all__ = ["Column", "Schema"]

CODED = ("boolean", "categorical")  # feature types that become codes
CONSTANT = "constant: not used"
WIDTH = {"numeric": 1, "duration": 1, "datetime": len(DATE_PARTS)}  # numerical columns per column


@describable
@dataclass(frozen=True)
class Schema:
    """Columns of a table, inferred in fit.

    Attributes
    ----------
    columns : tuple of Column
    dtype : {"float32", "float64"}
        Dtype of the numbers of data frames: float32 if it is precise enough for all of them.
    are_named : bool
        Whether the columns have names.
    """

    columns: tuple[Column, ...]
    dtype: str
    are_named: bool = False

    @cached_property
    def _indexes(self) -> dict[int, LevelIndex]:
        """Indexes of the levels of columns that become codes, by position; made for the first table."""
        return {
            i: LevelIndex(column.levels, has_missing=column.missing > 0)
            for i, column in enumerate(self.columns)
            if column.kind in CODED and (column.is_used or column.levels)
        }

    def __getstate__(self) -> dict[str, Any]:
        """Drop the cached indexes."""
        return {name: value for name, value in vars(self).items() if name != "_indexes"}

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.columns)

    @property
    def names(self) -> Names | None:
        """Names of the columns, of any type; None if columns have no names."""
        return tuple(column.name for column in self.columns) if self.are_named else None

    @classmethod
    def detect(cls, X: Any, categorical_features: Sequence[Any] | None = None) -> "Schema":
        """Infer the columns of a table.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, p)
        categorical_features : sequence of str, int or bool, optional
            Columns that are categorical whatever their type: names, indices, or a mask of shape (p,).

        Returns
        -------
        Schema

        Raises
        ------
        InvalidData, ValueError
            If X has no rows or columns, columns of several types, or complex numbers.
        TypeError
            If values are lists, dictionaries or other objects.
        """
        return cls._detect(open_table(X), categorical_features)

    @classmethod
    def detect_and_read(cls, X: Any, categorical_features: Sequence[Any] | None = None) -> tuple["Schema", Table]:
        """Infer the columns of a table (n, p) and read it; see `detect` and `read`."""
        opened = open_table(X)
        schema = cls._detect(opened, categorical_features)
        return schema, schema._read(opened)  # noqa: SLF001 - its own

    @classmethod
    def _detect(cls, table: Any, categorical_features: Sequence[Any] | None) -> "Schema":
        names = table.names if isinstance(table, RawTable) else range(table.shape[1])
        chosen = _resolve_columns(categorical_features, names)
        if not isinstance(table, RawTable):
            if not chosen:
                return cls(_numeric_columns(table), "float64", are_named=False)
            if sparse.issparse(table):
                raise InvalidData(
                    "categorical_features does not support sparse matrices; pass X as an array or a data frame."
                )
            table = RawTable.from_array(table)
        columns, single = [], True
        for i, raw in enumerate(table):
            column = infer_column(raw, categorical=i in chosen)
            numbers = read_numbers(raw, column) if column.kind in ("numeric", "duration") else None
            single = single and (numbers is None or fits_float32(numbers))
            if numbers is not None:
                column = replace(column, float_bits=int(float_bits(numbers[:, None])[0]))
            columns.append(_mark_constant(raw, column, numbers))
        return cls(tuple(columns), "float32" if single else "float64", table.are_named)

    def open(self, X: Any, estimator: str) -> Any:
        """Open a table and check that it has the columns of fit.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, p)
        estimator : str
            Name of its class, for the messages.

        Returns
        -------
        ndarray or csr_array of shape (n, p), or RawTable
            As `open_table` does; keys of dictionaries are reordered to the fitted columns.

        Raises
        ------
        InvalidData, ValueError
            If X is not a table, or has other columns, with the messages of scikit-learn.
        """
        table, fitted = open_table(X), self.names
        if not isinstance(table, RawTable):
            names, n_features = None, table.shape[1]
        else:
            table = table if fitted is None else table.arrange(fitted)
            names, n_features = table.names if table.are_named else None, len(table.names)
        check_features(estimator, fitted, names, len(self.columns), n_features)
        return table

    def read(self, X: Any) -> Table:
        """Read a table whose columns have the order of fit.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, p)

        Returns
        -------
        Table
            `numbers` is X itself if it is an array of numbers and all columns are numeric.  Datetimes become
            `DATE_PARTS`, durations seconds, unseen categories code 1.

        Raises
        ------
        InvalidData, ValueError
            If there are infinities, numbers beyond float32, or values of other types than in fit.
        TypeError
            If values are lists, dictionaries or other objects.
        """
        return self._read(open_table(X))

    def read_more(self, X: Any, owner: str) -> Table:
        """Check that a table (n, p) has the columns of fit, and read it; see `open` and `read`."""
        return self._read(self.open(X, owner))

    def _read(self, table: Any) -> Table:
        n_columns = len(table.names) if isinstance(table, RawTable) else table.shape[1]
        if n_columns != len(self.columns):
            raise InvalidData(f"X has {n_columns} columns; expected the {len(self.columns)} columns of fit.")
        if isinstance(table, RawTable):
            return self._read_columns(table)
        if any(column.kind != "numeric" for column in self.columns):
            if sparse.issparse(table):
                raise InvalidData(
                    "X is sparse, but not all columns were numeric in fit; pass an array or a data frame."
                )
            return self._read_columns(RawTable.from_array(table))
        _check_precision(table.dtype, self.columns)
        error = find_infinity(table, [column.name for column in self.columns])
        if error:
            raise error
        return Table.from_numbers(table)

    def _read_columns(self, table: RawTable) -> Table:
        """Read column by column; codes first, because they need the most memory on the way."""
        coded = list(self._indexes)
        codes = np.empty((table.n_rows, len(coded)), np.int32, order="F")
        unknown = []
        for j, i in enumerate(coded):
            raw = table.column(i)
            codes[:, j] = read_codes(raw, self.columns[i], self._indexes[i])
            if (codes[:, j] != MISSING_CODE).any() and (codes[:, j] <= UNSEEN_CODE).all() and self.columns[i].levels:
                unknown.append((self.columns[i], raw.distinct()[0]))
        if unknown:
            warn(_unseen_message(unknown), DataWarning)
        n_codes = tuple(2 + len(self.columns[i].levels) for i in coded)
        texts = tuple(
            read_text(table.column(i), column)
            for i, column in enumerate(self.columns)
            if column.kind == "text" and column.is_used
        )
        return Table(self._read_numbers(table), codes, n_codes, texts)

    def _read_numbers(self, table: RawTable) -> NDArray[Any]:
        width = sum(WIDTH.get(column.kind, 0) for column in self.columns)
        numbers = np.empty((table.n_rows, width), self.dtype, order="F")
        free = iter(numbers.T)  # views of the columns that are still empty
        large = []
        for i, column in enumerate(self.columns):
            if column.kind == "datetime":
                write_date_parts(read_instants(table.column(i), column), [next(free) for _ in DATE_PARTS])
            elif column.kind in ("numeric", "duration"):
                values = read_numbers(table.column(i), column)
                _check_precision(values.dtype, [column])
                bad = exceeds_float32(values)
                if bad.any():
                    large.append((column.name, values[bad]))
                else:
                    next(free)[:] = values
        if large:
            raise infinity_error(large, table.n_rows)
        return numbers


def _check_precision(dtype: np.dtype[Any], columns: Iterable[Column]) -> None:
    """Refuse short floats in columns that they round visibly."""
    if dtype.kind == "f":
        column = next((column for column in columns if column.float_bits > 8 * dtype.itemsize), None)
        if column is not None:
            raise InvalidData(
                f"Column {column.name!r} has numbers that {dtype} rounds to one another; pass it in "
                f"float{column.float_bits}, as in fit."
            )


def _unseen_message(found: Sequence[tuple[Column, Any]]) -> str:
    """Return the warning for columns without any level of fit, given a value of each."""
    listed = [f"{column.name!r} (now {value!r:.60}, in fit {column.levels[0]!r:.60})" for column, value in found]
    return (
        f"No value of column{'s' if len(listed) > 1 else ''} {join_first(listed)} was seen in fit, so all "
        "are encoded as unseen; check that they are coded as in fit."
    )


def _resolve_columns(categorical_features: Sequence[Any] | None, names: Sequence[Hashable]) -> set[int]:
    """Return the indices of columns given by names, indices or a mask."""
    if categorical_features is None:
        return set()
    single = isinstance(categorical_features, str | int | np.integer)
    if not single and not isinstance(categorical_features, Iterable):
        raise InvalidData(f"categorical_features must be names, indices or a mask; got {categorical_features!r:.60}.")
    given = [categorical_features] if single else list(categorical_features)
    if given and all(isinstance(value, bool | np.bool_) for value in given):
        if len(given) != len(names):
            raise InvalidData(f"categorical_features is a mask of {len(given)} columns, but X has {len(names)}.")
        return {i for i, value in enumerate(given) if value}
    return {_resolve_column(value, names) for value in given}


def _resolve_column(value: Any, names: Sequence[Hashable]) -> int:
    is_index = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_index and not isinstance(value, str) and isinstance(value, Hashable) and value in names:  # a tuple
        return names.index(value)
    if is_index and any(isinstance(name, int | np.integer) and name == value for name in names):
        if 0 <= value < len(names) and names[value] != value:
            raise InvalidData(
                f"categorical_features has {value}, which is the name of column {names.index(value)} and the index of "
                f"column {names[value]!r}; pass a mask, or names that are strings."
            )
        return names.index(value)
    if isinstance(value, str):
        if not any(isinstance(name, str) for name in names):
            raise InvalidData(
                f"categorical_features names column {value!r}, but the columns of X have no names; pass indices."
            )
        if value not in names:
            raise UnknownName("column", value, map(str, names))
        return names.index(value)
    if not is_index:
        raise InvalidData(f"categorical_features must be names, indices or a mask of booleans; got {value!r}.")
    if not 0 <= value < len(names):
        raise InvalidData(f"categorical_features names column {value}, but X has columns 0 to {len(names) - 1}.")
    return int(value)


def _mark_constant(raw: RawColumn, column: Column, numbers: NDArray[Any] | None) -> Column:
    """Mark a column as unused if it is constant."""
    if column.missing or len(raw) < 2:
        return column
    if column.kind in CODED:
        varies = len(column.levels if column.kind == "categorical" else raw.distinct()) != 1
    elif column.kind == "datetime" and column.format is None:
        varies = bool((raw.values != raw.values[0]).any())
    else:
        varies = numbers is None or bool((numbers != numbers[0]).any())
    if varies:
        return column
    return replace(column, note=column.note or CONSTANT, is_used=False)


def _numeric_columns(numbers: Any) -> tuple[Column, ...]:
    n_rows, n_columns = numbers.shape
    if sparse.issparse(numbers):
        missing = np.bincount(numbers.indices[np.isnan(numbers.data)], minlength=n_columns)
        varies = np.bincount(numbers.indices, minlength=n_columns) > 0
    else:
        missing = np.sum([np.isnan(rows).sum(axis=0) for rows in iter_row_chunks(numbers)], axis=0)
        varies = np.any([(rows != numbers[0]).any(axis=0) for rows in iter_row_chunks(numbers)], axis=0)
    bits = np.full(n_columns, 16) if sparse.issparse(numbers) else float_bits(numbers)
    columns = []
    for i, share in enumerate((missing / n_rows).tolist()):
        is_used = bool(varies[i] or n_rows == 1) and share < 1
        note = "" if is_used else "no value at all" if share == 1 else CONSTANT
        columns.append(Column(i, "numeric", (), share, note, is_used, float_bits=int(bits[i])))
    return tuple(columns)

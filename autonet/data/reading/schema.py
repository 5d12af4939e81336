"""Schema of a table: its fitted columns, by which further tables are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.jsonvalues import readable
from autonet.core.spec import register, to_spec
from autonet.core.typing import Array
from autonet.core.warn import SHOWN, join_first, warn
from autonet.data.reading.columns import Column, Names
from autonet.data.reading.convert import (
    DATE_PARTS,
    TERMS,
    exceeds_float32,
    find_infinity,
    infinity_error,
    read_codes,
    read_instants,
    read_numbers,
    read_positions,
    read_text,
    write_date_parts,
)
from autonet.data.reading.feature_types import CODED, infer_columns
from autonet.data.reading.frames import RawTable, name_array_columns, open_table
from autonet.data.reading.levels import LevelIndex, canonicalize
from autonet.data.table import MISSING_CODE, UNSEEN_CODE, InputNames, Table

__all__ = ["Schema", "are_strings"]

WIDTH = {"numeric": 1, "duration": 1, "ordinal": 1, "datetime": len(DATE_PARTS)}  # numerical columns per column


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
        """Indexes of the levels of columns that have any, by position; made for the first table."""
        return {
            i: LevelIndex(column.levels, has_missing=column.missing > 0)
            for i, column in enumerate(self.columns)
            if column.kind == "ordinal" or (column.kind in CODED and (column.is_used or column.levels))
        }

    @property
    def _coded(self) -> list[int]:
        """Positions of the columns that become codes."""
        return [i for i in self._indexes if self.columns[i].kind in CODED]

    @cached_property
    def _keys(self) -> frozenset[str]:
        """Keys of dictionaries that are read, as text."""
        n_columns = len(self.columns)
        numbered = [*name_array_columns(n_columns), *map(str, range(n_columns))]
        return frozenset(numbered if self.names is None else map(str, self.names))

    def __getstate__(self) -> dict[str, Any]:
        """Drop what is cached."""
        return {name: value for name, value in vars(self).items() if name not in ("_indexes", "_keys")}

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
        are_named = isinstance(table, RawTable) and table.are_named
        return cls(*infer_columns(table, categorical_features), are_named)

    def read(self, X: Any, owner: str = "") -> Table:
        """Read a table with the columns of fit.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, p)
        owner : str, optional
            Name of an estimator: columns must be those of fit, in the same order except in dictionaries.  Default:
            columns with names are selected by name, and further ones ignored.  In dictionaries, columns of an array
            are called x0, x1, ..., or 0, 1, ...

        Returns
        -------
        Table
            `numbers` is X itself if it is an array of numbers and all columns are numeric.  Datetimes become
            `DATE_PARTS`, durations seconds, unseen categories code 1.

        Raises
        ------
        InvalidData, ValueError
            If there are other columns, infinities, numbers beyond float32, or values of other types than in fit.
        TypeError
            If values are lists, dictionaries or other objects.
        """
        table, fitted, n_columns = open_table(X, None if owner else self._keys), self.names, len(self.columns)
        if isinstance(table, RawTable) and fitted is not None:
            table = table.arrange(fitted) if owner else table.select(fitted)
        elif isinstance(table, RawTable) and not (owner and (table.are_ordered or len(table.names) != n_columns)):
            table = table.number(n_columns)
        if owner:
            names = table.names if isinstance(table, RawTable) and table.are_named else None
            _check_features(owner, fitted, names, n_columns, _count_columns(table))
        return self._read(table)

    def describe_inputs(self) -> list[dict[str, Any]]:
        """Describe how each column becomes entries of the arrays of a `Table`, in JSON values.

        Columns of an array are called x0, x1, ...
        """
        described, n_numbers, n_codes, n_texts = [], 0, 0, 0
        names = name_array_columns(len(self.columns)) if self.names is None else map(readable, self.names)
        for i, (name, column) in enumerate(zip(names, self.columns, strict=True)):
            entry: dict[str, Any] = {"name": name, "kind": column.kind}
            if column.format is not None:
                entry["format"] = to_spec(column.format)
            if column.kind in WIDTH:
                width = WIDTH[column.kind]
                entry |= {"input": "numbers", "index": list(range(n_numbers, n_numbers + width))}
                entry |= {"parts": list(DATE_PARTS), "zone": column.zone} if column.kind == "datetime" else {}
                if column.kind == "ordinal":
                    entry["codes"] = [[readable(level), position] for position, level in enumerate(column.levels)]
                n_numbers += width
            elif i in self._indexes:
                entry |= {"input": "codes", "index": n_codes, "missing": MISSING_CODE, "unseen": UNSEEN_CODE}
                entry["codes"] = [[readable(level), 2 + code] for code, level in enumerate(column.levels)]
                n_codes += 1
            elif column.kind == "text" and column.is_used:
                entry |= {"input": f"text_{n_texts}", "tokens": column.tokens, "terms": TERMS}
                n_texts += 1
            described.append(entry)
        return described

    def name_inputs(self, names: Sequence[str]) -> InputNames:
        """Name the columns of the tables that are read, given a name of each column."""
        numbers, codes, texts = list[str](), list[tuple[str, list[str]]](), list[str]()
        for i, (name, column) in enumerate(zip(names, self.columns, strict=True)):
            if column.kind == "datetime":
                numbers += [f"{name}:{part}" for part in DATE_PARTS]
            elif column.kind in WIDTH:
                numbers.append(name)
            elif i in self._indexes:
                codes.append((name, list(map(str, column.levels))))
            elif column.kind == "text" and column.is_used:
                texts.append(name)
        return InputNames(numbers, codes, texts)

    def missing_row(self) -> Table:
        """Return a table of one row without any value."""
        width = sum(WIDTH.get(column.kind, 0) for column in self.columns)
        n_codes = tuple(2 + len(self.columns[i].levels) for i in self._coded)
        n_texts = sum(column.kind == "text" and column.is_used for column in self.columns)
        texts = tuple(sparse.csr_array((1, TERMS), dtype=np.float32) for _ in range(n_texts))
        codes = np.full((1, len(n_codes)), MISSING_CODE, np.int32)
        return Table(np.full((1, width), np.nan, self.dtype), codes, n_codes, texts)

    def _read(self, table: Any) -> Table:
        if (n_columns := _count_columns(table)) != len(self.columns):
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
        coded = self._coded
        codes = np.empty((table.n_rows, len(coded)), np.int32, order="F")
        place = {i: j for j, i in enumerate(coded)}
        unknown, positions = [], dict[int, Array]()
        for i, index in self._indexes.items():
            raw = table.column(i)
            found = read_codes(raw, self.columns[i], index)
            if (found != MISSING_CODE).any() and (found <= UNSEEN_CODE).all() and self.columns[i].levels:
                unknown.append((self.columns[i], raw.distinct()[0]))
            if self.columns[i].kind == "ordinal":
                positions[i] = read_positions(found)
            else:
                codes[:, place[i]] = found
        if unknown:
            warn(_unseen_message(unknown), DataWarning)
        n_codes = tuple(2 + len(self.columns[i].levels) for i in coded)
        texts = tuple(
            read_text(table.column(i), column)
            for i, column in enumerate(self.columns)
            if column.kind == "text" and column.is_used
        )
        return Table(self._read_numbers(table, positions), codes, n_codes, texts)

    def _read_numbers(self, table: RawTable, positions: Mapping[int, Array]) -> NDArray[Any]:
        """Read numbers, given the positions of the levels of ordinal columns."""
        width = sum(WIDTH.get(column.kind, 0) for column in self.columns)
        numbers = np.empty((table.n_rows, width), self.dtype, order="F")
        free = iter(numbers.T)  # views of the columns that are still empty
        large = []
        for i, column in enumerate(self.columns):
            if column.kind == "ordinal":
                next(free)[:] = positions[i]
            elif column.kind == "datetime":
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


def _describe(schema: Schema) -> dict[str, Any]:
    """Return the state of a schema: sparse tables have many columns that are alike, which are described once."""
    alike = [replace(column, name=None, missing=0.0, levels=()) for column in schema.columns]
    kinds = {column: i for i, column in enumerate(dict.fromkeys(alike))}
    return {
        "kinds": list(kinds),
        "kind_of": [kinds[column] for column in alike],
        "names": [column.name for column in schema.columns],
        "missing": [float(column.missing) for column in schema.columns],
        "levels": [[i, column.levels] for i, column in enumerate(schema.columns) if column.levels],
        "dtype": schema.dtype,
        "are_named": schema.are_named,
    }


def _rebuild(cls: type[Schema], state: dict[str, Any]) -> Schema:
    """Construct the schema of a state."""
    levels = dict(state["levels"])
    parts = zip(state["kind_of"], state["names"], state["missing"], strict=True)
    columns = (
        replace(state["kinds"][kind], name=name, missing=missing, levels=levels.get(i, ()))
        for i, (kind, name, missing) in enumerate(parts)
    )
    return cls(tuple(columns), state["dtype"], state["are_named"])


register(Schema, _describe, _rebuild)


def _count_columns(table: Any) -> int:
    return len(table.names) if isinstance(table, RawTable) else int(table.shape[1])


def are_strings(names: Names | None) -> bool:
    """Return whether all names are strings, as `feature_names_in_` requires."""
    return bool(names) and all(isinstance(name, str) for name in names or ())


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


def _check_features(estimator: str, fitted: Names | None, names: Names | None, n_fitted: int, n_features: int) -> None:
    """Check that a table has the columns that were fitted; warn if only one of the tables has names."""
    ours, theirs = _chosen_names(fitted), _chosen_names(names)
    if fitted is not None and names is not None and (_are_integers(fitted + names) or (ours and theirs)):
        _check_equal(fitted, names)
    elif theirs and {*map(str, theirs)} == {*map(str, range(n_fitted))}:  # the columns of an array, perhaps as strings
        _check_equal(tuple(range(n_fitted)), theirs)
    elif theirs and not ours:
        warn(f"X has feature names, but {estimator} was fitted without feature names", UserWarning)
    elif ours and not theirs:
        warn(f"X does not have valid feature names, but {estimator} was fitted with feature names", UserWarning)
    if n_features != n_fitted:
        raise InvalidData(f"X has {n_features} features, but {estimator} is expecting {n_fitted} features as input.")


def _chosen_names(names: Names | None) -> Names | None:
    """Return names, but None for 0, 1, ..., with which pandas numbers columns without names."""
    return None if names is None or names == tuple(range(len(names))) else names


def _are_integers(names: Names) -> bool:
    return all(isinstance(name, Integral) for name in names)


def _check_equal(fitted: Names, names: Names) -> None:
    if _are_equal(fitted, names):
        return
    message = "The feature names should match those that were passed during fit.\n"
    unseen, missing = set(names) - set(fitted), set(fitted) - set(names)
    if {*map(str, unseen)} == {*map(str, missing)}:  # the same ones as strings
        unseen, missing = set(), set()
    if unseen:
        message += f"Feature names unseen at fit time:\n{_format_names(unseen)}"
    if missing:
        message += f"Feature names seen at fit time, yet now missing:\n{_format_names(missing)}"
    if not unseen and not missing:
        message += "Feature names must be in the same order as they were in fit.\n"
    raise InvalidData(message)


def _are_equal(fitted: Names, names: Names) -> bool:
    """Return whether names are equal, or equal as strings, to which other libraries convert them."""
    if fitted == names:
        return True
    if are_strings(fitted + names):
        return False
    return [*map(canonicalize, fitted)] == [*map(canonicalize, names)] or [*map(str, fitted)] == [*map(str, names)]


def _format_names(names: set[Any]) -> str:
    lines = [f"- {name}\n" for name in sorted(map(str, names))]
    return "".join(lines[:SHOWN] + (["- ...\n"] if len(lines) > SHOWN else []))

"""The cells of one column as the arrays of a `Table`, by what the column was when fitted."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.typing import Array
from autonet.core.warn import warn
from autonet.data.reading.cells import INSTANT, Cells
from autonet.data.reading.formats import Format, is_marker, looks_like_other, parse_cells
from autonet.data.reading.kinds import PLURAL, Column
from autonet.data.reading.levels import UNSEEN_CODE, LevelIndex
from autonet.data.reading.number_formats import number_of
from autonet.data.reading.texts import count_terms
from autonet.data.reading.zones import local_time

__all__ = ["chunks", "infinity", "infinity_in", "read_codes", "read_instants", "read_numbers", "read_text", "too_large"]

LARGEST = np.finfo(np.float32).max  # networks compute in float32
CHUNK_CELLS = 1_000_000
SHOWN = 5
SECOND = np.timedelta64(1, "s")


def read_codes(cells: Cells, column: Column, index: LevelIndex) -> NDArray[np.int32]:
    """Look the values up among the levels: 0 is missing, 1 unseen, 2 + i the i-th level.

    Raises
    ------
    InvalidData
        If the column holds something else than when fitted, or a value may be several levels.
    """
    codes = index.encode(cells)
    strange = index.find_strange(cells, codes)
    if strange is not None:
        raise _changed(cells, column, strange)
    if column.levels and not (codes > UNSEEN_CODE).any() and not index.may_hold(cells.distinct()):
        _refuse_values(cells, column)
    return codes


def read_numbers(cells: Cells, column: Column) -> Array:
    """Return the numbers of a numeric column or the seconds of durations, of shape (n,); missing ones are NaN."""
    if cells.holds == column.kind == "duration":
        return np.asarray(cells.values) / SECOND
    if cells.holds == column.kind and (column.format is None or column.format.takes_numbers):
        return cells.numbers()
    if column.format is not None:
        return _parse(cells, column, column.format)
    if column.kind == "numeric" and cells.holds in ("boolean", "categorical", "string", "mixed"):
        index = {}
        for value in cells.distinct():
            number = np.nan if isinstance(value, str) and is_marker(value) else number_of(value)
            if number is None:
                raise _changed(cells, column, value)
            index[value] = number
        return cells.lookup(index, missing=np.nan, unknown=np.nan, dtype=np.float64)
    return _all_missing(cells, column, np.float64)


def read_instants(cells: Cells, column: Column) -> Array:
    """Return the datetimes of shape (n,), in the time zone of the column if it has one; missing ones are NaT."""
    if cells.holds != "datetime":
        return _parse_instants(cells, column)
    instants = np.asarray(cells.values)
    if (cells.zone is None) == (column.zone is None):
        return instants if column.zone is None else local_time(instants, column.zone)
    if np.isnat(instants).all():
        return instants
    then, now = (f"in time zone {zone}" if zone else "without time zone" for zone in (column.zone, cells.zone))
    raise InvalidData(
        f"Column {column.name!r} held datetimes {then} when fitted, but now {now}. Give them as they were fitted."
    )


def _parse_instants(cells: Cells, column: Column) -> Array:
    if column.format is None:
        return _all_missing(cells, column, INSTANT)
    microseconds = _parse(cells, column, column.format)
    missing = np.isnan(microseconds)
    instants = np.where(missing, 0, microseconds).astype(np.int64).view(INSTANT)
    instants[missing] = np.datetime64("NaT")
    return instants


def _parse(cells: Cells, column: Column, expected: Format) -> Array:
    """Parse a column of text as it was written when fitted; values that are none are missing, with a warning.

    A column that is mostly written in another form is refused.
    """
    values, unparsed = parse_cells(cells, expected)
    unknown = [value for value in unparsed if value not in column.unparsed]
    if not unknown:
        return values
    other = next((value for value in unknown if not isinstance(value, str) or looks_like_other(value, expected)), None)
    if other is not None and 2 * len(unparsed) > len(cells.distinct()):
        raise InvalidData(
            f"Column {column.name!r} held {expected.description} when fitted, but now has {other!r:.60}. Write it as "
            "in fit; what is unknown can be missing (NaN)."
        )
    warn(
        f"Column {column.name!r} held {expected.description} when fitted; {len(unknown)} distinct values are none, "
        f"such as {unknown[0]!r:.60}: missing.",
        DataWarning,
    )
    return values


def read_text(cells: Cells, column: Column) -> sparse.csr_array:
    """Count the words, or character n-grams, of texts; missing ones have none."""
    if cells.holds not in ("string", "nothing"):
        strange = next((value for value in cells.distinct() if not isinstance(value, str)), None)
        if strange is not None:
            raise _changed(cells, column, strange)
    return count_terms(cells.parts(), column.tokens)


def _all_missing(cells: Cells, column: Column, dtype: Any) -> Array:
    _refuse_values(cells, column)
    return np.full(len(cells), "NaT" if dtype == INSTANT else np.nan, dtype)


def _refuse_values(cells: Cells, column: Column) -> None:
    """Raise an error unless all cells are missing."""
    values = cells.distinct()
    if values:
        raise _changed(cells, column, values[0])


def _changed(cells: Cells, column: Column, example: Any) -> InvalidData:
    such = f" such as {column.levels[0]!r:.60}" if column.kind == "categorical" else ""
    return InvalidData(
        f"Column {column.name!r} held {PLURAL[column.kind]}{such} when fitted, but now {PLURAL[cells.holds]}, for "
        f"example {example!r:.60}. Convert it to {PLURAL[column.kind]}; what is unknown can be missing (NaN)."
    )


def too_large(values: Array) -> NDArray[np.bool_]:
    """Mark what float32 cannot hold: infinities, and numbers beyond 3.4e38."""
    return np.asarray(np.abs(values) > LARGEST)


def chunks(numbers: Array) -> Iterator[Array]:
    """Iterate over some rows at a time, so that no copy of the whole array is made."""
    n_rows = max(CHUNK_CELLS // numbers.shape[1], 1)
    return (numbers[first : first + n_rows] for first in range(0, len(numbers), n_rows))


def infinity_in(numbers: Any, names: Sequence[Hashable]) -> InvalidData | None:
    """Return the error that an array of numbers with infinities deserves; None if there are none."""
    if numbers.dtype.kind != "f":
        return None
    if sparse.issparse(numbers):
        bad = too_large(numbers.data)
        columns, values = numbers.indices[bad], numbers.data[bad]
        found = [(names[j], values[columns == j]) for j in np.unique(columns)]
    elif any(too_large(rows).any() for rows in chunks(numbers)):
        found = [(name, column[too_large(column)]) for name, column in zip(names, numbers.T, strict=True)]
    else:
        return None
    return infinity(found, numbers.shape[0]) if found else None


def infinity(found: Iterable[tuple[Hashable, Array]], n_rows: int) -> InvalidData:
    """Make the error for columns with infinities; `found` has the infinite values of each."""
    listed = [f"{name!r} ({len(bad)} of {n_rows} rows, for example {bad[0]})" for name, bad in found if len(bad)]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return InvalidData(
        "X contains infinity or a value too large for float32, in "
        f"column{'s' if len(listed) > 1 else ''} {', '.join(listed[:SHOWN])}{more}. "
        "Make such values NaN, which is missing, or clip them."
    )

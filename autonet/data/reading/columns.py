"""The cells of one column as the arrays of a `Table`, by what the column was when fitted."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.errors import InvalidData
from autonet.data.reading.cells import INSTANT, Cells
from autonet.data.reading.kinds import PLURAL, Column, number_of
from autonet.data.reading.texts import count_words

__all__ = ["chunks", "infinity", "infinity_in", "read_codes", "read_instants", "read_numbers", "read_text", "too_large"]

Array = NDArray[Any]

LARGEST = np.finfo(np.float32).max  # networks compute in float32
CHUNK_CELLS = 1_000_000
SHOWN = 5
SECOND = np.timedelta64(1, "s")


def read_codes(cells: Cells, column: Column) -> NDArray[np.int32]:
    """Look the values up among the levels: 0 is missing, 1 unseen, 2 + i the i-th level."""
    index = {level: 2 + i for i, level in enumerate(column.levels)}
    return cells.lookup(index, missing=0, unknown=1, dtype=np.int32)


def read_numbers(cells: Cells, column: Column) -> Array:
    """Return the numbers of a numeric column or the seconds of durations, of shape (n,); missing ones are NaN."""
    if cells.holds == column.kind:
        values = np.asarray(cells.values)
        return values / SECOND if column.kind == "duration" else values
    if column.kind == "numeric" and cells.holds in ("boolean", "categorical", "string", "mixed"):
        index = {}
        for value in cells.distinct():
            number = number_of(value)
            if number is None:
                raise _changed(cells, column, value)
            index[value] = number
        return cells.lookup(index, missing=np.nan, unknown=np.nan, dtype=np.float64)
    return _all_missing(cells, column, np.float64)


def read_instants(cells: Cells, column: Column) -> Array:
    """Return the datetimes of shape (n,); missing ones are NaT."""
    return np.asarray(cells.values) if cells.holds == "datetime" else _all_missing(cells, column, INSTANT)


def read_text(cells: Cells, column: Column) -> sparse.csr_array:
    """Count the words of texts; missing ones have none."""
    if cells.holds not in ("string", "nothing"):
        strange = next((value for value in cells.distinct() if not isinstance(value, str)), None)
        if strange is not None:
            raise _changed(cells, column, strange)
    return count_words(cells.parts())


def _all_missing(cells: Cells, column: Column, dtype: Any) -> Array:
    values = cells.distinct()
    if values:
        raise _changed(cells, column, values[0])
    return np.full(len(cells), "NaT" if dtype == INSTANT else np.nan, dtype)


def _changed(cells: Cells, column: Column, example: Any) -> InvalidData:
    return InvalidData(
        f"Column {column.name!r} held {PLURAL[column.kind]} when fitted, but now {PLURAL[cells.holds]}, for example "
        f"{example!r:.60}. Convert it to {PLURAL[column.kind]}; what is unknown can be missing (NaN)."
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

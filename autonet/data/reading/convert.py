"""The cells of one column as the arrays of a `Table`, by what the column was when fitted."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.typing import Array
from autonet.core.warn import warn
from autonet.data.reading.columns import INSTANT, RawColumn
from autonet.data.reading.feature_types import PLURAL, Column
from autonet.data.reading.formats import Format, is_marker, looks_like_other_format, parse_column
from autonet.data.reading.levels import UNSEEN_CODE, LevelIndex
from autonet.data.reading.number_formats import parse_number
from autonet.data.reading.texts import count_terms
from autonet.data.reading.zones import to_local_time

__all__ = [
    "exceeds_float32",
    "find_infinity",
    "infinity_error",
    "iter_row_chunks",
    "read_codes",
    "read_instants",
    "read_numbers",
    "read_text",
]

FLOAT32_MAX = np.finfo(np.float32).max  # networks compute in float32
CHUNK_CELLS = 1_000_000
SHOWN = 5
SECOND = np.timedelta64(1, "s")


def read_codes(raw: RawColumn, column: Column, index: LevelIndex) -> NDArray[np.int32]:
    """Look the values up among the levels: 0 is missing, 1 unseen, 2 + i the i-th level.

    Raises
    ------
    InvalidData
        If the column holds something else than when fitted, or a value may be several levels.
    """
    codes = index.encode(raw)
    strange = index.find_mismatch(raw, codes)
    if strange is not None:
        raise _type_changed_error(raw, column, strange)
    if column.levels and not (codes > UNSEEN_CODE).any() and not index.share_kind_with(raw.distinct()):
        _refuse_values(raw, column)
    return codes


def read_numbers(raw: RawColumn, column: Column) -> Array:
    """Return the numbers of a numeric column or the seconds of durations, of shape (n,); missing ones are NaN."""
    if raw.value_type == column.kind == "duration":
        return np.asarray(raw.values) / SECOND
    if raw.value_type == column.kind and (column.format is None or column.format.takes_numbers):
        return raw.numbers()
    if column.format is not None:
        return _parse(raw, column, column.format)
    if column.kind == "numeric" and raw.value_type in ("boolean", "categorical", "string", "mixed"):
        index = {}
        for value in raw.distinct():
            number = np.nan if isinstance(value, str) and is_marker(value) else parse_number(value)
            if number is None:
                raise _type_changed_error(raw, column, value)
            index[value] = number
        return raw.lookup(index, missing=np.nan, unknown=np.nan, dtype=np.float64)
    return _fill_missing(raw, column, np.float64)


def read_instants(raw: RawColumn, column: Column) -> Array:
    """Return the datetimes of shape (n,), in the time zone of the column if it has one; missing ones are NaT."""
    if raw.value_type != "datetime":
        return _parse_instants(raw, column)
    instants = np.asarray(raw.values)
    if (raw.zone is None) == (column.zone is None):
        return instants if column.zone is None else to_local_time(instants, column.zone)
    if np.isnat(instants).all():
        return instants
    then, now = (f"in time zone {zone}" if zone else "without time zone" for zone in (column.zone, raw.zone))
    raise InvalidData(
        f"Column {column.name!r} held datetimes {then} when fitted, but now {now}. Give them as they were fitted."
    )


def _parse_instants(raw: RawColumn, column: Column) -> Array:
    if column.format is None:
        return _fill_missing(raw, column, INSTANT)
    microseconds = _parse(raw, column, column.format)
    missing = np.isnan(microseconds)
    instants = np.where(missing, 0, microseconds).astype(np.int64).view(INSTANT)
    instants[missing] = np.datetime64("NaT")
    return instants


def _parse(raw: RawColumn, column: Column, expected: Format) -> Array:
    """Parse a column of text as it was written when fitted; values that are none are missing, with a warning.

    A column that is mostly written in another form is refused.
    """
    values, unparsed = parse_column(raw, expected)
    unknown = [value for value in unparsed if value not in column.unparsed]
    if not unknown:
        return values
    other = next(
        (value for value in unknown if not isinstance(value, str) or looks_like_other_format(value, expected)), None
    )
    if other is not None and 2 * len(unparsed) > len(raw.distinct()):
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


def read_text(raw: RawColumn, column: Column) -> sparse.csr_array:
    """Count the words, or character n-grams, of texts; missing ones have none."""
    if raw.value_type not in ("string", "nothing"):
        strange = next((value for value in raw.distinct() if not isinstance(value, str)), None)
        if strange is not None:
            raise _type_changed_error(raw, column, strange)
    return count_terms(raw.iter_chunks(), column.tokens)


def _fill_missing(raw: RawColumn, column: Column, dtype: Any) -> Array:
    _refuse_values(raw, column)
    return np.full(len(raw), "NaT" if dtype == INSTANT else np.nan, dtype)


def _refuse_values(raw: RawColumn, column: Column) -> None:
    """Raise an error unless all cells are missing."""
    values = raw.distinct()
    if values:
        raise _type_changed_error(raw, column, values[0])


def _type_changed_error(raw: RawColumn, column: Column, example: Any) -> InvalidData:
    such = f" such as {column.levels[0]!r:.60}" if column.kind == "categorical" else ""
    return InvalidData(
        f"Column {column.name!r} held {PLURAL[column.kind]}{such} when fitted, but now {PLURAL[raw.value_type]}, for "
        f"example {example!r:.60}. Convert it to {PLURAL[column.kind]}; what is unknown can be missing (NaN)."
    )


def exceeds_float32(values: Array) -> NDArray[np.bool_]:
    """Mark what float32 cannot hold: infinities, and numbers beyond 3.4e38."""
    return np.asarray(np.abs(values) > FLOAT32_MAX)


def iter_row_chunks(numbers: Array) -> Iterator[Array]:
    """Iterate over some rows at a time, so that no copy of the whole array is made."""
    n_rows = max(CHUNK_CELLS // numbers.shape[1], 1)
    return (numbers[first : first + n_rows] for first in range(0, len(numbers), n_rows))


def find_infinity(numbers: Any, names: Sequence[Hashable]) -> InvalidData | None:
    """Return the error that an array of numbers with infinities deserves; None if there are none."""
    if numbers.dtype.kind != "f":
        return None
    if sparse.issparse(numbers):
        bad = exceeds_float32(numbers.data)
        columns, values = numbers.indices[bad], numbers.data[bad]
        found = [(names[j], values[columns == j]) for j in np.unique(columns)]
    elif any(exceeds_float32(rows).any() for rows in iter_row_chunks(numbers)):
        found = [(name, column[exceeds_float32(column)]) for name, column in zip(names, numbers.T, strict=True)]
    else:
        return None
    return infinity_error(found, numbers.shape[0]) if found else None


def infinity_error(found: Iterable[tuple[Hashable, Array]], n_rows: int) -> InvalidData:
    """Make the error for columns with infinities; `found` has the infinite values of each."""
    listed = [f"{name!r} ({len(bad)} of {n_rows} rows, for example {bad[0]})" for name, bad in found if len(bad)]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return InvalidData(
        "X contains infinity or a value too large for float32, in "
        f"column{'s' if len(listed) > 1 else ''} {', '.join(listed[:SHOWN])}{more}. "
        "Make such values NaN, which is missing, or clip them."
    )

"""Convert raw columns to the arrays of a `Table`, by the feature types of the fitted columns."""

import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.typing import Array
from autonet.core.warn import join_first, warn
from autonet.data.reading.columns import CHUNK_ROWS, INSTANT, PLURAL, Column, RawColumn, Tokens
from autonet.data.reading.date_formats import to_local_time
from autonet.data.reading.formats import Format, is_marker, looks_like_other_format
from autonet.data.reading.iso_formats import parse_iso_datetime, parse_iso_duration
from autonet.data.reading.levels import LevelIndex
from autonet.data.reading.number_formats import parse_number
from autonet.data.table import UNSEEN_CODE

__all__ = [
    "DATE_PARTS",
    "exceeds_float32",
    "find_infinity",
    "infinity_error",
    "iter_row_chunks",
    "read_codes",
    "read_instants",
    "read_numbers",
    "read_positions",
    "read_text",
    "text_vectorizer",
    "write_date_parts",
]

FLOAT32_MAX = np.finfo(np.float32).max
CHUNK_CELLS = 1_000_000  # cells (rows x columns) processed at a time
SECOND = np.timedelta64(1, "s")
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
TERMS = 4096  # hashed terms of a text; a few collisions cost little
NGRAMS = (1, 3)  # characters: one is a word in Chinese, three are the stem of many words elsewhere
# Vowel signs and accents, which \w leaves out, belong to the word around them.
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff"
    "\u0e31-\u0e4e\u0eb1-\u0ecd\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u200c\u200d"
)
# A word is a run of letters, digits and marks of any length, a run of signs of ASCII such as ++ or :), or any other
# character, such as an emoji.
WORD = rf"[\w{MARKS}]+|[!-/:-@\[-`{{-~]+|\S"

DATE_PARTS = (
    "day number",  # days since 2000-01-01
    "second of day",  # 0 to 86400, with a fraction
    "year",
    "month",  # 1 to 12
    "day of month",  # 1 to 31
    "weekday",  # 0 to 6, Monday is 0
    "hour",  # 0 to 23
    "minute",  # 0 to 59
    "sine of year",  # period of 365.25 days, 0 on January 1
    "cosine of year",
    "sine of week",  # period of 7 days, 0 on Monday
    "cosine of week",
    "sine of day",  # period of 24 hours, 0 at midnight
    "cosine of day",
)


def read_codes(raw: RawColumn, column: Column, index: LevelIndex) -> NDArray[np.int32]:
    """Encode a column as codes (n,): 0 is missing, 1 unseen, 2 + i the i-th level.

    Raises
    ------
    InvalidData
        If the type of the values differs from fit, or a value may be several levels.
    """
    codes = index.encode(raw)
    strange = index.find_mismatch(raw, codes)
    if strange is not None:
        raise _type_changed_error(raw, column, strange)
    if column.levels and not (codes > UNSEEN_CODE).any() and not index.share_kind_with(raw.distinct()):
        _refuse_values(raw, column)
    return codes


def read_positions(codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return positions of ordered levels, from 0, given their codes (n,); missing and unseen ones are NaN."""
    return np.where(codes > UNSEEN_CODE, codes - (UNSEEN_CODE + 1.0), np.nan)


def read_numbers(raw: RawColumn, column: Column) -> Array:
    """Return numbers, or seconds of durations, of shape (n,); missing values are NaN.

    Durations may have become text in ISO 8601, as JSON and CSV hold them.
    """
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
    if column.kind == "duration":
        return _parse_iso(raw, column, parse_iso_duration)
    _refuse_values(raw, column)
    return np.full(len(raw), np.nan)


def read_instants(raw: RawColumn, column: Column) -> Array:
    """Return datetimes (n,) in the time zone of the fitted column; missing values are NaT.

    They may have become text in ISO 8601, as JSON and CSV hold them.
    """
    if raw.value_type != "datetime":
        return _parse_instants(raw, column)
    instants = np.asarray(raw.values)
    if (raw.zone is None) == (column.zone is None):
        return instants if column.zone is None else to_local_time(instants, column.zone)
    if np.isnat(instants).all():
        return instants
    raise _zone_error(column, raw.zone)


def _zone_error(column: Column, zone: str | None) -> InvalidData:
    """Return the error for datetimes with a time zone, or without, unlike those of fit."""
    then, now = (f"in time zone {zone}" if zone else "without time zone" for zone in (column.zone, zone))
    return InvalidData(
        f"Column {column.name!r} had datetimes {then} in fit, but now has datetimes {now}; convert them as in fit."
    )


def _parse_instants(raw: RawColumn, column: Column) -> Array:
    if column.format is not None:
        return _to_instants(_parse(raw, column, column.format))

    def parse(text: str) -> float | None:
        moment = parse_iso_datetime(text)
        if moment is not None and (moment.tzinfo is None) != (column.zone is None):
            raise _zone_error(column, None if moment.tzinfo is None else str(moment.tzinfo))
        return None if moment is None else (_to_utc(moment) - EPOCH) // MICROSECOND

    instants = _to_instants(_parse_iso(raw, column, parse))
    return instants if column.zone is None else to_local_time(instants, column.zone)


def _to_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _to_instants(microseconds: Array) -> Array:
    """Convert microseconds since 1970-01-01 (n,) to datetimes; NaN becomes NaT."""
    missing = np.isnan(microseconds)
    instants = np.where(missing, 0, microseconds).astype(np.int64).view(INSTANT)
    instants[missing] = np.datetime64("NaT")
    return instants


def _parse_iso(raw: RawColumn, column: Column, parse: Callable[[str], float | None]) -> Array:
    """Parse texts (n,) of a column that was not a text in fit; NaN for missing values and their markers."""
    index = dict[Any, float]()
    for value in raw.distinct():
        if isinstance(value, str) and is_marker(value):
            continue
        number = parse(value) if isinstance(value, str) else None
        if number is None:
            raise _type_changed_error(raw, column, value)
        index[value] = number
    return raw.lookup(index, missing=np.nan, unknown=np.nan, dtype=np.float64)


def _parse(raw: RawColumn, column: Column, expected: Format) -> Array:
    """Parse text in the format of fit; a few values in other formats become missing, with a warning."""
    values, unparsed = _parse_column(raw, expected)
    unknown = [value for value in unparsed if value not in column.unparsed]
    if not unknown:
        return values
    other = next(
        (value for value in unknown if not isinstance(value, str) or looks_like_other_format(value, expected)), None
    )
    if other is not None and 2 * len(unparsed) > len(raw.distinct()):
        raise InvalidData(
            f"Column {column.name!r} had {expected.description} in fit, but now has {other!r:.60}; write it as in "
            "fit, and unknown values as NaN."
        )
    warn(
        f"Column {column.name!r} had {expected.description} in fit; {len(unknown)} distinct values in other formats, "
        f"such as {unknown[0]!r:.60}, are treated as missing.",
        DataWarning,
    )
    return values


def _parse_column(raw: RawColumn, expected: Format) -> tuple[Array, list[Any]]:
    """Parse texts (n,), NaN for missing values; and list the distinct ones that are neither parsed nor missing."""
    index = dict[Any, float]()
    unparsed = []
    for value in raw.distinct():
        number = _parse_value(value, expected)
        if number is not None:
            index[value] = number
        elif not (isinstance(value, str) and is_marker(value)):
            unparsed.append(value)
    return raw.lookup(index, missing=np.nan, unknown=np.nan, dtype=np.float64), unparsed


def _parse_value(value: Any, expected: Format) -> float | None:
    if isinstance(value, str):
        return expected.parse(value)
    return parse_number(value) if expected.takes_numbers else None


def read_text(raw: RawColumn, column: Column) -> sparse.csr_array:
    """Count hashed words or character n-grams of texts, shape (n, TERMS), float32; missing texts have none."""
    if raw.value_type not in ("string", "nothing"):
        strange = next((value for value in raw.distinct() if not isinstance(value, str)), None)
        if strange is not None:
            raise _type_changed_error(raw, column, strange)
    vectorizer = text_vectorizer(column.tokens)
    counts = [vectorizer.transform([_normalize(text) for text in part]) for part in raw.iter_chunks()]
    return sparse.csr_array(counts[0] if len(counts) == 1 else sparse.vstack(counts, format="csr"))


def _normalize(text: Any) -> str:
    """Return a text in Unicode's normal form C; an empty one for a missing value."""
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else ""


@cache
def text_vectorizer(tokens: Tokens) -> HashingVectorizer:
    """Make the vectorizer that counts words or character n-grams; without a vocabulary nothing leaks."""
    how = {"token_pattern": WORD} if tokens == "words" else {"analyzer": "char_wb", "ngram_range": NGRAMS}
    return HashingVectorizer(n_features=TERMS, alternate_sign=False, norm=None, dtype=np.float32, **how)


def _refuse_values(raw: RawColumn, column: Column) -> None:
    """Raise an error unless all values are missing."""
    values = raw.distinct()
    if values:
        raise _type_changed_error(raw, column, values[0])


def _type_changed_error(raw: RawColumn, column: Column, example: Any) -> InvalidData:
    such = f" such as {column.levels[0]!r:.60}" if column.kind in ("categorical", "ordinal") else ""
    in_text = " or text in ISO 8601" if column.kind in ("datetime", "duration") and column.format is None else ""
    return InvalidData(
        f"Column {column.name!r} had {PLURAL[column.kind]}{such} in fit, but now has {PLURAL[raw.value_type]}, such as "
        f"{example!r:.60}; convert it to {PLURAL[column.kind]}{in_text}, with NaN for unknown values."
    )


def exceeds_float32(values: Array) -> NDArray[np.bool_]:
    """Return a mask of infinities and of numbers beyond the range of float32, in the shape of `values`."""
    return np.asarray(np.abs(values) > FLOAT32_MAX)


def iter_row_chunks(numbers: Array) -> Iterator[Array]:
    """Iterate over chunks of the rows of an array (n, p), so that temporary arrays stay small."""
    n_rows = max(CHUNK_CELLS // numbers.shape[1], 1)
    return (numbers[first : first + n_rows] for first in range(0, len(numbers), n_rows))


def find_infinity(numbers: Any, names: Sequence[Hashable]) -> InvalidData | None:
    """Return the error for infinities in numbers (n, p); None if there are none."""
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
    """Make the error for columns with infinities, given the infinite values (n_infinite,) of each."""
    listed = [f"{name!r} ({len(bad)} of {n_rows} rows, such as {bad[0]})" for name, bad in found if len(bad)]
    return InvalidData(
        "X contains infinity or a value too large for float32, in "
        f"column{'s' if len(listed) > 1 else ''} {join_first(listed)}. "
        "Clip such values, or replace them by NaN."
    )


def write_date_parts(instants: NDArray[np.datetime64], out: Sequence[NDArray[Any]]) -> None:
    """Write the calendar parts of datetimes to arrays.

    Days and seconds of the day are separate, because float32 would round seconds since 2000 to multiples of 64; it
    represents days exactly for 45,000 years, and seconds of the day to 1/128.

    Parameters
    ----------
    instants : ndarray of shape (n,), datetime64
        Local time; NaT becomes NaN in all parts.
    out : sequence of ndarray of shape (n,), float
        One array for each of `DATE_PARTS`.
    """
    for first in range(0, len(instants), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        missing = np.isnat(instants[rows])
        for target, numbers in zip(out, _iter_date_parts(instants[rows]), strict=True):
            target[rows] = np.where(missing, np.nan, numbers)


def _iter_date_parts(instants: NDArray[np.datetime64]) -> Iterator[NDArray[Any]]:
    days, months, years = (instants.astype(f"datetime64[{unit}]") for unit in "DMY")
    second = (instants - days) / np.timedelta64(1, "s")
    day_number = days.astype(np.int64)  # since 1970-01-01, a Thursday
    weekday = (day_number + 3) % 7
    yield day_number - 10_957  # days from 1970-01-01 to 2000-01-01
    yield second
    yield years.astype(np.int64) + 1970
    yield (months - years).astype(np.int64) + 1
    yield (days - months).astype(np.int64) + 1
    yield weekday
    yield second // 3600
    yield second // 60 % 60
    for position, period in (((days - years).astype(np.int64), 365.25), (weekday, 7), (second, 86_400)):
        angle = 2 * np.pi / period * position
        yield np.sin(angle)
        yield np.cos(angle)

"""Datetimes as numbers: where on the line of time, which part of the calendar, where in its cycles."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DATE_PARTS", "write_date_parts"]

CHUNK_ROWS = 65_536  # at a time: a dozen arrays of the length of the table would be large

DATE_PARTS = (
    "day number",  # whole days since 2000-01-01
    "second of day",  # 0 to 86400, with fraction
    "year",
    "month",  # 1 to 12
    "day of month",  # 1 to 31
    "weekday",  # 0 to 6, Monday is 0
    "hour",  # 0 to 23
    "minute",  # 0 to 59
    "sine of year",  # of the angle that goes round once in 365.25 days, 0 on January 1
    "cosine of year",
    "sine of week",  # once in seven days, 0 on Monday
    "cosine of week",
    "sine of day",  # once in 24 hours, 0 at midnight
    "cosine of day",
)


def write_date_parts(instants: NDArray[np.datetime64], out: Sequence[NDArray[Any]]) -> None:
    """Write datetimes as numbers.

    Time since an epoch is two numbers, days and seconds of the day: in float32 seconds since 2000 would be 64 apart,
    while days are exact for 45,000 years and seconds to 1/128.

    Parameters
    ----------
    instants : ndarray of shape (n,), datetime64
        Without time zone; NaT becomes NaN in all numbers.
    out : sequence of ndarray of shape (n,), float
        One for each of `DATE_PARTS`.
    """
    for first in range(0, len(instants), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        missing = np.isnat(instants[rows])
        for target, numbers in zip(out, _parts(instants[rows]), strict=True):
            target[rows] = np.where(missing, np.nan, numbers)


def _parts(instants: NDArray[np.datetime64]) -> Iterator[NDArray[Any]]:
    days, months, years = (instants.astype(f"datetime64[{unit}]") for unit in "DMY")
    second = (instants - days) / np.timedelta64(1, "s")
    day_number = days.astype(np.int64)  # since 1970-01-01, a Thursday
    weekday = (day_number + 3) % 7
    yield day_number - 10_957  # the days to 2000-01-01
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

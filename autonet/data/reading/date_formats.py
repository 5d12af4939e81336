"""Formats of dates, datetimes and times of day, one per column; time zones."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from autonet.core.spec import describable

__all__ = [
    "DateFormat",
    "TimeFormat",
    "format_offset",
    "infer_date_format",
    "looks_like_date",
    "looks_like_time",
    "normalize_zone",
    "to_local_time",
]

Order = Literal["day first", "month first", "year first"]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    "(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
CLOCK = (
    r"(?P<hour>\d{1,3}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?"
)
ZONE = r"(?:\s*(?P<zone>Z|UTC|GMT|[-+]\d{2}(?::?\d{2})?))?"
# Unambiguous forms: the year first, or the month by its name.
UNAMBIGUOUS = (
    r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
    r"(?P<year>(?:19|20)\d{2})[-/](?P<month>\d{2})",
    r"(?P<year>\d{4})[年년]\s*(?P<month>\d{1,2})[月월]\s*(?:(?P<day>\d{1,2})[日일])?",
    rf"{DAY}[-/. ]+{MONTH}\.?[-/., ]+(?P<year>\d{{4}}|\d{{2}})",
    rf"{MONTH}\.?[-/ ]+{DAY}[-/, ]+(?P<year>\d{{4}})",
    rf"(?P<year>\d{{4}})[-/ ]{MONTH}[-/ ](?P<day>\d{{1,2}})",
    rf"{MONTH}\.?[-/, ]+(?P<year>\d{{4}})",
)
# 01/02/03 or 1.2.2003, but not 1.2.13, which is a version.
AMBIGUOUS = (
    r"(?!\d{1,2}\.\d\.\d\d\b|\d\.\d\d\.\d\d\b)(?P<first>\d{1,2})([-/.])(?P<second_part>\d{1,2})\2(?P<last>\d{4}|\d{2})"
)


def _compile(date: str) -> re.Pattern[str]:
    return re.compile(rf"{WEEKDAY}{date}(?:(?:T|,?\s+(?:at\s+)?){CLOCK}{ZONE})?", re.IGNORECASE)


UNAMBIGUOUS_DATES = tuple(map(_compile, UNAMBIGUOUS))
AMBIGUOUS_DATE = _compile(AMBIGUOUS)
TIME = re.compile(rf"(?P<sign>-)?(?:(?P<days>\d{{1,6}}) days?(?P<comma>,)? (?P<plus>\+)?)?{CLOCK}", re.IGNORECASE)
CENTURY = 100
PIVOT = 69  # two-digit years, as in POSIX: 69 is 1969, 68 is 2068
# Dates valid in another order only (typing errors), relative to those valid in this order only.
MAX_CONTRADICTING = 0.05
NOON = 12
EPOCH = datetime(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)
OFFSET = re.compile(r"(?:UTC)?([+-][0-9]{2}):?([0-9]{2})")
ONE_DAY = np.timedelta64(1, "D")


@describable
@dataclass(frozen=True, slots=True)
class DateFormat:
    """Format of the dates of a column.

    Attributes
    ----------
    order : {"day first", "month first", "year first"} or None
        Order of day, month and year in dates such as 01/02/2003; None if there are none.
    zone : int or None
        Offset from UTC, in minutes, to which dates with a time zone are converted; None if they have none.
    """

    kind: ClassVar[Literal["datetime"]] = "datetime"
    takes_numbers: ClassVar[bool] = False
    order: Order | None = None
    zone: int | None = None

    @property
    def description(self) -> str:
        """Description of a column in this format."""
        return "dates written as text" + (f", {self.order}" if self.order else "")

    def parse(self, text: str) -> float | None:
        """Return microseconds since 1970-01-01; None if the text is not a date in this format."""
        parts = _match_date(text)
        if parts is None or (self.order is None and "last" in parts):
            return None
        moment = _to_datetime(parts, self.order)
        if moment is None or (moment.tzinfo is None) != (self.zone is None):
            return None
        local = timedelta(minutes=self.zone or 0) - (moment.utcoffset() or timedelta())
        return (moment.replace(tzinfo=None) - EPOCH + local) // MICROSECOND


@describable
@dataclass(frozen=True, slots=True)
class TimeFormat:
    """Format of times of day and durations: 13:45, 1:45 pm, 36:00:00.5, 2 days 03:00:00."""

    kind: ClassVar[Literal["duration"]] = "duration"
    takes_numbers: ClassVar[bool] = False
    description: ClassVar[str] = "times written as text"

    def parse(self, text: str) -> float | None:
        """Return seconds; None if the text is not a time."""
        match = TIME.fullmatch(" ".join(text.split()))
        time = None if match is None else _parse_time(match.groupdict(""))
        if match is None or time is None:
            return None
        days = timedelta(days=int(match["days"] or 0))
        if match["sign"] and (match["comma"] or match["plus"]):  # Python and pandas add the time to negative days
            return (time - days).total_seconds()
        return (-(time + days) if match["sign"] else time + days).total_seconds()


def infer_date_format(texts: Sequence[str]) -> DateFormat | None:
    """Infer the format that parses most of the distinct texts; its order is None if it is ambiguous."""
    matches = [parts for parts in map(_match_date, texts) if parts is not None]
    order = _infer_order([parts for parts in matches if "last" in parts])
    moments = [moment for moment in (_to_datetime(parts, order) for parts in matches) if moment is not None]
    offsets = [offset for moment in moments if (offset := moment.utcoffset()) is not None]
    if not moments:
        return None
    zone = None
    if 2 * len(offsets) > len(moments):
        zone = int(offsets[0].total_seconds()) // 60 if len(set(offsets)) == 1 else 0
    return DateFormat(order, zone)


def _infer_order(matches: Sequence[dict[str, str]]) -> Order | None:
    """Infer the order of day, month and year in dates such as 01/02/2003; None if it is ambiguous."""
    fits: dict[Order, set[int]] = {
        order: {i for i, parts in enumerate(matches) if _to_datetime(parts, order) is not None}
        for order in ("day first", "month first", "year first")
    }
    best = max(fits, key=lambda order: len(fits[order]))
    for order, found in fits.items():
        if order != best:
            agree, disagree = len(fits[best] - found), len(found - fits[best])
            if not agree or disagree > MAX_CONTRADICTING * agree:
                return None
    return best


def looks_like_date(text: str) -> bool:
    """Return whether a text is a date in any order."""
    parts = _match_date(text)
    return parts is not None and any(
        _to_datetime(parts, order) is not None for order in ("day first", "month first", "year first")
    )


def looks_like_time(text: str) -> bool:
    """Return whether a text is a time of day or a duration."""
    return TimeFormat().parse(text) is not None


def _match_date(text: str) -> dict[str, str] | None:
    """Split a date into its parts; those of an ambiguous one are first, second_part and last."""
    text = " ".join(text.split())
    for pattern in UNAMBIGUOUS_DATES:
        match = pattern.fullmatch(text)
        if match is not None:
            return match.groupdict("")
    match = AMBIGUOUS_DATE.fullmatch(text)
    return None if match is None else match.groupdict("")


def _to_datetime(parts: dict[str, str], order: Order | None) -> datetime | None:
    """Return the datetime with these parts, with its offset from UTC if it has one; None if it is not valid."""
    day, month, year = _day_month_year(parts, order)
    time = _parse_time(parts) if parts["hour"] else timedelta()
    if time is None or not year or time >= timedelta(days=1):
        return None
    number = int(year)
    if len(year) == 2:
        number += 2000 - (CENTURY if number >= PIVOT else 0)
    try:
        moment = datetime(number, int(month), int(day or 1), tzinfo=_parse_zone(parts["zone"])) + time
    except (ValueError, OverflowError):
        return None
    return moment


def _day_month_year(parts: dict[str, str], order: Order | None) -> tuple[str, str, str]:
    if "last" not in parts:
        name = parts.get("name", "")
        month = str(MONTHS.index(name[:3].lower()) + 1) if name else parts["month"]
        return parts.get("day", ""), month, parts["year"]
    first, second, last = parts["first"], parts["second_part"], parts["last"]
    if order == "year first":
        return (last, second, first) if len(first) == len(last) else ("", "", "")
    return (first, second, last) if order == "day first" else (second, first, last)


def _parse_time(parts: dict[str, str]) -> timedelta | None:
    hour, minute, second = int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0)
    if parts["half"]:
        if not 1 <= hour <= NOON:
            return None
        hour = hour % NOON + (NOON if parts["half"].lower() == "p" else 0)
    if minute >= 60 or second >= 60:
        return None
    microsecond = int(parts["fraction"][:6].ljust(6, "0")) if parts["fraction"] else 0
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)


def _parse_zone(zone: str) -> timezone | None:
    if not zone:
        return None
    if zone.upper() in ("Z", "UTC", "GMT"):
        return UTC
    sign, digits = (-1 if zone[0] == "-" else 1), zone[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0)))


def normalize_zone(zone: object) -> str:
    """Return the name of a time zone that other machines know; "UTC" if there is none."""
    return "UTC" if _resolve_zone(str(zone)) is None else str(zone)


def format_offset(minutes: int) -> str:
    """Return the name of the time zone with an offset from UTC in minutes."""
    return str(timezone(timedelta(minutes=minutes)))


def to_local_time(instants: NDArray[np.datetime64], zone: str) -> NDArray[np.datetime64]:
    """Convert instants in UTC to local time.

    Parameters
    ----------
    instants : ndarray of shape (n,), datetime64[us]
    zone : str
        A name of the IANA database, or an offset such as "+09:00".

    Returns
    -------
    ndarray of shape (n,), datetime64[us]
        NaT stays NaT.
    """
    tz = _resolve_zone(zone)
    if tz is None or zone == "UTC":
        return instants
    days, of_day = np.unique(instants.astype("datetime64[D]"), return_inverse=True)
    start, end = _utc_offsets(days, tz), _utc_offsets(np.asarray(days + ONE_DAY), tz)
    # Offsets change on few days, and at quarters of an hour.
    changes = (start != end)[of_day]
    offsets = start[of_day]
    quarters, of_quarter = np.unique(instants[changes].astype("datetime64[15m]"), return_inverse=True)
    offsets[changes] = _utc_offsets(quarters, tz)[of_quarter]
    return instants + offsets


def _utc_offsets(instants: NDArray[np.datetime64], tz: tzinfo) -> NDArray[np.timedelta64]:
    """Return the offset from UTC of each instant (n,) in UTC; a loop, so n should be small."""
    offsets = []
    for value in instants.astype("datetime64[s]").tolist():
        try:
            offsets.append(value.replace(tzinfo=UTC).astimezone(tz).utcoffset())
        except (AttributeError, OverflowError):  # NaT, or beyond the range of Python's datetimes
            offsets.append(timedelta())
    return np.array(offsets, "timedelta64[us]")


def _resolve_zone(name: str) -> tzinfo | None:
    offset = OFFSET.fullmatch(name)
    if offset:
        hours, minutes = int(offset[1]), int(offset[1][0] + offset[2])
        return timezone(timedelta(hours=hours, minutes=minutes))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown name, or no time zone database
        return None

"""Time zones: names, offsets, and conversion to local time."""

import datetime
import re
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

__all__ = ["format_offset", "normalize_zone", "to_local_time"]

OFFSET = re.compile(r"(?:UTC)?([+-][0-9]{2}):?([0-9]{2})")
DAY = np.timedelta64(1, "D")


def normalize_zone(zone: object) -> str:
    """Return the name of a time zone that other machines know; "UTC" if there is none."""
    return "UTC" if _parse_zone(str(zone)) is None else str(zone)


def format_offset(minutes: int) -> str:
    """Return the name of the time zone with an offset from UTC in minutes."""
    return str(datetime.timezone(datetime.timedelta(minutes=minutes)))


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
    tz = _parse_zone(zone)
    if tz is None or zone == "UTC":
        return instants
    days, of_day = np.unique(instants.astype("datetime64[D]"), return_inverse=True)
    start, end = _utc_offsets(days, tz), _utc_offsets(np.asarray(days + DAY), tz)
    # Offsets change on few days, and at quarters of an hour.
    changes = (start != end)[of_day]
    offsets = start[of_day]
    quarters, of_quarter = np.unique(instants[changes].astype("datetime64[15m]"), return_inverse=True)
    offsets[changes] = _utc_offsets(quarters, tz)[of_quarter]
    return instants + offsets


def _utc_offsets(instants: NDArray[np.datetime64], tz: datetime.tzinfo) -> NDArray[np.timedelta64]:
    """Return the offset from UTC of each instant (n,) in UTC; a loop, so n should be small."""
    offsets = []
    for value in instants.astype("datetime64[s]").tolist():
        try:
            offsets.append(value.replace(tzinfo=datetime.UTC).astimezone(tz).utcoffset())
        except (AttributeError, OverflowError):  # NaT, or beyond the range of Python's datetimes
            offsets.append(datetime.timedelta())
    return np.array(offsets, "timedelta64[us]")


def _parse_zone(name: str) -> datetime.tzinfo | None:
    offset = OFFSET.fullmatch(name)
    if offset:
        hours, minutes = int(offset[1]), int(offset[1][0] + offset[2])
        return datetime.timezone(datetime.timedelta(hours=hours, minutes=minutes))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown name, or no time zone database
        return None

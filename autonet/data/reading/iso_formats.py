"""Datetimes and durations in ISO 8601, as JSON and CSV hold columns that had these types in fit."""

import re
from datetime import datetime, timedelta

from autonet.data.reading.date_formats import TimeFormat

__all__ = ["parse_iso_datetime", "parse_iso_duration"]

UNITS = ("weeks", "days", "hours", "minutes", "seconds")
NUMBER = r"[-+]?\d+(?:[.,]\d+)?"
# Years and months are left out: they have no fixed length.
DURATION = re.compile(
    rf"(?P<sign>[-+])?P(?=[-+\dT])(?:(?P<weeks>{NUMBER})W)?(?:(?P<days>{NUMBER})D)?"
    rf"(?:T(?=[-+\d])(?:(?P<hours>{NUMBER})H)?(?:(?P<minutes>{NUMBER})M)?(?:(?P<seconds>{NUMBER})S)?)?",
    re.IGNORECASE,
)


def parse_iso_datetime(text: str) -> datetime | None:
    """Return a date or datetime, with its offset from UTC if it has one; None if the text is none in ISO 8601."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def parse_iso_duration(text: str) -> float | None:
    """Return the seconds of a duration in ISO 8601, or as pandas and Python print it; None if the text is none."""
    match = DURATION.fullmatch(text.strip())
    if match is None:
        return TimeFormat().parse(text)
    parts = {unit: float((match[unit] or "0").replace(",", ".")) for unit in UNITS}
    try:
        seconds = timedelta(**parts).total_seconds()
    except OverflowError:
        return None
    return -seconds if match["sign"] == "-" else seconds

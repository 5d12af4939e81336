"""Canonical form of a value, independent of its type, unit, time zone and spelling."""

import datetime
import math
import re
import unicodedata
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from autonet.data.reading.columns import EXACT, is_missing

__all__ = ["MISSING", "WRITTEN_MISSING", "canonicalize"]

MISSING = ("missing", None)

# Missing values of Python, NumPy and pandas as written by str(), without "NA" and "null", which may be codes.
WRITTEN_MISSING = frozenset({"nan", "NaN", "None", "NaT", "<NA>"})
BOOLEANS = {"true": True, "false": False}
INTEGER = re.compile(r"-?[0-9]{1,300}")
# Floats as written by str(), with signed exponents, so that codes such as 12e4 remain texts.
DECIMAL = re.compile(r"-?[0-9]{1,300}\.[0-9]*(e[+-][0-9]{1,3})?|-?[0-9]e[+-][0-9]{1,3}", re.IGNORECASE)
DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9].*)?")

Key = tuple[str, Any]


def canonicalize(value: Any) -> tuple[Any, ...]:
    """Return the canonical form of a value, which is equal for all its representations.

    Parameters
    ----------
    value : object
        A number, string, bytes, boolean, date, duration or missing value; a tuple of such values.

    Returns
    -------
    tuple
        Kind of the value, and the value as a Python object.  Numbers of all types are one kind, with their strings:
        10115, 10115.0, "10115.0", "010115".  Fractions are rounded to float32.  Floats beyond 2**53, which may be
        several integers, are another kind.  Datetimes with a time zone are in UTC.  Strings are stripped and in
        Unicode's normal form C.

    Examples
    --------
    >>> canonicalize(np.int32(10115)) == canonicalize("10115.0") == ("number", 10115)
    True
    >>> canonicalize(b"red ") == canonicalize("red")
    True
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return _canonicalize_string(value)
    if isinstance(value, tuple):
        return tuple(canonicalize(part) for part in value)
    if is_missing(value):
        return MISSING
    return _canonicalize_object(value)


def _canonicalize_object(value: Any) -> Key:
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, Real | Decimal):
        return _canonicalize_number(value, exact=not isinstance(value, float))
    if isinstance(value, datetime.datetime):
        return _canonicalize_datetime(value)
    if isinstance(value, datetime.date):
        return ("datetime", datetime.datetime(value.year, value.month, value.day))
    if isinstance(value, datetime.timedelta):
        return ("duration", datetime.timedelta(value.days, value.seconds, value.microseconds))
    return ("string", str(value))


def _canonicalize_number(value: Any, *, exact: bool) -> Key:
    if not math.isfinite(value):
        return ("number", float(value))
    whole = int(value)
    if whole != value:
        return ("number", _round_to_float32(float(value)))
    return ("number", whole) if exact or abs(whole) < EXACT else ("rounded", float(value))


def _round_to_float32(value: float) -> float:
    """Round to float32, the dtype that one of two tables may have, unless the result is zero."""
    return float(np.float32(value)) or value


def _canonicalize_datetime(value: datetime.datetime) -> Key:
    if value.tzinfo is not None:
        value = value.astimezone(datetime.UTC)
    plain = datetime.datetime.combine(value.date(), value.time())  # pandas' own type has nanoseconds
    return ("datetime" if value.tzinfo is None else "instant", plain)


def _canonicalize_string(text: str) -> Key:
    text = unicodedata.normalize("NFC", text).strip()
    if INTEGER.fullmatch(text):
        return ("number", int(text))
    if DECIMAL.fullmatch(text):
        number = float(text)
        return _canonicalize_number(number, exact=False) if math.isfinite(number) else ("string", text)
    if DATETIME.fullmatch(text):
        try:
            return _canonicalize_datetime(datetime.datetime.fromisoformat(text))
        except (ValueError, OverflowError):  # 2024-02-30 is a string; year 1 in UTC is year 0
            return ("string", text)
    if text in WRITTEN_MISSING:
        return MISSING
    written = BOOLEANS.get(text.lower())
    return ("string", text) if written is None else ("boolean", written)

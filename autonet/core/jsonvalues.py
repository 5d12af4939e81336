"""Lossless JSON: equal values of the same types, tuples, infinities and keys other than strings included."""

import base64
import datetime
import json
import math
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

__all__ = ["from_text", "is_storable", "normalize", "pack", "readable", "to_text", "unpack"]

TUPLE, FLOAT, DICT = "__tuple__", "__float__", "__dict__"

# Types without a JSON form: tag, writer and reader, by exact type.
_TAGGED: Mapping[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    bytes: ("__bytes__", lambda v: base64.b64encode(v).decode(), lambda t: base64.b64decode(t, validate=True)),
    complex: ("__complex__", repr, complex),
    datetime.datetime: ("__datetime__", datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    datetime.date: ("__date__", datetime.date.isoformat, datetime.date.fromisoformat),
    datetime.time: ("__time__", datetime.time.isoformat, datetime.time.fromisoformat),
    datetime.timedelta: (
        "__timedelta__",
        lambda v: [v.days, v.seconds, v.microseconds],
        lambda parts: datetime.timedelta(*parts),
    ),
    Decimal: ("__decimal__", str, Decimal),
    # Not Fraction(t): that of "1e9999999" takes seconds.
    Fraction: ("__fraction__", str, lambda t: Fraction(*map(int, t.split("/")))),
    uuid.UUID: ("__uuid__", str, uuid.UUID),
}
_SETS: Mapping[type, str] = {set: "__set__", frozenset: "__frozenset__"}

_READERS: Mapping[str, Callable[[Any], Any]] = {
    TUPLE: tuple,
    FLOAT: float,
    DICT: lambda pairs: {key: value for key, value in pairs},  # noqa: C416 - refuses anything but pairs
    **{tag: read for tag, _, read in _TAGGED.values()},
    **{tag: kind for kind, tag in _SETS.items()},
}

# Levels of nesting above which values are refused, such as those that contain themselves.
MAX_DEPTH = 100

# Bits of the largest integer: Python reads and writes up to 4300 digits.
MAX_BITS = 14_000


def to_text(value: Any) -> str:
    """Write a value as JSON.

    None, bool, numbers, str, bytes, dates and times, and lists, tuples, sets and dicts of them are stored without loss;
    arrays and scalars of NumPy and torch as Python numbers.

    Raises
    ------
    TypeError
        If the value has a part of another type.

    >>> from_text(to_text({"units": (64, 32), "loss": float("inf"), 3: None}))
    {'units': (64, 32), 'loss': inf, 3: None}
    """
    return json.dumps(pack(value, "value"), allow_nan=False)


def from_text(text: str) -> Any:
    """Read a value that `to_text` wrote."""
    return json.loads(text, object_hook=_unpack_tagged)


def normalize(value: Any, name: str) -> Any:
    """Return a copy of `value` as a store returns it.

    Parameters
    ----------
    value : object
    name : str
        Name of the value in error messages.

    Raises
    ------
    TypeError
        If it cannot be stored.
    """
    if value is None or type(value) in (bool, float, str):  # nearly all
        return value
    return unpack(pack(value, name))


def is_storable(value: Any) -> bool:
    """Return whether a store returns an equal value."""
    try:
        return bool(from_text(to_text(value)) == value)
    except (TypeError, ValueError):
        return False


def pack(value: Any, name: str, depth: int = 0) -> Any:
    """Convert a value to JSON types; values of other types become a dict with a tag as its key.

    Parameters
    ----------
    value : object
        See `to_text`.
    name : str
        Name of the value in error messages.
    depth : int
        Number of containers around the value.

    Raises
    ------
    TypeError
        If it cannot be stored.
    """
    if depth > MAX_DEPTH:
        raise TypeError(f"{name} is nested more than {MAX_DEPTH} levels deep, or contains itself.")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise TypeError(f"{name} is an integer of {value.bit_length()} bits; expected at most {MAX_BITS}.")
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {FLOAT: repr(float(value))}
    if isinstance(value, list):
        return [pack(v, name, depth + 1) for v in value]
    if isinstance(value, tuple):
        return {TUPLE: [pack(v, name, depth + 1) for v in value]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and not _READERS.keys() & value.keys():
            return {key: pack(v, name, depth + 1) for key, v in value.items()}
        return {DICT: [[pack(k, name, depth + 1), pack(v, name, depth + 1)] for k, v in value.items()]}
    if type(value) in _SETS:
        members = (pack(v, name, depth + 1) for v in value)
        return {_SETS[type(value)]: sorted(members, key=json.dumps)}
    if type(value) in _TAGGED:
        tag, write, _ = _TAGGED[type(value)]
        return {tag: write(value)}
    return pack(_as_python(value, name), name, depth + 1)


def readable(value: Any) -> str | float | None:
    """Return a value as JSON shows it to other programs: as it is, or as text, such as that of a date."""
    if type(value).__module__ == "numpy" and value.dtype.kind in "biufSU":
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    is_plain = value is None or isinstance(value, int | str) or (isinstance(value, float) and math.isfinite(value))
    return value if is_plain else str(value)


def unpack(packed: Any) -> Any:
    """Return the value that `pack` converted."""
    return from_text(json.dumps(packed, allow_nan=False))


def _as_python(value: Any, name: str) -> Any:
    """Convert an array or scalar of NumPy or torch to Python numbers."""
    library = type(value).__module__.partition(".")[0]
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if (
        library in ("numpy", "torch") and hasattr(value, "tolist") and kind not in ("M", "m", "V")
    ):  # tolist() changes times
        items = value.tolist()
        if type(items) is not type(value):
            return items
    raise TypeError(
        f"{name} has a part of type {type(value).__name__}, which cannot be stored; use numbers, strings, bytes, "
        "dates, arrays, and lists, sets or dicts of them."
    )


def _unpack_tagged(read: dict[str, Any]) -> Any:
    """Convert a tagged dict to its value."""
    if len(read) == 1:
        ((tag, content),) = read.items()
        if tag in _READERS:
            return _READERS[tag](content)
    return read

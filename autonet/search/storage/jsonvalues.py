"""Plain values as JSON text and back, equal and of the same types: tuples, infinities and keys that are no text too."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["from_text", "to_text"]

TUPLE, FLOAT, DICT = "__tuple__", "__float__", "__dict__"

_READERS: Mapping[str, Callable[[Any], Any]] = {
    TUPLE: tuple,
    FLOAT: float,
    DICT: lambda pairs: {key: value for key, value in pairs},  # noqa: C416 - refuses what is no pair
}


def to_text(value: Any) -> str:
    """Write a value as JSON.

    None, bool, numbers, str, and lists, tuples and dicts of them come back as they were; arrays and scalars of
    numpy or torch as the Python numbers in them; anything else as its ``repr``.

    >>> from_text(to_text({"units": (64, 32), "loss": float("inf"), 3: None}))
    {'units': (64, 32), 'loss': inf, 3: None}
    """
    return json.dumps(_packed(value), allow_nan=False)


def from_text(text: str) -> Any:
    """Read what `to_text` wrote."""
    return json.loads(text, object_hook=_unpacked)


def _packed(value: Any) -> Any:
    """Turn a value into one that JSON knows; what it does not know is put into a dict under a tag."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {FLOAT: repr(float(value))}
    if isinstance(value, list):
        return [_packed(v) for v in value]
    if isinstance(value, tuple):
        return {TUPLE: [_packed(v) for v in value]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and not _READERS.keys() & value.keys():
            return {key: _packed(v) for key, v in value.items()}
        return {DICT: [[_packed(key), _packed(v)] for key, v in value.items()]}
    items = value.tolist() if callable(getattr(value, "tolist", None)) and not isinstance(value, type) else value
    return repr(value) if type(items) is type(value) else _packed(items)


def _unpacked(read: dict[str, Any]) -> Any:
    """Turn a tagged dict back into what it stands for."""
    if len(read) == 1:
        ((tag, content),) = read.items()
        if tag in _READERS:
            return _READERS[tag](content)
    return read

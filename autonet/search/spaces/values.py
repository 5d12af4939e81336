"""Convert, copy, compare and print values of hyperparameters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["copy_value", "find_index", "safe_repr", "to_plain"]


def to_plain(value: Any) -> Any:
    """Convert a NumPy scalar to a Python value; return anything else unchanged."""
    return value.item() if isinstance(value, np.generic) else value


def copy_value(value: Any) -> Any:
    """Copy arrays, lists, tuples, sets and dicts recursively; other objects are shared."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple, set):
        return type(value)(copy_value(v) for v in value)
    if type(value) is dict:
        return {key: copy_value(v) for key, v in value.items()}
    return value


def find_index(value: Any, choices: Sequence[Any]) -> int | None:
    """Return the index of `value` in `choices`, preferring one of the same type; None if there is none."""
    equal = [i for i, choice in enumerate(choices) if _equal(choice, value)]
    return next((i for i in equal if type(choices[i]) is type(value)), equal[0] if equal else None)


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    try:
        return bool(a == b) or (isinstance(a, float) and isinstance(b, float) and a != a and b != b)  # NaN is NaN
    except (TypeError, ValueError):  # arrays, and objects that compare with their own kind only
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.array_equal(a, b)


def safe_repr(value: Any) -> str:
    """Return the repr of a value for an error message, even if ``repr`` raises."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the value is of the user's own class
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= 100 else f"{text[:100]}..."

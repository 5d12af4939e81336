"""Checks of single values."""

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from autonet.core.errors import UnknownName

__all__ = ["check_choice", "is_integer", "is_real"]


def check_choice(what: str, name: str, valid: Iterable[str]) -> str:
    """Return `name` if it is among `valid`.

    Parameters
    ----------
    what : str
        What the name names, for the error message.
    name : str
    valid : iterable of str

    Raises
    ------
    UnknownName
        If it is not; with the most similar valid name.
    """
    valid = list(valid)
    if name not in valid:
        raise UnknownName(what, name, valid)
    return name


def is_integer(value: Any) -> bool:
    """Return whether `value` is an integer of Python or NumPy; booleans are not."""
    return not isinstance(value, bool) and isinstance(value, Integral)


def is_real(value: Any) -> bool:
    """Return whether `value` is a real number of Python or NumPy that a float can hold; NaN and booleans are not."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return not math.isnan(float(value))
    except OverflowError:
        return False

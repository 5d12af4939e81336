"""Folders in which the relative paths of CSV files are looked for."""

import os
from collections.abc import Sequence
from typing import Any

from autonet.core.errors import InvalidOption

__all__ = ["ROOTS", "are_roots", "check_roots"]

# What root folders must be.
ROOTS = "a list of paths, or None"


def are_roots(value: Any) -> bool:
    """Return whether a value is None, or a list of at least one path."""
    if value is None:
        return True
    is_list = isinstance(value, Sequence) and not isinstance(value, str)  # its characters would be folders
    return is_list and len(value) > 0 and all(isinstance(path, str | os.PathLike) and os.fspath(path) for path in value)


def check_roots(value: Any) -> Sequence[str | os.PathLike[str]]:
    """Return root folders; none for None.

    Raises
    ------
    InvalidOption
        If they are not a list of paths.
    """
    if not are_roots(value):
        raise InvalidOption(f"root_folders must be {ROOTS}; got {value!r:.60}.")
    return () if value is None else value

"""Warnings that point to the user's code, and lists in messages."""

import contextlib
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

__all__ = ["SHOWN", "join_first", "warn"]

PACKAGE = str(Path(__file__).parents[1])
SHOWN = 5  # items in a message, as in scikit-learn


def warn(message: str, category: type[Warning]) -> None:
    """Issue a warning that points to the innermost line outside of autonet."""
    frame, level = sys._getframe(), 1  # noqa: SLF001 - as pandas does
    while frame.f_back is not None and frame.f_code.co_filename.startswith((PACKAGE, contextlib.__file__)):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def join_first(items: Sequence[str], limit: int = SHOWN) -> str:
    """Join the first items for a message: "a, b and 3 more"."""
    return ", ".join(items[:limit]) + (f" and {len(items) - limit} more" if len(items) > limit else "")

"""Warnings that point to the user's code."""

import sys
import warnings
from pathlib import Path

__all__ = ["warn"]

PACKAGE = str(Path(__file__).parents[1])


def warn(message: str, category: type[Warning]) -> None:
    """Issue a warning that points to the innermost line outside of autonet."""
    frame, level = sys._getframe(), 1  # noqa: SLF001 - as pandas does
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)

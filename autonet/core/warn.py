"""Warnings that point to the user's code, and lists in messages."""

import contextlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

__all__ = ["SHOWN", "join_first", "silence", "warn"]

PACKAGE = str(Path(__file__).parents[1])
SHOWN = 5  # items in a message, as in scikit-learn


def warn(message: str, category: type[Warning]) -> None:
    """Issue a warning that points to the innermost line outside of autonet."""
    frame, level = sys._getframe(), 1  # noqa: SLF001 - as pandas does
    while frame.f_back is not None and frame.f_code.co_filename.startswith((PACKAGE, contextlib.__file__)):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


class _Silence:
    """Filters of warnings of the process while threads are silent: the first one replaces, the last one restores them.

    With `warnings.catch_warnings` in each, blocks that overlap restore the filters in the wrong order, for good.
    """

    def __init__(self) -> None:
        self._lock, self._count, self._filters = Lock(), 0, ExitStack()

    def begin(self) -> None:
        with self._lock:
            if not self._count:
                self._filters.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
            self._count += 1

    def end(self) -> None:
        with self._lock:
            self._count -= 1
            if not self._count:
                self._filters.close()


_SILENCE = _Silence()


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Ignore warnings inside a ``with`` block, in which several threads may be at once."""
    _SILENCE.begin()
    try:
        yield
    finally:
        _SILENCE.end()


def join_first(items: Sequence[str], limit: int = SHOWN) -> str:
    """Join the first items for a message: "a, b and 3 more"."""
    return ", ".join(items[:limit]) + (f" and {len(items) - limit} more" if len(items) > limit else "")

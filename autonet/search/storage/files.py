"""Write the files of a run directory atomically, readable only by their owner."""

import os
import signal
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autonet.core.files import describe_kind

__all__ = ["check_plain", "create", "defer_signals"]

# Signals deferred during a write: Ctrl-C and alarms.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGALRM") if hasattr(signal, name)]


def create(path: Path, content: Iterable[Any] = ()) -> None:
    """Create a file that only its owner can read; replace an existing file instead of following a link."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for part in content:
            file.write(part)


def check_plain(path: Path, *, directory: bool = False) -> None:
    """Raise a ValueError if a path is a link, a pipe, a device, or a file with further hard links; do not open it."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    expected = stat.S_ISDIR if directory else stat.S_ISREG
    if not expected(found.st_mode):
        raise ValueError(
            f"{path} is {describe_kind(found.st_mode)}, which is not allowed in a run directory; remove it."
        )
    if not directory and found.st_nlink > 1:
        raise ValueError(f"{path} has another hard link; replace it by a copy.")


@contextmanager
def defer_signals() -> Iterator[None]:
    """Deliver Ctrl-C and alarms after a ``with`` block; other threads than the main one receive none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[tuple[int, Any]] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    deferred = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in deferred:
        signal.signal(number, lambda *args: received.append(args))
    try:
        yield
    finally:
        for number, handler in deferred.items():
            signal.signal(number, handler)
        for number, frame in received:
            deferred[number](number, frame)

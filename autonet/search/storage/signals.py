"""Hold back Ctrl-C and alarms while something is written that must not be left half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["defer_signals"]

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGALRM") if hasattr(signal, name)]


@contextmanager
def defer_signals() -> Iterator[None]:
    """Let signals that came in the body take effect after it; outside the main thread, which gets none, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, Any]] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    mine = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in mine:
        signal.signal(number, lambda *args: came.append(args))
    try:
        yield
    finally:
        for number, handler in mine.items():
            signal.signal(number, handler)
        for number, frame in came:
            mine[number](number, frame)

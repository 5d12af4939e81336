"""Ctrl-C and SIGTERM as requests to stop, which long computations check."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

from autonet.core.alarms import Alarm
from autonet.core.clock import TimeLimit

__all__ = ["GRACE_SECONDS", "Interrupt", "current_interrupt", "interruptible"]

# Seconds that running work has to end after Ctrl-C: a training step, a validation, the transfer of a checkpoint, the
# selection of an ensemble.  A fit returns within two seconds; the rest of them is for assembling the final model.
GRACE_SECONDS = 0.8
SIGNALS = ("SIGINT", "SIGTERM")


class Interrupt:
    """Request to stop within a time limit.

    Loops check `requested` and return their result so far.  Code without such checks runs in `raising` or `abandoning`,
    which raise KeyboardInterrupt after the grace period.

    Parameters
    ----------
    patient : bool
        Whether KeyboardInterrupt waits for the end of the grace period; otherwise it is raised at once.
    protected : bool
        Whether there is a result to return.  Until then, a signal raises KeyboardInterrupt at once.

    Attributes
    ----------
    limit : TimeLimit
        When optional work must have ended; no limit without a request.
    signal : str
        Name of the signal of the request; "" without a signal.
    insisted : bool
        Whether a second signal was received; it raises KeyboardInterrupt at once.
    """

    def __init__(self, *, patient: bool = True, protected: bool = True) -> None:
        self.patient, self.protected = patient, protected
        self.limit = TimeLimit()
        self.signal = ""
        self.insisted = False
        self._alarms: list[tuple[Alarm, float]] = []  # with their seconds after the request

    @property
    def requested(self) -> bool:
        """Whether a stop was requested."""
        return math.isfinite(self.limit.at)

    def request(self, signal_name: str = "", grace: float = GRACE_SECONDS) -> None:
        """Request to stop within `grace` seconds; from any thread."""
        if self.requested:
            return
        now = time.monotonic()
        self.signal, self.limit = signal_name, TimeLimit(now + grace)
        for alarm, patience in self._alarms:
            alarm.lower(now + patience * grace / GRACE_SECONDS)

    def clear(self) -> None:
        """Withdraw the request."""
        self.limit, self.signal = TimeLimit(), ""

    def protect(self) -> None:
        """Declare that there is a result to return: signals are requests from now on."""
        self.protected = True

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        again = self.requested
        self.insisted |= again
        self.request(signal.Signals(signum).name)
        if again or not self.protected or (self._alarms and not hasattr(signal, "setitimer")):
            raise KeyboardInterrupt

    @contextmanager
    def raising(
        self, exception: type[BaseException] = KeyboardInterrupt, *, patience: float | None = None
    ) -> Iterator[None]:
        """Raise an exception inside a ``with`` block, `patience` seconds after a request."""
        patience = (GRACE_SECONDS if self.patient else 0.0) if patience is None else patience
        with Alarm(self.limit.at, exception) as alarm:
            self._alarms.append((alarm, patience))
            try:
                yield
            finally:
                self._alarms.remove((alarm, patience))

    @contextmanager
    def abandoning(self) -> Iterator[None]:
        """Abandon a ``with`` block after a request, or when it raises KeyboardInterrupt."""
        try:
            with self.raising():
                yield
        except KeyboardInterrupt:
            if self.insisted or not self.protected:
                raise
            self.request()


_CURRENT: ContextVar[Interrupt | None] = ContextVar("interrupt", default=None)


def current_interrupt() -> Interrupt:
    """Return the `Interrupt` of the running code; outside of `interruptible`, one without a request."""
    return _CURRENT.get() or Interrupt()


@contextmanager
def interruptible(*, signals: tuple[str, ...] = SIGNALS, **options: Any) -> Iterator[Interrupt]:
    """Handle signals as requests to stop inside a ``with`` block; only in the main thread.

    Nested blocks share the outer `Interrupt`: a request ends both.  Previous handlers are restored at the end.  A
    user's handler is then called with the signal; those of Python and the system are not, so that the caller can use
    the result of the block.

    Parameters
    ----------
    signals : tuple of str
    **options
        Parameters of `Interrupt`.
    """
    outer = _CURRENT.get()
    if outer is not None:
        yield outer
        return
    interrupt, before = Interrupt(**options), dict[int, Any]()
    token = _CURRENT.set(interrupt)
    try:
        if threading.current_thread() is threading.main_thread():
            for number in [getattr(signal, name) for name in signals if hasattr(signal, name)]:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: not installed by Python
                    before[number] = signal.signal(number, interrupt.handle)
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _CURRENT.reset(token)
    own = before.get(getattr(signal, interrupt.signal, -1)) if interrupt.signal else None
    if callable(own) and own is not signal.default_int_handler:
        own(getattr(signal, interrupt.signal), None)

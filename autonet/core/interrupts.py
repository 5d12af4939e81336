"""Ctrl-C and SIGTERM as a request to stop soon, which long computations look at."""

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

__all__ = ["GRACE_SECONDS", "Interrupt", "current_interrupt", "interruptible"]

# Ctrl-C is answered within two seconds.  So much of them is for what runs: a training step, a validation, the way of a
# checkpoint between processes, the selection of an ensemble.  What is left is for putting the final model together.
GRACE_SECONDS = 0.8
SIGNALS = ("SIGINT", "SIGTERM")


class Interrupt:
    """Whether to stop, and by when.

    Loops look at `requested` and end with what they have.  Code that does not look runs in `raising` or `abandoning`,
    where KeyboardInterrupt comes in the end.

    Parameters
    ----------
    patient : bool
        Whether KeyboardInterrupt waits for the end of the grace; otherwise it comes at once.
    protected : bool
        Whether there is something to lose.  As long as there is not, a signal raises KeyboardInterrupt at once.

    Attributes
    ----------
    deadline : float
        Reading of ``time.monotonic()`` by which optional work has to end; infinite without a request.
    signal : str
        Name of the signal that was the request; "" if it was an exception, or none came.
    insisted : bool
        Whether a second signal came: everything ends at once with KeyboardInterrupt.
    """

    def __init__(self, *, patient: bool = True, protected: bool = True) -> None:
        self.patient, self.protected = patient, protected
        self.deadline = math.inf
        self.signal = ""
        self.insisted = False
        self._alarms: list[tuple[Alarm, float]] = []  # and how many seconds after the request they ring

    @property
    def requested(self) -> bool:
        """Whether to stop."""
        return math.isfinite(self.deadline)

    def request(self, signal_name: str = "", grace: float = GRACE_SECONDS) -> None:
        """Ask to stop within so many seconds; any thread may do so."""
        if self.requested:
            return
        now = time.monotonic()
        self.signal, self.deadline = signal_name, now + grace
        for alarm, patience in self._alarms:
            alarm.lower(now + patience * grace / GRACE_SECONDS)

    def clear(self) -> None:
        """Forget a request."""
        self.deadline, self.signal = math.inf, ""

    def protect(self) -> None:
        """Note that there is something to lose: a signal is a request from now on."""
        self.protected = True

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """Take a signal."""
        again = self.requested
        self.insisted |= again
        self.request(signal.Signals(signum).name)
        if again or not self.protected or (self._alarms and not hasattr(signal, "setitimer")):
            raise KeyboardInterrupt

    @contextmanager
    def raising(
        self, exception: type[BaseException] = KeyboardInterrupt, *, patience: float | None = None
    ) -> Iterator[None]:
        """Raise an exception in a body that does not end by itself, so many seconds after a request."""
        patience = (GRACE_SECONDS if self.patient else 0.0) if patience is None else patience
        with Alarm(self.deadline, exception) as alarm:
            self._alarms.append((alarm, patience))
            try:
                yield
            finally:
                self._alarms.remove((alarm, patience))

    @contextmanager
    def abandoning(self) -> Iterator[None]:
        """Leave a body undone that does not end by itself, or that raises KeyboardInterrupt."""
        try:
            with self.raising():
                yield
        except KeyboardInterrupt:
            if self.insisted or not self.protected:
                raise
            self.request()


_CURRENT: ContextVar[Interrupt | None] = ContextVar("interrupt", default=None)


def current_interrupt() -> Interrupt:
    """Return what the running code is asked to look at; without a scope, something that is never requested."""
    return _CURRENT.get() or Interrupt()


@contextmanager
def interruptible(*, signals: tuple[str, ...] = SIGNALS, **options: Any) -> Iterator[Interrupt]:
    """Take signals as requests to stop in the body, in the main thread; elsewhere none comes.

    Within such a body the outer one's `Interrupt` is returned: a request ends both.  Handlers that were set before
    are put back.  One of the user's own is then called with the signal that came; Python's and the system's are not,
    so that the caller goes on with what the body brought.

    Parameters
    ----------
    signals : tuple of str
    **options
        Of `Interrupt`.
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
                if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: not one of Python's
                    before[number] = signal.signal(number, interrupt.handle)
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _CURRENT.reset(token)
    own = before.get(getattr(signal, interrupt.signal, -1)) if interrupt.signal else None
    if callable(own) and own is not signal.default_int_handler:
        own(getattr(signal, interrupt.signal), None)

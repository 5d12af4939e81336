"""Alarms: exceptions at a given time, in code that does not check the clock."""

import _weakrefset
import contextlib
import ctypes
import inspect
import math
import signal
import sys
import threading
import time
import weakref
from types import FrameType, TracebackType

__all__ = ["Alarm", "TimedOut", "enclosing_alarm"]

# An exception may be lost in a destructor, a callback from C or an `except BaseException`; the alarm repeats it after
# this time, which is also the time that a `finally` block has for cleanup.
REPEAT_SECONDS = 0.25
# Functions that an exception must not interrupt: it would leave a context manager, a global mode, an object or a module
# in an inconsistent state.
UNINTERRUPTIBLE = frozenset(["__enter__", "__exit__", "__del__", "_find_and_load"])
# Files whose functions are callbacks of the garbage collector: an exception there is printed, and lost.
CALLBACK_FILES = frozenset([weakref.__file__, _weakrefset.__file__])
# Longest wait for the end of such a function, which may hang itself.
PATIENCE_SECONDS = 0.3
# Interval of checks during that wait.
POLL_SECONDS = 0.002


class TimedOut(BaseException):
    """Raised inside code that has exceeded its time limit; ``except Exception`` does not catch it."""


class Alarm:
    """Raise an exception inside a ``with`` block when ``time.monotonic()`` reaches `moment`.

    The main thread is interrupted by a signal, even while it sleeps; other threads, and systems without
    `signal.setitimer`, at the next line of Python code, and thus not inside compiled code.

    Parameters
    ----------
    moment : float
        Reading of ``time.monotonic()``; if infinite, the alarm waits for a call of `lower`.
    exception : type of BaseException

    Attributes
    ----------
    next : float
        Reading of ``time.monotonic()`` of the next ring.
    bell : object
        Timer of the thread while the block runs, shared by its alarms.

    Notes
    -----
    Alarms may be nested: of those that are due, the outermost rings.  A timer set by other code still fires, and is
    restored with its remaining time.
    """

    def __init__(self, moment: float, exception: type[BaseException] = TimedOut) -> None:
        self.moment, self.exception = moment, exception
        self.next = moment
        self.bell: _Signal | _Thread | None = None
        self._body: FrameType | None = None

    def __enter__(self) -> "Alarm":
        self._body = _body_of_with(sys._getframe(1))  # noqa: SLF001
        alarms = _alarms()
        _drop_ended(alarms, _frames(sys._getframe(1)))  # noqa: SLF001
        self.bell = alarms[0].bell if alarms else _make_bell()
        alarms.append(self)
        assert self.bell is not None  # noqa: S101 - for the type checker
        self.bell.set(alarms)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        alarms, bell = _alarms(), self.bell
        if self in alarms:
            del alarms[alarms.index(self) :]
        assert bell is not None  # noqa: S101 - for the type checker
        bell.set(alarms)
        self.bell = self._body = None

    def lower(self, moment: float) -> None:
        """Ring at `moment` if that is earlier; from any thread."""
        if moment < self.moment:
            self.moment = self.next = moment
            if self.bell is not None:
                self.bell.set()

    def is_over(self, frames: list[FrameType]) -> bool:
        """Return whether the block has ended, even if an exception prevented the end of the alarm."""
        return self._body not in frames

    def must_wait(self, frames: list[FrameType], now: float) -> bool:
        """Return whether the thread, given by its frames from the innermost, must not be interrupted now."""
        inside = frames[: frames.index(self._body)] if self._body in frames else frames
        codes = [frame.f_code for frame in inside]
        if Alarm.__enter__.__code__ in codes or Alarm.__exit__.__code__ in codes:
            return True
        return now < self.next + PATIENCE_SECONDS and any(
            code.co_name in UNINTERRUPTIBLE or code.co_filename in CALLBACK_FILES for code in codes
        )


def enclosing_alarm() -> float:
    """Return the earliest moment of the alarms around the running code, or infinity."""
    alarms = _alarms()
    _drop_ended(alarms, _frames(sys._getframe(1)))  # noqa: SLF001
    return min((alarm.moment for alarm in alarms), default=math.inf)


class _Local(threading.local):
    def __init__(self) -> None:
        self.alarms: list[Alarm] = []  # of this thread, outermost first


_LOCAL = _Local()


def _alarms() -> list[Alarm]:
    return _LOCAL.alarms


def _body_of_with(frame: FrameType) -> FrameType:
    """Return the frame that runs the ``with`` block, skipping context managers around the alarm."""
    while frame.f_back is not None and (
        frame.f_code.co_name == "__enter__"
        or frame.f_code.co_filename == contextlib.__file__
        or frame.f_code.co_flags & inspect.CO_GENERATOR
    ):
        frame = frame.f_back
    return frame


def _frames(innermost: FrameType | None) -> list[FrameType]:
    """Return all frames of a thread, innermost first."""
    frames = []
    while innermost is not None:
        frames.append(innermost)
        innermost = innermost.f_back
    return frames


def _make_bell() -> "_Signal | _Thread":
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return _Signal()
    return _Thread()


def _drop_ended(alarms: list[Alarm], frames: list[FrameType]) -> None:
    """Drop alarms whose block has ended, but whose ``__exit__`` was prevented by an exception."""
    if alarms and any(alarm.is_over(frames) for alarm in alarms):
        bell = alarms[0].bell
        alarms[:] = [alarm for alarm in alarms if not alarm.is_over(frames)]
        if bell is not None:
            bell.set(alarms)


def _due(alarms: list[Alarm], frames: list[FrameType], now: float) -> Alarm | None:
    """Drop alarms whose block has ended, and return the outermost one that is due."""
    alarms[:] = [alarm for alarm in alarms if not alarm.is_over(frames)]
    return next((alarm for alarm in alarms if alarm.next <= now), None)


class _Signal:
    """Rings in the main thread."""

    def __init__(self) -> None:
        self._alarms: list[Alarm] = []
        self._handler = signal.signal(signal.SIGALRM, self._ring)
        left, self._interval = signal.setitimer(signal.ITIMER_REAL, 0)
        self._others = time.monotonic() + left if left else math.inf  # when the timer of other code would fire

    def set(self, alarms: list[Alarm] | None = None) -> None:
        """Set the timer to the next alarm; without one, restore signal handler and timer."""
        self._alarms = self._alarms if alarms is None else alarms
        if not self._alarms and signal.getsignal(signal.SIGALRM) != self._ring:
            return  # other code has replaced the handler
        moment = min((alarm.next for alarm in self._alarms), default=math.inf)
        left = min(moment, self._others) - time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not self._alarms:
            signal.signal(signal.SIGALRM, self._handler)
        if math.isfinite(left):
            # Repeat: a signal delivered to another thread is not handled while this one computes.
            interval = REPEAT_SECONDS if self._alarms else self._interval
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6), interval)

    def _ring(self, signum: int, frame: FrameType | None) -> None:
        # Not the frame passed by the signal: a handler that delayed it may have left that frame.
        now, frames = time.monotonic(), _frames(sys._getframe(1))  # noqa: SLF001
        due = _due(self._alarms, frames, now)
        if due is not None and due.must_wait(frames, now):
            signal.setitimer(signal.ITIMER_REAL, POLL_SECONDS, POLL_SECONDS)
            return
        others = due is None and now >= self._others
        if others:
            self._others = now + self._interval if self._interval else math.inf
        if due is not None:
            due.next = now + REPEAT_SECONDS
        self.set()
        if due is not None:
            raise due.exception
        if others and callable(self._handler):
            self._handler(signum, frame)


class _Thread:
    """Rings in a thread other than the main one, at its next line of Python code."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._alarms: list[Alarm] = []
        self._changed = threading.Condition()
        self._ringer: threading.Thread | None = None
        self._has_rung = False

    def set(self, alarms: list[Alarm] | None = None) -> None:
        """Set the ringing thread to the next alarm; without one, withdraw an exception that is still pending."""
        with self._changed:
            self._alarms = self._alarms if alarms is None else alarms
            self._changed.notify()
            if not self._alarms:
                self._withdraw()
            elif self._ringer is None and any(math.isfinite(alarm.moment) for alarm in self._alarms):
                self._ringer = threading.Thread(target=self._wait, daemon=True, name="autonet-alarm")
                self._ringer.start()
        if not self._alarms and self._ringer is not None and threading.get_ident() == self._thread:
            self._ringer.join()

    def _wait(self) -> None:
        with self._changed:
            while self._alarms:
                now, frames = time.monotonic(), _frames(sys._current_frames().get(self._thread))  # noqa: SLF001
                due = _due(self._alarms, frames, now)
                if due is None:
                    left = min((alarm.next for alarm in self._alarms), default=now) - now
                    self._changed.wait(None if math.isinf(left) else min(left, threading.TIMEOUT_MAX))
                elif due.must_wait(frames, now):
                    self._changed.wait(POLL_SECONDS)
                else:
                    due.next = now + REPEAT_SECONDS
                    self._raise(due.exception)

    def _raise(self, exception: type[BaseException]) -> None:
        self._has_rung = True
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(exception))

    def _withdraw(self) -> None:
        """Replace a pending exception of the thread by one that is caught here.

        The documented way, a null pointer, leaves Python's flag of a pending exception set (up to 3.12): all threads
        become slower, and under tracing or profiling, Python 3.11 never leaves the first instruction of a function.
        """
        if self._has_rung and threading.get_ident() == self._thread:
            with contextlib.suppress(_Withdrawn):
                self._raise(_Withdrawn)
                while True:  # the exception is raised at the jump
                    pass
            self._has_rung = False


class _Withdrawn(BaseException):
    """Replaces a pending exception."""

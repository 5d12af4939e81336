"""Alarms: an exception in code that does not look at the clock itself."""

import contextlib
import ctypes
import inspect
import math
import signal
import sys
import threading
import time
from types import FrameType, TracebackType

__all__ = ["Alarm", "DeadlinePassed", "enclosing_alarm"]

# An exception may be lost: in a destructor, in a callback from C, in an `except BaseException`.  The alarm then rings
# again after so many seconds, which also are what a `finally` block has for cleaning up.
RING_AGAIN_SECONDS = 0.25
# What must not be torn apart: a context manager or a global mode half entered or left, an object half destroyed, a
# module half imported.
DELICATE = frozenset(["__enter__", "__exit__", "__del__", "_find_and_load"])
# So long an alarm waits for such code, unless it hangs itself; it looks again after the second number of seconds.
PATIENCE_SECONDS, LOOK_AGAIN_SECONDS = 0.3, 0.002


class DeadlinePassed(BaseException):
    """Raised inside code that runs past its deadline; no ``except Exception`` of its own stops it."""


class Alarm:
    """Raise an exception in the body of a ``with`` statement when ``time.monotonic()`` reads `moment`.

    In the main thread it comes as a signal, even while the body sleeps; in another thread at its next line of Python,
    and never on a system without `signal.setitimer` as long as compiled code runs.

    Parameters
    ----------
    moment : float
        Infinite: never, until `lower` is called.
    exception : type of BaseException

    Attributes
    ----------
    bell : object
        What rings while the body runs; the alarms of a thread share it.

    Notes
    -----
    Alarms may be nested: of those that are due the outermost rings.  A timer that someone else has set still rings,
    and is put back with what is left of it.
    """

    def __init__(self, moment: float, exception: type[BaseException] = DeadlinePassed) -> None:
        self.moment, self.exception = moment, exception
        self._next = moment  # when to ring, or to ring again
        self.bell: _Signal | _Thread | None = None
        self._body: FrameType | None = None

    def __enter__(self) -> "Alarm":
        self._body = _body_of_with(sys._getframe(1))  # noqa: SLF001
        alarms = _alarms()
        _drop_ended(alarms, _frames(sys._getframe(1)))  # noqa: SLF001
        self.bell = alarms[0].bell if alarms else _bell()
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
        """Ring at `moment` if that is earlier; any thread may call it."""
        if moment < self.moment:
            self.moment = self._next = moment
            if self.bell is not None:
                self.bell.set()

    def is_over(self, frames: list[FrameType]) -> bool:
        """Whether its body has ended, although an exception came between that and the end of the alarm."""
        return self._body not in frames

    def must_wait(self, frames: list[FrameType], now: float) -> bool:
        """Whether an exception would do harm where the thread is, whose frames are given from the innermost."""
        inside = frames[: frames.index(self._body)] if self._body in frames else frames
        codes = [frame.f_code for frame in inside]
        if Alarm.__enter__.__code__ in codes or Alarm.__exit__.__code__ in codes:
            return True
        return now < self._next + PATIENCE_SECONDS and any(code.co_name in DELICATE for code in codes)

    def rung(self, now: float) -> None:
        """Note that it has rung."""
        self._next = now + RING_AGAIN_SECONDS

    @property
    def next(self) -> float:
        """Reading of ``time.monotonic()`` at which it rings next."""
        return self._next


def enclosing_alarm() -> float:
    """Return the earliest moment at which an alarm around the running code rings; infinity if there is none."""
    alarms = _alarms()
    _drop_ended(alarms, _frames(sys._getframe(1)))  # noqa: SLF001
    return min((alarm.moment for alarm in alarms), default=math.inf)


class _Local(threading.local):
    def __init__(self) -> None:
        self.alarms: list[Alarm] = []  # of this thread, from the outermost


_LOCAL = _Local()


def _alarms() -> list[Alarm]:
    return _LOCAL.alarms


def _body_of_with(frame: FrameType) -> FrameType:
    """Return the frame that runs the body, which a context manager around the alarm is not."""
    while frame.f_back is not None and (
        frame.f_code.co_name == "__enter__"
        or frame.f_code.co_filename == contextlib.__file__
        or frame.f_code.co_flags & inspect.CO_GENERATOR
    ):
        frame = frame.f_back
    return frame


def _frames(innermost: FrameType | None) -> list[FrameType]:
    """Return all frames of a thread, from the innermost."""
    frames = []
    while innermost is not None:
        frames.append(innermost)
        innermost = innermost.f_back
    return frames


def _bell() -> "_Signal | _Thread":
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return _Signal()
    return _Thread()


def _drop_ended(alarms: list[Alarm], frames: list[FrameType]) -> None:
    """Drop alarms that an exception kept from being dropped at their end, so that they neither count nor ring."""
    if alarms and any(alarm.is_over(frames) for alarm in alarms):
        bell = alarms[0].bell
        alarms[:] = [alarm for alarm in alarms if not alarm.is_over(frames)]
        if bell is not None:
            bell.set(alarms)


def _due(alarms: list[Alarm], frames: list[FrameType], now: float) -> Alarm | None:
    """Return the outermost alarm that is due; those that are over are dropped."""
    alarms[:] = [alarm for alarm in alarms if not alarm.is_over(frames)]
    return next((alarm for alarm in alarms if alarm.next <= now), None)


class _Signal:
    """Rings in the main thread."""

    def __init__(self) -> None:
        self._alarms: list[Alarm] = []
        self._handler = signal.signal(signal.SIGALRM, self._ring)
        left, self._interval = signal.setitimer(signal.ITIMER_REAL, 0)
        self._others = time.monotonic() + left if left else math.inf  # when the timer of someone else would ring

    def set(self, alarms: list[Alarm] | None = None) -> None:
        """Set the timer to the next alarm; without one, give signal and timer back."""
        self._alarms = self._alarms if alarms is None else alarms
        if not self._alarms and signal.getsignal(signal.SIGALRM) != self._ring:
            return  # someone has taken the signal for good
        moment = min((alarm.next for alarm in self._alarms), default=math.inf)
        left = min(moment, self._others) - time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not self._alarms:
            signal.signal(signal.SIGALRM, self._handler)
        if math.isfinite(left):
            # Again and again: a signal that is delivered to another thread is not heard while this one computes.
            interval = RING_AGAIN_SECONDS if self._alarms else self._interval
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6), interval)

    def _ring(self, signum: int, frame: FrameType | None) -> None:
        # Not the frame that comes with the signal: a handler that held it back may have left that one.
        now, frames = time.monotonic(), _frames(sys._getframe(1))  # noqa: SLF001
        due = _due(self._alarms, frames, now)
        if due is not None and due.must_wait(frames, now):
            signal.setitimer(signal.ITIMER_REAL, LOOK_AGAIN_SECONDS, LOOK_AGAIN_SECONDS)
            return
        others = due is None and now >= self._others
        if others:
            self._others = now + self._interval if self._interval else math.inf
        if due is not None:
            due.rung(now)
        self.set()
        if due is not None:
            raise due.exception
        if others and callable(self._handler):
            self._handler(signum, frame)


class _Thread:
    """Rings in a thread that is not the main one, as soon as it runs Python code."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._alarms: list[Alarm] = []
        self._changed = threading.Condition()
        self._ringer: threading.Thread | None = None
        self._has_rung = False

    def set(self, alarms: list[Alarm] | None = None) -> None:
        """Have the thread that rings wait for the next alarm; without one, take back what was not heard yet."""
        with self._changed:
            self._alarms = self._alarms if alarms is None else alarms
            self._changed.notify()
            if not self._alarms:
                self._take_back()
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
                    self._changed.wait(LOOK_AGAIN_SECONDS)
                else:
                    due.rung(now)
                    self._raise(due.exception)

    def _raise(self, exception: type[BaseException]) -> None:
        self._has_rung = True
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(exception))

    def _take_back(self) -> None:
        """Let an exception that the thread has not heard yet be replaced by one that ends here.

        The null pointer that is documented for that leaves Python's flag of a pending exception set for good (up to
        3.12): all threads are slower, and where someone traces or profiles, Python 3.11 never leaves a function's
        first instruction.
        """
        if self._has_rung and threading.get_ident() == self._thread:
            with contextlib.suppress(_TakenBack):
                self._raise(_TakenBack)
                while True:  # the exception comes at the jump
                    pass
            self._has_rung = False


class _TakenBack(BaseException):
    """Stands for an exception that must not come any more."""

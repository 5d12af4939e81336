"""Run jobs in this process, one at a time."""

import ctypes
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from autonet.search.evaluation import DeadlinePassed, Objective, Outcome, evaluate
from autonet.search.executors.base import latest_end
from autonet.search.records import Job
from autonet.search.running import Observer

__all__ = ["InProcess", "interrupted_at"]


class InProcess:
    """Run a job when it is waited for.

    An objective that runs past its deadline is interrupted, in the main thread even while it sleeps; in another
    thread at its next line of Python.  What never comes back from compiled code needs worker processes.
    """

    n_slots = 1

    def __init__(self) -> None:
        self._next: tuple[Objective, Job, Observer | None] | None = None

    def prepare(self, objective: Objective) -> None:
        """Do nothing: any objective will do; see `Executor`."""

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Note the job; see `Executor`."""
        self._next = (objective, job, observe)

    def wait(self) -> list[Outcome]:
        """Run the job; see `Executor`."""
        if self._next is None:
            return []
        (objective, job, observe), self._next = self._next, None
        return [evaluate(objective, job, observe, interrupted_at(latest_end(job.deadline)))]

    def cancel(self) -> None:
        """Forget the job; see `Executor`."""
        self._next = None

    def close(self) -> None:
        """Forget the job; see `Executor`."""
        self.cancel()


@contextmanager
def interrupted_at(moment: float) -> Iterator[None]:
    """Raise `DeadlinePassed` in the body when ``time.monotonic()`` reads `moment`."""
    left = max(moment - time.monotonic(), 1e-6)
    if math.isinf(left):
        yield
    elif threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(left):
            yield
    else:
        with _asynchronous_exception(left):
            yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Interrupt the main thread by a signal; an alarm that someone else has set is put back."""
    done = False

    def ring(signum: int, frame: FrameType | None) -> None:
        if not done:  # what rings while it is being put away must not leave it half put away
            raise DeadlinePassed

    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    others, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        done = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if others:
            signal.setitimer(signal.ITIMER_REAL, max(others - (time.monotonic() - began), 1e-3))


@contextmanager
def _asynchronous_exception(seconds: float) -> Iterator[None]:
    """Interrupt a thread that is not the main one, as soon as it runs Python code."""
    thread, done, lock = threading.get_ident(), threading.Event(), threading.Lock()

    def ring() -> None:
        with lock:
            if not done.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(DeadlinePassed))

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            done.set()
        timer.cancel()

"""Alarms at moments of the clock; how late they ring is a matter of `make torture`."""

import math
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from autonet.core.alarms import Alarm, TimedOut, enclosing_alarm

FOREVER = 60.0


def spin() -> None:
    """Run Python code that no exception should let come to its end."""
    until = time.monotonic() + FOREVER
    while time.monotonic() < until:
        pass
    pytest.fail("no alarm rang")


def interrupt(seconds: float, body: Callable[[], None]) -> None:
    """Run a body that an alarm must end."""
    with pytest.raises(TimedOut), Alarm(time.monotonic() + seconds):
        body()


def in_main_thread(body: Callable[[], None]) -> None:
    body()


def in_another_thread(body: Callable[[], None]) -> None:
    problems: list[BaseException] = []

    def run() -> None:
        try:
            body()
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]


threads = pytest.mark.parametrize("run", [in_main_thread, in_another_thread])


@threads
def test_a_body_that_runs_past_the_moment_is_interrupted_and_nothing_is_left(run: Callable[..., None]) -> None:
    def body() -> None:
        for _ in range(20):
            interrupt(0.002, spin)

    before, (left, _) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    run(body)
    assert signal.getsignal(signal.SIGALRM) == before
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) == (left > 0)  # the limit of the test itself
    assert not [thread for thread in threading.enumerate() if thread.name == "autonet-alarm"]


@threads
def test_an_exception_that_is_swallowed_comes_again(run: Callable[..., None]) -> None:
    heard: list[int] = []

    def body() -> None:
        try:
            spin()
        except BaseException:  # as some libraries have it
            heard.append(1)
        spin()

    run(lambda: interrupt(0.01, body))
    assert heard


@threads
def test_of_nested_alarms_the_outer_one_ends_both(run: Callable[..., None]) -> None:
    inner: list[str] = []

    def body() -> None:
        interrupt(0.01, spin)
        inner.append("ended")
        with Alarm(time.monotonic() + FOREVER):
            spin()

    run(lambda: interrupt(0.1, body))
    assert inner == ["ended"]


@threads
def test_a_context_manager_is_left_before_the_alarm_rings(run: Callable[..., None]) -> None:
    left: list[bool] = []

    class Slow:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            until = time.monotonic() + 0.05
            while time.monotonic() < until:
                pass
            left.append(True)

    def body() -> None:
        with Slow():
            pass
        spin()

    run(lambda: interrupt(0.01, body))
    assert left == [True]


@threads
def test_an_alarm_can_be_set_to_an_earlier_moment_by_another_thread(run: Callable[..., None]) -> None:
    def body() -> None:
        alarm = Alarm(math.inf, KeyboardInterrupt)
        threading.Timer(0.01, alarm.lower, [0.0]).start()
        with pytest.raises(KeyboardInterrupt), alarm:
            spin()

    run(body)


PROFILED = """
import sys, threading, time
from autonet.core.alarms import Alarm, TimedOut

def body():
    try:
        with Alarm(time.monotonic() + SECONDS):
            until = time.monotonic() + 0.1
            while time.monotonic() < until:
                pass
    except TimedOut:
        pass

thread = threading.Thread(target=body)
thread.start()
thread.join()
called = []
sys.setprofile(lambda *_: called.append(1))
body()
sys.setprofile(None)
print("profiled" if called else "not profiled")
"""


@pytest.mark.parametrize("seconds", [0.01, 60])
def test_a_profiler_works_after_an_alarm_in_another_thread(seconds: float) -> None:
    command = [sys.executable, "-c", PROFILED.replace("SECONDS", str(seconds))]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == "profiled\n"


@threads
def test_an_alarm_whose_end_was_interrupted_does_no_harm(run: Callable[..., None]) -> None:
    rang: list[int] = []

    def interrupted_end(moment: float) -> None:
        try:
            with Alarm(moment):
                sys.setprofile(lambda *_: 1 / 0)  # in the first instruction of __exit__
        except ZeroDivisionError:
            pass
        finally:
            sys.setprofile(None)

    def body() -> None:
        before = signal.getsignal(signal.SIGALRM)
        interrupted_end(time.monotonic() + 0.01)
        assert enclosing_alarm() == math.inf
        assert signal.getsignal(signal.SIGALRM) == before
        interrupted_end(math.inf)
        if threading.current_thread() is threading.main_thread():  # someone takes the signal for good
            signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
            interrupt(0.01, spin)
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            until = time.monotonic() + FOREVER
            while not rang and time.monotonic() < until:
                pass
            signal.signal(signal.SIGALRM, before)
        else:
            rang.append(1)

    run(body)
    assert rang == [1]


def test_a_timer_of_someone_else_rings_in_time_and_is_put_back() -> None:
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        with Alarm(time.monotonic() + FOREVER):
            while len(rang) < 3:
                pass
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert left > 0
        assert interval == pytest.approx(0.01, abs=1e-3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@threads
def test_callbacks_of_weak_references_are_not_interrupted(
    run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Thing:
        pass

    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)

    def forget() -> None:
        things, more = weakref.WeakValueDictionary[int, Thing](), weakref.WeakSet[Thing]()
        until = time.monotonic() + FOREVER
        while time.monotonic() < until:
            things[0] = thing = Thing()
            more.add(thing)
            del thing  # and both forget it
        pytest.fail("no alarm rang")

    def body() -> None:
        for _ in range(30):
            interrupt(0.002, forget)

    run(body)
    assert not lost

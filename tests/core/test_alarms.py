"""Alarms at moments of the clock; how late they ring is a matter of `make torture`."""

import math
import signal
import threading
import time
from collections.abc import Callable

import pytest

from autonet.core.alarms import Alarm, DeadlinePassed

FOREVER = 60.0


def spin() -> None:
    """Run Python code that no exception should let come to its end."""
    until = time.monotonic() + FOREVER
    while time.monotonic() < until:
        pass
    pytest.fail("no alarm rang")


def interrupt(seconds: float, body: Callable[[], None]) -> None:
    """Run a body that an alarm must end."""
    with pytest.raises(DeadlinePassed), Alarm(time.monotonic() + seconds):
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

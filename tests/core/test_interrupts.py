"""Requests to stop, with real signals; at every step of a fit: tests/estimators/test_interrupts.py."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from autonet.core.interrupts import GRACE_SECONDS, Interrupt, current_interrupt, interruptible
from tests.clocks import FakeClock


@pytest.fixture(autouse=True)
def _pythons_own_handlers() -> Iterator[None]:
    """Some test runners replace them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def ring(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def spin(interrupt: Interrupt, exception: type[BaseException] = KeyboardInterrupt) -> None:
    with interrupt.raising(exception):
        while True:
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_request_and_a_second_one_an_interrupt(number: signal.Signals, clock: FakeClock) -> None:
    with interruptible() as interrupt:
        assert not interrupt.requested
        ring(number)
        assert interrupt.requested
        assert interrupt.limit.left() == pytest.approx(GRACE_SECONDS)
        assert interrupt.signal == number.name
        assert not interrupt.insisted
        with pytest.raises(KeyboardInterrupt):
            ring(number)
        assert interrupt.insisted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_before_there_is_a_result_a_signal_is_an_interrupt() -> None:
    with interruptible(protected=False) as interrupt:
        with pytest.raises(KeyboardInterrupt):
            ring()
        interrupt.clear()
        interrupt.protect()
        ring()
        assert interrupt.requested


def test_blocks_within_others_share_their_request() -> None:
    assert not current_interrupt().requested
    with interruptible() as outer:
        with interruptible() as inner:
            assert inner is outer is current_interrupt()
            inner.request()
        assert outer.requested
    assert not current_interrupt().requested


def test_a_handler_of_the_user_is_called_at_the_end_and_put_back() -> None:
    heard: list[int] = []

    def own(number: int, frame: object) -> None:
        heard.append(number)

    signal.signal(signal.SIGINT, own)
    with interruptible():
        ring()
        assert heard == []
    assert heard == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is own
    with interruptible() as interrupt:
        interrupt.request()  # by a function, not by a signal
    assert heard == [signal.SIGINT]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interruptible() as interrupt:
        ring()
        assert not interrupt.requested


def test_other_threads_handle_no_signals() -> None:
    seen = []

    def look() -> None:
        with interruptible() as interrupt:
            seen.append((signal.getsignal(signal.SIGINT), interrupt))

    thread = threading.Thread(target=look)
    with interruptible() as interrupt:
        thread.start()
        thread.join()
        assert seen[0][0] == interrupt.handle
        assert seen[0][1] is not interrupt


def test_a_body_that_does_not_look_is_left_after_the_time_it_is_given() -> None:
    interrupt = Interrupt()
    threading.Timer(0.05, interrupt.request, kwargs={"grace": 0.0}).start()
    with interrupt.abandoning():
        spin(interrupt)
    assert interrupt.requested

    class Late(BaseException):
        pass

    with pytest.raises(Late):
        spin(interrupt, Late)


def test_an_interrupt_of_a_body_that_has_a_result_is_a_request() -> None:
    interrupt = Interrupt()
    with interrupt.abandoning():
        raise KeyboardInterrupt
    assert interrupt.requested
    with pytest.raises(KeyboardInterrupt), Interrupt(protected=False).abandoning():
        raise KeyboardInterrupt

import pytest

from autonet.training.segment import Segment
from tests.clocks import FakeClock


def test_seconds_end_on_time_and_progress_runs_from_zero_to_one(clock: FakeClock) -> None:
    segment = Segment("time", 1.0, 1.125, steps_per_epoch=10, deadline=float("inf"))
    seen = []
    while not segment.over:
        seen.append(segment.progress)
        segment.step()
        clock.sleep(1 / 512)
    assert segment.elapsed == pytest.approx(0.125)
    assert seen == sorted(seen)
    assert len(seen) == 64
    assert (seen[0], segment.progress) == (0, pytest.approx(1))
    assert segment.budget == 1.125


def test_epochs_are_exactly_as_many_as_asked_for() -> None:
    segment = Segment("epochs", 2, 5, steps_per_epoch=4, deadline=float("inf"))
    steps = 0
    while not segment.over:
        segment.step()
        steps += 1
    assert steps == 12
    assert segment.progress == 1
    assert segment.budget == 5


def test_the_deadline_cuts_and_the_budget_says_what_was_reached(clock: FakeClock) -> None:
    timed = Segment("time", 3.0, 60.0, 10, deadline=clock.now + 0.125)
    counted = Segment("epochs", 2, 1000, 4, deadline=clock.now + 0.125)
    while not (timed.over and counted.over):
        timed.step()
        counted.step()
        clock.sleep(1 / 64)
    assert timed.cut
    assert timed.budget == 3.125
    assert counted.cut
    assert counted.budget == 2 + 8 // 4


def test_one_step_is_always_allowed_even_after_the_deadline(clock: FakeClock) -> None:
    segment = Segment("time", 0.0, 1.0, 10, deadline=clock.now - 5)
    assert not segment.over
    segment.step()
    assert segment.over


def test_time_for_a_validation_is_kept_back(clock: FakeClock) -> None:
    segment = Segment("time", 0.0, 1.0, 10, deadline=float("inf"))
    segment.step()
    segment.validation_seconds = 0.3
    clock.sleep(0.69)
    assert not segment.over
    clock.sleep(0.02)
    assert segment.over

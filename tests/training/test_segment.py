import time

import pytest

from autonet.training.segment import Segment


def test_seconds_end_on_time_and_progress_runs_from_zero_to_one() -> None:
    segment = Segment("time", 1.0, 1.1, steps_per_epoch=10, deadline=float("inf"))
    seen = []
    while not segment.over:
        seen.append(segment.progress)
        segment.step()
        time.sleep(0.002)
    assert 0.1 <= segment.elapsed < 0.3
    assert seen == sorted(seen)
    assert 0 <= seen[0] < 0.5
    assert 0.9 < segment.progress <= 1
    assert segment.budget == 1.1


def test_epochs_are_exactly_as_many_as_asked_for() -> None:
    segment = Segment("epochs", 2, 5, steps_per_epoch=4, deadline=float("inf"))
    steps = 0
    while not segment.over:
        segment.step()
        steps += 1
    assert steps == 12
    assert segment.progress == 1
    assert segment.budget == 5


def test_the_deadline_cuts_and_the_budget_says_what_was_reached() -> None:
    timed = Segment("time", 3.0, 60.0, 10, deadline=time.monotonic() + 0.05)
    counted = Segment("epochs", 2, 1000, 4, deadline=time.monotonic() + 0.05)
    while not (timed.over and counted.over):
        timed.step()
        counted.step()
        time.sleep(0.01)
    assert timed.cut
    assert timed.budget == pytest.approx(3.1, abs=0.1)
    assert counted.cut
    assert 2 <= counted.budget <= 10


def test_one_step_is_always_allowed_even_after_the_deadline() -> None:
    segment = Segment("time", 0.0, 1.0, 10, deadline=time.monotonic() - 5)
    assert not segment.over
    segment.step()
    assert segment.over


def test_time_for_a_validation_is_kept_back() -> None:
    segment = Segment("time", 0.0, 1.0, 10, deadline=float("inf"))
    segment.step()
    segment.validation_seconds = 2.0
    assert segment.over

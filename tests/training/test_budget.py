import pytest

from autonet.core.clock import TimeLimit
from autonet.training.budget import TrainingBudget
from tests.clocks import FakeClock


def test_seconds_end_on_time_and_progress_runs_from_zero_to_one(clock: FakeClock) -> None:
    budget = TrainingBudget("time", 1.0, 1.125, 10, TimeLimit())
    seen = []
    while not budget.finished:
        seen.append(budget.progress)
        budget.count_step()
        clock.sleep(1 / 512)
    assert budget.elapsed == pytest.approx(0.125)
    assert seen == sorted(seen)
    assert len(seen) == 64
    assert (seen[0], budget.progress) == (0, pytest.approx(1))
    assert budget.reached == 1.125


def test_epochs_are_exactly_as_many_as_asked_for() -> None:
    budget = TrainingBudget("epochs", 2, 5, 4, TimeLimit())
    steps = 0
    while not budget.finished:
        budget.count_step()
        steps += 1
    assert steps == 12
    assert budget.progress == 1
    assert budget.reached == 5


def test_the_deadline_cuts_and_the_budget_says_what_was_reached(clock: FakeClock) -> None:
    timed = TrainingBudget("time", 3.0, 60.0, 10, TimeLimit.after(0.125))
    counted = TrainingBudget("epochs", 2, 1000, 4, TimeLimit.after(0.125))
    while not (timed.finished and counted.finished):
        timed.count_step()
        counted.count_step()
        clock.sleep(1 / 64)
    assert timed.truncated
    assert timed.reached == 3.125
    assert counted.truncated
    assert counted.reached == 2 + 8 // 4


def test_one_step_is_always_allowed_even_after_the_deadline(clock: FakeClock) -> None:
    budget = TrainingBudget("time", 0.0, 1.0, 10, TimeLimit.after(-5.0))
    assert not budget.finished
    budget.count_step()
    assert budget.finished


def test_time_for_a_validation_is_kept_back(clock: FakeClock) -> None:
    budget = TrainingBudget("time", 0.0, 1.0, 10, TimeLimit())
    budget.count_step()
    budget.validation_seconds = 0.3
    clock.sleep(0.69)
    assert not budget.finished
    clock.sleep(0.02)
    assert budget.finished

"""What jobs are expected to take."""

from typing import Any

import pytest

from autonet.search.history import History
from autonet.search.records import Report, Status
from autonet.search.rungs import Rungs
from autonet.search.schedulers.base import Continue, Start
from autonet.search.schedulers.halving import AsynchronousHalving, NoHalving
from tests.search.schedulers.histories import decide, history, propose


def test_what_a_job_takes_beside_its_budget_is_left_out_of_how_far_it_can_go() -> None:
    climbed = history([0.1, 0.1, 0.1], [0.2])
    climbed.overheads[1] = 0.5
    assert decide(climbed, left=0.9, may_start=True) == Continue(1, pytest.approx(1.4))


def test_a_new_trial_is_expected_to_take_the_median_of_the_seconds_of_an_epoch() -> None:
    record = History(Rungs((1, 3), unit="epochs"))
    for seconds, target in ((1.0, 3), (1.0, 1), (9.0, 1)):
        record.add(propose(record), Report(0, target, target, 0.5, Status.FINISHED, seconds * target, 1.0))
    assert decide(record, left=4.0, may_start=True) == Start(1)
    assert decide(record, left=2.9, may_start=True) == Continue(1, 3)  # it could not climb a rung any more


@pytest.mark.parametrize("scheduler", [AsynchronousHalving(), NoHalving()])
@pytest.mark.parametrize("unit", ["none", "epochs", "time"])
def test_one_slow_trial_does_not_end_a_search_but_a_time_that_none_has_needed_does(scheduler: Any, unit: Any) -> None:
    record = History(Rungs.without_budget() if unit == "none" else Rungs((1,), unit=unit))
    seconds = 3.0  # the first trial loads, compiles or downloads something
    record.add(propose(record), Report(0, 1, 1, 0.5, Status.FINISHED, seconds, 1.0))
    assert scheduler.decide(record, left=1.9, may_start=True) == Start(1)
    for _ in range(2):
        record.add(propose(record), Report(0, 1, 1, 0.5, Status.FINISHED, seconds, 1.0))
    assert scheduler.decide(record, left=1.9, may_start=True) == Start(pytest.approx(0.9) if unit == "time" else 1)
    assert scheduler.decide(record, left=1.2, may_start=True) is None

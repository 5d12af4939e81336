"""Which trials can go on."""

import math

from autonet.search.records import Event, Report, Status
from autonet.search.schedulers.base import Continue, Start
from tests.search.schedulers.histories import decide, history


def test_failed_and_running_trials_are_never_promoted() -> None:
    assert decide(history([math.inf], [0.1], [0.2]), left=100, may_start=True) == Continue(1, 3)
    running = history([0.3], [0.1], [0.2])
    running.apply(Event("start", 1, {"start": 1, "target": 3}))
    assert decide(running, left=100, may_start=True) == Start(1)


def test_a_trial_whose_checkpoint_is_gone_is_not_promoted() -> None:
    assert decide(history([0.3], [0.1], [0.2]), left=100, may_start=True, lost=[1]) == Start(1)


def test_a_trial_that_was_cut_before_it_got_anywhere_goes_on_once() -> None:
    record = history([])
    for expected in (Continue(0, 9), None):
        record.add(record.trials[0], Report(0, 1, 0, 0.1, Status.CUT, 1.0, 1.0))
        assert decide(record, left=20.0, may_start=False) == expected

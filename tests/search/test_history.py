"""The history: events in, rankings out."""

import math
from typing import Any

import numpy as np
import pytest

from autonet.search.history import MIN_CURVES, History
from autonet.search.records import Event
from autonet.search.rungs import Rungs

RUNGS = Rungs.geometric(1, 9)


def ended(number: int, budget: float, loss: float, *, start: float = 0.0, **fields: Any) -> list[Event]:
    status = "finished" if math.isfinite(loss) else "crashed"
    report = {"start": start, "target": budget, "budget": budget if math.isfinite(loss) else start, "loss": loss}
    report |= {"status": status, "seconds": 2.0 * (budget - start), "cost": 1.0, **fields}
    return [
        Event("start", number, {"start": start, "target": budget}),
        Event("end", number, {"report": report, "attributes": {}}),
    ]


def history(*events: Event, n_trials: int = 3, rungs: Rungs = RUNGS) -> History:
    result = History(rungs)
    for number in range(n_trials):
        result.apply(Event("propose", number, {"config": {"x": number}, "seed": number, "origin": "sampler"}))
    for event in events:
        result.apply(event)
    return result


def test_trials_are_ranked_at_once_and_at_each_rung() -> None:
    record = history(
        *ended(0, 1, 0.3),
        *ended(1, 1, 0.2),
        *ended(2, 1, math.inf),
        *ended(0, 3, 0.1, start=1),
        *ended(1, 3, 0.4, start=1),
    )
    assert [trial.number for trial in record.ranked()] == [0, 1]
    assert record.best is record.trials[0]
    assert [number for _, _, number in record.rung(1)] == [1, 0, 2]
    assert [number for _, _, number in record.rung(3)] == [0, 1]
    assert record.rung(9) == ()
    assert record.seconds_per_unit == {0: 2.0, 1: 2.0}
    assert record.running == {}


@pytest.mark.parametrize("late", [False, True])
def test_trials_below_a_preferred_budget_come_last(late: bool) -> None:
    events = [*ended(0, 1, 0.1), *ended(1, 1, 0.2), *ended(1, 3, 0.5, start=1), *ended(2, 1, 0.05)]
    record = history(*(events if late else ()))
    record.prefer_from(3)
    for event in () if late else events:
        record.apply(event)
    assert [trial.number for trial in record.ranked()] == [1, 2, 0]
    assert record.best is record.trials[1]
    assert [(row["value"], row["budget"]) for row in record.trajectory()] == [(0.1, 1), (0.5, 3)]


def test_bounds_are_medians_of_the_smallest_losses_so_far() -> None:
    curves, events = np.random.default_rng(0).random((MIN_CURVES, 4)), list[Event]()
    for number, curve in enumerate(curves):
        events.append(Event("start", number, {"start": 0.0, "target": 1.0}))
        events += [Event("observe", number, {"step": step, "value": float(v)}) for step, v in enumerate(curve)]
        events.append(ended(number, 1.0, 0.5)[1])
    record = history(*events, n_trials=MIN_CURVES, rungs=Rungs.without_budget())
    expected = np.median(np.minimum.accumulate(curves, axis=1), axis=0)
    assert record.bounds == pytest.approx(dict(enumerate(expected)))
    assert history(*events[:-1], n_trials=MIN_CURVES, rungs=Rungs.without_budget()).bounds == {}


def test_a_death_of_the_process_is_shared_by_what_ran_in_it() -> None:
    running = [Event("start", number, {"start": 0.0, "target": 1.0, "session": 1}) for number in range(2)]
    record = history(*running, Event("start", 2, {"start": 0.0, "target": 1.0, "session": 2}))
    assert [trial.attempts for trial in record.trials] == [0.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event("add", 0, {}), "unknown kind of event 'add'"),
        (Event("start", 7, {"start": 0.0, "target": 1.0}), "there is no trial 7"),
        (Event("start", 0, {"start": 0.0, "target": math.inf}), "a job cannot go from budget 0.0 to inf"),
        (
            Event("propose", 7, {"config": {}, "seed": 0, "origin": "sampler"}),
            "trial 7 with seed 0 cannot come after 3",
        ),
        (Event("observe", 0, {"step": 0.5, "value": 1.0}), "step is of type float, not int"),
    ],
)
def test_events_that_cannot_be_are_refused(event: Event, said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        history(event)

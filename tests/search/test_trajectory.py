"""The trajectory of a study: the best value so far over wall time."""

import math
from collections.abc import Iterable
from typing import Any

import pytest

from autonet.search import Study, maximize, minimize
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.trajectory import elapsed_seconds
from tests.search.objectives import LINE, quadratic

EPOCH = 1.7e9  # jobs begin at a time of our days


def history(jobs: Iterable[tuple[float, float, float]], *, high: bool = False) -> History:
    """Return a history of jobs: when each began, how many seconds it took, its loss."""
    result = History(maximize=high)
    for number, (began, seconds, loss) in enumerate(jobs):
        failed = not math.isfinite(loss)
        report: dict[str, Any] = {"start": 0, "target": 1, "budget": 0 if failed else 1, "loss": loss, "cost": 1.0}
        report |= {"status": "crashed" if failed else "finished", "seconds": seconds, "began": EPOCH + began}
        result.apply(Event("propose", number, {"config": {"x": number}, "seed": 0, "origin": "sampler"}))
        result.apply(Event("start", number, {"start": 0, "target": 1}))
        result.apply(Event("end", number, {"report": report, "attributes": {}}))
    return result


def test_the_trajectory_has_a_row_per_improvement() -> None:
    jobs = [(0, 2, 0.3), (2, 1, 0.4), (3, 1, math.inf), (4, 2, 0.1)]
    rows = list(history(jobs).trajectory())
    assert rows == [
        {"seconds": 2.0, "value": 0.3, "trial": 0, "budget": 1},
        {"seconds": 6.0, "value": 0.1, "trial": 3, "budget": 1},
    ]
    assert history(jobs, high=True).trajectory().column("value") == [-0.3, -0.1]


def test_time_in_which_no_job_runs_does_not_count() -> None:
    jobs = [(0, 2, 1.0), (1, 3, 1.0), (100, 5, 1.0), (101, 1, 1.0), (1000, 1, 1.0)]
    assert elapsed_seconds(history(jobs)) == pytest.approx([2, 4, 9, 9, 10])  # the fourth report came after the third
    assert elapsed_seconds(history([])) == []


def test_jobs_within_others_and_jobs_that_were_reported_late() -> None:
    jobs = [(1, 1, 1.0), (0, 10, 1.0), (4, 2, 1.0), (12, 1, 1.0)]
    assert elapsed_seconds(history(jobs)) == pytest.approx([2, 10, 10, 11])


def test_the_trajectory_of_a_study_ends_with_its_best_value() -> None:
    study = minimize(quadratic, LINE, max_trials=15, random_state=0)
    table = study.trajectory()
    values, seconds = table.column("value"), table.column("seconds")
    assert values == sorted(values, reverse=True)
    assert (values[-1], table[-1]["trial"]) == (study.best.value, study.best.number)
    assert seconds == sorted(seconds)
    best = maximize(quadratic, LINE, max_trials=15, random_state=0)
    assert best.trajectory().column("value") == sorted(best.trajectory().column("value"))


def test_a_study_without_trials_has_an_empty_trajectory() -> None:
    table = Study(LINE).trajectory()
    assert len(table) == 0
    assert table.columns == ("seconds", "value", "trial", "budget")

"""Records of a search: jobs, reports and trials."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.search import Status, minimize
from autonet.search.records import Progress, Report, Trial

FIELDS: dict[str, Any] = {
    "start": 0.0,
    "target": 9.0,
    "budget": 9.0,
    "loss": 0.5,
    "status": "finished",
    "seconds": 1.0,
    "cost": 1.0,
}


def trial(*reports: Report, **options: Any) -> Trial:
    made = Trial(0, {"x": 1}, 0, "sampler", **options)
    for report in reports:
        made.add(report)
    return made


def report(**fields: Any) -> Report:
    return Report.from_dict({**FIELDS, **fields})


def test_a_trial_prints_as_one_line() -> None:
    best = minimize(lambda t: 2.0, {"x": [1, 2]}, max_trials=1).best
    assert str(best) == "trial 0: value 2 at budget 1, {'x': 1}"


def test_trials_are_compared_by_loss_then_tie_breaker_then_the_larger_budget() -> None:
    ordered = [
        trial(report(loss=0.1)),
        trial(report(loss=0.2, tie_breaker=-1.0, target=3.0, budget=3.0)),
        trial(report(loss=0.2)),
        trial(report(loss=0.2, target=3.0, budget=3.0)),
        trial(report(loss=math.inf, status="crashed")),
    ]
    mixed = [ordered[i] for i in (3, 0, 4, 2, 1)]
    assert sorted(mixed, key=lambda t: t.rank) == ordered


def test_a_job_that_fails_leaves_what_the_trial_had_reached() -> None:
    climbed = trial(report(target=3.0, budget=3.0, metrics={"a": 1}), report(loss=math.inf, status="timeout"))
    assert (climbed.value, climbed.budget, climbed.usable, climbed.failed) == (0.5, 3.0, True, True)
    assert climbed.metrics == {"a": 1}
    assert climbed.status is Status.TIMEOUT
    assert trial(report(loss=-0.5), maximize=True).value == 0.5
    assert trial(report(status="pruned")).value is None
    assert trial().status is None


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"loss": "0.5"}, TypeError, "loss is of type str, not Real"),
        ({"seconds": True}, TypeError, "seconds is of type bool, not Real"),
        ({"metrics": [1]}, TypeError, "metrics is of type list, not Mapping"),
        ({"complete": 1}, TypeError, "complete is of type int, not bool"),
        ({"status": "great"}, ValueError, "'great' is not a valid Status"),
        ({"loss": math.nan}, ValueError, "out of its range"),
        ({"cost": math.inf}, ValueError, "out of its range"),
        ({"budget": 1e9}, ValueError, "out of its range"),
        ({"other": 1}, TypeError, "unexpected keyword argument 'other'"),
    ],
)
def test_reports_that_a_store_cannot_have_kept_are_refused(fields: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        report(**fields)


@given(
    st.integers(0, 99),
    st.lists(st.tuples(st.integers(), st.floats(allow_nan=False))),
    st.dictionaries(st.text(), st.integers() | st.tuples(st.text())),
)
def test_progress_survives_as_text(saves: int, curve: list[tuple[int, float]], attributes: dict[str, Any]) -> None:
    progress = Progress(saves, curve, attributes)
    assert Progress.from_text(progress.to_text()) == progress


@pytest.mark.parametrize("text", ['{"saves": 1}', '{"saves": "1", "curve": [], "attributes": {}}', "[]"])
def test_texts_that_are_no_progress_are_refused(text: str) -> None:
    with pytest.raises(TypeError):
        Progress.from_text(text)

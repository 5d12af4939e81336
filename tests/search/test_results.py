"""What an objective may return."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.search import Result, RunningTrial, Status, Study, maximize, minimize
from tests.search.objectives import LINE


@pytest.mark.parametrize("returned", [1, 1.0, np.float32(1), np.array(1.0), np.array([1.0]), Result(1.0), {"value": 1}])
def test_anything_that_is_one_number_is_a_value(returned: Any) -> None:
    assert minimize(lambda _: returned, LINE, max_trials=1).best.value == 1.0


@pytest.mark.parametrize(("search", "best"), [(minimize, min), (maximize, max)])
def test_a_value_is_the_result_and_a_loss_beside_it_a_metric(search: Any, best: Any) -> None:
    study = search(lambda t: {"loss": -10 * t["x"], "value": t["x"]}, LINE, max_trials=8, random_state=0)
    assert study.best.value == best(t.config["x"] for t in study.trials)
    assert study.best.metrics == {"loss": -10 * study.best.value}
    row = study.history.to_dicts()[0]
    assert row["metrics_loss"] == -10 * study.trials[0].value
    assert abs(row["loss"]) == abs(study.trials[0].value)


def test_a_loss_is_minimized_whatever_the_direction() -> None:
    study = maximize(lambda t: {"loss": t["x"]}, LINE, max_trials=20, random_state=0)
    assert study.best.config["x"] == min(t.config["x"] for t in study.trials)


@pytest.mark.parametrize(
    ("returned", "status", "reason"),
    [
        (math.nan, Status.DIVERGED, "the objective returned nan"),
        (math.inf, Status.DIVERGED, "the objective returned inf"),
        (-math.inf, Status.DIVERGED, "the objective returned -inf"),
        (
            None,
            Status.CRASHED,
            "TypeError: the objective returned None; expected a number, a dict with 'value' or 'loss'",
        ),
        ("0.1", Status.CRASHED, "TypeError: the objective returned '0.1'; expected a number"),
        (True, Status.CRASHED, "TypeError: the objective returned True; expected a number"),
        ([1.0], Status.CRASHED, "TypeError: the objective returned [1.0]; expected a number"),
        (np.ones(2), Status.CRASHED, "TypeError: the objective returned a ndarray of several values"),
        (
            {"acc": 1},
            Status.CRASHED,
            "TypeError: the objective returned a dict with the keys ['acc']; expected 'value'",
        ),
        ({"loss": 1, "status": "fail"}, Status.CRASHED, "the objective returned status 'fail'"),
    ],
)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_anything_else_fails_the_trial_with_a_reason_and_never_wins(
    returned: Any, status: Status, reason: str, direction: Any
) -> None:
    study = Study(LINE, direction=direction, random_state=0)
    study.optimize(lambda t: returned if t.number % 2 else 0.5, max_trials=4)
    failed = study.trials[1]
    assert failed.status is status
    assert failed.reports[0].reason.startswith(reason)
    assert failed.value is None
    assert study.best.value == 0.5


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cost": math.nan}, "cost = nan; expected a finite number of at least 0, or None"),
        ({"cost": math.inf}, "cost = inf; expected a finite number of at least 0"),
        ({"cost": -1}, "cost = -1; expected a finite number of at least 0"),
        ({"cost": "a"}, "cost = 'a'; expected a finite number of at least 0"),
        ({"tie_breaker": math.nan}, "tie_breaker = nan; expected a number"),
        ({"tie_breaker": None}, "tie_breaker = None; expected a number"),
        ({"budget": math.nan}, "budget = nan; expected a number from 0 to the target of 1"),
        ({"budget": -5}, "budget = -5; expected a number from 0 to the target of 1"),
        ({"budget": 10**9}, "budget = 1e+09; expected a number from 0 to the target of 1"),
        ({"budget": "a"}, "budget = 'a'; expected a number"),
        ({"loss": None}, "loss = None; expected a number"),
        ({"loss": "a"}, "loss = 'a'; expected a number"),
        ({"status": "great"}, "status = 'great'; expected one of 'finished', 'cut'"),
        ({"complete": "yes"}, "complete = 'yes'; expected True or False"),
        ({"metrics": None}, "metrics of type NoneType; expected a dict"),
        ({"metrics": {3: 1}}, "the metric 3; expected a str as its name"),
        ({"details": [1]}, "details of type list; expected a dict"),
        ({"details": {3: 1}}, "the detail 3; expected a str as its name"),
    ],
    ids=str,
)
def test_a_result_out_of_range_fails_its_trial_and_the_study_goes_on(
    fields: dict[str, Any], message: str, tmp_path: Path
) -> None:
    def objective(trial: RunningTrial) -> Result:
        return Result(**{"loss": trial["x"] ** 2, "cost": 1.0, **(fields if trial.number == 2 else {})})

    for n_trials in (8, 10):
        with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(objective, max_trials=n_trials)
            assert [t.status for t in study.trials].count(Status.CRASHED) == 1
            named = "" if set(fields) & {"metrics", "details"} else "a Result with "
            assert f"the objective returned {named}{message}" in study.trials[2].reports[0].reason


def test_fields_of_a_result_become_plain_numbers() -> None:
    result = Result(np.float32(0.5), np.int64(1), "finished", np.float64(2), np.int32(3), {"a": np.float32(1)})  # type: ignore[arg-type]
    report = minimize(lambda _: result, LINE, max_trials=1).trials[0].reports[0]
    assert (report.loss, report.budget, report.tie_breaker, report.cost, report.metrics) == (0.5, 1, 2, 3, {"a": 1})
    assert report.status is Status.FINISHED
    assert all(type(v) in (int, float) for v in (report.loss, report.budget, report.tie_breaker, report.cost))


def test_details_are_kept_with_the_report_and_in_no_data_frame(tmp_path: Path) -> None:
    curve = {"curves": [{"epoch": [1, 2], "loss": [0.5, np.float32(0.25)]}]}
    study = Study(LINE, run_dir=tmp_path, random_state=0)
    with study:
        study.optimize(lambda _: Result(0.5, details=curve), max_trials=1)
    [report] = Study.open(tmp_path).trials[0].reports
    assert report.details == {"curves": [{"epoch": [1, 2], "loss": [0.5, 0.25]}]}
    assert not any("curves" in name for name in study.trials_dataframe().columns)
    assert "curves" not in study.history.to_dicts()[0]

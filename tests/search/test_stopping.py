"""When a search ends."""

import logging
import math
from typing import Any

import pytest

from autonet.core.errors import InvalidOption, NoFinishedTrial, SearchFailed, TrialPruned
from autonet.search import NoProgress, Result, RunningTrial, Study, minimize
from tests.clocks import FakeClock
from tests.search.objectives import LINE, quadratic


def test_when_all_trials_fail_the_reasons_are_listed() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number % 3 == 0:
            return math.nan
        raise ValueError("broken")

    with pytest.raises(SearchFailed, match="All 10 trials failed") as caught:
        minimize(objective, LINE, max_trials=10)
    assert "6 x crashed   ValueError: broken" in str(caught.value)
    assert "4 x diverged  the objective returned nan" in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)
    study = Study(LINE)
    with pytest.raises(NoFinishedTrial, match="No trial has a value yet"):
        _ = study.best


def test_pruned_and_infeasible_trials_do_not_end_a_search(caplog: pytest.LogCaptureFixture) -> None:
    def pruned(trial: RunningTrial) -> float:
        if trial.number < 120:
            raise TrialPruned
        return 1.0

    study = Study(LINE, sampler="random", random_state=0)
    study.optimize(pruned, max_trials=110)
    assert len(study.trials) == 110
    assert "no trial has a value: of 110 trials, 110 were pruned" in caplog.text
    assert len(study.optimize(pruned, max_trials=125).trials) == 125

    def infeasible(trial: RunningTrial) -> float:
        return math.nan if trial["n"] != 140 else 1.0

    study = minimize(infeasible, {"n": list(range(150))}, sampler="grid")
    assert len(study.trials) == 150
    assert study.best.config == {"n": 140}


def test_different_errors_do_not_end_a_search_but_the_same_one_does(caplog: pytest.LogCaptureFixture) -> None:
    def objective(trial: RunningTrial) -> float:
        raise ValueError(f"no luck in {trial.number}" if trial.number < 105 else "no luck")

    study = Study(LINE, sampler="random", random_state=0)
    with pytest.raises(SearchFailed, match="All 205 trials failed"):
        study.optimize(objective)
    assert "the last 100 trials crashed with the same error (ValueError: no luck), and no trial has a" in caplog.text
    with pytest.raises(SearchFailed, match="All 305 trials failed"):  # each call is a new chance
        study.optimize(objective)


def test_the_deadline_ends_the_search(clock: FakeClock) -> None:
    def objective(trial: RunningTrial) -> Result:
        clock.sleep(min(trial.job.target - trial.start, max(trial.deadline - clock.now, 0)))
        return Result(trial["x"] ** 2, checkpoint=1)

    began = clock.now
    minimize(objective, LINE, min_budget=0.05, max_budget=0.45, budget_type="time", timeout=1.5)
    assert 1.3 < clock.now - began <= 1.5 + 1e-6


def test_max_trials_is_the_total_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    study = Study(LINE, random_state=0).optimize(quadratic, max_trials=5)
    with caplog.at_level(logging.WARNING, "autonet.search"):
        study.optimize(quadratic, max_trials=8)
    assert len(study.trials) == 8
    assert "the study has 5 trials already; max_trials=8 is the total, so 3 more will be started" in caplog.text
    at_once = Study(LINE, random_state=0).optimize(quadratic, max_trials=8)
    assert [t.config for t in study.trials] == [t.config for t in at_once.trials]


def test_n_trials_are_new_ones(caplog: pytest.LogCaptureFixture) -> None:
    study = Study(LINE, sampler="random", random_state=0).optimize(quadratic, max_trials=3)
    study.optimize(quadratic, n_trials=2)
    assert len(study.trials) == 5
    assert "is the total" not in caplog.text


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_stop_at_ends_the_search_at_the_first_value_that_is_good_enough(direction: Any, sign: int) -> None:
    study = Study(LINE, direction=direction, random_state=0)
    study.optimize(lambda t: sign * quadratic(t), max_trials=200, stop_at=sign * 1.0)
    values = [sign * t.value for t in study.trials if t.value is not None]
    assert values[-1] <= 1.0
    assert all(value > 1.0 for value in values[:-1])


def test_no_progress_ends_the_search_n_trials_after_the_last_improvement() -> None:
    study = minimize(quadratic, LINE, sampler="random", max_trials=500, random_state=0, callbacks=[NoProgress(20)])
    assert len(study.trials) == study.best.number + 21
    with pytest.raises(InvalidOption, match=r"NoProgress requires an integer of at least 1; got 0\."):
        NoProgress(0)


def test_a_callback_sees_study_and_trial_and_may_end_the_search() -> None:
    seen: list[int] = []

    def callback(study: Study, trial: Any) -> bool:
        seen.append(trial.number)
        assert study.trials[trial.number] is trial
        return len(seen) == 4

    assert len(minimize(quadratic, LINE, callbacks=[callback]).trials) == 4
    assert seen == [0, 1, 2, 3]
    study = Study(LINE)
    study.optimize(lambda _: study.stop() or 1.0)  # type: ignore[func-returns-value]
    assert len(study.trials) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_trials": 0}, "max_trials must be an integer of at least 1; got 0"),
        ({"max_trials": 1.5}, "max_trials must be an integer of at least 1; got 1.5"),
        ({"n_trials": 0}, "n_trials must be an integer of at least 1; got 0"),
        ({"max_trials": 3, "n_trials": 3}, "max_trials=3 is the total, n_trials=3 are new ones; pass one"),
        ({"timeout": -1}, "timeout must be a non-negative number of seconds; got -1"),
        ({"stop_at": "x"}, "stop_at must be a number; got 'x'"),
        ({"on_error": "ignore"}, "Unknown on_error 'ignore'"),
        ({"max_trails": 3}, "Unknown option 'max_trails'. Did you mean 'max_trials'"),
    ],
)
def test_limits_that_cannot_work_are_refused_before_any_trial(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        minimize(quadratic, LINE, **options)
    with pytest.raises(InvalidOption, match="objective must be callable; got 3"):
        minimize(3, LINE)  # type: ignore[arg-type]


def test_points_are_tried_first_and_only_mappings_are_points() -> None:
    study = minimize(lambda t: t["x"], {"x": (0.0, 9.0)}, max_trials=3, enqueue=[{"x": 5.0}, {"x": 1.0}])
    assert [trial.config["x"] for trial in study.trials[:2]] == [5.0, 1.0]
    assert study.optimize(lambda t: t["x"], n_trials=1, enqueue=({"x": x} for x in [0.0])).best.config == {"x": 0.0}
    for points in ({"x": 1.0}, [1.0], 3):
        with pytest.raises(InvalidOption, match=r"enqueue must be a list of configurations, dicts"):
            study.optimize(lambda t: t["x"], n_trials=1, enqueue=points)  # type: ignore[arg-type]

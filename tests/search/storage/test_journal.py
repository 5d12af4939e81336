"""What is kept of trials, and found when a study is opened again."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.jsonvalues import to_text
from autonet.search.records import Result, Status
from autonet.search.running_trial import RunningTrial
from autonet.search.study import Study
from tests.search.storage.runs import BUDGETS, SPACE, objective


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    "value",
    [int, object(), Unprintable(), LOOP, {"a": [LOOP]}, 10**5000, np.datetime64("2024-01-01", "ns"), range(3)],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_come_back_is_refused(value: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"which cannot be stored|contains itself|is an integer of"):
        to_text([value])
    returns = {
        "attribute": lambda trial: trial.set_user_attr("k", value) or 1.0,
        "metric": lambda _: {"value": 1.0, "m": value},
        "Result": lambda _: Result(1.0, metrics={"m": value}),
    }
    for run_dir in (None, tmp_path / "run"):
        with Study(SPACE, run_dir=run_dir) as study:
            study.optimize(lambda t: returns[list(returns)[t.number % 3]](t) if t.number < 3 else 0.5, max_trials=4)
            assert [t.status for t in study.trials] == [Status.CRASHED] * 3 + [Status.FINISHED]
            reasons = [t.reports[0].reason for t in study.trials[:3]]
            assert "the user attribute 'k'" in reasons[0]
            assert all("the metric 'm'" in reason for reason in reasons[1:])


def test_what_is_kept_is_the_same_in_memory_and_in_a_run_directory(tmp_path: Path) -> None:
    when, labels = datetime.date(2024, 1, 2), {"a", "b"}

    def objective(trial: RunningTrial) -> dict[str, Any]:
        trial.set_user_attr("when", when)
        trial.set_user_attr("labels", labels)
        trial.set_user_attr("weights", np.ones(2))
        return {"loss": 0.5, "status": "ok", "attachments": {"model": b"\x00\xff", 3: (1, None)}}

    for run_dir in (None, tmp_path / "run", tmp_path / "run"):
        with Study(SPACE, run_dir=run_dir) as study:
            study.optimize(objective, max_trials=1)
            assert study.trials[0].attributes == {"when": when, "labels": labels, "weights": [1.0, 1.0]}
            assert study.trials[0].metrics == {"attachments": {"model": b"\x00\xff", 3: (1, None)}}


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("choices", [[(1, (2,)), (), None, True, False, 2, 0.5, "2", "None"], [[1, 2], [3]]], ids=str)
def test_configurations_come_back_equal_and_of_the_same_types(choices: Any, fixed: bool, tmp_path: Path) -> None:
    seen: list[Any] = []

    def chosen(trial: RunningTrial) -> float:
        seen.append(trial.suggest_categorical("c", choices))
        return 1.0

    space = {"c": choices} if fixed else None
    with Study(space, run_dir=tmp_path / "run", sampler="random", random_state=0) as study:
        for choice in choices:
            study.enqueue({"c": choice})
        study.optimize(chosen, max_trials=len(choices), progress=False)
        study.enqueue({"c": choices[0]})
        assert [repr(t.config["c"]) for t in study.trials] == [repr(c) for c in choices] == [repr(c) for c in seen]
    with Study(space, run_dir=tmp_path / "run") as study:
        assert [repr(t.config["c"]) for t in study.trials] == [repr(c) for c in choices]
        assert repr(study.history.queue) == repr([{"c": choices[0]}])


def test_finished_failed_running_and_enqueued_trials_are_restored(tmp_path: Path) -> None:
    calls: list[tuple[int, float | None, float, Any]] = []

    def trained(trial: RunningTrial) -> float:
        calls.append((trial.number, trial.budget, trial.start, trial.checkpoint.load()))
        return objective(trial)

    with Study(SPACE, run_dir=tmp_path / "run", random_state=0, **BUDGETS) as study:
        study.optimize(trained, max_trials=3, progress=False)
        while (trial := study.ask()) is not None and trial.start == 0:  # until one goes on from its checkpoint
            study.tell(trial, objective(trial))
        assert trial is not None
        trial.report(0.25, 1)
        trial.set_user_attr("noted", 1)
        trial.checkpoint.save("of an attempt that does not live to end")
        trial.report(0.5, 2)
        study.enqueue({"x": 0.25})
        before = [(t.number, t.config, t.seed, t.reports, t.attributes) for t in study.trials]
    calls.clear()
    with Study(SPACE, run_dir=tmp_path / "run", **BUDGETS) as study:
        assert [(t.number, t.config, t.seed, t.reports, t.attributes) for t in study.trials] == before
        assert list(study.history.running) == [trial.number]
        n = len(study.trials)
        study.optimize(trained, max_trials=n + 1, progress=False)
        assert study.trials[2].status is Status.CRASHED
        assert study.trials[2].reports[0].reason == "ValueError: crashed"
        assert study.trials[n].origin == "enqueued"
        assert study.trials[n].config == {"x": 0.25, "units": (8, 8)}
        assert study.trials[trial.number].curve == [(1, 0.25)]
        assert study.trials[trial.number].attributes == {"noted": 1}
    assert calls[0] == (trial.number, trial.budget, trial.start, "of an attempt that does not live to end")
    started_anew = [number for number, _, start, _ in calls if start == 0]
    assert started_anew == [n]


def test_a_trial_that_the_user_interrupts_is_not_blamed(tmp_path: Path) -> None:
    interrupts = iter([True] * 4)

    def interrupted(trial: RunningTrial) -> float:
        if trial.number == 3 and next(interrupts, False):
            trial.report(0.0, 1)
            raise KeyboardInterrupt
        return objective(trial)

    for _ in range(5):
        with Study(SPACE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(interrupted, max_trials=5, progress=False)
    assert [t.status for t in study.trials] == [Status.FINISHED] * 2 + [Status.CRASHED] + [Status.FINISHED] * 2
    assert study.trials[3].curve == []


def test_trials_that_were_asked_for_are_left_to_whoever_asked(tmp_path: Path) -> None:
    with Study(SPACE, run_dir=tmp_path / "run", random_state=0) as study:
        asked = study.ask()
        assert asked is not None
        study.optimize(lambda trial: trial["x"], max_trials=4, progress=False)
        assert list(study.history.running) == [0]
        assert study.tell(asked, 0.5).value == 0.5
        assert [len(t.reports) for t in study.trials] == [1] * 4


def test_a_script_that_enqueues_can_be_run_again(tmp_path: Path) -> None:
    def script(max_trials: int) -> list[float]:
        with Study({"x": (-1.0, 1.0)}, run_dir=tmp_path / "run", random_state=0, sampler="random") as study:
            for x in (0.5, 0.5, 0.25):
                study.enqueue({"x": x})
            study.optimize(lambda trial: trial["x"], max_trials=max_trials, progress=False)
            return [t.config["x"] for t in study.trials]

    assert script(2) == [0.5, 0.5]
    assert script(5)[:3] == [0.5, 0.5, 0.25]
    with Study({"x": (-1.0, 1.0)}, run_dir=tmp_path / "run") as study:
        assert study.history.queue == []
        study.enqueue({"x": 0.75})  # new
        study.enqueue({"x": 0.25})  # not new
        assert study.history.queue == [{"x": 0.75}]

"""What becomes of an objective that raises, hangs or misbehaves."""

import asyncio
import gc
import math
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autonet.core.errors import SearchFailed
from autonet.search import RunningTrial, Status, Study, minimize
from tests.search.objectives import LINE


def test_attributes_and_metrics_are_kept_also_of_a_trial_that_crashes() -> None:
    def objective(trial: RunningTrial) -> dict[str, Any]:
        trial.set_user_attr("note", [trial.number])
        if trial.number == 1:
            raise ValueError("no such luck")
        return {"loss": 1.0, "accuracy": 0.9, "status": "ok"}

    study = minimize(objective, LINE, max_trials=2)
    assert [t.attributes for t in study.trials] == [{"note": [0]}, {"note": [1]}]
    assert study.best.last is not None
    assert study.best.last.metrics == {"accuracy": 0.9}


@pytest.mark.parametrize(
    "odd",
    [
        lambda t: t.report("a", 1),
        lambda t: t.report(1.0, 10**5000),
        lambda t: t.report(1.0, math.nan),
        lambda t: t.set_user_attr(3, 4),
        lambda _: {"value": 1.0, 3: 4},
        lambda _: {"value": 1.0, "status": 3},
        lambda _: Unprintable(),
        lambda _: _raise(BadMessage()),
        lambda _: _raise(ValueError("\ud800" + "x" * 10**6)),
    ],
)
def test_an_odd_objective_fails_its_trial_with_one_line(odd: Any, tmp_path: Path) -> None:
    for n_trials in (4, 5):
        with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(lambda t: odd(t) if t.number == 1 else 0.5, max_trials=n_trials)
            report = study.trials[1].reports[0]
            assert report.status is Status.CRASHED
            assert 0 < len(report.reason) < 600
            assert len(report.error) < 30_000
            study.trials_dataframe()


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


class BadMessage(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def _raise(error: Exception) -> None:
    raise error


def test_a_failed_trial_keeps_its_traceback_but_not_its_variables() -> None:
    class Weights:
        pass

    kept: list[weakref.ref[Weights]] = []

    def objective(trial: RunningTrial) -> float:
        weights = Weights()
        kept.append(weakref.ref(weights))
        if trial.number == 0:
            return 1.0
        try:
            raise ValueError("first")
        except ValueError as error:
            if trial.number == 1:
                _ = weights.missing  # type: ignore[attr-defined]
            raise ExceptionGroup("several", [KeyError("one")]) from error

    study = minimize(objective, LINE, max_trials=3)
    gc.collect()
    assert [ref() for ref in kept] == [None] * 3
    assert [type(error) for error in study.errors] == [AttributeError, ExceptionGroup]
    assert "in objective" in "".join(study.errors[0].__notes__)
    with pytest.raises(AttributeError) as caught:
        minimize(objective, LINE, max_trials=3, on_error="raise")
    assert "objective" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_crashes_are_recorded_with_their_traceback_and_the_search_goes_on() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number % 3 == 1:
            raise ValueError("no such luck")
        return 1.0

    study = minimize(objective, LINE, max_trials=9)
    assert [t.status for t in study.trials] == [Status.FINISHED, Status.CRASHED, Status.FINISHED] * 3
    assert "no such luck" in study.trials[1].reports[0].error
    assert "in objective" in study.trials[1].reports[0].error
    assert len(study.errors) == 3
    with pytest.raises(ValueError, match="no such luck"):
        minimize(objective, LINE, max_trials=9, on_error="raise")


def test_the_deadline_ends_a_running_trial() -> None:
    def objective(trial: RunningTrial) -> float:
        trial.report(0.25, 0)
        try:
            time.sleep(1000)
        except Exception:
            time.sleep(1000)
        return 1.0

    study = minimize(objective, LINE, timeout=0.5)
    assert study.trials[0].status is Status.CUT
    assert study.best.value == 0.25


def test_the_deadline_ends_a_trial_in_another_thread() -> None:
    def objective(_: RunningTrial) -> float:
        while True:
            time.sleep(0.01)

    studies: list[Study] = []
    thread = threading.Thread(target=lambda: studies.append(minimize(objective, LINE, timeout=0.3)))
    thread.start()
    thread.join(100)
    assert studies[0].trials[0].status is Status.TIMEOUT


def throw(exception: type[BaseException]) -> None:
    raise exception


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda: sys.exit(3), r"the objective called sys.exit\(3\)"),
        (lambda: throw(asyncio.CancelledError), "CancelledError"),
        (lambda: throw(GeneratorExit), "GeneratorExit"),
    ],
)
def test_whatever_an_objective_raises_ends_its_trial_alone(leave: Callable[[], Any], reason: str) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            leave()
        return float(trial["x"])

    study = Study(LINE, random_state=0).optimize(objective, max_trials=3)
    assert [str(trial.status) for trial in study.trials] == ["finished", "crashed", "finished"]
    with pytest.raises(Exception, match=reason):
        Study(LINE, random_state=0).optimize(objective, max_trials=3, on_error="raise")


def test_a_search_in_which_every_trial_exits_says_so() -> None:
    with pytest.raises(SearchFailed, match=r"sys.exit\(0\)"):
        minimize(lambda _: sys.exit(0), LINE, max_trials=2)

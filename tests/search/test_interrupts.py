"""What ends a search from outside: deadlines around it, Ctrl-C, and objectives that do not hear."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from autonet.core.errors import SearchFailed
from autonet.search import Result, RunningTrial, Status, Study, Trial, minimize

LINE = {"x": (0.0, 1.0)}


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


def test_the_limit_of_a_search_holds_for_searches_within_its_trials() -> None:
    """optuna #5118: the inner search ends in time to hand its best on, and none of its trials is blamed."""
    inner: list[Study] = []

    def objective(trial: RunningTrial) -> float:
        inner.append(minimize(lambda t: time.sleep(0.01) or t["y"], {"y": (0.0, 1.0)}, max_trials=10**6))
        return float(inner[-1].best.value or 0.0)

    study = Study(LINE, random_state=0).optimize(objective, timeout=0.5)
    assert str(study.trials[0].status) == "finished"
    assert {str(trial.status) for trial in inner[0].trials} <= {"finished", "timeout"}


def test_an_alarm_of_the_outer_search_is_not_taken_for_one_of_the_inner() -> None:
    went_on: list[int] = []

    def objective(trial: RunningTrial) -> float:
        minimize(lambda _: time.sleep(60), LINE, max_trials=5)
        went_on.append(1)
        return 0.0

    study = Study(LINE, random_state=0).optimize(objective, timeout=0.2)
    assert [str(trial.status) for trial in study.trials] == ["timeout"]


def test_modes_of_torch_that_a_deadline_left_changed_are_put_back() -> None:
    def objective(trial: RunningTrial) -> float:
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        trial.report(1.0, 1)
        time.sleep(60)
        return 0.0

    study = Study(LINE, random_state=0).optimize(objective, timeout=0.2)
    assert study.trials[0].value == 1.0
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Send Ctrl-C to this process; some test runners ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_in_a_search_within_a_trial_ends_both(ctrl_c: Callable[[], None]) -> None:
    ended: list[bool] = []

    def inner(trial: RunningTrial) -> float:
        if trial.number == 3:
            ctrl_c()
        return float(trial["x"])

    def outer(trial: RunningTrial) -> float:
        study = Study(LINE).optimize(inner, max_trials=10)
        ended.append(study.interrupted)
        return float(study.best.value or 0.0)

    study = Study(LINE).optimize(outer, max_trials=10)
    assert ended == [True]
    assert study.interrupted
    assert len(study.trials) == 1


def test_ctrl_c_in_the_bookkeeping_of_a_search_ends_it_after_that(ctrl_c: Callable[[], None]) -> None:
    def callback(study: Study, trial: Trial) -> None:
        if trial.number == 2:
            ctrl_c()

    study = Study(LINE).optimize(lambda t: t["x"], max_trials=10, callbacks=[callback])
    assert study.interrupted
    assert [str(trial.status) for trial in study.trials] == ["finished"] * 3


def test_ctrl_c_lets_worker_processes_hand_on_what_they_have(ctrl_c: Callable[[], None]) -> None:
    def objective(trial: RunningTrial) -> Result:
        if trial.number == 0:
            trial.report(1.0, 1)
        while not trial.should_prune():
            time.sleep(0.01)
        return Result(float(trial.number), 0.5, Status.INTERRUPTED, checkpoint={"number": trial.number})

    class Interrupting(Study):
        def _observe(self, *args: Any) -> None:
            super()._observe(*args)
            ctrl_c()

    study = Interrupting(LINE, min_budget=1, max_budget=1).optimize(objective, n_jobs=2)
    assert study.interrupted
    statuses = [str(trial.status) for trial in study.trials]
    assert statuses[0] == "interrupted"
    assert study.load_checkpoint(study.trials[0]) == {"number": 0}


def test_what_hangs_in_a_worker_when_ctrl_c_comes_is_not_held_against_it(
    ctrl_c: Callable[[], None], tmp_path: Path
) -> None:
    def objective(trial: RunningTrial) -> float:
        trial.report(1.0, 1)
        time.sleep(600 if trial.number else 0)
        return 1.0

    def callback(study: Study, trial: Trial) -> None:
        ctrl_c()

    with Study(LINE, run_dir=tmp_path / "run") as study:
        study.optimize(objective, n_jobs=2, callbacks=[callback])
        assert study.interrupted
        assert str(study.trials[0].status) == "finished"
        assert not any(trial.failed for trial in study.trials)
    with Study(LINE, run_dir=tmp_path / "run") as study:
        study.optimize(lambda _: 0.0, max_trials=3)
        assert [str(trial.status) for trial in study.trials] == ["finished"] * 3

"""What ends a search from outside: deadlines around it, Ctrl-C, and objectives that do not hear."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autonet.search import Result, RunningTrial, Status, Study, Trial

LINE = {"x": (0.0, 1.0)}


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

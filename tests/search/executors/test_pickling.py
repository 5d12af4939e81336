"""What travels between processes."""

import functools
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidOption
from autonet.search import RunningTrial, Status, Study
from autonet.search.executors.processes import Processes
from tests.search.executors.jobs import LINE, job, outcomes


class Line:
    def __init__(self, slope: float) -> None:
        self.slope = slope

    def __call__(self, trial: RunningTrial) -> float:
        return self.slope * float(trial["x"])

    def value(self, trial: RunningTrial) -> float:
        return self(trial)


def test_functions_of_any_kind_can_be_objectives(processes: Processes) -> None:
    slope = 3.0

    class Local(Line):
        pass

    def closure(trial: RunningTrial) -> float:
        return slope * float(trial["x"])

    kinds = [
        lambda t: 3.0 * t["x"],
        closure,
        Local(3.0),
        Local(3.0).value,
        functools.partial(lambda a, t: a * t["x"], 3),
    ]
    assert [outcomes(processes, objective, job())[0].result.loss for objective in kinds] == [3.0] * 5


def test_an_objective_that_cannot_be_sent_is_refused_before_any_trial(processes: Processes, tmp_path: Path) -> None:
    lock = threading.Lock()
    log = (tmp_path / "log").open("w")
    line: Any = Line(1.0)
    line.options = {"log": log}
    study = Study(LINE)
    for objective, name in [
        (lambda _: lock.locked(), "lock is of type lock"),
        (line, r"objective.options\['log'\] is of type TextIOWrapper"),
        (line.value, r"objective.__self__.options\['log'\] is of type TextIOWrapper"),
        (functools.partial(lambda lock, _: 1.0, lock), r"objective.args\[0\] is of type lock"),
    ]:
        with pytest.raises(InvalidOption, match=f"The objective cannot be pickled: {name}"):
            study.optimize(objective, executor=processes)
    log.close()
    assert study.trials == []


def test_a_result_that_cannot_be_sent_back_fails_its_trial_and_is_named(processes: Processes) -> None:
    def objective(trial: RunningTrial) -> dict[str, Any]:
        if trial.number == 0:
            trial.user_attrs["note"] = {"lock": threading.Lock()}
        if trial.number == 1:
            trial.checkpoint.keep([threading.Lock()])
        return {"value": 1.0, "more": threading.Lock() if trial.number == 2 else "text"}

    ended = outcomes(processes, objective, *(job(i) for i in range(4)))
    assert [o.result.status for o in ended] == [Status.CRASHED] * 3 + [Status.FINISHED]
    note, checkpoint, metric, _ = (o.reason for o in ended)
    assert note.startswith("TypeError: the user attribute 'note' has a part of type lock, which cannot be stored")
    lock = "cannot pickle '_thread.lock' object"
    assert checkpoint == f"result.checkpoint[0], of type lock, cannot be pickled: {lock}"
    assert metric.startswith("TypeError: the metric 'more' has a part of type lock, which cannot be stored")


def test_exceptions_come_back_as_they_are_or_with_their_text(processes: Processes) -> None:
    class Fussy(Exception):
        def __init__(self, first: int, second: int) -> None:
            super().__init__(f"{first} and {second}")

    class Mine(Exception):
        pass

    def objective(trial: RunningTrial) -> float:
        raise Fussy(1, 2) if trial.number else Mine("too bad")

    with pytest.raises(Mine, match="too bad") as caught:
        Study(LINE).optimize(objective, max_trials=1, executor=processes, on_error="raise")
    assert "in objective" in caught.value.__notes__[0]
    [outcome] = outcomes(processes, objective, job(1))
    assert outcome.reason == "Fussy: 1 and 2"
    assert isinstance(outcome.exception, RuntimeError)
    assert str(outcome.exception) == "Fussy: 1 and 2"


def test_an_objective_is_pickled_once_and_loaded_once_per_process(processes: Processes, tmp_path: Path) -> None:
    class Heavy:
        def __init__(self) -> None:
            self.data, self.pickled = np.ones(200_000), 0

        def __getstate__(self) -> dict[str, Any]:
            self.pickled += 1
            return vars(self)

        def __setstate__(self, state: dict[str, Any]) -> None:
            vars(self).update(state)
            with (tmp_path / str(os.getpid())).open("a") as file:
                file.write("loaded\n")

        def __call__(self, trial: RunningTrial) -> float:
            time.sleep(0.05)
            return float(self.data.sum())

    heavy = Heavy()
    study = Study(LINE, sampler="random").optimize(heavy, max_trials=8, executor=processes)
    assert all(t.value == 200_000 for t in study.trials)
    assert heavy.pickled == 1
    assert [file.read_text() for file in tmp_path.iterdir()] == ["loaded\n"] * 2

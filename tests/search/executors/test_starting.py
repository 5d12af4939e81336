"""Ways to start worker processes."""

import os
import signal
from typing import Literal

import pytest

from autonet.search import RunningTrial, Status, Study
from autonet.search.executors.processes import Processes
from autonet.testing.executors import check_executor
from tests.search.executors.jobs import LINE, is_alive, job, outcomes


@pytest.mark.parametrize("method", ["fork", "loky"])
def test_however_they_are_started_processes_pass_the_conformance_suite(method: Literal["fork", "loky"]) -> None:
    check_executor(lambda: Processes(2, start_method=method))


def test_a_process_that_was_started_with_loky_is_a_child_and_its_trial_alone_fails() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return float(os.getppid())

    executor = Processes(2, start_method="loky")
    study = Study(LINE, sampler="random").optimize(objective, max_trials=5, executor=executor)
    executor.close()
    assert [t.number for t in study.trials if t.status is Status.CRASHED] == [1]
    assert {t.value for t in study.trials if t.usable} == {os.getpid()}


def test_a_server_that_is_killed_takes_the_running_trials_with_it_and_is_replaced() -> None:
    def objective(trial: RunningTrial) -> float:
        trial.report(float(os.getpid()), 0)
        if trial.number == 0:
            os.kill(os.getppid(), signal.SIGKILL)
            signal.pause()
        return float(os.getppid())

    executor = Processes(1)
    ended = outcomes(executor, objective, job(0), job(1), job(2))
    executor.close()
    assert [o.result.status for o in ended] == [Status.CRASHED, Status.FINISHED, Status.FINISHED]
    assert "killed by signal 9" in ended[0].reason
    assert ended[1].result.loss == ended[2].result.loss
    assert not any(is_alive(int(o.curve[0][1])) for o in ended)

"""Executors with real processes: what a trial may do to its process, what travels, and that nothing is left behind."""

import faulthandler
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from autonet.core.errors import UnknownName
from autonet.search import RunningTrial, Status, Study
from autonet.search.executors.processes import Processes
from tests.search.executors.jobs import LINE, is_alive, job, outcomes


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# --- the ways in which a process ends


def test_whatever_ends_a_process_ends_its_trial_alone(
    processes: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def objective(trial: RunningTrial) -> float:
        trial.report(0.5, 0)
        if trial.number == 1:
            child = os.fork()  # it holds the pipe of its parent open
            if child == 0:
                time.sleep(1000)
            (tmp_path / "child").write_text(str(child))
            os.kill(os.getpid(), signal.SIGKILL)
        if trial.number == 2:
            os._exit(7)
        if trial.number == 3:
            faulthandler._sigsegv()
        if trial.number == 4:
            sys.exit("enough")
        if trial.number == 5:
            raise KeyboardInterrupt
        time.sleep(0.05)
        return 1.0

    study = Study(LINE, sampler="random", random_state=0)
    study.optimize(objective, max_trials=10, executor=processes)
    assert {t.number: t.reports[0].reason for t in study.trials if t.status is Status.CRASHED} == {
        1: "the worker process was killed by signal 9, probably out of memory",
        2: "the worker process exited with code 7",
        3: "the worker process was killed by signal 11 (SIGSEGV)",
        4: "the objective called sys.exit('enough')",
        5: "KeyboardInterrupt()",
    }
    assert [t.number for t in study.trials if t.status is Status.FINISHED] == [0, 6, 7, 8, 9]
    assert "in objective" in study.trials[4].reports[0].error
    assert all(t.curve == [(0, 0.5)] for t in study.trials)  # told before the end
    assert "Segmentation fault" in capfd.readouterr().err
    assert not is_alive(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize("method", ["fork", "loky"])
def test_processes_may_start_and_import_before_there_is_a_job(method: Literal["fork", "loky"]) -> None:
    def objective(trial: RunningTrial) -> float:
        trial.set_user_attr("pid", os.getpid())
        return float("this" in sys.modules)

    imports = ["no_such_module", "this"]  # it prints a poem, and nobody else imports it
    executor = Processes(2, imports=imports, start_method=method)
    executor.start()
    started = len(executor._workers)
    ended = outcomes(executor, objective, job(0), job(1))
    assert len(executor._workers) == started == 2
    executor.close()
    assert [o.result.loss for o in ended] == [1.0, 1.0]
    assert not any(is_alive(o.attributes["pid"]) for o in ended)


def test_an_unknown_start_method_is_refused() -> None:
    with pytest.raises(UnknownName, match="start_method 'spawn'"):
        Processes(1, start_method="spawn")  # type: ignore[arg-type]


def test_a_trial_goes_on_from_its_file_in_another_process(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        state = trial.checkpoint.load() or {"budget": 0.0, "weights": np.zeros(3), "pids": []}
        assert state["budget"] in (trial.start, trial.budget)  # the latter if it was ended after it had saved
        pids, weights = [*state["pids"], os.getpid()], state["weights"] + 1
        trial.checkpoint.save({"budget": trial.budget, "weights": weights, "pids": pids})
        trial.set_user_attr("pids", pids)
        return trial.number + float(weights.mean() == len(pids))

    def study() -> Study:
        return Study(LINE, min_budget=1, max_budget=3, run_dir=tmp_path, random_state=0, sampler="random")

    before = multiprocessing.active_children()
    with study() as first:
        first.optimize(objective, max_trials=6, n_jobs=2, callbacks=[lambda study, _: len(study.history.reports) >= 3])
        assert len(list((tmp_path / "checkpoints").glob("*.safetensors"))) >= 3
    assert set(multiprocessing.active_children()) <= set(before)
    with study() as second:
        second.optimize(objective, max_trials=6, on_error="raise")
    promoted = [t for t in second.trials if len(t.reports) == 2]
    assert all(t.reports[1].start == 1.0 and t.value == t.number + 1 for t in promoted)
    assert any(len(set(t.attributes["pids"])) == 2 for t in promoted)


# --- ends


def test_ends_of_a_search_end_what_is_running_at_once(processes: Processes) -> None:
    def objective(trial: RunningTrial) -> float:
        time.sleep(0.1 if trial.number % 2 else 1000)
        return 1.0

    study = Study(LINE, sampler="random")
    outcomes(processes, lambda _: 0.0, job(0), job(1))  # now both have started
    study.optimize(objective, stop_at=1.0, executor=processes)
    assert [t.status for t in study.trials] == [None, Status.FINISHED]
    before = descriptors()
    outcomes(processes, lambda _: 0.0, job(0), job(1))
    study.optimize(lambda _: time.sleep(1000), timeout=0.5, executor=processes)  # type: ignore[func-returns-value]
    assert descriptors() == before + 2  # one slot had no process then
    processes.cancel()


def test_four_processes_are_kept_busy(tmp_path: Path) -> None:
    """No trial ends before the third after it has begun, which therefore must not wait for a process."""
    n_trials = 20

    def objective(trial: RunningTrial) -> float:
        (tmp_path / str(trial.number)).touch()
        while not (tmp_path / str(min(trial.number + 3, n_trials - 1))).exists():
            time.sleep(0.005)
        return 1.0

    executor = Processes(4)
    study = Study(LINE, sampler="random", scheduler="none")
    study.optimize(objective, max_trials=n_trials, executor=executor)
    executor.close()
    assert [t.status for t in study.trials] == [Status.FINISHED] * n_trials

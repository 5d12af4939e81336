"""Executors with real processes: what a trial may do to its process, what travels, and that nothing is left behind."""

import atexit
import faulthandler
import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autonet.core.errors import InvalidOption
from autonet.search import InProcess, RunningTrial, Status, Study
from autonet.search.evaluation import Outcome
from autonet.search.executors.futures import Futures
from autonet.search.executors.processes import Processes
from autonet.search.records import Job
from autonet.search.registry import make_executor
from autonet.testing import executors as suite
from autonet.testing.executors import check_executor

LINE = {"x": (-10.0, 10.0)}


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    """Two processes for all tests, as each takes a second to start."""
    executor = Processes(2)
    yield executor
    executor.close()


def job(number: int = 0, **fields: Any) -> Job:
    return Job(**{"trial": number, "config": {"x": 1.0}, "start": 0.0, "target": 1.0, "seed": 0, **fields})


def outcomes(executor: Any, objective: Any, *jobs: Job) -> list[Outcome]:
    """Run jobs, as many at once as there are slots; return their outcomes by number."""
    waiting, running, ended = list(jobs), 0, []
    while waiting or running:
        while waiting and running < executor.n_slots:
            executor.submit(objective, waiting.pop(0))
            running += 1
        for outcome in executor.wait():
            running -= 1
            ended.append(outcome)
    return sorted(ended, key=lambda outcome: outcome.job.trial)


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]
    except FileNotFoundError:
        return False


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():  # pytest-timeout has the last word
        time.sleep(0.01)


# --- all of them


@pytest.mark.parametrize("kind", ["in process", "processes", "threads"])
def test_our_executors_pass_the_conformance_suite(kind: str, processes: Processes) -> None:
    with ThreadPoolExecutor(2) as pool:
        check_executor(
            {"in process": InProcess, "processes": lambda: processes, "threads": lambda: Futures(pool, 2)}[kind]
        )


class GivesTwice(InProcess):
    def wait(self) -> list[Outcome]:
        return super().wait() * 2


class TellsTwice(InProcess):
    def submit(self, objective: Any, job: Job, observe: Any = None) -> None:
        super().submit(objective, job, observe and (lambda *report: (observe(*report), observe(*report))))


class ForgetsCheckpoints(InProcess):
    def submit(self, objective: Any, job: Job, observe: Any = None) -> None:
        super().submit(objective, Job(**{**vars(job), "checkpoint": None}), observe)


class IgnoresDeadlines(InProcess):
    def submit(self, objective: Any, job: Job, observe: Any = None) -> None:
        super().submit(objective, Job(**{**vars(job), "deadline": job.deadline + 1.5}), observe)


class NeverCancels(InProcess):
    def cancel(self) -> None:
        pass


class OneAfterTheOther(InProcess):
    n_slots = 3

    def __init__(self) -> None:
        super().__init__()
        self._jobs: list[Any] = []

    def submit(self, *job: Any) -> None:
        self._jobs.append(job)

    def wait(self) -> list[Outcome]:
        if self._jobs:
            super().submit(*self._jobs.pop(0))
        return super().wait()

    def cancel(self) -> None:
        self._jobs.clear()


@pytest.mark.parametrize(
    ("executor", "check", "complaint"),
    [
        (GivesTwice, suite.check_every_job_comes_back_once, "Job 0 came back, but it was not running"),
        (TellsTwice, suite.check_everything_of_a_trial_travels, "Each report must come back once"),
        (ForgetsCheckpoints, suite.check_checkpoints_travel, "The second job must go on from the first"),
        (IgnoresDeadlines, suite.check_time_limits_hold, "A job came back .* seconds after its time limit"),
        (OneAfterTheOther, suite.check_jobs_overlap, "3 jobs of half a second in 3 slots never ran at once"),
        (NeverCancels, suite.check_cancelled_jobs_do_not_come_back, "Cancelled jobs must have no outcome"),
    ],
)
def test_the_conformance_suite_finds_what_is_wrong(
    executor: Any, check: Any, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "MESSAGE_TIMEOUT_SECONDS", 1.0)
    assert check in suite.CHECKS
    with pytest.raises(AssertionError, match=complaint):
        check(executor())


def test_n_jobs_chooses_the_executor() -> None:
    assert isinstance(make_executor(1), InProcess)
    assert make_executor(3).n_slots == 3
    assert make_executor(-1).n_slots >= 1
    for wrong in (0, -2, 1.5, "2"):
        with pytest.raises(InvalidOption, match=f"n_jobs must be an integer of at least 1, or -1.*; got {wrong!r}"):
            Study(LINE).optimize(lambda _: 1.0, n_jobs=wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="memory_limit_mb must be a positive number; got -1"):
        Processes(2, memory_limit_mb=-1)


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


def test_a_hang_is_killed_at_the_deadline_and_its_last_report_counts(processes: Processes) -> None:
    def objective(trial: RunningTrial) -> float:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})  # as deaf as compiled code
        if trial.number == 1:
            trial.report(0.25, 0)
        time.sleep(1000 if trial.number < 2 else 0)
        return 1.0

    outcomes(processes, lambda _: 0.0, job(0), job(1))  # now both have started
    deadline = time.monotonic() + 1.0
    ended = outcomes(processes, objective, *(job(i, deadline=deadline) for i in range(2)))
    assert time.monotonic() >= deadline
    assert [o.result.status for o in ended] == [Status.TIMEOUT, Status.CUT]
    assert [o.reason for o in ended] == ["timed out", "timed out; using the last reported value"]
    assert ended[1].result.loss == 0.25
    assert ended[1].curve == [(0, 0.25)]
    assert ended[0].seconds > 0.5
    assert outcomes(processes, objective, job(2))[0].result.loss == 1.0


def test_processes_may_start_and_import_before_there_is_a_job() -> None:
    executor = make_executor(2, imports=["no_such_module", "this"])  # it prints a poem, and nobody else imports it
    try:
        assert isinstance(executor, Processes)
        started = {worker.process.pid for worker in executor._workers}
        assert len(started) == 2
        ended = outcomes(executor, lambda trial: float("this" in sys.modules), job(0), job(1))
        assert [o.result.loss for o in ended] == [1.0, 1.0]
        assert {worker.process.pid for worker in executor._workers} == started
    finally:
        executor.close()
    assert not any(is_alive(pid) for pid in started if pid)


def test_processes_that_leave_call_their_exit_functions_and_say_what_they_had_to_say(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def objective(trial: RunningTrial) -> float:
        atexit.register((tmp_path / "left").write_text, "yes")
        print("said at the end", end="")
        return 0.0

    executor = Processes(1)
    Study({"x": (0.0, 1.0)}).optimize(objective, max_trials=1, executor=executor)
    assert not (tmp_path / "left").exists()
    executor.close()
    assert (tmp_path / "left").read_text() == "yes"
    assert "said at the end" in capfd.readouterr().out


def test_a_memory_limit_ends_the_trial_that_needs_more() -> None:
    def objective(trial: RunningTrial) -> float:
        blocks = [np.ones(120 * 2**17)]
        while trial.number:
            blocks.append(np.ones(5 * 2**17))
            trial.report(120 + 5 * (len(blocks) - 1), len(blocks))
        return 1.0

    executor = Processes(1, memory_limit_mb=200)
    ended = outcomes(executor, objective, job(0), job(1))
    ended += outcomes(executor, lambda _: float(torch.ones(400 * 2**17, dtype=torch.float64)[-1]), job(2))
    executor.close()
    assert [o.result.status for o in ended] == [Status.FINISHED, Status.MEMOUT, Status.MEMOUT]
    assert ended[1].reason.startswith("MemoryError: Unable to allocate 5.00 MiB")
    assert 180 <= ended[1].curve[-1][1] <= 200
    assert "can't allocate memory" in ended[2].reason


# --- what travels


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


# --- as a program


def start(*arguments: str, stdin: str | None = None, cwd: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(stdin or "")
    process.stdin.close()
    process.stdin = None
    return process


NO_GUARD = """
import os, signal, sys
from autonet.search import maximize
from autonet.search.executors.processes import Processes
offset = 2
def value(x):
    return -(x - offset) ** 2
def objective(trial):
    trial.set_user_attr("torch", "torch" in sys.modules)
    trial.set_user_attr("threads", os.environ["OMP_NUM_THREADS"] + os.environ["OPENBLAS_NUM_THREADS"])
    trial.set_user_attr("interrupt", signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
    return value(trial["x"])
study = maximize(objective, {"x": (-10.0, 10.0)}, sampler="random", max_trials=4, n_jobs=2, on_error="raise")
assert all(t.value == value(t.config["x"]) for t in study.trials)
print(len(study.trials), study.trials[3].attributes)
"""
EXPECTED = "4 {'torch': False, 'threads': '11', 'interrupt': True}\n"
NOTEBOOK = f"""
import types
cell = types.ModuleType("__main__")
exec({NO_GUARD.replace("n_jobs=2", "executor=Processes(1)")!r}, vars(cell))
"""


def test_no_guard_is_needed_in_a_script_on_standard_input_in_a_notebook_or_with_c(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(NO_GUARD)
    programs = [
        start(str(script), cwd=tmp_path),
        start("-", stdin=NO_GUARD.replace("n_jobs=2", "executor=Processes(1)"), cwd=tmp_path),
        start("-c", NOTEBOOK, cwd=tmp_path),
    ]
    assert [program.communicate(timeout=60) for program in programs] == [(EXPECTED, "")] * 3


INTERRUPTED = """
import os, signal, sys, time
from pathlib import Path
from autonet.search import Study
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has its programs ignore it
def objective(trial):
    Path(f"{trial.number}.pid.part").write_text(str(os.getpid()))
    os.rename(f"{trial.number}.pid.part", f"{trial.number}.pid")
    time.sleep(1000 if trial.number else 0)
    return 1.0
study = Study({"x": (0.0, 1.0)}, sampler="random").optimize(objective, n_jobs=2)
print(study.interrupted, len(study.trials), study.best.value)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_program(number: int, tmp_path: Path) -> None:
    program = start("-c", INTERRUPTED, cwd=tmp_path)
    pids = [tmp_path / f"{i}.pid" for i in range(3)]
    wait_until(lambda: all(path.exists() for path in pids))
    os.killpg(program.pid, number)  # as a terminal does it: to all of its processes
    try:
        output = program.communicate(timeout=30)
    finally:
        program.kill()
    assert output == (("True 3 1.0\n", "") if number == signal.SIGINT else ("", ""))
    wait_until(lambda: not any(is_alive(int(path.read_text())) for path in pids))


def test_an_executor_that_nobody_closed_ends_with_the_program(tmp_path: Path) -> None:
    program = start(
        "-c",
        "from autonet.search import Study\n"
        "from autonet.search.executors.processes import Processes\n"
        "executor = Processes(1)\n"
        "study = Study({'x': (0.0, 1.0)}).optimize(lambda _: 1.0, max_trials=3, executor=executor)\n"
        "print(len(study.trials))",
        cwd=tmp_path,
    )
    assert program.communicate(timeout=60) == ("3\n", "")


# --- pools of others


def test_a_late_result_of_a_thread_is_ignored_and_deadlines_are_counted_in_seconds() -> None:
    may_end, has_ended = threading.Event(), threading.Event()

    def objective(trial: RunningTrial) -> float:
        if trial.number == 0:
            try:
                may_end.wait()
            finally:  # the exception of the deadline comes when the wait is over
                has_ended.set()
        return trial.deadline - time.monotonic()

    with ThreadPoolExecutor(2) as pool:
        executor = Futures(pool, 2)
        deadline = time.monotonic() + 0.3
        [late] = outcomes(executor, objective, job(0, deadline=deadline))
        assert time.monotonic() >= deadline
        assert (late.result.status, late.reason) == (Status.TIMEOUT, "timed out")
        may_end.set()
        has_ended.wait()
        [outcome] = outcomes(executor, objective, job(1, deadline=time.monotonic() + 5000))
        assert outcome.job.trial == 1
        assert outcome.result.loss == pytest.approx(5000, abs=200)


def test_any_pool_of_processes_will_do_and_one_that_is_broken_says_so() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            trial.checkpoint.keep({"lock": threading.Lock()})
        if trial.number == 2:
            os._exit(3)
        return 2.0 * float(trial["x"])

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        executor = Futures(pool, 1)
        ended = outcomes(executor, objective, *(job(i) for i in range(3)))
        with pytest.raises(InvalidOption, match=r"cannot be pickled: pool\._executor_manager_thread"):
            executor.prepare(lambda _: pool)
    assert ended[0].result.loss == 2.0
    assert ended[1].reason.startswith("result.checkpoint['lock'], of type lock, cannot be pickled")
    assert ended[2].result.status is Status.CRASHED
    assert ended[2].reason.startswith("BrokenProcessPool: A process in the process pool was terminated abruptly")

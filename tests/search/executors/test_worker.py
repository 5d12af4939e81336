"""Worker processes as programs: how they begin, what they may use, and that none is left behind."""

import atexit
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from autonet.search import RunningTrial, Status, Study
from autonet.search.executors.processes import Processes
from tests.search.executors.jobs import is_alive, job, outcomes


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():  # pytest-timeout has the last word
        time.sleep(0.01)


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


def start(*arguments: str, stdin: str | None = None, cwd: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
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

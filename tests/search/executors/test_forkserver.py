"""The server that forks worker processes."""

import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest

from autonet.search import RunningTrial
from autonet.search.executors.processes import Processes
from tests.search.executors.jobs import is_alive, job, outcomes
from tests.search.executors.test_worker import start, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux")


def test_workers_are_forks_of_one_server_which_imports_once_and_share_no_random_numbers(tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text(f"open({str(tmp_path / 'log')!r}, 'a').write('imported ')")

    def objective(trial: RunningTrial) -> float:
        assert "slow_to_import" in sys.modules
        trial.set_user_attr("draws", [random.random(), np.random.random()])  # noqa: NPY002
        trial.set_user_attr("pid", os.getpid())
        return float(os.getppid())

    sys.path.insert(0, str(tmp_path))
    executor = Processes(2, imports=["slow_to_import"])
    try:
        ended = outcomes(executor, objective, job(0), job(1))
    finally:
        sys.path.remove(str(tmp_path))
        executor.close()
    assert (tmp_path / "log").read_text() == "imported "
    pids = {ended[0].attributes["pid"], ended[1].attributes["pid"], int(ended[0].result.loss)}
    assert ended[0].result.loss == ended[1].result.loss != os.getpid()
    assert len(pids) == 3
    assert len({draw for o in ended for draw in o.attributes["draws"]}) == 4
    assert not any(is_alive(pid) for pid in pids)


def test_a_worker_that_died_is_replaced_by_a_fork_and_leaves_no_zombie() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number < 3:
            os._exit(1)
        children = Path(f"/proc/{os.getppid()}/task/{os.getppid()}/children").read_text().split()
        assert children == [str(os.getpid())]
        return 1.0

    executor = Processes(1)
    ended = outcomes(executor, objective, *(job(i) for i in range(4)))
    executor.close()
    assert [o.reason for o in ended] == ["the worker process exited with code 1"] * 3 + [""]


def test_where_an_imported_module_has_started_a_thread_processes_are_not_forked(tmp_path: Path) -> None:
    (tmp_path / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=[1000], daemon=True).start()"
    )

    def objective(trial: RunningTrial) -> float:
        if trial.number == 0:
            os._exit(3)
        return float("threaded" in sys.modules)

    sys.path.insert(0, str(tmp_path))
    executor = Processes(1, imports=["threaded"])
    try:
        ended = outcomes(executor, objective, job(0), job(1))
    finally:
        sys.path.remove(str(tmp_path))
        executor.close()
    assert ended[0].reason == "the worker process exited with code 3"
    assert ended[1].result.loss == 0.0  # a new interpreter, in which nothing has imported it


KILLED = """
import os, signal, subprocess, sys, time
from pathlib import Path
from autonet.search import Study
def objective(trial):
    if trial.number:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        part = f"{trial.number}.part"  # the two trials run at the same time
        Path(part).write_text(f"{os.getppid()} {os.getpid()} {child.pid}")
        os.rename(part, f"{trial.number}.pids")
        time.sleep(1000)
    return 1.0
Study({"x": (0.0, 1.0)}, sampler="random").optimize(objective, n_jobs=2)
"""


def test_when_only_the_program_is_killed_server_workers_and_their_children_end(tmp_path: Path) -> None:
    program = start("-c", KILLED, cwd=tmp_path)
    files = [tmp_path / f"{i}.pids" for i in (1, 2)]
    wait_until(lambda: all(file.exists() for file in files))
    program.kill()
    program.communicate(timeout=30)
    pids = {int(pid) for file in files for pid in file.read_text().split()}
    assert len(pids) == 5
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_many_executors_leave_no_descriptors_and_no_processes() -> None:
    def left() -> tuple[int, str]:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        return len(list(Path("/proc/self/fd").iterdir())), children

    def run() -> None:
        executor = Processes(2)
        outcomes(executor, lambda _: float(np.ones(100_000).sum()), job(0), job(1))
        executor.close()

    run()
    before = left()
    for _ in range(3):
        run()
    assert left() == before

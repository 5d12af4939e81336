"""Run directories under torture: kill -9, full disks, faults in a third of all trials, damaged and forged files.

``python tests/search/torture.py [--quick] [ROW ...]`` prints a line per row: its id, whether it passed, seconds.
Processes are forked from one that has imported everything, so that a death costs milliseconds.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import itertools
import json
import logging
import math
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fuzz
import numpy as np
import pytest
from chaos import (
    NAMES,
    base,
    check_equal,
    check_tidy,
    checkpoints,
    dies,
    facts,
    forked,
    mixed_space,
    n_writes,
    reopened,
    results,
    resumed,
    search,
)

from autonet.core.errors import RunLocked, RunUnavailable
from autonet.search.executors.in_process import InProcess
from autonet.search.executors.processes import Processes
from autonet.search.records import Status, Trial
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.checkpoints import read_checkpoint, write_checkpoint
from autonet.search.storage.replay import read_history
from autonet.search.storage.store import RunDirectory
from autonet.search.study import Study

# --- rows


def r1_every_acknowledged_result_survives(folder: Path, *, quick: bool) -> None:
    """kill -9 at random times: what was acknowledged is there, and no finished job runs again."""
    rng = random.Random(0)

    def logged(log: Path) -> Callable[[], Any]:
        def note(*row: Any) -> None:
            with log.open("a") as file:
                file.write(json.dumps(row) + "\n")

        def wrapped(objective: Any) -> Any:
            def slow(trial: RunningTrial) -> Any:
                note("runs", trial.number, trial.budget)
                time.sleep(0.01)
                return objective(trial)

            return slow

        def done(_: Study, trial: Trial) -> None:
            note("done", trial.number, trial.reports[-1].target, trial.value)

        return lambda: search(log.with_suffix(""), "trained", callbacks=[done], wrapped=wrapped)

    began = time.monotonic()
    assert forked(logged(folder / "whole.log")) == 0
    seconds = time.monotonic() - began
    for i in range(4 if quick else 30):
        log = folder / f"{i}.log"
        forked(logged(log), kill_after=rng.uniform(0, seconds))
        assert forked(logged(log)) == 0
        trials, finished = reopened(log.with_suffix(""), "trained"), set()
        for what, number, budget, *value in map(json.loads, log.read_text().splitlines()):
            assert (number, budget) not in finished, "it ran again"
            if what == "done":
                finished.add((number, budget))
                assert [
                    -r.loss if trials[number].maximize else r.loss for r in trials[number].reports if r.target == budget
                ] == value
        assert facts(trials) == facts(reopened(folder / "whole", "trained"))


def r2_the_history_is_that_of_an_undisturbed_run(folder: Path, *, quick: bool) -> None:
    """kill -9 before and after the k-th event, k = 1 .. 20, in five kinds of searches."""
    for name in NAMES:
        expected = resumed(folder / f"{name} whole", name)
        assert facts(search(folder / f"{name} live", name).trials) == expected
        last = n_writes(folder / f"{name} whole")
        for k in (2, 11, 17, last) if quick else (*range(1, 21), last):
            for after in [k % 2 == 0 or k == last] if quick else [False, True]:
                directory = folder / f"{name} {k} {after}"
                assert forked(dies(directory, name, k, after=after)) == -signal.SIGKILL
                check_equal(resumed(directory, name), expected, f"{name}, killed at event {k}")
                assert checkpoints(directory) == checkpoints(folder / f"{name} whole")


def r3_killed_again_and_again(folder: Path, *, quick: bool) -> None:
    """kill -9 every half second until the search is done: finished jobs only grow, at most half the work is lost."""
    log = folder / "log"

    def wrapped(objective: Any) -> Any:
        def slow(trial: RunningTrial) -> Any:
            with log.open("a") as file:
                file.write(".")
            time.sleep(0.05)
            return objective(trial)

        return slow

    finished, best, rng = 0, math.inf, random.Random(1)
    while forked(lambda: search(folder / "run", "trained", wrapped=wrapped), kill_after=rng.uniform(0.3, 0.6)):
        history = read_history(folder / "run")
        losses = [report.loss for _, report in history.reports]
        assert len(history.reports) >= finished
        assert min(losses, default=math.inf) <= best
        finished, best = len(history.reports), min(losses, default=math.inf)
    assert len(log.read_text()) <= 1.5 * len(read_history(folder / "run").reports)


def r4_a_trial_that_takes_the_process_with_it_twice_is_given_up(folder: Path, *, quick: bool) -> None:
    """A job that kills the whole process is tried a second time, then it counts as crashed; the search goes on."""

    def wrapped(objective: Any) -> Any:
        return lambda trial: os.kill(os.getpid(), signal.SIGKILL) if trial.number == 3 else objective(trial)

    codes = [forked(lambda: search(folder / "run", "plain", wrapped=wrapped)) for _ in range(3)]
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    trials = reopened(folder / "run", "plain")
    assert [t.status for t in trials] == [Status.FINISHED] * 3 + [Status.CRASHED] + [Status.FINISHED] * 8
    assert trials[3].reports[0].reason == "the process died while the trial was running, 2 times"


def r10_a_full_disk_ends_the_search_and_nothing_else(folder: Path, *, quick: bool) -> None:
    """No file may grow past a limit: a clear error, no trial blamed, old rows intact; with room again it goes on."""

    def limited(directory: Path, name: str, size: int, message: str, wrapped: Any) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        with pytest.raises(RunUnavailable, match=message):
            search(directory, name, wrapped=wrapped)

    def check(name: str, size: int, message: str, wrapped: Any = lambda objective: objective) -> None:
        directory, whole = folder / f"{name} {size} {message}", folder / f"{name} whole"
        assert forked(lambda: limited(directory, name, size, message, wrapped)) == 0
        before = read_history(directory)
        assert not any(report.failed for _, report in before.reports)
        assert not set(results(before)) - set(results(read_history(whole)))
        check_equal(resumed(directory, name), facts(reopened(whole, name)), directory.name)

    for name in ("plain", "trained"):
        resumed(folder / f"{name} whole", name)
        size_of_whole = (folder / f"{name} whole" / "study.sqlite").stat().st_size
        for size in range(8_500, size_of_whole, 4_000 if quick else 1_000):
            check(name, size, "cannot be reached")
    large = lambda objective: lambda trial: (trial.checkpoint.save(np.zeros(10_000)), objective(trial))[1]  # noqa: E731
    check("trained", 60_000, "safetensors cannot be written", large)


def r11_a_directory_that_goes_away_or_becomes_read_only(folder: Path, *, quick: bool) -> None:
    """The search ends with a clear error; what becomes writable again goes on."""

    def stops(name: str, act: Callable[[Path], Any], directory: Path) -> int:
        def work() -> None:
            if os.getuid() == 0:  # who may write everywhere
                os.setuid(65534)
            third = [lambda _, trial: act(directory) if trial.number == 3 else None]
            with pytest.raises(RunUnavailable, match=str(directory)):
                search(directory, name, callbacks=third)

        return forked(work)

    folder.chmod(0o777)
    for name in ("plain", "trained"):
        gone, closed = folder / f"{name} gone", folder / f"{name} closed"
        assert stops(name, shutil.rmtree, gone) == 0
        assert not gone.exists()
        assert stops(name, lambda path: path.chmod(0o500), closed) == 0
        assert stops(name, print, closed) == 0  # it cannot even be opened
        assert len(read_history(closed)) == 4
        closed.chmod(0o700)
        assert resumed(closed, name) == resumed(folder / f"{name} whole", name)


def r12_one_process_at_a_time(folder: Path, *, quick: bool) -> None:
    """A second process is refused with the pid of the first, whose work is not disturbed."""

    def second(*_: Any) -> None:
        def work() -> None:
            with pytest.raises(RunLocked, match=rf"in use by another process \(pid {os.getppid()}\); wait for it"):
                search(folder / "run", "plain")

        assert forked(work) == 0

    def copy_closes(study: Study, _: Trial) -> None:
        assert forked(study.close) == 0

    search(folder / "run", "plain", callbacks=[copy_closes, second])
    assert facts(reopened(folder / "run", "plain")) == resumed(folder / "whole", "plain")


def r13_the_lock_of_a_dead_process_is_free(folder: Path, *, quick: bool) -> None:
    """After kill -9 the directory opens at once, while a child of the dead lives on."""

    def parent() -> None:
        with RunDirectory(folder / "run"):
            child = os.fork()
            if not child:
                time.sleep(100)
                os._exit(0)
            (folder / "child").write_text(str(child))
            time.sleep(5)

    assert forked(parent, kill_after=0.5) == -signal.SIGKILL
    child = int((folder / "child").read_text())
    RunDirectory(folder / "run").close()
    os.kill(child, signal.SIGKILL)  # fails if it was waited for


def r17_every_third_trial_fails(folder: Path, *, quick: bool) -> None:
    """Exceptions, NaN, SIGKILL, segmentation faults, exits: each ends one trial; the sums are right."""
    n = 10 if quick else 500

    def chaotic(trial: RunningTrial) -> float:
        import ctypes

        fault = np.random.default_rng(trial.seed).integers(20)
        if fault == 0:
            raise ValueError("chaos")
        if fault == 1:
            return math.nan
        if fault == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == 3:
            ctypes.string_at(0)
        if fault == 4:
            os._exit(3)
        if fault == 5:
            sys.exit("chaos")
        return base(trial)

    def work() -> None:
        with Study(mixed_space(), sampler="random", random_state=3, run_dir=folder / "run") as study:
            executor = Processes(2)
            try:
                study.optimize(chaotic, max_trials=n, executor=executor, progress=False)
            finally:
                executor.close()

    assert forked(work) == 0
    trials = reopened(folder / "run", "plain")
    expected = {0: Status.CRASHED, 1: Status.DIVERGED, 2: Status.CRASHED, 3: Status.CRASHED, 4: Status.CRASHED}
    assert len(trials) == n
    for trial in trials:
        fault = int(np.random.default_rng(trial.seed).integers(20))
        status = expected.get(fault, Status.CRASHED if fault == 5 else Status.FINISHED)
        assert trial.status is status, (trial, fault)
        assert trial.value == (base(trial.config) if status is Status.FINISHED else None)
    check_tidy(folder / "run")


def r19_others_may_read_meanwhile(folder: Path, *, quick: bool) -> None:
    """Another process lists the trials at any time; it sees each whole or not at all, and more and more of them."""
    pid = os.fork()
    if not pid:
        slow = lambda objective: lambda trial: (time.sleep(0.05), objective(trial))[1]  # noqa: E731
        os._exit(forked(lambda: search(folder / "run", "trained", wrapped=slow)))
    seen, reads = 0, 0
    while not os.waitpid(pid, os.WNOHANG)[0]:
        try:
            history = read_history(folder / "run")
        except RunUnavailable:  # it has not begun
            assert not seen
            continue
        assert len(history.reports) >= seen
        seen, reads = len(history.reports), reads + 1
    assert reads >= 20
    assert facts(read_history(folder / "run").trials) == resumed(folder / "whole", "trained")


def s20_deadlines_hold(folder: Path, *, quick: bool) -> None:
    """A search ends half a second, or as long as fifty empty trials take, after its timeout at the latest."""
    for executor in (InProcess(), Processes(2)):
        for _ in range(2 if quick else 10):
            began = time.monotonic()
            Study({"x": (0.0, 1.0)}, sampler="random").optimize(
                lambda _: 1.0, max_trials=50, executor=executor, progress=False
            )
            patience = 0.5 + time.monotonic() - began
            began = time.monotonic()
            study = Study({"x": (0.0, 1.0)}, sampler="random")
            study.optimize(lambda _: time.sleep(1000), timeout=0.5, executor=executor, progress=False)
            assert 0.5 <= time.monotonic() - began < 0.5 + patience
            assert all(trial.status is Status.TIMEOUT for trial in study.trials)
        executor.close()


def s21_four_processes_are_kept_busy(folder: Path, *, quick: bool) -> None:
    """Four processes run four times as many trials as one in nearly the same time."""
    seconds = {}
    for n in (1, 4):
        executor = Processes(n)
        study = Study({"x": (0.0, 1.0)}, sampler="random", scheduler="none")
        study.optimize(lambda _: 1.0, max_trials=2 * n, executor=executor, progress=False)  # the processes start
        began = time.monotonic()
        study.optimize(lambda _: time.sleep(0.05) or 1.0, max_trials=22 * n, executor=executor, progress=False)
        seconds[n] = time.monotonic() - began
        executor.close()
    assert seconds[4] < 1.5 * seconds[1], seconds


def s11_a_save_is_whole_or_not_at_all(folder: Path, *, quick: bool) -> None:
    """kill -9 while a checkpoint is saved: the old state is there, or the new one."""
    path, log, rng = folder / "checkpoint.safetensors", folder / "log", random.Random(0)

    def saves() -> None:
        for step in itertools.count(int(log.read_text() or 0)):
            write_checkpoint(path, {"step": step, "weights": np.full(30_000, step)})
            log.write_text(str(step))

    log.touch()
    write_checkpoint(path, {"step": 0, "weights": np.zeros(30_000, int)})
    for _ in range(20 if quick else 200):
        assert forked(saves, kill_after=rng.uniform(0.005, 0.03)) == -signal.SIGKILL
        state = read_checkpoint(path)
        assert (state["weights"] == state["step"]).all()
        assert state["step"] >= int(log.read_text() or 0)


def d1_damaged_run_directories_are_refused_or_as_they_were(folder: Path, *, quick: bool) -> None:
    """2,000 times bits, pages, links, pipes, forged events: only our exceptions, no hang, nothing written outside."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", RuntimeWarning)  # forged values overflow
    original = fuzz.make_run_directory(folder / "original")
    n = 60 if quick else 2000
    copies = folder / "copies"
    copies.mkdir()
    refused = sum(fuzz.fuzz_run_directory(original, copies, seed) for seed in range(n))
    assert n / 3 < refused < n


def d2_damaged_checkpoints_are_refused_or_read(folder: Path, *, quick: bool) -> None:
    """2,000 times bits, pages, truncations: only our exceptions."""
    n = 60 if quick else 2000
    assert n / 2 < sum(fuzz.fuzz_checkpoint(folder, seed) for seed in range(n)) < n


def d3_workers_whose_parent_died_say_nothing(folder: Path, *, quick: bool) -> None:
    """kill -9 of the parent at random times: no worker stays, and none writes to the terminal."""
    script = folder / "script.py"
    script.write_text(
        "import time\nfrom autonet.search import Study\n"
        "def objective(trial):\n"
        "    for step in range(1000):\n        trial.report(1.0, step)\n        time.sleep(0.01)\n"
        "Study({'x': (0.0, 1.0)}).optimize(objective, n_jobs=2, max_trials=6, progress=False)\n"
    )
    rng = random.Random(0)
    for _ in range(3 if quick else 20):
        parent = subprocess.Popen(
            [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        time.sleep(rng.uniform(0.5, 4.5))
        parent.kill()
        said, _ = parent.communicate(timeout=30)  # until the last worker has closed it
        assert not said, said.decode()


ROWS = {
    name.partition("_")[0].upper(): row
    for name, row in list(globals().items())
    if name[0] in "rsd" and name[1:2].isdigit()
}


def run_row(name: str, *, quick: bool) -> bool:
    """Run a row in a process and a directory of its own; print how it went."""
    began, memory = time.monotonic(), Path("/dev/shm")  # no waiting for a disk; a killed process loses nothing there
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        passed = forked(lambda: ROWS[name](Path(folder), quick=quick)) == 0
    title = ROWS[name].__name__.partition("_")[2].replace("_", " ")
    print(f"{name:<4} {'pass' if passed else 'FAIL'} {time.monotonic() - began:7.1f} s  {title}", flush=True)
    return passed


def main() -> int:
    """Run the rows that are asked for; the exit code is the number of those that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: all of {' '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="fewer deaths")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"unknown rows {sorted(unknown)}")
    return sum(not run_row(name, quick=arguments.quick) for name in arguments.rows or ROWS)


if __name__ == "__main__":
    sys.exit(main())

"""Searches that a seed repeats, and processes that die while they run one."""

import itertools
import math
import os
import signal
import sqlite3
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from difflib import unified_diff
from pathlib import Path
from typing import Any

import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer

from autonet.search.history import History
from autonet.search.records import Trial
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.store import RunDirectory
from autonet.search.study import Study

# --- searches that a seed repeats


def mixed_space() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind = Categorical("kind", ["linear", "deep"], default="linear")
    rate, depth = Float("rate", (1e-4, 1.0), log=True, default=0.1), Integer("depth", (1, 8), default=2)
    units = Categorical("units", [(64, 32), (16,), None, True, 2.5], default=(16,))
    space.add(kind, rate, depth, units, EqualsCondition(rate, kind, "linear"), EqualsCondition(depth, kind, "deep"))
    return space


def base(trial: Any) -> float:
    size = {(64, 32): 0.0, (16,): 0.3, None: 0.1, True: 0.7, 2.5: 0.5}[trial["units"]]
    return size + (abs(math.log10(trial["rate"]) + 2) if trial["kind"] == "linear" else 0.2 * trial["depth"])


def plain(trial: RunningTrial) -> float:
    trial.set_user_attr("shape", (trial.number, [math.inf, {1: None}]))
    trial.set_user_attr("score", np.float32(0.1))
    return base(trial)


def trained(trial: RunningTrial) -> float:
    """A random walk: the value depends on every step since the first, so that a lost or doubled step shows."""
    state = trial.checkpoint.load() or {"weights": np.zeros(3), "step": 0}
    while state["step"] < (trial.budget or 0):
        step = state["step"] + 1
        noise = np.random.default_rng([trial.seed, step]).normal(size=3)
        state = {"weights": state["weights"] + 0.1 * noise, "step": step}
        trial.report(base(trial) + float(np.abs(state["weights"]).sum()), step)
        trial.checkpoint.save(state)  # after the report: what was reported before a checkpoint is kept with it
    assert state["step"] == trial.budget
    return base(trial) + float(np.abs(state["weights"]).sum())


def defined(trial: RunningTrial) -> float:
    """An objective as Optuna's users write it, which a median pruner may end."""
    layers = trial.suggest_int("layers", 1, 3)
    units = [trial.suggest_categorical(f"units{i}", [(8, 8), (16,), None]) for i in range(layers)]
    loss = trial.suggest_float("rate", 1e-4, 1, log=True) + 0.1 * sum(len(u or ()) for u in units)
    for step in range(4):
        trial.report(loss + 1 / (step + 1), step)
        if trial.should_prune():
            break
    return loss


def faulty(trial: RunningTrial) -> float:
    if trial.number % 4 == 1:
        raise ValueError(f"no such luck in trial {trial.number}")
    return math.nan if trial.number % 4 == 3 else base(trial)


def search(directory: Path, name: str, *, callbacks: Any = (), wrapped: Any = lambda objective: objective) -> Study:
    """Run, or go on with, the search of that name, as a script would that is simply started again."""
    options: dict[str, Any] = {"run_dir": directory, "random_state": 7}
    if name == "defined":
        study, objective, n = Study(**options), defined, 12
    elif name == "trained":
        study, objective, n = Study(mixed_space(), min_budget=1, max_budget=9, **options), trained, 12
    elif name == "enqueued":
        study, objective, n = Study(mixed_space(), direction="maximize", **options), plain, 10
        for depth in (3, 3, 5):
            study.enqueue({"kind": "deep", "depth": depth, "units": None})
    else:
        study, objective, n = Study(mixed_space(), **options), {"plain": plain, "faulty": faulty}[name], 12
    with study:
        return study.optimize(wrapped(objective), max_trials=n, callbacks=callbacks, progress=False)


NAMES = ("plain", "trained", "defined", "enqueued", "faulty")


def facts(trials: list[Trial]) -> str:
    """All that a seed determines; as text, which tells True from 1 and a list from a tuple."""
    skip = {"seconds", "began", "error"}
    return "\n".join(
        repr((t.number, dict(t.config), t.seed, t.origin, t.curve, t.attributes))
        + "".join(f" { ({k: v for k, v in vars(r).items() if k not in skip}) }" for r in t.reports)
        for t in trials
    )


def results(history: History) -> list[Any]:
    return [(trial.number, report.target, report.loss) for trial, report in history.reports]


def check_equal(found: str, expected: str, where: str) -> None:
    assert found == expected, "\n".join([where, *unified_diff(expected.splitlines(), found.splitlines(), n=0)])


def checkpoints(directory: Path) -> set[str]:
    return {path.name for path in (directory / "checkpoints").iterdir()}


def n_writes(directory: Path) -> int:
    """Count how often the store was told to keep something."""
    with RunDirectory(directory, read_only=True) as store:  # what belongs to a start or an end is kept with it
        return sum(event.kind not in ("propose", "define") for event in store.events())


def check_tidy(directory: Path) -> None:
    """No file is left over, and all of them are for their owner alone."""
    kept = {event.body.get("checkpoint") for event in RunDirectory(directory, read_only=True).events()}
    for path in directory.rglob("*"):
        if path.is_file():
            assert path.name in {"study.sqlite", "lock", "owner"} | kept, path
        assert path.stat().st_mode & 0o077 == 0, path
    with closing(sqlite3.connect(directory / "study.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# --- processes


def forked(work: Callable[[], Any], *, kill_after: float | None = None) -> int:
    """Do work in a process of its own; return its exit code, or minus the signal that ended it."""
    pid = os.fork()
    if not pid:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def dies(directory: Path, name: str, k: int, *, after: bool) -> Callable[[], None]:
    """Return work that is killed before or after the k-th time that the store keeps something."""

    def work() -> None:
        count, append = itertools.count(1), RunDirectory.append

        def counted(self: RunDirectory, *events: Any) -> Any:
            last = next(count) == k
            if last and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            kept = append(self, *events)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return kept

        RunDirectory.append = counted  # type: ignore[method-assign]
        search(directory, name)

    return work


def resumed(directory: Path, name: str) -> str:
    assert forked(lambda: search(directory, name)) == 0
    check_tidy(directory)
    return facts(reopened(directory, name))


def reopened(directory: Path, name: str) -> list[Trial]:
    """Read the trials as a study that is opened again has them."""
    options: dict[str, Any] = {"min_budget": 1, "max_budget": 9} if name == "trained" else {}
    direction = "maximize" if name == "enqueued" else "minimize"
    space = None if name == "defined" else mixed_space()
    with Study(space, direction=direction, run_dir=directory, **options) as study:
        return study.trials

"""The run directory: nothing lost, nothing read wrongly, nobody let in twice."""

import ast
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autonet.search
from autonet.core.errors import RunCorrupted, RunLocked, RunUnavailable
from autonet.search.records import Event, Status
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.replay import read_history
from autonet.search.storage.store import RunDirectory
from autonet.search.study import Study
from tests.search.storage.runs import BUDGETS, SPACE, Keeping, database, forge, objective, read, run

# --- a store of someone else


def test_a_study_runs_on_a_store_of_someone_else() -> None:
    place: dict[str, list[Event]] = {}
    for n in (3, 5):
        with Study(SPACE, run_dir=Keeping(place, "a"), random_state=0) as study:
            study.optimize(lambda trial: trial["x"], max_trials=n, progress=False)
    assert sum(e.kind == "end" for e in place["a"]) == 5


# --- R8, R9: damage


@pytest.mark.parametrize("twentieth", range(20))
def test_a_truncated_database_is_refused_by_its_name(twentieth: int, directory: Path) -> None:
    whole = database(directory).read_bytes()
    database(directory).write_bytes(whole[: len(whole) * twentieth // 20])
    for work in (lambda: run(directory), lambda: read_history(directory)):
        with pytest.raises(RunCorrupted, match=r"study\.sqlite cannot be read \(.*restore it from a copy"):
            work()
    assert len(database(directory).read_bytes()) == len(whole) * twentieth // 20  # nothing was changed


@pytest.mark.parametrize("name", ["lock", "owner"])
def test_the_other_files_may_be_damaged(name: str, directory: Path) -> None:
    for content in (b"", b"\x00\xff" * 50):
        (directory / name).write_bytes(content)
        assert len(run(directory).trials) == 6


def test_a_truncated_checkpoint_costs_one_job_and_nothing_else(directory: Path) -> None:
    before = read(directory)
    for path in (directory / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:-1])

    def loads(trial: RunningTrial) -> float:
        trial.checkpoint.load()
        return objective(trial) + 10 * (trial.number >= 6)  # worse than what went before, which is promoted

    with Study(SPACE, run_dir=directory, **BUDGETS) as study:
        study.optimize(loads, max_trials=12, progress=False)
        broken = [t for t in study.trials if t.status is Status.CRASHED and t.number != 2]
        assert broken
        assert all(".safetensors cannot be read" in t.reports[-1].reason for t in broken)
        assert all(t.usable for t in broken)  # what was reached before counts
    assert read(directory)[: len(before)] == before


def damaged(whole: bytes, seed: int) -> bytes:
    rng, changed = np.random.default_rng(seed), bytearray(whole)
    kind = seed % 4
    if kind == 0:  # a bit
        changed[rng.integers(len(whole))] ^= 1 << rng.integers(8)
    elif kind == 1:  # the header
        changed[rng.integers(100)] = rng.integers(256)
    elif kind == 2:  # a page
        at = 4096 * rng.integers(len(whole) // 4096)
        changed[at : at + 4096] = rng.bytes(4096)
    else:  # some bytes
        for at in rng.integers(len(whole), size=8):
            changed[at] = rng.integers(256)
    return bytes(changed)


def test_damage_is_noticed_or_did_no_harm(directory: Path) -> None:
    whole, events, noticed = database(directory).read_bytes(), repr(read(directory)), 0
    for seed in range(200):
        database(directory).write_bytes(damaged(whole, seed))
        try:
            with RunDirectory(directory) as store:
                assert repr(list(store.events())) == events, seed
                assert len(store.settings()) == 13
        except RunCorrupted:
            noticed += 1
    assert noticed > 100


@pytest.mark.parametrize("content", [b"", b"\x00" * 8192, os.urandom(8192), b"SQLite format 3\x00"])
def test_what_is_no_study_is_refused(content: bytes, directory: Path) -> None:
    database(directory).write_bytes(content)
    with pytest.raises(RunCorrupted, match=r"study\.sqlite cannot be read"):
        run(directory)


@pytest.mark.parametrize("left", ["checkpoints", "study.sqlite-journal"])
def test_a_missing_database_is_no_new_study(left: str, directory: Path) -> None:
    (directory / "study.sqlite-journal").touch()
    database(directory).unlink()
    for name in {"checkpoints", "study.sqlite-journal"} - {left}:
        (directory / name).rename(directory / "elsewhere")
    with pytest.raises(RunCorrupted, match=rf"study\.sqlite cannot be read \(it is missing, but {left} exists\)"):
        run(directory)


def test_files_of_someone_else_are_left_alone(directory: Path, tmp_path: Path) -> None:
    mine = [directory / "checkpoints" / "best.ckpt", directory / "notes.txt", directory / "checkpoints" / "sub" / "a"]
    mine[-1].parent.mkdir()
    for path in mine:
        path.write_text("mine")
    stray = [directory / "checkpoints" / name for name in ("9-0-1.safetensors", "9-0-1.part")]
    for path in stray:
        path.write_text("a job that did not live to tell of it")
    run(directory)
    assert all(path.exists() for path in mine)
    assert not any(path.exists() for path in stray)
    project = tmp_path / "project"
    (project / "checkpoints").mkdir(parents=True)
    (project / "checkpoints" / "0-0-1.safetensors").write_text("mine")
    with pytest.raises(RunCorrupted):
        run(project)
    assert (project / "checkpoints" / "0-0-1.safetensors").read_text() == "mine"


# --- R12: one at a time


def test_a_second_study_of_this_process_is_told_so(directory: Path) -> None:
    said = r"in use by another study of this process; close\(\) that study, or use another run_dir"
    with Study(SPACE, run_dir=directory, **BUDGETS), pytest.raises(RunLocked, match=said):
        run(directory)
    assert len(run(directory).trials) == 6


def test_another_process_is_told_the_pid_and_leaves_nothing_behind(directory: Path) -> None:
    code = f"from autonet.search.storage.store import RunDirectory; RunDirectory({str(directory)!r})"
    root = Path(autonet.search.__file__).parents[2]
    with RunDirectory(directory):
        before = sorted(directory.rglob("*"))
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=60, check=False
        )
        assert sorted(directory.rglob("*")) == before
    assert (
        f"is in use by another process (pid {os.getpid()}); wait for it to finish, or use another run_dir; for one "
        "search on several machines, pass executor= in one process." in done.stderr
    )


# --- S5: a directory from elsewhere


def test_forging_without_a_change_changes_nothing(directory: Path) -> None:
    before = read(directory)
    forge(directory, lambda _: None)
    assert read(directory) == before


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END",
        "CREATE VIEW v AS SELECT * FROM events",
        "CREATE TABLE more (a)",
        "ALTER TABLE events ADD COLUMN more TEXT",
        "ALTER TABLE events RENAME TO other",
    ],
)
def test_a_database_with_more_in_it_is_refused(statement: str, directory: Path) -> None:
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        connection.execute(statement)
    with pytest.raises(RunCorrupted, match="it contains no study"):
        run(directory)


def test_a_later_version_is_refused(directory: Path) -> None:
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(RunCorrupted, match="was written by a later version of autonet; update autonet to open it"):
        run(directory)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM events WHERE number = 3",
        "DELETE FROM events WHERE number = 0",
        "UPDATE events SET body = replace(body, '0', '3') WHERE number = 1",
        "UPDATE events SET kind = 'observe' WHERE number = 3",
    ],
)
def test_rows_that_were_changed_are_noticed(change: str, directory: Path) -> None:
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        connection.execute(change)
    with pytest.raises(RunCorrupted, match=r"event \d+ is missing or was changed"):
        run(directory)


def test_no_code_is_ever_read_from_a_file() -> None:
    forbidden = {"eval", "exec", "__import__", "load", "loads", "Unpickler", "literal_eval"}
    allowed = {"json.loads", "cloudpickle.loads", "pickle.loads", "trial.checkpoint.load"}  # pickles: between processes
    root = Path(autonet.search.__file__).parent
    for module in [*root.rglob("*.py"), *(root.parent / "testing").rglob("*.py")]:
        pickles = "executors" in module.parts or "testing" in module.parts  # the suite pickles networks and loads them
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert pickles or not names & {"pickle", "dill", "cloudpickle", "shelve", "marshal"}, module
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if isinstance(node.func, ast.Attribute) and node.func.attr == "eval":
                    continue  # of a network
                assert name.rpartition(".")[2] not in forbidden or name in allowed, (module, name)
                assert not any(keyword.arg == "allow_pickle" for keyword in node.keywords), module


def test_no_file_of_a_run_is_a_pickle(directory: Path) -> None:
    heads = {path.name: path.read_bytes()[:16] for path in directory.rglob("*") if path.is_file()}
    assert heads.pop("study.sqlite") == b"SQLite format 3\x00"
    assert heads.pop("owner").decode().isdigit()
    assert heads.pop("lock") == b""
    assert heads
    assert all(head[8:10] == b'{"' for head in heads.values())  # length and JSON: safetensors


# --- S10: rights, and the rest


def test_a_closed_study_says_so(directory: Path) -> None:
    study = run(directory)
    with pytest.raises(RunUnavailable, match="was closed; open it again"):
        study.enqueue({"x": 0.0})


def test_a_write_that_is_interrupted_is_there_or_not(tmp_path: Path) -> None:
    class Interrupted(BaseException):
        pass

    def ring(*_: Any) -> None:
        raise Interrupted

    acknowledged, rng, before = [], np.random.default_rng(0), signal.signal(signal.SIGALRM, ring)
    try:
        with RunDirectory(tmp_path / "run") as store:
            store.keep({})
            began = time.perf_counter()
            store.append(Event("enqueue", -1, {"i": -1}))
            took = time.perf_counter() - began
            for i in range(100):
                try:
                    signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.3, 1.2) * took)
                    began = time.perf_counter()
                    store.append(Event("enqueue", -1, {"i": i}))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    acknowledged.append(i)
                    took = min(took, time.perf_counter() - began)  # the first one may have waited for a disk
                except Interrupted:
                    pass
            kept = [event.body["i"] for event in store.events()]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(acknowledged) < 100
    assert set(acknowledged) <= set(kept)
    assert kept == sorted(set(kept))
    assert [event.body["i"] for event in read(tmp_path / "run")] == kept

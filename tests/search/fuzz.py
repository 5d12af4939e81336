"""Damage to run directories and checkpoints: what is opened afterwards is as it was, or refused in our own words."""

import json
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from autonet.core.errors import AutonetError, SearchFailed
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.checkpoints import read_checkpoint, write_checkpoint
from autonet.search.storage.replay import read_history
from autonet.search.study import Study

# Seconds after which an opening counts as hanging; it takes a tenth of one.
HANGS_AFTER = 30

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**70, 1e308, 0.5, "", "x", "../../x", [], [1], {}, {"a": 1}),
    *(
        {"__float__": "nan"},
        {"__float__": "inf"},
        {"__tuple__": 3},
        {"__bytes__": "?"},
        {"__timedelta__": [10**12] * 3},
    ),
)


def objective(trial: RunningTrial) -> dict[str, float]:
    if trial.number == 2:
        raise ValueError("crashed")
    with suppress(AutonetError):  # a damaged one is none
        trial.checkpoint.load()
    trial.set_user_attr("budget", trial.budget)
    trial.report(trial["x"], 1)
    trial.checkpoint.save({"weights": np.full(20, trial["x"]), "step": trial.budget})
    return {"value": trial["x"] ** 2, "more": 1.0}


def make_run_directory(path: Path) -> Path:
    """Make a run directory with finished, failed and enqueued trials and one that its process did not live to end."""
    space = {"x": (-1.0, 1.0), "units": [(8, 8), None, True, 2, "2"]}
    with Study(space, run_dir=path, random_state=0, min_budget=1, max_budget=9) as study:
        study.enqueue({"x": 0.5})
        study.optimize(objective, max_trials=6, progress=False)
        trial = study.ask()
        assert trial is not None
        trial.checkpoint.save(1)
        study.enqueue({"x": 0.25})
    return path


def fuzz_run_directory(original: Path, folder: Path, seed: int) -> bool:
    """Damage a copy of a run directory, open it in every way and go on; return whether it was refused."""
    rng = random.Random(seed)
    copy, outside = folder / "run", folder / "outside"
    shutil.copytree(original, copy)
    outside.write_bytes(b"mine")
    what = rng.choice([damage_file, damage_file, forge_event, forge_event, replace_file])
    what(copy, outside, rng)
    refused = False
    with hanging_raises():
        for work in (lambda: read_history(copy).to_dicts(), lambda: go_on(copy)):
            try:
                work()
            except SearchFailed:
                raise
            except AutonetError:
                refused = True
    assert outside.read_bytes() == b"mine", "written to outside"
    assert {path.name for path in folder.iterdir()} == {"run", "outside"}
    shutil.rmtree(copy)
    return refused


def go_on(directory: Path) -> None:
    """Open a study, look at everything, and run two more trials."""
    with Study.open(directory) as study:
        for trial in study.trials:
            with suppress(AutonetError):
                study.load_checkpoint(trial)
        study.optimize(objective, max_trials=len(study.trials) + 2, progress=False)
        study.trials_dataframe()
        study.history.to_dicts()
        repr([study, study.trials, str(study.best)])


def fuzz_checkpoint(folder: Path, seed: int) -> bool:
    """Damage a checkpoint and read it; return whether it was refused."""
    rng, path = random.Random(seed), folder / "c.safetensors"
    state = {"weights": np.arange(50.0), "step": 3, (1, None): [b"\0\xff", "text", {"odd": np.arange(3, dtype=">i2")}]}
    write_checkpoint(path, state, "notes")
    path.write_bytes(damage(path.read_bytes(), rng))
    try:
        with hanging_raises():
            read_checkpoint(path)
    except AutonetError:
        return True
    return False


@contextmanager
def hanging_raises() -> Iterator[None]:
    """Raise TimeoutError in a body that hangs."""

    def ring(*_: Any) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGS_AFTER)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# --- damage


def damage(whole: bytes, rng: random.Random) -> bytes:
    """Flip bits, cut off the end, zero a page, or change bytes."""
    changed, kind = bytearray(whole), rng.randrange(4)
    if kind == 0:
        for _ in range(rng.randint(1, 3)):
            changed[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del changed[rng.randrange(len(whole)) :]
    elif kind == 2:
        page = max(min(4096, len(whole) // 4), 1)
        at = page * rng.randrange(len(whole) // page)
        changed[at : at + page] = bytes(page)
    else:
        for _ in range(8):
            changed[rng.randrange(len(whole))] = rng.randrange(256)
    return bytes(changed)


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def damage_file(directory: Path, _: Path, rng: random.Random) -> None:
    path = rng.choice([directory / "study.sqlite", *files(directory)])
    path.write_bytes(damage(path.read_bytes() or b"\0", rng))


def replace_file(directory: Path, outside: Path, rng: random.Random) -> None:
    """Put a link, a pipe or a directory in the place of a file, or a file in the place of the directory."""
    path = rng.choice([*files(directory), directory / "checkpoints", directory / "study.sqlite-journal"])
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    makers: list[Callable[[], Any]] = [
        lambda: path.symlink_to(outside),
        lambda: path.hardlink_to(outside),
        lambda: path.symlink_to(path),
        lambda: os.mkfifo(path),
        path.mkdir,
        path.touch,
    ]
    rng.choice(makers)()


def forge_event(directory: Path, _: Path, rng: random.Random) -> None:
    """Change an event, and all checksums so that they are right."""
    with closing(sqlite3.connect(directory / "study.sqlite")) as connection, connection:
        rows = connection.execute("SELECT * FROM events ORDER BY number").fetchall()
        at = rng.randrange(len(rows))
        number, kind, trial, body, checksum = rows[at]
        change = rng.randrange(8)
        if change == 0:
            kind = rng.choice(["nonsense", "add", "end", "start", "propose", "cancel", "define", "__init__"])
        elif change == 1:
            trial = rng.choice([-1, 3, 99, 2**62])
        elif change == 2:
            rows.insert(at, rows[at])
        else:
            body = json.dumps(with_odd_value(json.loads(body), rng))
        rows[at] = (number, kind, trial, body, checksum)
        connection.execute("DELETE FROM events")
        before = 0
        for number, (_, kind, trial, body, _) in enumerate(rows):
            before = crc32(f"{number} {kind} {trial} {body}".encode(), before)
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", (number, kind, trial, body, before))


def with_odd_value(value: Any, rng: random.Random) -> Any:
    """Put something odd in the place of a part of a value, or leave the part out."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: with_odd_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        return [*value[:at], with_odd_value(value[at], rng), *value[at + 1 :]]
    return rng.choice(ODD)

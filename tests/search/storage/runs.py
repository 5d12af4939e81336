"""Run directories, and a store of someone else."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

from autonet.core.errors import RunLocked
from autonet.core.jsonvalues import from_text, to_text
from autonet.search.records import Event
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.store import MemoryStore, RunDirectory
from autonet.search.study import Study

SPACE: Mapping[str, Any] = {"x": (-1.0, 1.0), "units": [(8, 8), None, True, 2, "2"]}
BUDGETS: Mapping[str, Any] = {"min_budget": 1, "max_budget": 9}


def objective(trial: RunningTrial) -> float:
    if trial.number == 2:
        raise ValueError("crashed")
    trial.checkpoint.save({"number": trial.number, "budget": trial.budget})
    return float(trial["x"] ** 2)


def run(directory: Path, max_trials: int = 6, **options: Any) -> Study:
    with Study(SPACE, run_dir=directory, random_state=0, **{**BUDGETS, **options}) as study:
        return study.optimize(objective, max_trials=max_trials, progress=False)


def database(directory: Path) -> Path:
    return directory / "study.sqlite"


def read(directory: Path) -> list[Event]:
    with RunDirectory(directory, read_only=True) as store:
        return list(store.events())


class Keeping(MemoryStore):
    """A dictionary of lists as a store, correct but for what a subclass does wrong."""

    place: dict[str, list[Event]]

    def __init__(self, place: dict[str, list[Event]], name: str) -> None:
        self.rows = place.setdefault(name, [])
        if self.in_use():
            raise RunLocked
        self.rows.append(Event("lock", -1, {}))

    def in_use(self) -> bool:
        return any(e.kind == "lock" for e in self.rows)

    def settings(self) -> Mapping[str, Any]:
        return next((e.body for e in self.rows if e.kind == "settings"), {})

    def keep(self, settings: Mapping[str, Any]) -> None:
        self.rows.append(Event("settings", -1, settings))

    def append(self, *events: Event) -> Sequence[Event]:
        kept = [Event(e.kind, e.trial, from_text(to_text(e.body))) for e in events]
        self.rows.extend(kept)
        return kept

    def events(self) -> Any:
        return iter([e for e in self.rows if e.kind not in ("lock", "settings")])

    def close(self) -> None:
        self.rows[:] = [e for e in self.rows if e.kind != "lock"]


def forge(directory: Path, change: Callable[[Any], None]) -> None:
    """Change the database and make all checksums right again."""
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        change(connection)
        before = 0
        for number, *row in connection.execute("SELECT number, kind, trial, body FROM events").fetchall():
            before = crc32(" ".join(map(str, (number, *row))).encode(), before)
            connection.execute("UPDATE events SET checksum = ? WHERE number = ?", (before, number))


def forge_events(old: str, new: str) -> Callable[[Any], None]:
    return lambda connection: connection.execute("UPDATE events SET body = replace(body, ?, ?)", (old, new))

"""The run directory: every event of a study in one SQLite file, checkpoints as files beside it.

One process writes, guarded by a lock that the kernel releases when it dies.  The rollback journal with
synchronous=FULL loses no event that was acknowledged.  Nothing in the directory is a pickle.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

from filelock import FileLock, Timeout

from autonet.core.errors import RunCorrupted, RunLocked
from autonet.search.records import Event

__all__ = ["MemoryStore", "RunDirectory", "Store", "differences"]

SCHEMA = 1
DATABASE = "study.sqlite"


class Store(Protocol):
    """Keep events in their order, and settings that must not change."""

    checkpoints: str | None  # directory for checkpoints; None keeps them in memory

    def settings(self) -> dict[str, Any]:
        """Return the settings that were kept; empty for a new study."""

    def keep(self, settings: Mapping[str, Any]) -> None:
        """Keep the settings of a new study."""

    def append(self, *events: Event) -> None:
        """Keep events, all or none; when it returns, they survive the death of the process."""

    def events(self) -> Iterator[Event]:
        """Go through all events in the order in which they were appended."""

    def close(self) -> None:
        """Let go of the directory."""


class MemoryStore:
    """Keep nothing: the history in memory is enough for a study without a run directory."""

    checkpoints: str | None = None

    def settings(self) -> dict[str, Any]:
        """There are none."""
        return {}

    def keep(self, settings: Mapping[str, Any]) -> None:
        """Do nothing."""

    def append(self, *events: Event) -> None:
        """Do nothing."""

    def events(self) -> Iterator[Event]:
        """There are none."""
        return iter(())

    def close(self) -> None:
        """Do nothing."""


class RunDirectory:
    """Keep a study in a directory; opening it again goes on where it ended.

    Parameters
    ----------
    path : path-like
        Made if it is not there.

    Raises
    ------
    RunLocked
        If another process works in it.
    RunCorrupted
        If its database cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        directory = self.path / "checkpoints"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.checkpoints: str | None = str(directory)
        self._lock = FileLock(self.path / "lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            owner = _read_text(self.path / "owner")
            raise RunLocked(
                f"{self.path} is in use by another process{owner and f' (pid {owner})'}; wait for it, or give another "
                "run_dir."
            ) from None
        (self.path / "owner").write_text(str(os.getpid()))
        try:
            self._database = self._open()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        """Open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the directory."""
        self.close()

    def settings(self) -> dict[str, Any]:
        """Return the settings that were kept; see `Store`."""
        return {name: json.loads(value) for name, value in self._read("SELECT name, value FROM settings")}

    def keep(self, settings: Mapping[str, Any]) -> None:
        """Keep the settings of a new study; see `Store`."""
        with self._database:
            rows = [(name, json.dumps(value)) for name, value in settings.items()]
            self._database.executemany("INSERT INTO settings VALUES (?, ?)", rows)

    def append(self, *events: Event) -> None:
        """Keep events, all or none; see `Store`."""
        with self._database:
            self._database.executemany(
                "INSERT INTO events (kind, trial, body) VALUES (?, ?, ?)",
                [(e.kind, e.trial, json.dumps(e.body, default=repr)) for e in events],
            )

    def events(self) -> Iterator[Event]:
        """Go through all events; see `Store`."""
        for kind, trial, body in self._read("SELECT kind, trial, body FROM events ORDER BY number"):
            yield Event(kind, trial, json.loads(body))

    def close(self) -> None:
        """Let go of the directory."""
        self._database.close()
        self._lock.release()

    def _open(self) -> sqlite3.Connection:
        path = self.path / DATABASE
        if not path.exists():  # under another name until it is complete: an empty file never passes for a study
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            database = sqlite3.connect(part)
            database.executescript(
                f"""
                PRAGMA journal_mode = DELETE;
                PRAGMA synchronous = FULL;
                PRAGMA user_version = {SCHEMA};
                CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT);
                CREATE TABLE events (number INTEGER PRIMARY KEY, kind TEXT, trial INTEGER, body TEXT);
                """
            )
            database.close()
            part.chmod(0o600)
            part.replace(path)
        database = sqlite3.connect(path, check_same_thread=False)
        try:
            database.executescript("PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL;")
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                raise RunCorrupted(f"{path} was written by a later version of autonet; update autonet to open it.")
            if version != SCHEMA or database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise _corrupted(path, "no study is in it, or its pages are damaged")
        except sqlite3.DatabaseError as error:
            database.close()
            raise _corrupted(path, str(error)) from error
        except RunCorrupted:
            database.close()
            raise
        return database

    def _read(self, query: str) -> list[Any]:
        try:
            return self._database.execute(query).fetchall()
        except sqlite3.DatabaseError as error:
            raise _corrupted(self.path / DATABASE, str(error)) from error


def _corrupted(path: Path, why: str) -> RunCorrupted:
    return RunCorrupted(f"{path} cannot be read ({why}); restore it from a copy, or give another run_dir.")


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def differences(kept: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Say in a sentence each what differs; a setting of None is not compared."""
    sentences = []
    for name, value in given.items():
        before = kept.get(name)
        if value is None or value == before:
            continue
        if not (isinstance(before, dict) and isinstance(value, dict)):
            sentences.append(f"{name} was {before!r}, now {value!r}")
            continue
        for key in sorted({*before, *value}):
            if key not in value:
                sentences.append(f"{name}: {key} is missing now")
            elif key not in before:
                sentences.append(f"{name}: {key} is new")
            elif before[key] != value[key]:
                sentences.append(f"{name}: {key} was {before[key]}, now {value[key]}")
    return sentences

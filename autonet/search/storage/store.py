"""Stores of studies: in memory, or a run directory with events in an SQLite file and checkpoints beside it.

One process writes to a run directory, guarded by a file lock that the kernel releases when the process dies; others
may read at the same time.  The rollback journal with synchronous=FULL loses no acknowledged event.  Every event has a
checksum over itself and all earlier events, so that damage is detected.  No file is a pickle.
"""

import os
import sqlite3
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol, Self
from zlib import crc32

from filelock import FileLock, Timeout

from autonet.core.errors import AutonetError, RunCorrupted, RunLocked, RunUnavailable
from autonet.core.files import check_path, publish
from autonet.core.jsonvalues import from_text, to_text
from autonet.search.records import Event
from autonet.search.storage.files import check_plain, create

__all__ = ["MemoryStore", "RunDirectory", "Store", "list_differences"]

VERSION = 1
DATABASE, CHECKPOINTS = "study.sqlite", "checkpoints"

OWN_FILES = frozenset({"lock", "owner", "study.part"})

# Last bytes of an SQLite journal of several databases, which ours never is.
SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")

# Row 0 holds the settings, every other row an event.
SCHEMA = "CREATE TABLE events (number INTEGER PRIMARY KEY, kind TEXT, trial INTEGER, body TEXT, checksum INTEGER)"

LOCK_TIMEOUT_SECONDS = 60  # seconds to wait for other readers and writers
MAX_ROW_BYTES = 2**28  # maximum size of a row in bytes

# SQLite error codes that do not mean corruption:
# no access, locked, no memory, read-only, I/O error, disk full, cannot open, too big.
TRANSIENT_CODES = frozenset({3, 5, 6, 7, 8, 10, 13, 14, 18})


class Store(Protocol):
    """Protocol of stores, which keep the events and the settings of a study.

    Values are None, bool, numbers, str, and lists, tuples and dicts of them.
    `autonet.testing.stores.check_store` tests an implementation.

    Examples
    --------
    >>> from autonet.search import Study
    >>> class ListStore:
    ...     checkpoints = None
    ...
    ...     def __init__(self):
    ...         self._settings, self._events = {}, []
    ...
    ...     def settings(self):
    ...         return self._settings
    ...
    ...     def keep(self, settings):
    ...         self._settings = settings
    ...
    ...     def append(self, *events):
    ...         self._events += events
    ...         return events
    ...
    ...     def events(self):
    ...         return iter(self._events)
    ...
    ...     def close(self):
    ...         pass
    >>> store = ListStore()
    >>> study = Study({"x": (0, 9)}, run_dir=store, random_state=0)
    >>> study = study.optimize(lambda trial: trial["x"], max_trials=2)
    >>> [event.kind for event in store.events()]
    ['propose', 'start', 'end', 'propose', 'start', 'end']
    """

    checkpoints: str | None  # directory of checkpoints; None keeps them in memory

    def settings(self) -> Mapping[str, Any]:
        """Return the saved settings; empty for a new study."""

    def keep(self, settings: Mapping[str, Any]) -> None:
        """Save the settings of a new study, before any event."""

    def append(self, *events: Event) -> Sequence[Event]:
        """Append events, all or none; once it returns, they survive the death of the process.

        Returns
        -------
        sequence of Event
            The events as `events` will return them: the history applies these, so that a running study and a
            resumed one are in the same state.
        """

    def events(self) -> Iterator[Event]:
        """Iterate over all events in the order in which they were appended."""

    def close(self) -> None:
        """Release the resources of the store."""


class MemoryStore:
    """Store of a study without a run directory: saves nothing, the history is in memory."""

    checkpoints: str | None = None

    def settings(self) -> Mapping[str, Any]:
        """Return no settings."""
        return {}

    def keep(self, settings: Mapping[str, Any]) -> None:
        """Do nothing."""

    def append(self, *events: Event) -> Sequence[Event]:
        """Return the events unchanged."""
        return events

    def events(self) -> Iterator[Event]:
        """Iterate over no events."""
        return iter(())

    def close(self) -> None:
        """Do nothing."""


class RunDirectory:
    """Store of a study in a directory.

    Parameters
    ----------
    path : path-like
        Created if it does not exist, accessible only to its owner.
    read_only : bool
        Whether to open the directory without a lock and without changing it.

    Raises
    ------
    RunLocked
        If another process uses the directory.
    RunCorrupted
        If the database is damaged, of another origin, or missing although there are checkpoints.
    RunUnavailable
        If the directory cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        check_path(path, "The path run_dir")
        self.path, self._file = Path(path), Path(path) / DATABASE
        self.checkpoints: str | None = str(self.path / CHECKPOINTS)
        self._end: tuple[int, int] | None = None  # number of rows, and last checksum
        lock = None
        try:
            if not read_only:
                self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_files()
            lock = None if read_only else self._acquire_lock()
            self._database = self._open_database(read_only=read_only)
            if not read_only:
                (self.path / CHECKPOINTS).mkdir(exist_ok=True, mode=0o700)
        except BaseException as error:
            if lock is not None:
                lock.release()
            if isinstance(error, OSError) and not isinstance(error, AutonetError):
                raise RunUnavailable(f"{self.path} cannot be used as a run_dir: {error}.") from error
            raise
        self._release = weakref.finalize(self, _release, self._database, lock, os.getpid())

    def __enter__(self) -> Self:
        """Return the store, which is already open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the directory."""
        self.close()

    def settings(self) -> Mapping[str, Any]:
        """Return the saved settings; see `Store`."""
        rows = self._read_rows()
        return self._parse_event(0, *rows[0]).body if rows else {}

    def keep(self, settings: Mapping[str, Any]) -> None:
        """Save the settings of a new study; see `Store`."""
        self._write(Event("settings", -1, settings))

    def append(self, *events: Event) -> Sequence[Event]:
        """Append events, all or none; see `Store`."""
        return self._write(*events)

    def events(self) -> Iterator[Event]:
        """Iterate over all events; see `Store`."""
        for number, row in enumerate(self._read_rows()[1:], 1):
            yield self._parse_event(number, *row)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled."""
        raise TypeError(f"The study in {self.path} cannot be pickled; open it again with Study.open(run_dir).")

    def close(self) -> None:
        """Release the directory; may be called twice."""
        self._release()

    # --- opening

    def _check_files(self) -> None:
        """Check that all files are regular files of this directory, so that nothing outside is written or deleted."""
        checkpoints = self.path / CHECKPOINTS
        try:
            check_plain(checkpoints, directory=True)
            for entry in sorted(self.path.iterdir()) if self.path.is_dir() else ():
                if entry.is_symlink() or entry.name in OWN_FILES or entry.name.startswith(DATABASE):
                    check_plain(entry)
            for entry in sorted(checkpoints.iterdir()) if checkpoints.is_dir() else ():
                if entry.is_symlink() or entry.suffix in (".safetensors", ".part"):
                    check_plain(entry)
        except ValueError as error:
            raise RunCorrupted(str(error)) from None
        journal = self.path / f"{DATABASE}-journal"
        tail = b""
        with suppress(FileNotFoundError):  # SQLite deletes it at the end of each transaction of another process
            tail = journal.read_bytes()[-len(SUPER_JOURNAL) :]
        if tail == SUPER_JOURNAL:
            raise RunCorrupted(f"{journal} refers to a file elsewhere, which SQLite would delete; remove it.")

    def _acquire_lock(self) -> FileLock:
        """Acquire the lock, and write the process id of its owner to a file."""
        lock = FileLock(self.path / "lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            owner = _read_text(self.path / "owner")
            who, remedy = f"another process{owner and f' (pid {owner})'}", "wait for it to finish"
            hint = "; for one search on several machines, pass executor= in one process"
            if owner == str(os.getpid()):
                who, remedy, hint = "another study of this process", "close() that study", ""
            raise RunLocked(f"{self.path} is in use by {who}; {remedy}, or use another run_dir{hint}.") from None
        create(self.path / "owner", [str(os.getpid()).encode()])
        return lock

    def _open_database(self, *, read_only: bool) -> sqlite3.Connection:
        """Open the database and check its integrity."""
        if not self._file.exists():
            self._create(read_only=read_only)
        database = sqlite3.connect(
            f"{self._file.absolute().as_uri()}?mode=rw", LOCK_TIMEOUT_SECONDS, uri=True, check_same_thread=False
        )
        try:
            # Triggers and views of a foreign file must not run.
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW_BYTES)
            database.executescript(
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;"
            )
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise RunCorrupted(
                    f"{self._file} was written by a later version of autonet; update autonet to open it."
                )
            if version < VERSION or database.execute("SELECT sql FROM sqlite_schema").fetchall() != [(SCHEMA,)]:
                raise self._make_error("it contains no study")
            if database.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise self._make_error("its pages are damaged")
            database.execute(f"PRAGMA query_only = {read_only}")
            self._database = database
            self._read_rows()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            database.close()
            raise self._translate_error(error) from error
        except BaseException:
            database.close()
            raise
        return database

    def _create(self, *, read_only: bool) -> None:
        """Create the database under a temporary name, and rename it when it is complete."""
        if read_only:
            raise RunUnavailable(f"There is no study in {self.path}.")
        for other in (CHECKPOINTS, f"{DATABASE}-journal"):
            if (self.path / other).exists():
                raise self._make_error(f"it is missing, but {other} exists")
        part = self._file.with_suffix(".part")
        create(part)
        with closing(sqlite3.connect(part)) as database:
            try:
                database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA user_version = {VERSION}; {SCHEMA};")
            except sqlite3.Error as error:
                raise self._translate_error(error) from error
        publish(part, self._file)

    # --- rows

    def _write(self, *events: Event) -> Sequence[Event]:
        """Append rows in one transaction; return the events as they will be read back."""
        if self._end is None:  # an interrupted write may have been committed or not
            self._read_rows()
        (first, checksum), self._end = self._end or (0, 0), None
        rows = []
        for number, event in enumerate(events, first):
            row = (event.kind, event.trial, to_text(event.body))
            checksum = _checksum(number, *row, before=checksum)
            rows.append((number, *row, checksum))
        try:
            with self._database:
                self._database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise self._translate_error(error) from error
        self._end = first + len(rows), checksum
        return [Event(kind, trial, from_text(body)) for _, kind, trial, body, _ in rows]

    def _read_rows(self) -> list[tuple[str, int, str]]:
        """Read kind, trial and body of all rows, and verify their checksums."""
        try:
            read = self._database.execute("SELECT * FROM events ORDER BY number").fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._translate_error(error) from error
        before = 0
        for expected, (number, kind, trial, body, checksum) in enumerate(read):
            before = _checksum(number, kind, trial, body, before=before)
            if number != expected or checksum != before:
                raise self._make_error(f"event {expected} is missing or was changed")
        self._end = len(read), before
        return [(kind, trial, body) for _, kind, trial, body, _ in read]

    def _parse_event(self, number: int, kind: str, trial: int, body: str) -> Event:
        try:
            if not isinstance(kind, str) or not isinstance(trial, int):
                raise TypeError("kind must be a str, trial an int")
            return Event(kind, trial, dict(from_text(body)))
        except Exception as error:
            raise self._make_error(f"event {number} is invalid") from error

    def _make_error(self, why: str) -> RunCorrupted:
        return RunCorrupted(f"{self._file} cannot be read ({why}); restore it from a copy, or use another run_dir.")

    def _translate_error(self, error: sqlite3.Error | UnicodeDecodeError) -> AutonetError:
        """Convert an error of SQLite to `RunUnavailable` or `RunCorrupted`."""
        if isinstance(error, sqlite3.ProgrammingError):
            return RunUnavailable(f"{self.path} was closed; open it again.")
        if getattr(error, "sqlite_errorcode", 1) & 0xFF in TRANSIENT_CODES:
            return RunUnavailable(
                f"{self._file} cannot be reached ({error}); its contents are intact. Free disk space or restore "
                "access, then run the same script again to continue."
            )
        return self._make_error(str(error))


def _checksum(number: int, kind: str, trial: int, body: str, *, before: int) -> int:
    return crc32(f"{number} {kind} {trial} {body}".encode("utf-8", "surrogatepass"), before)


def _release(database: sqlite3.Connection, lock: FileLock | None, owner: int) -> None:
    if os.getpid() != owner:  # in a forked process: closing would change the original's journal
        return
    database.close()
    if lock is not None:
        lock.release()


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def list_differences(kept: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """List the differences between settings as sentences; a given None is not compared."""
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

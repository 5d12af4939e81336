"""Storages of Optuna as directories of studies.

The path of ``sqlite:///studies.db`` is a directory, in which every study has a run directory of its name.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from autonet.core.errors import InvalidOption
from autonet.core.files import read_text, write_file
from autonet.core.jsonvalues import normalize
from autonet.search.optuna.exceptions import make_refusal
from autonet.search.storage.attachments import TRIALS
from autonet.search.storage.settings import open_existing_store
from autonet.search.storage.store import CHECKPOINTS, DATABASE, OWN_FILES

__all__ = [
    "InMemoryStorage",
    "JournalFileBackend",
    "JournalFileOpenLock",
    "JournalFileStorage",
    "JournalStorage",
    "RDBStorage",
    "delete_directory",
    "find_root",
    "find_study",
    "list_studies",
    "read_attributes",
    "refuse",
    "write_attributes",
]

ATTRIBUTES = "user_attrs.json"


@dataclass(frozen=True)
class InMemoryStorage:
    """No storage: the study ends with the process."""


@dataclass(frozen=True)
class RDBStorage:
    """Storage of a URL, which must begin with ``sqlite:///``.

    Parameters
    ----------
    url : str
    engine_kwargs, skip_compatibility_check, heartbeat_interval, grace_period, failed_trial_callback, \
    skip_table_creation : optional
        Not used: there is no connection, and trials of a process that died run again when its study continues.
    """

    url: str
    engine_kwargs: Mapping[str, Any] | None = None
    skip_compatibility_check: bool = False
    heartbeat_interval: int | None = field(default=None, kw_only=True)
    grace_period: int | None = field(default=None, kw_only=True)
    failed_trial_callback: Any = field(default=None, kw_only=True)
    skip_table_creation: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class JournalFileOpenLock:
    """Lock of a journal; not used, because a run directory has its own."""

    filepath: str | Path
    grace_period: int | None = 30


@dataclass(frozen=True)
class JournalFileBackend:
    """Path of a journal, which is a directory of studies here.

    Parameters
    ----------
    file_path : path-like
    lock_obj : JournalFileOpenLock, optional
        Not used.
    """

    file_path: str | Path
    lock_obj: Any = None


@dataclass(frozen=True)
class JournalStorage:
    """Storage of a `JournalFileBackend`."""

    log_storage: JournalFileBackend


JournalFileStorage = JournalFileBackend  # its older name


def find_root(storage: Any) -> Path | None:
    """Return the directory of a storage; None keeps studies in memory.

    Raises
    ------
    InvalidOption
        If the storage is none of a URL of SQLite, a path, and the storages here; or is a file, such as Optuna's.
    """
    storage = storage.url if isinstance(storage, RDBStorage) else storage
    if isinstance(storage, JournalStorage) and isinstance(storage.log_storage, JournalFileBackend):
        storage = Path(storage.log_storage.file_path)
    if storage is None or isinstance(storage, InMemoryStorage):
        return None
    if isinstance(storage, str) and "://" in storage:
        scheme, _, rest = storage.partition("://")
        if scheme.split("+")[0] != "sqlite":
            raise InvalidOption(
                f"storage={storage!r} is a database; studies of autonet are directories, so pass a path or "
                "sqlite:///path. Several processes share a study by n_jobs or executor in optimize()."
            )
        storage = rest.removeprefix("/").partition("?")[0]
        if storage in ("", ":memory:"):
            return None
    if not isinstance(storage, str | Path):
        raise InvalidOption(f"storage must be a path or sqlite:///path; got {type(storage).__name__}.")
    root = Path(storage)
    if root.exists() and not root.is_dir():
        raise InvalidOption(
            f"{root} is a file, such as a database of Optuna, which autonet does not read; pass another path."
        )
    return root


def find_study(root: Path, study_name: str) -> Path:
    """Return the run directory of a study."""
    if not isinstance(study_name, str) or study_name.strip(".") == "":
        raise InvalidOption(f"study_name must be a name that a directory may have; got {study_name!r}.")
    return root / quote(study_name, safe=" ")


def list_studies(root: Path | None) -> list[str]:
    """Return the names of the studies in a storage."""
    if root is None or not root.is_dir():
        return []
    return [unquote(path.name) for path in sorted(root.iterdir()) if (path / DATABASE).is_file()]


def delete_directory(path: Path) -> None:
    """Delete the run directory of a study that no process uses.

    Raises
    ------
    RunUnavailable, RunLocked
        If there is no study, or a process uses it.
    InvalidOption
        If files of others are in the directory.
    """
    open_existing_store(path).close()
    own = {*OWN_FILES, DATABASE, CHECKPOINTS, TRIALS, ATTRIBUTES}
    others = sorted(entry.name for entry in path.iterdir() if entry.name not in own)
    if others:
        raise InvalidOption(f"{path} was not deleted: it has files that are not of the study, such as {others[0]!r}.")
    shutil.rmtree(path)


def read_attributes(path: Path | None) -> dict[str, Any]:
    """Read the user attributes of a study from its run directory."""
    if path is None or not (path / ATTRIBUTES).exists():
        return {}
    try:
        return dict(json.loads(read_text(path / ATTRIBUTES, "User attributes")))
    except (TypeError, ValueError) as error:
        raise InvalidOption(f"{path / ATTRIBUTES} cannot be read: {error}; restore it or delete it.") from error


def write_attributes(path: Path, attributes: Mapping[str, Any]) -> None:
    """Write the user attributes of a study into its run directory."""
    plain = {name: normalize(value, f"the user attribute {name!r}") for name, value in attributes.items()}
    write_file(path / ATTRIBUTES, [json.dumps(plain).encode()])


refuse = make_refusal("optuna.storages", [*__all__[:6], "journal"])

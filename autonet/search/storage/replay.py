"""Replay the events of a store into a history."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autonet.core.errors import AutonetError, InvalidOption, RunCorrupted
from autonet.search.history import EVENT_KINDS, History
from autonet.search.records import Event, Trial
from autonet.search.rungs import Rungs, make_rungs
from autonet.search.storage.checkpoints import read_checkpoint
from autonet.search.storage.store import RunDirectory, Store

__all__ = ["CHECKPOINT", "SavedStudy", "read_history", "read_study", "replay", "store_name"]

# Names of checkpoint files: trial, start, target.  Other files are neither read nor deleted.
CHECKPOINT = re.compile(r"\d+-[\d.e+-]+-[\d.e+-]+\.safetensors")


def replay(store: Store, apply: Callable[[Event], None]) -> Iterator[Event]:
    """Apply all events of a store in order, and yield them.

    Raises
    ------
    RunCorrupted
        If an event is invalid or of an unknown kind.
    """
    for number, event in enumerate(store.events(), 1):
        where = f"Event {number} ({event.kind!r}) of {store_name(store)}"
        if event.kind not in EVENT_KINDS:
            raise RunCorrupted(f"{where} is of a kind unknown to this version of autonet; update autonet to open it.")
        try:
            apply(event)
        except AutonetError:
            raise
        except Exception as error:
            raise RunCorrupted(
                f"{where} is invalid: {type(error).__name__}: {error}; restore it from a copy, or use another run_dir."
            ) from error
        yield event


@dataclass(frozen=True)
class SavedStudy:
    """Study as it is in a run directory, perhaps while another process runs it.

    Attributes
    ----------
    history : History
    settings : mapping
        Settings of the study; empty before it begins.
    checkpoints : mapping of int to Path
        Latest checkpoint of each trial that has one.
    errors : tuple
        No exceptions: a run directory has their texts only.
    """

    history: History
    settings: Mapping[str, Any]
    checkpoints: Mapping[int, Path]
    errors: tuple[Exception, ...] = ()

    def load_checkpoint(self, trial: Trial) -> Any:
        """Load the latest checkpoint of a trial; None if there is none, or if it was dropped meanwhile."""
        path = self.checkpoints.get(trial.number)
        try:
            return None if path is None else read_checkpoint(path)
        except RunCorrupted:
            if path is not None and path.exists():
                raise
            return None


def read_study(run_dir: str | os.PathLike[str]) -> SavedStudy:
    """Read a study, even while another process runs it; nothing is locked or changed.

    Raises
    ------
    RunUnavailable, RunCorrupted
        If the directory holds no study, or cannot be read.
    """
    with RunDirectory(run_dir, read_only=True) as store:
        settings = store.settings()
        history = History(_read_rungs(settings, run_dir), maximize=settings.get("direction") == "maximize")
        names: dict[int, str] = {}
        for event in replay(store, history.apply):
            if event.kind == "end" and event.body["checkpoint"] is not None:
                names[event.trial] = event.body["checkpoint"]
        folder = Path(str(store.checkpoints))
    if not all(CHECKPOINT.fullmatch(name) for name in names.values()):
        raise RunCorrupted(f"{run_dir} names a checkpoint outside of its directory; restore it from a copy.")
    return SavedStudy(history, settings, {number: folder / name for number, name in names.items()})


def _read_rungs(settings: Mapping[str, Any], run_dir: str | os.PathLike[str]) -> Rungs:
    """Return the rungs in the settings of a study."""
    low, high, eta, unit = (settings.get(name) for name in ("min_budget", "max_budget", "eta", "budget_type"))
    try:
        return make_rungs(low, high, 3 if eta is None else eta, unit or "epochs")
    except InvalidOption as error:
        raise RunCorrupted(f"The budgets in {run_dir} are invalid ({error}); restore it from a copy.") from error


def read_history(run_dir: str | os.PathLike[str]) -> History:
    """Read the history of a study, even while another process runs it; nothing is locked or changed.

    Parameters
    ----------
    run_dir : path-like

    Returns
    -------
    History

    Raises
    ------
    RunUnavailable, RunCorrupted
        If the directory holds no study, or cannot be read.

    Examples
    --------
    >>> len(read_history("runs/example"))  # doctest: +SKIP
    """
    return read_study(run_dir).history


def store_name(store: Store) -> str:
    """Return the run directory of a store, or the name of its class."""
    return type(store).__name__ if store.checkpoints is None else str(Path(store.checkpoints).parent)

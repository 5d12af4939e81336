"""Replay the events of a store into a history."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from autonet.core.errors import AutonetError, RunCorrupted
from autonet.search.history import EVENT_KINDS, History
from autonet.search.records import Event
from autonet.search.storage.store import RunDirectory, Store

__all__ = ["read_history", "replay", "store_name"]


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
    with RunDirectory(run_dir, read_only=True) as store:
        history = History(maximize=store.settings().get("direction") == "maximize")
        for _ in replay(store, history.apply):
            pass
    return history


def store_name(store: Store) -> str:
    """Return the run directory of a store, or the name of its class."""
    return type(store).__name__ if store.checkpoints is None else str(Path(store.checkpoints).parent)

"""From the events that a store keeps back to a history."""

from collections.abc import Callable, Iterator
from pathlib import Path

from autonet.core.errors import AutonetError, RunCorrupted
from autonet.search.history import EVENT_KINDS
from autonet.search.records import Event
from autonet.search.storage.store import Store

__all__ = ["place_of", "replay"]


def replay(store: Store, take_up: Callable[[Event], None]) -> Iterator[Event]:
    """Take up all events of a store; yield each after it was taken up.

    Raises
    ------
    RunCorrupted
        If one makes no sense.
    """
    for number, event in enumerate(store.events(), 1):
        where = f"Event {number} ({event.kind!r}) of {place_of(store)}"
        if event.kind not in EVENT_KINDS:
            raise RunCorrupted(f"{where} is of a kind unknown to this version of autonet; update autonet to open it.")
        try:
            take_up(event)
        except AutonetError:
            raise
        except Exception as error:
            raise RunCorrupted(
                f"{where} cannot be understood: {type(error).__name__}: {error}; restore it from a copy, or give "
                "another run_dir."
            ) from error
        yield event


def place_of(store: Store) -> str:
    """Return the run directory of a store, or what kind of store it is."""
    return type(store).__name__ if store.checkpoints is None else str(Path(store.checkpoints).parent)

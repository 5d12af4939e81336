"""Conformance suite for stores.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> from autonet.search.storage.store import MemoryStore, RunDirectory
>>> with TemporaryDirectory() as directory:
...     check_store(lambda name: RunDirectory(Path(directory) / name))
>>> check_store(lambda name: MemoryStore(), keeps=False)
"""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autonet.core.errors import RunLocked
from autonet.search.records import Event
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.store import Store
from autonet.search.study import Study
from autonet.testing.assertions import expect

__all__ = ["CHECKS", "CHECKS_OF_MEMORY", "OpenStore", "check_store"]

# Opens the store of a name: a new one, or the one that was closed under that name.
OpenStore = Callable[[str], Store]

PLAIN: Mapping[str, Any] = {
    "nothing": None,
    "truth": [True, False, 1, 0, 1.0],
    "numbers": [0.1, -0.0, 1e308, 5e-324, 2**80, math.inf, -math.inf],
    "texts": ["", "häuser 家 \U0001f600", 'quote " \\ \n', "line\u2028", "\x00"],
    "shapes": [(), (1,), [(64, 32), [None]], {"inner": ((), {})}],
    "keys": {1: "int", "1": "str", (2, 3): "tuple", None: "none", 0.5: "float"},
}


def check_store(open_store: OpenStore, *, keeps: bool = True) -> None:
    """Run all checks of a store.

    Parameters
    ----------
    open_store : callable
        Takes a name and opens the store of that name: a new one, or the one that was closed under that name.
    keeps : bool
        Whether the store is persistent; if not, only `CHECKS_OF_MEMORY` are run.

    Raises
    ------
    AssertionError
        At the first failed check.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from autonet.search.storage.store import RunDirectory
    >>> with TemporaryDirectory() as folder:
    ...     check_store(lambda name: RunDirectory(Path(folder, name)))
    """
    for check in CHECKS if keeps else CHECKS_OF_MEMORY:
        check(open_store)


def check_a_new_store_is_empty(open_store: OpenStore) -> None:
    """Expect neither settings nor events of a new store, and a place for checkpoints or None."""
    store = open_store("new")
    expect(dict(store.settings()) == {}, f"a new store has no settings; got {store.settings()}.")
    expect(list(store.events()) == [], "a new store has no events.")
    place = store.checkpoints
    expect(place is None or Path(place).is_dir(), f"checkpoints must be a directory or None; got {place!r}.")
    store.close()


def check_append_gives_back_what_it_took(open_store: OpenStore) -> None:
    """Append must return the events in their order: they are what the history takes up."""
    store = open_store("given back")
    store.keep({})
    given = [Event("propose", 0, PLAIN), Event("start", 0, {})]
    _expect_same(store.append(*given), given, "append() must return the events that it was given")
    expect(list(store.append()) == [], "append() of nothing must return nothing.")
    store.close()


def check_closing_twice_is_harmless(open_store: OpenStore) -> None:
    """Close a store twice; the second time nothing happens."""
    store = open_store("closed")
    store.close()
    store.close()


def check_events_are_kept_in_order(open_store: OpenStore) -> None:
    """Append events; they come back in their order, equal and of the same types, at once and after opening again."""
    given = [Event("number", i % 7, {"i": i}) for i in range(1000)] + [Event("plain", -1, PLAIN)]
    store = open_store("order")
    store.keep({"seed": 1})
    store.append(given[0])
    store.append(*given[1:])
    _expect_same(store.events(), given, "events() must give all events that were appended")
    store.close()
    store = open_store("order")
    _expect_same(store.events(), given, "opened again, events() must give all events that were appended")
    more = Event("more", 1, {})
    store.append(more)
    _expect_same(store.events(), [*given, more], "opened again, new events must come after the old ones")
    store.close()


def check_settings_are_kept(open_store: OpenStore) -> None:
    """Keep settings; they come back after opening again, and are not events."""
    store = open_store("settings")
    store.keep(PLAIN)
    store.close()
    store = open_store("settings")
    expect(repr(dict(store.settings())) == repr(PLAIN), f"settings must come back; got {store.settings()}.")
    expect(list(store.events()) == [], "settings are not events.")
    store.close()


def check_events_are_kept_together_or_not_at_all(open_store: OpenStore) -> None:
    """Append events of which one cannot be kept; none is, and the store continues."""
    store = open_store("together")
    store.keep({})
    first, last = Event("first", 0, {}), Event("last", 0, {})
    store.append(first)
    try:
        store.append(Event("good", 0, {}), Event("bad", 0, _Unreadable()))
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("append() must pass on the exception of a body that cannot be read.")
    _expect_same(store.events(), [first], "an append that failed must leave nothing behind")
    store.append(last)
    store.close()
    store = open_store("together")
    _expect_same(store.events(), [first, last], "after an append that failed, the next one must be kept")
    store.close()


def check_other_values_look_the_same_live_and_later(open_store: OpenStore) -> None:
    """Append what is not plain; it may change its form, but append gives it back as events will later."""
    body = {"scalar": np.float32(0.1), "array": np.arange(3), "set": {1}}
    store = open_store("other")
    store.keep({})
    live = store.append(Event("odd", 0, body))
    store.close()
    store = open_store("other")
    _expect_same(store.events(), list(live), "events() must give what append() returned")
    store.close()


def check_one_at_a_time(open_store: OpenStore) -> None:
    """Open a store that is open; it is refused, and the first is not disturbed by the attempt."""
    store = open_store("locked")
    store.keep({})
    try:
        open_store("locked")
    except RunLocked:
        pass
    else:
        raise AssertionError("a store that is in use must raise RunLocked when it is opened again.")
    event = Event("mine", 0, {})
    store.append(event)
    store.close()
    store = open_store("locked")
    _expect_same(store.events(), [event], "the first of two that open a store must be able to continue")
    store.close()


def check_a_study_goes_on(open_store: OpenStore) -> None:
    """Go on with a study that was closed; its history is that of one that was not."""

    def objective(trial: RunningTrial) -> float:
        if trial.number == 2:
            raise ValueError("crashed")
        trial.report(trial["x"], 0)
        trial.set_user_attr("shape", (1, (2,)))
        return float(abs(trial["x"])) + (trial["kind"] is None)

    def run(name: str, n_trials: int) -> list[Any]:
        space = {"x": (-1.0, 1.0), "kind": [None, (1, 2), "c"]}
        with Study(space, run_dir=open_store(name), random_state=0) as study:
            study.optimize(objective, max_trials=n_trials, progress=False)
            return [(t.config, t.seed, t.value, t.status, t.curve, t.attributes) for t in study.trials]

    whole = run("whole", 8)
    run("parts", 3)
    expect(repr(run("parts", 8)) == repr(whole), "a study opened again must continue as if it had not been closed.")


CHECKS_OF_MEMORY: tuple[Callable[[OpenStore], None], ...] = (
    check_a_new_store_is_empty,
    check_append_gives_back_what_it_took,
    check_closing_twice_is_harmless,
)
CHECKS: tuple[Callable[[OpenStore], None], ...] = (
    *CHECKS_OF_MEMORY,
    check_events_are_kept_in_order,
    check_settings_are_kept,
    check_events_are_kept_together_or_not_at_all,
    check_other_values_look_the_same_live_and_later,
    check_one_at_a_time,
    check_a_study_goes_on,
)


class _Unreadable(Mapping[str, Any]):
    """Event body that raises when it is read."""

    def __getitem__(self, name: str) -> Any:
        raise ZeroDivisionError

    def __iter__(self) -> Iterator[str]:
        raise ZeroDivisionError

    def __len__(self) -> int:
        return 1


def _expect_same(found: Any, given: list[Event], message: str) -> None:
    """Compare as text, which tells True from 1 and a tuple from a list."""
    texts = [[repr((e.kind, e.trial, dict(e.body))) for e in events] for events in (found, given)]
    if texts[0] != texts[1]:
        pairs = zip(*texts, strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), tuple(map(len, texts)))
        raise AssertionError(f"{message}; the first difference: {first[0]} instead of {first[1]}.")

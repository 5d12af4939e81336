"""The conformance suite of stores, which third parties can run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from autonet.search.records import Event
from autonet.search.storage.store import MemoryStore, RunDirectory
from autonet.testing import stores
from tests.search.storage.runs import Keeping


@pytest.mark.parametrize("check", stores.CHECKS, ids=lambda check: check.__name__)
def test_a_run_directory_is_a_store(check: Callable[[stores.OpenStore], None], tmp_path: Path) -> None:
    check(lambda name: RunDirectory(tmp_path / name))


@pytest.mark.parametrize("check", stores.CHECKS_OF_MEMORY, ids=lambda check: check.__name__)
def test_memory_is_a_store(check: Callable[[stores.OpenStore], None]) -> None:
    check(lambda name: MemoryStore())


class Forgetting(Keeping):
    def close(self) -> None:
        self.rows.clear()


class Raw(Keeping):
    def append(self, *events: Event) -> Sequence[Event]:
        super().append(*events)
        return events


class OneByOne(Keeping):
    def append(self, *events: Event) -> Sequence[Event]:
        return [kept for event in events for kept in super(OneByOne, self).append(event)]


class Open(Keeping):
    def in_use(self) -> bool:
        return False


class Backwards(Keeping):
    def events(self) -> Any:
        return reversed(list(super().events()))


class Listed(Keeping):
    def append(self, *events: Event) -> Sequence[Event]:
        return super().append(*(Event(e.kind, e.trial, _listed(dict(e.body))) for e in events))


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _listed(v) for k, v in value.items()}
    return [_listed(v) for v in value] if isinstance(value, list | tuple) else value


def test_the_suite_accepts_a_store_of_someone_else() -> None:
    place: dict[str, list[Event]] = {}
    stores.check_store(lambda name: Keeping(place, name))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Forgetting, "opened again, events\\(\\) must give all events"),
        (Raw, "events\\(\\) must give what append\\(\\) returned"),
        (OneByOne, "an append that failed must leave nothing behind"),
        (Open, "a store that is in use must raise RunLocked"),
        (Backwards, "events\\(\\) must give all events that were appended; the first difference"),
        (Listed, "append\\(\\) must return the events that it was given"),
    ],
)
def test_the_suite_tells_what_a_wrong_store_does_wrong(wrong: Any, said: str) -> None:
    place: dict[str, list[Event]] = {}
    with pytest.raises(AssertionError, match=said):
        stores.check_store(lambda name: wrong(place, name))

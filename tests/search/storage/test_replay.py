"""The events of a store become a history, or are refused."""

from pathlib import Path

import pytest

from autonet.core.errors import RunCorrupted, RunUnavailable
from autonet.search.records import Event
from autonet.search.storage.replay import read_history
from autonet.search.storage.store import RunDirectory
from autonet.search.study import Study
from tests.search.storage.runs import BUDGETS, SPACE, forge, forge_events, run


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"checkpoint": "', '"checkpoint": "../'),
        ('"checkpoint": "', '"checkpoint": "/'),
        ('.safetensors"', '.safetensors/../../owner"'),
        ('.safetensors"', '"'),
        ('"status": "finished"', '"status": "unheard of"'),
        ('"origin"', '"other"'),
        ('"config": {', '"config": "a", "b": {'),
        ('{"start"', "[" * 100_000),
        ('"__float__": "inf"', '"__float__": [1]'),
    ],
)
def test_events_that_make_no_sense_are_refused(old: str, new: str, directory: Path) -> None:
    outside = sorted(directory.parent.rglob("*"))
    forge(directory, forge_events(old, new))
    with pytest.raises(RunCorrupted, match="is invalid"):
        run(directory)
    assert sorted(directory.parent.rglob("*")) == outside


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET kind = 'add' WHERE number = 3",
        "UPDATE events SET trial = 99 WHERE number = 3",
        "UPDATE events SET trial = 'x' WHERE number = 3",
        "UPDATE events SET body = x'00' WHERE number = 3",
    ],
)
def test_rows_that_make_no_sense_are_refused(change: str, directory: Path) -> None:
    forge(directory, lambda connection: connection.execute(change))
    for work in (lambda: run(directory), lambda: Study.open(directory), lambda: read_history(directory)):
        with pytest.raises(RunCorrupted, match=r"is invalid|cannot be read|unknown to this version of autonet; update"):
            work()


def test_a_reader_changes_nothing_and_needs_no_lock(directory: Path, tmp_path: Path) -> None:
    with Study(SPACE, run_dir=directory, **BUDGETS) as study:
        before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in directory.rglob("*")}
        history = read_history(directory)
        assert [t.config for t in history] == [t.config for t in study.trials]
        assert history.rungs == study.rungs
        assert history.best is not None
        assert history.best.value == study.best.value
        with RunDirectory(directory, read_only=True) as reader, pytest.raises(RunUnavailable, match="readonly"):
            reader.append(Event("start", 0, {}))
        assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in directory.rglob("*")} == before
    with pytest.raises(RunUnavailable, match="There is no study in"):
        read_history(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_reader_that_takes_its_time_does_not_stop_the_search(directory: Path) -> None:
    with RunDirectory(directory) as store, RunDirectory(directory, read_only=True) as reader:
        events = reader.events()
        next(events)
        store.append(Event("enqueue", -1, {"config": {}}))
        assert sum(1 for _ in events) + 1 == len(list(store.events())) - 1

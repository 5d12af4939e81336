"""The run directory: nothing lost, nothing read wrongly, nobody let in twice."""

import ast
import datetime
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
import torch
from ConfigSpace import Categorical, ConfigurationSpace
from hypothesis import given
from hypothesis import strategies as st

import autonet.search
from autonet.core.errors import InvalidOption, RunCorrupted, RunLocked, RunMismatch, RunUnavailable
from autonet.core.jsonvalues import from_text, to_text
from autonet.search.records import Event, Result, Status
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.files import defer_signals
from autonet.search.storage.replay import read_history
from autonet.search.storage.store import MemoryStore, RunDirectory
from autonet.search.study import Study
from autonet.testing import stores

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


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "run"
    run(path)
    return path


@pytest.fixture
def directory(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def database(directory: Path) -> Path:
    return directory / "study.sqlite"


def read(directory: Path) -> list[Event]:
    with RunDirectory(directory, read_only=True) as store:
        return list(store.events())


# --- the suite that third parties can run


@pytest.mark.parametrize("check", stores.CHECKS, ids=lambda check: check.__name__)
def test_a_run_directory_is_a_store(check: Callable[[stores.OpenStore], None], tmp_path: Path) -> None:
    check(lambda name: RunDirectory(tmp_path / name))


@pytest.mark.parametrize("check", stores.CHECKS_OF_MEMORY, ids=lambda check: check.__name__)
def test_memory_is_a_store(check: Callable[[stores.OpenStore], None]) -> None:
    check(lambda name: MemoryStore())


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


def test_a_study_runs_on_a_store_of_someone_else() -> None:
    place: dict[str, list[Event]] = {}
    for n in (3, 5):
        with Study(SPACE, run_dir=Keeping(place, "a"), random_state=0) as study:
            study.optimize(lambda trial: trial["x"], max_trials=n, progress=False)
    assert sum(e.kind == "end" for e in place["a"]) == 5


# --- values


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()) | st.sampled_from(["__tuple__"]), inner)
    ),
)


@given(PLAIN)
def test_plain_values_survive_as_text(value: Any) -> None:
    assert repr(from_text(to_text(value))) == repr(value)


@given(
    st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(datetime.UTC))
    | st.times()
    | st.timedeltas()
    | st.complex_numbers(allow_nan=False)
    | st.sets(st.integers() | st.text() | st.tuples(st.binary()))
    | st.frozensets(st.dates())
)
def test_bytes_dates_and_sets_survive_as_text(value: Any) -> None:
    found = from_text(to_text({"value": [value, {value: 1} if value.__hash__ else None]}))["value"][0]
    assert found == value
    assert type(found) is type(value)


def test_numbers_of_numpy_and_torch_become_plain_ones() -> None:
    values = {"a": np.float32(0.5), "b": np.array([[1, 2]]), "c": torch.tensor([True]), "e": math.nan}
    assert repr(from_text(to_text(values))) == repr({"a": 0.5, "b": [[1, 2]], "c": [True], "e": math.nan})


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    "value",
    [int, object(), Unprintable(), LOOP, {"a": [LOOP]}, 10**5000, np.datetime64("2024-01-01", "ns"), range(3)],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_come_back_is_refused(value: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"which cannot be stored|contains itself|is an integer of"):
        to_text([value])
    returns = {
        "attribute": lambda trial: trial.set_user_attr("k", value) or 1.0,
        "metric": lambda _: {"value": 1.0, "m": value},
        "Result": lambda _: Result(1.0, metrics={"m": value}),
    }
    for run_dir in (None, tmp_path / "run"):
        with Study(SPACE, run_dir=run_dir) as study:
            study.optimize(lambda t: returns[list(returns)[t.number % 3]](t) if t.number < 3 else 0.5, max_trials=4)
            assert [t.status for t in study.trials] == [Status.CRASHED] * 3 + [Status.FINISHED]
            reasons = [t.reports[0].reason for t in study.trials[:3]]
            assert "the user attribute 'k'" in reasons[0]
            assert all("the metric 'm'" in reason for reason in reasons[1:])


def test_what_is_kept_is_the_same_in_memory_and_in_a_run_directory(tmp_path: Path) -> None:
    when, labels = datetime.date(2024, 1, 2), {"a", "b"}

    def objective(trial: RunningTrial) -> dict[str, Any]:
        trial.set_user_attr("when", when)
        trial.set_user_attr("labels", labels)
        trial.set_user_attr("weights", np.ones(2))
        return {"loss": 0.5, "status": "ok", "attachments": {"model": b"\x00\xff", 3: (1, None)}}

    for run_dir in (None, tmp_path / "run", tmp_path / "run"):
        with Study(SPACE, run_dir=run_dir) as study:
            study.optimize(objective, max_trials=1)
            assert study.trials[0].attributes == {"when": when, "labels": labels, "weights": [1.0, 1.0]}
            assert study.trials[0].metrics == {"attachments": {"model": b"\x00\xff", 3: (1, None)}}


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("choices", [[(1, (2,)), (), None, True, False, 2, 0.5, "2", "None"], [[1, 2], [3]]], ids=str)
def test_configurations_come_back_equal_and_of_the_same_types(choices: Any, fixed: bool, tmp_path: Path) -> None:
    seen: list[Any] = []

    def chosen(trial: RunningTrial) -> float:
        seen.append(trial.suggest_categorical("c", choices))
        return 1.0

    space = {"c": choices} if fixed else None
    with Study(space, run_dir=tmp_path / "run", sampler="random", random_state=0) as study:
        for choice in choices:
            study.enqueue({"c": choice})
        study.optimize(chosen, max_trials=len(choices), progress=False)
        study.enqueue({"c": choices[0]})
        assert [repr(t.config["c"]) for t in study.trials] == [repr(c) for c in choices] == [repr(c) for c in seen]
    with Study(space, run_dir=tmp_path / "run") as study:
        assert [repr(t.config["c"]) for t in study.trials] == [repr(c) for c in choices]
        assert repr(study.history.queue) == repr([{"c": choices[0]}])


@pytest.mark.parametrize("fixed", [True, False])
def test_objects_as_choices_are_refused(fixed: bool, tmp_path: Path) -> None:
    choices = [int, "float"]

    def search(run_dir: Path | None) -> set[Any]:
        with Study({"kind": choices} if fixed else None, run_dir=run_dir, random_state=0) as study:
            study.optimize(lambda trial: len(str(trial.suggest_categorical("kind", choices))), max_trials=2)
            return {t.config["kind"] for t in study.trials}

    assert search(None) == {int, "float"}  # in memory all goes
    with pytest.raises(
        InvalidOption, match=r"'kind' has the choice <class 'int'>, which cannot be saved in a run directory"
    ):
        search(tmp_path / "run")


# --- R8, R9: damage


@pytest.mark.parametrize("twentieth", range(20))
def test_a_truncated_database_is_refused_by_its_name(twentieth: int, directory: Path) -> None:
    whole = database(directory).read_bytes()
    database(directory).write_bytes(whole[: len(whole) * twentieth // 20])
    for work in (lambda: run(directory), lambda: read_history(directory)):
        with pytest.raises(RunCorrupted, match=r"study\.sqlite cannot be read \(.*restore it from a copy"):
            work()
    assert len(database(directory).read_bytes()) == len(whole) * twentieth // 20  # nothing was changed


@pytest.mark.parametrize("name", ["lock", "owner"])
def test_the_other_files_may_be_damaged(name: str, directory: Path) -> None:
    for content in (b"", b"\x00\xff" * 50):
        (directory / name).write_bytes(content)
        assert len(run(directory).trials) == 6


def test_a_truncated_checkpoint_costs_one_job_and_nothing_else(directory: Path) -> None:
    before = read(directory)
    for path in (directory / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:-1])

    def loads(trial: RunningTrial) -> float:
        trial.checkpoint.load()
        return objective(trial) + 10 * (trial.number >= 6)  # worse than what went before, which is promoted

    with Study(SPACE, run_dir=directory, **BUDGETS) as study:
        study.optimize(loads, max_trials=12, progress=False)
        broken = [t for t in study.trials if t.status is Status.CRASHED and t.number != 2]
        assert broken
        assert all(".safetensors cannot be read" in t.reports[-1].reason for t in broken)
        assert all(t.usable for t in broken)  # what was reached before counts
    assert read(directory)[: len(before)] == before


def damaged(whole: bytes, seed: int) -> bytes:
    rng, changed = np.random.default_rng(seed), bytearray(whole)
    kind = seed % 4
    if kind == 0:  # a bit
        changed[rng.integers(len(whole))] ^= 1 << rng.integers(8)
    elif kind == 1:  # the header
        changed[rng.integers(100)] = rng.integers(256)
    elif kind == 2:  # a page
        at = 4096 * rng.integers(len(whole) // 4096)
        changed[at : at + 4096] = rng.bytes(4096)
    else:  # some bytes
        for at in rng.integers(len(whole), size=8):
            changed[at] = rng.integers(256)
    return bytes(changed)


def test_damage_is_noticed_or_did_no_harm(directory: Path) -> None:
    whole, events, noticed = database(directory).read_bytes(), repr(read(directory)), 0
    for seed in range(200):
        database(directory).write_bytes(damaged(whole, seed))
        try:
            with RunDirectory(directory) as store:
                assert repr(list(store.events())) == events, seed
                assert len(store.settings()) == 13
        except RunCorrupted:
            noticed += 1
    assert noticed > 100


@pytest.mark.parametrize("content", [b"", b"\x00" * 8192, os.urandom(8192), b"SQLite format 3\x00"])
def test_what_is_no_study_is_refused(content: bytes, directory: Path) -> None:
    database(directory).write_bytes(content)
    with pytest.raises(RunCorrupted, match=r"study\.sqlite cannot be read"):
        run(directory)


@pytest.mark.parametrize("left", ["checkpoints", "study.sqlite-journal"])
def test_a_missing_database_is_no_new_study(left: str, directory: Path) -> None:
    (directory / "study.sqlite-journal").touch()
    database(directory).unlink()
    for name in {"checkpoints", "study.sqlite-journal"} - {left}:
        (directory / name).rename(directory / "elsewhere")
    with pytest.raises(RunCorrupted, match=rf"study\.sqlite cannot be read \(it is missing, but {left} exists\)"):
        run(directory)


def test_files_of_someone_else_are_left_alone(directory: Path, tmp_path: Path) -> None:
    mine = [directory / "checkpoints" / "best.ckpt", directory / "notes.txt", directory / "checkpoints" / "sub" / "a"]
    mine[-1].parent.mkdir()
    for path in mine:
        path.write_text("mine")
    stray = [directory / "checkpoints" / name for name in ("9-0-1.safetensors", "9-0-1.part")]
    for path in stray:
        path.write_text("a job that did not live to tell of it")
    run(directory)
    assert all(path.exists() for path in mine)
    assert not any(path.exists() for path in stray)
    project = tmp_path / "project"
    (project / "checkpoints").mkdir(parents=True)
    (project / "checkpoints" / "0-0-1.safetensors").write_text("mine")
    with pytest.raises(RunCorrupted):
        run(project)
    assert (project / "checkpoints" / "0-0-1.safetensors").read_text() == "mine"


# --- R12: one at a time


def test_a_second_study_of_this_process_is_told_so(directory: Path) -> None:
    said = r"in use by another study of this process; close\(\) that study, or use another run_dir"
    with Study(SPACE, run_dir=directory, **BUDGETS), pytest.raises(RunLocked, match=said):
        run(directory)
    assert len(run(directory).trials) == 6


def test_another_process_is_told_the_pid_and_leaves_nothing_behind(directory: Path) -> None:
    code = f"from autonet.search.storage.store import RunDirectory; RunDirectory({str(directory)!r})"
    root = Path(autonet.search.__file__).parents[2]
    with RunDirectory(directory):
        before = sorted(directory.rglob("*"))
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=60, check=False
        )
        assert sorted(directory.rglob("*")) == before
    assert (
        f"is in use by another process (pid {os.getpid()}); wait for it to finish, or use another run_dir."
        in done.stderr
    )


# --- R14: another search


def test_data_are_compared_by_their_values_tensors_too(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    given = {"space": SPACE, "random_state": 0, "run_dir": tmp_path / "run"}
    with Study(**given, data={"x": [torch.arange(3.0)]}):
        pass
    with Study(**given, data={"x": [torch.arange(3.0).clone()]}):
        pass
    with pytest.raises(RunMismatch, match="data was"):
        Study(**given, data={"x": [torch.arange(4.0)]})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"space": {**SPACE, "x": (-1.0, 2.0)}}, ["space: x was x, Type: UniformFloat, Range: [-1.0, 1.0]"]),
        ({"space": {"x": (-1.0, 1.0)}}, ["space: units is missing now"]),
        ({"space": {**SPACE, "y": (0, 3)}}, ["space: y is new"]),
        ({"direction": "maximize"}, ["direction was 'minimize', now 'maximize'"]),
        ({"max_budget": 27}, ["budgets was '1 - 3 - 9 epochs', now '1 - 3 - 9 - 27 epochs'"]),
        ({"eta": 2.5, "max_budget": 3}, ["eta was 3, now 2.5", "budgets was"]),
        ({"min_budget": None, "max_budget": None}, ["budgets was '1 - 3 - 9 epochs', now 'no budgets'"]),
        ({"data": np.ones(4)}, ["data was "]),
        ({"data": np.zeros(3)}, ["data was "]),
        ({"random_state": 1}, ["random_state was 0, now 1"]),
        ({"random_state": 1, "direction": "maximize"}, ["random_state was 0", "direction was"]),
    ],
)
def test_another_search_is_refused_with_the_differences(
    options: Mapping[str, Any], said: list[str], tmp_path: Path
) -> None:
    given = {"space": SPACE, "random_state": 0, "data": np.ones(3), "run_dir": tmp_path / "run", **BUDGETS}
    with Study(**given) as study:
        study.optimize(objective, max_trials=2, progress=False)
    before = database(tmp_path / "run").read_bytes()
    with pytest.raises(RunMismatch) as caught:
        Study(**{**given, **options})
    assert str(caught.value).startswith(f"{tmp_path / 'run'} holds another search; give another run_dir, or open it")
    for sentence in said:
        assert any(difference.startswith(sentence) for difference in caught.value.differences)
    assert database(tmp_path / "run").read_bytes() == before
    with Study(**{**given, "random_state": None, "data": None}) as study:  # what is left out is not compared
        assert len(study.optimize(objective, max_trials=3, progress=False).trials) == 3


# --- R16: what is found when it is opened again


def test_finished_failed_running_and_enqueued_trials_are_restored(tmp_path: Path) -> None:
    calls: list[tuple[int, float | None, float, Any]] = []

    def trained(trial: RunningTrial) -> float:
        calls.append((trial.number, trial.budget, trial.start, trial.checkpoint.load()))
        return objective(trial)

    with Study(SPACE, run_dir=tmp_path / "run", random_state=0, **BUDGETS) as study:
        study.optimize(trained, max_trials=3, progress=False)
        while (trial := study.ask()) is not None and trial.start == 0:  # until one goes on from its checkpoint
            study.tell(trial, objective(trial))
        assert trial is not None
        trial.report(0.25, 1)
        trial.set_user_attr("noted", 1)
        trial.checkpoint.save("of an attempt that does not live to end")
        trial.report(0.5, 2)
        study.enqueue({"x": 0.25})
        before = [(t.number, t.config, t.seed, t.reports, t.attributes) for t in study.trials]
    calls.clear()
    with Study(SPACE, run_dir=tmp_path / "run", **BUDGETS) as study:
        assert [(t.number, t.config, t.seed, t.reports, t.attributes) for t in study.trials] == before
        assert list(study.history.running) == [trial.number]
        n = len(study.trials)
        study.optimize(trained, max_trials=n + 1, progress=False)
        assert study.trials[2].status is Status.CRASHED
        assert study.trials[2].reports[0].reason == "ValueError: crashed"
        assert study.trials[n].origin == "enqueued"
        assert study.trials[n].config == {"x": 0.25, "units": (8, 8)}
        assert study.trials[trial.number].curve == [(1, 0.25)]
        assert study.trials[trial.number].attributes == {"noted": 1}
    assert calls[0] == (trial.number, trial.budget, trial.start, "of an attempt that does not live to end")
    started_anew = [number for number, _, start, _ in calls if start == 0]
    assert started_anew == [n]


def test_a_trial_that_the_user_interrupts_is_not_blamed(tmp_path: Path) -> None:
    interrupts = iter([True] * 4)

    def interrupted(trial: RunningTrial) -> float:
        if trial.number == 3 and next(interrupts, False):
            trial.report(0.0, 1)
            raise KeyboardInterrupt
        return objective(trial)

    for _ in range(5):
        with Study(SPACE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(interrupted, max_trials=5, progress=False)
    assert [t.status for t in study.trials] == [Status.FINISHED] * 2 + [Status.CRASHED] + [Status.FINISHED] * 2
    assert study.trials[3].curve == []


def test_trials_that_were_asked_for_are_left_to_whoever_asked(tmp_path: Path) -> None:
    with Study(SPACE, run_dir=tmp_path / "run", random_state=0) as study:
        asked = study.ask()
        assert asked is not None
        study.optimize(lambda trial: trial["x"], max_trials=4, progress=False)
        assert list(study.history.running) == [0]
        assert study.tell(asked, 0.5).value == 0.5
        assert [len(t.reports) for t in study.trials] == [1] * 4


def test_a_script_that_enqueues_can_be_run_again(tmp_path: Path) -> None:
    def script(max_trials: int) -> list[float]:
        with Study({"x": (-1.0, 1.0)}, run_dir=tmp_path / "run", random_state=0, sampler="random") as study:
            for x in (0.5, 0.5, 0.25):
                study.enqueue({"x": x})
            study.optimize(lambda trial: trial["x"], max_trials=max_trials, progress=False)
            return [t.config["x"] for t in study.trials]

    assert script(2) == [0.5, 0.5]
    assert script(5)[:3] == [0.5, 0.5, 0.25]
    with Study({"x": (-1.0, 1.0)}, run_dir=tmp_path / "run") as study:
        assert study.history.queue == []
        study.enqueue({"x": 0.75})  # new
        study.enqueue({"x": 0.25})  # not new
        assert study.history.queue == [{"x": 0.75}]


# --- S5: a directory from elsewhere


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


def test_forging_without_a_change_changes_nothing(directory: Path) -> None:
    before = read(directory)
    forge(directory, lambda _: None)
    assert read(directory) == before


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END",
        "CREATE VIEW v AS SELECT * FROM events",
        "CREATE TABLE more (a)",
        "ALTER TABLE events ADD COLUMN more TEXT",
        "ALTER TABLE events RENAME TO other",
    ],
)
def test_a_database_with_more_in_it_is_refused(statement: str, directory: Path) -> None:
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        connection.execute(statement)
    with pytest.raises(RunCorrupted, match="it contains no study"):
        run(directory)


def test_a_later_version_is_refused(directory: Path) -> None:
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(RunCorrupted, match="was written by a later version of autonet; update autonet to open it"):
        run(directory)


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


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM events WHERE number = 3",
        "DELETE FROM events WHERE number = 0",
        "UPDATE events SET body = replace(body, '0', '3') WHERE number = 1",
        "UPDATE events SET kind = 'observe' WHERE number = 3",
    ],
)
def test_rows_that_were_changed_are_noticed(change: str, directory: Path) -> None:
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        connection.execute(change)
    with pytest.raises(RunCorrupted, match=r"event \d+ is missing or was changed"):
        run(directory)


@pytest.mark.parametrize("name", ["study.sqlite", "owner", "lock", "checkpoints", "checkpoints/0-0-1.safetensors"])
def test_links_are_refused_and_what_they_point_to_is_left_alone(name: str, directory: Path, tmp_path: Path) -> None:
    place, outside = directory / name, tmp_path / "outside"
    if not place.exists():
        place.touch()
    place.rename(outside)
    content = outside.read_bytes() if outside.is_file() else sorted(outside.iterdir())
    place.symlink_to(outside)
    with pytest.raises(
        RunCorrupted, match=rf"{place} is a symbolic link, which is not allowed in a run directory; remove"
    ):
        run(directory)
    assert content == (outside.read_bytes() if outside.is_file() else sorted(outside.iterdir()))


def test_no_code_is_ever_read_from_a_file() -> None:
    forbidden = {"eval", "exec", "__import__", "load", "loads", "Unpickler", "literal_eval"}
    allowed = {"json.loads", "cloudpickle.loads", "pickle.loads", "trial.checkpoint.load"}  # pickles: between processes
    root = Path(autonet.search.__file__).parent
    for module in [*root.rglob("*.py"), *(root.parent / "testing").rglob("*.py")]:
        pickles = "executors" in module.parts
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert pickles or not names & {"pickle", "dill", "cloudpickle", "shelve", "marshal"}, module
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if isinstance(node.func, ast.Attribute) and node.func.attr == "eval":
                    continue  # of a network
                assert name.rpartition(".")[2] not in forbidden or name in allowed, (module, name)
                assert not any(keyword.arg == "allow_pickle" for keyword in node.keywords), module


def test_no_file_of_a_run_is_a_pickle(directory: Path) -> None:
    heads = {path.name: path.read_bytes()[:16] for path in directory.rglob("*") if path.is_file()}
    assert heads.pop("study.sqlite") == b"SQLite format 3\x00"
    assert heads.pop("owner").decode().isdigit()
    assert heads.pop("lock") == b""
    assert heads
    assert all(head[8:10] == b'{"' for head in heads.values())  # length and JSON: safetensors


# --- S10: rights, and the rest


@pytest.mark.parametrize("made_before", [True, False])
def test_files_are_for_their_owner_alone(made_before: bool, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = tmp_path / "new" / "run"
        if made_before:
            path.mkdir(parents=True)
        run(path)
    finally:
        os.umask(old)
    modes = {p.relative_to(path).as_posix(): p.stat().st_mode & 0o777 for p in path.rglob("*")}
    assert modes.pop("checkpoints") == 0o700
    assert set(modes.values()) == {0o600}
    assert path.stat().st_mode & 0o777 == (0o777 if made_before else 0o700)


def test_a_reader_changes_nothing_and_needs_no_lock(directory: Path, tmp_path: Path) -> None:
    with Study(SPACE, run_dir=directory, **BUDGETS) as study:
        before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in directory.rglob("*")}
        history = read_history(directory)
        assert [t.config for t in history] == [t.config for t in study.trials]
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


def test_a_closed_study_says_so(directory: Path) -> None:
    study = run(directory)
    with pytest.raises(RunUnavailable, match="was closed; open it again"):
        study.enqueue({"x": 0.0})


def test_what_cannot_be_a_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunUnavailable, match=r"file cannot be used as a run_dir: .*File exists"):
        run(tmp_path / "file")


def test_a_write_that_is_interrupted_is_there_or_not(tmp_path: Path) -> None:
    class Interrupted(BaseException):
        pass

    def ring(*_: Any) -> None:
        raise Interrupted

    acknowledged, rng, before = [], np.random.default_rng(0), signal.signal(signal.SIGALRM, ring)
    try:
        with RunDirectory(tmp_path / "run") as store:
            store.keep({})
            began = time.perf_counter()
            store.append(Event("enqueue", -1, {"i": -1}))
            took = time.perf_counter() - began
            for i in range(100):
                try:
                    signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.3, 1.2) * took)
                    began = time.perf_counter()
                    store.append(Event("enqueue", -1, {"i": i}))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    acknowledged.append(i)
                    took = min(took, time.perf_counter() - began)  # the first one may have waited for a disk
                except Interrupted:
                    pass
            kept = [event.body["i"] for event in store.events()]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(acknowledged) < 100
    assert set(acknowledged) <= set(kept)
    assert kept == sorted(set(kept))
    assert [event.body["i"] for event in read(tmp_path / "run")] == kept


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGALRM])
def test_signals_wait_for_the_end_of_a_write(number: signal.Signals) -> None:
    done: list[str] = []

    def ring(*_: Any) -> None:
        done.append("signal")

    before = signal.signal(number, ring)
    try:
        with defer_signals(), defer_signals():
            os.kill(os.getpid(), number)
            done.append("written")
        assert done == ["written", "signal"]
        assert signal.getsignal(number) is ring
    finally:
        signal.signal(number, before)


def test_settings_of_a_space_object_are_those_of_a_dict(tmp_path: Path) -> None:
    with Study({"c": ["a", "b"]}, run_dir=tmp_path / "run"):
        pass
    with Study(ConfigurationSpace({"c": Categorical("c", ["a", "b"])}), run_dir=tmp_path / "run") as study:
        assert study.trials == []

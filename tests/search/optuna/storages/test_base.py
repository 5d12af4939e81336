"""Storages as directories."""

from pathlib import Path

import pytest

from autonet.core.errors import InvalidOption, RunLocked, RunUnavailable
from autonet.search import Study
from autonet.search.optuna.storages.base import (
    InMemoryStorage,
    JournalFileBackend,
    JournalStorage,
    RDBStorage,
    delete_directory,
    find_root,
    find_study,
    list_studies,
    read_attributes,
    write_attributes,
)


@pytest.mark.parametrize("storage", [None, InMemoryStorage(), "sqlite://", "sqlite:///:memory:"])
def test_memory(storage: object) -> None:
    assert find_root(storage) is None
    assert list_studies(None) == []


@pytest.mark.parametrize(
    ("storage", "path"),
    [
        ("sqlite:///a/b.db", "a/b.db"),
        ("sqlite:////a/b.db", "/a/b.db"),
        ("sqlite+pysqlite:///b.db?timeout=9", "b.db"),
        (RDBStorage("sqlite:///b.db", heartbeat_interval=60), "b.db"),
        (JournalStorage(JournalFileBackend("a/journal.log")), "a/journal.log"),
        ("runs", "runs"),
        (Path("runs"), "runs"),
    ],
)
def test_paths(storage: object, path: str) -> None:
    assert find_root(storage) == Path(path)


def test_databases_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"mysql.* is a database; studies of autonet are directories"):
        find_root("mysql://root@host/example")
    with pytest.raises(InvalidOption, match="got int"):
        find_root(3)
    (tmp_path / "real.db").write_bytes(b"SQLite format 3")
    with pytest.raises(InvalidOption, match="which autonet does not read"):
        find_root(f"sqlite:///{tmp_path}/real.db")


@pytest.mark.parametrize("name", ["", ".", "..", 3])
def test_names_that_are_no_directories_are_refused(name: str) -> None:
    with pytest.raises(InvalidOption, match="study_name must be"):
        find_study(Path("runs"), name)


def test_names_stay_inside_of_the_storage() -> None:
    assert find_study(Path("runs"), "../a b").parent == Path("runs")


def test_only_a_study_that_nobody_uses_is_deleted(tmp_path: Path) -> None:
    with pytest.raises(RunUnavailable):
        delete_directory(tmp_path)
    run_dir = find_study(tmp_path, "x/y")
    with Study(run_dir=run_dir), pytest.raises(RunLocked):
        delete_directory(run_dir)
    assert list_studies(tmp_path) == ["x/y"]
    (run_dir / "thesis.tex").touch()
    with pytest.raises(InvalidOption, match=r"files that are not of the study, such as 'thesis\.tex'"):
        delete_directory(run_dir)
    (run_dir / "thesis.tex").unlink()
    delete_directory(run_dir)
    assert not run_dir.exists()


def test_attributes(tmp_path: Path) -> None:
    assert read_attributes(None) == read_attributes(tmp_path) == {}
    write_attributes(tmp_path, {"a": [1, "b"], "c": {"d": None}})
    assert read_attributes(tmp_path) == {"a": [1, "b"], "c": {"d": None}}
    with pytest.raises(TypeError, match="user attribute 'f'"):
        write_attributes(tmp_path, {"f": object()})
    (tmp_path / "user_attrs.json").write_text("{")
    with pytest.raises(InvalidOption, match="cannot be read"):
        read_attributes(tmp_path)

"""Files of trials: what an objective attaches is read back, also from a reopened run."""

import gc
import io
from pathlib import Path

import numpy as np
import pytest

from autonet.core.errors import InvalidOption, RunCorrupted, UnknownName
from autonet.search import RunningTrial, Study, minimize
from tests.search.objectives import LINE

CURVE = np.linspace(0, 1, 5)


def attach(trial: RunningTrial) -> float:
    data = io.BytesIO()
    np.save(data, CURVE + trial.number)
    trial.attach("curve.npy", data.getvalue())
    trial.attach("curve.npy", bytearray(data.getvalue()))
    (trial.directory / "log.txt").write_text("one line")
    (trial.directory / ".hidden").touch()
    return float(trial["x"])


def test_attachments_are_read_back_from_a_reopened_run(tmp_path: Path) -> None:
    minimize(attach, LINE, max_trials=2, run_dir=tmp_path / "run")
    assert sorted(p.name for p in (tmp_path / "run" / "trials" / "1").iterdir()) == [".hidden", "curve.npy", "log.txt"]
    with Study.open(tmp_path / "run") as study:
        for trial in study.trials:
            assert study.list_attachments(trial) == ["curve.npy", "log.txt"]
            read = np.load(io.BytesIO(study.load_attachment(trial, "curve.npy")), allow_pickle=False)
            assert np.array_equal(read, CURVE + trial.number)
        with pytest.raises(UnknownName, match=r"Unknown attachment 'curve'. Did you mean 'curve.npy'"):
            study.load_attachment(study.best, "curve")


def test_without_a_run_directory_files_are_deleted_with_the_study() -> None:
    study = minimize(attach, LINE, max_trials=1, n_jobs=1)
    assert study.list_attachments(study.best) == ["curve.npy", "log.txt"]
    trial = study.ask()
    assert trial is not None
    assert study.list_attachments(study.trials[1]) == []
    directory = trial.directory
    assert directory.is_dir()
    del study, trial
    gc.collect()
    assert not directory.exists()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/tmp/a", "c:a", "a\\b", ".hidden", "a\0", "é" * 128, "\ud800", 3], ids=ascii
)
def test_names_that_are_none_of_a_file_are_refused(name: str) -> None:
    trial = Study(LINE).ask()
    assert trial is not None
    with pytest.raises(InvalidOption, match=r"attach\(\) expects the name of a file, without a directory"):
        trial.attach(name, b"")


def test_only_bytes_are_attached_and_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    with Study(LINE, run_dir=tmp_path / "run") as study:
        trial = study.ask()
        assert trial is not None
        with pytest.raises(TypeError, match=r"attach\(\) expects bytes; got ndarray"):
            trial.attach("a", CURVE)  # type: ignore[arg-type]
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "run" / "trials" / "0").rmdir()
        (tmp_path / "run" / "trials" / "0").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(RunCorrupted, match="symbolic link"):
            trial.attach("a", b"")
        assert not list((tmp_path / "elsewhere").iterdir())

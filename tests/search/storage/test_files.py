"""Files of a run directory: whose they are, and that each is written whole."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from autonet.core.errors import RunCorrupted, RunUnavailable
from autonet.search.storage.files import defer_signals
from tests.search.storage.runs import run


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


def test_what_cannot_be_a_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunUnavailable, match=r"file cannot be used as a run_dir: .*File exists"):
        run(tmp_path / "file")


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

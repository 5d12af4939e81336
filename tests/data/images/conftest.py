"""A folder of images, by their names."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "cats/b.png",
        "cats/a.JPG",
        "cats/notes.txt",
        "cats/.hidden.png",
        "dogs/deep/c.png",
        ".git/d.png",
        "__MACOSX/e.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path

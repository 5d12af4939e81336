"""Paths of images in sequences, frames, folders and CSV files."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from autonet.core.errors import InvalidData
from autonet.data.images.sources import list_folder, list_pictures, read_csv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cats/b.png", "cats/a.JPG", "cats/notes.txt", "cats/.hidden.png", "dogs/deep/c.png", ".git/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_has_a_sub_folder_per_class(folder: Path) -> None:
    files, classes = list_folder(folder)
    assert [Path(f).relative_to(folder).as_posix() for f in files] == ["cats/a.JPG", "cats/b.png", "dogs/deep/c.png"]
    assert classes == ["cats", "cats", "dogs"]


def test_a_folder_without_classes_or_images_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidData, match="has 0 sub-folders; there must be two or more, one for each class"):
        list_folder(folder / "cats")
    with pytest.raises(InvalidData, match=r"'.*nothing' is no folder"):
        list_folder(folder / "nothing")
    (folder / "empty").mkdir()
    with pytest.raises(InvalidData, match=r"The folder '.*empty' has no images"):
        list_folder(folder)


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, pl.Series, lambda p: pd.DataFrame({"path": p})])
def test_paths_come_in_sequences_columns_and_frames(make: object) -> None:
    assert list_pictures(make(["a.png", "b.png"])) == ["a.png", "b.png"]  # type: ignore[operator]


def test_images_below_a_folder_are_sorted(folder: Path) -> None:
    assert [Path(p).name for p in list_pictures(folder)] == ["a.JPG", "b.png", "c.png"]


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(InvalidData, match="must have one column, of paths of images; got 2"):
        list_pictures(pd.DataFrame({"a": ["x"], "b": ["y"]}))
    with pytest.raises(InvalidData, match="got 3 among them"):
        list_pictures(["a.png", 3])
    with pytest.raises(InvalidData, match="X has no images"):
        list_pictures([])
    with pytest.raises(InvalidData, match="must be images or paths of images; got int"):
        list_pictures(7)


def test_a_csv_file_of_paths_and_labels(folder: Path) -> None:
    table = folder / "images.csv"
    table.write_text("cats/b.png,cat\ndogs/deep/c.png,dog\n", encoding="utf-8")
    files, labels = read_csv(table)
    assert files == [str(folder / "cats/b.png"), str(folder / "dogs/deep/c.png")]
    assert labels == ["cat", "dog"]
    table.write_text("b.png,cat\n", encoding="utf-8")
    assert read_csv(table, [folder / "dogs", folder / "cats"])[0] == [str(folder / "cats/b.png")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("a.png,cat\nb.png\n", "Row 2 of .* has 1 columns; there must be two"),
        ("../a.png,cat\n/etc/b.png,dog\n", "2 paths in .* lead out of .*'../a.png', '/etc/b.png'"),
    ],
)
def test_a_broken_csv_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "images.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidData, match=message):
        read_csv(tmp_path / "images.csv")

"""Collect images from sequences, columns, data frames, folders and CSV files."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from autonet.core.errors import InvalidData
from autonet.data.images.folders import list_folder
from autonet.data.images.sources import collect_images, name_files


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, pl.Series, lambda p: pd.DataFrame({"path": p})])
def test_paths_come_in_sequences_columns_and_frames(make: object) -> None:
    assert collect_images(make(["a.png", "b.png"])) == ["a.png", "b.png"]  # type: ignore[operator]


def test_images_below_a_folder_are_sorted(folder: Path) -> None:
    assert [Path(p).name for p in collect_images(folder)] == ["a.JPG", "b.png", "c.png"]


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(InvalidData, match=r"must have one column, of paths of images; got 2\.$"):
        collect_images(pd.DataFrame({"a": ["x"], "b": ["y"]}))
    with pytest.raises(InvalidData, match="got 3 among them"):
        collect_images(["a.png", 3])
    for others in ([np.zeros((8, 8)), None], [np.zeros((8, 8)), None, np.zeros((9, 8))], [None, np.zeros((8, 8))]):
        with pytest.raises(InvalidData, match="or paths of images; got None among them"):
            collect_images(others)
    pixels = pd.DataFrame(np.zeros((3, 64)), columns=[f"pixel{i}" for i in range(64)])
    message = r"got 64; if its columns are pixels, pass X\.to_numpy\(\)\.reshape\(-1, 8, 8\)\.$"
    for frame in (pixels, pl.from_pandas(pixels)):
        with pytest.raises(InvalidData, match=message):
            collect_images(frame)
    with pytest.raises(InvalidData, match=r"got arrays of shapes \(3, 3\) and \(4, 4\)"):
        collect_images([np.zeros((3, 3)), np.zeros((4, 4))])
    with pytest.raises(InvalidData, match=r"got an array of shape \(3, 3\) among them"):
        collect_images(["a.png", np.zeros((3, 3))])
    with pytest.raises(InvalidData, match="The path of X is longer than the system allows"):
        collect_images("a" * 5000)
    with pytest.raises(InvalidData, match="X has no images"):
        collect_images([])
    for single in (b"\x89PNG", Image.new("L", (3, 3))):
        with pytest.raises(InvalidData, match="X is a single image; pass a list of images"):
            collect_images(single)
    with pytest.raises(InvalidData, match="must be images or paths of images; got int"):
        collect_images(7)


def test_images_of_a_csv_file_or_a_single_one_are_listed(folder: Path) -> None:
    table = folder / "cats" / "images.csv"
    for text in ("b.png\na.JPG\n", "path,label\nb.png,7\na.JPG,8\n"):
        table.write_text(text, encoding="utf-8")
        assert collect_images(table) == [str(folder / "cats/b.png"), str(folder / "cats/a.JPG")]
    assert collect_images(folder / "cats/b.png") == [str(folder / "cats/b.png")]


def test_a_list_of_a_csv_file_or_a_folder_is_refused(folder: Path) -> None:
    table = folder / "train.csv"
    table.write_text("cats/b.png,1\n", encoding="utf-8")
    for X, what in (([str(table)], "CSV file"), (np.array([str(table)]), "CSV file"), ([folder / "cats"], "folder")):
        message = rf"X is a list with the path of a {what}, '{X[0]}'; pass the path itself, and no y\.$"
        with pytest.raises(InvalidData, match=message):
            collect_images(X)


def test_paths_of_other_things_are_refused(folder: Path) -> None:
    (folder / "notes.md").touch()
    other = "is not a folder, and no CSV file or image by its ending"
    classes = "pass a folder with a sub-folder of images for each class, or a CSV file of paths and labels"
    for name, got in (("cats/b.png", "is a single image"), ("notes.md", other), ("x.png", "does not exist")):
        with pytest.raises(InvalidData, match=f"{name}' {got}; {classes}"):
            list_folder(folder / name)
    images = "pass a folder of images, a CSV file or list of their paths, or the path of an image"
    for name, got in (("notes.md", other), ("x.png", "does not exist"), ("x", "does not exist")):
        with pytest.raises(InvalidData, match=f"{name}' {got}; {images}"):
            collect_images(folder / name)


def test_images_are_named_by_their_paths(folder: Path) -> None:
    assert name_files(folder / "cats") == collect_images(folder / "cats")
    assert name_files([Path("a.png"), "b.png"]) == ["a.png", "b.png"]
    assert name_files(np.array(["a.png"])) == ["a.png"]
    for other in ([b"content"], np.zeros((2, 3, 3)), pd.DataFrame({"path": ["a.png"]})):
        assert name_files(other) is None

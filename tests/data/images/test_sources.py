"""Paths of images in sequences, frames, folders and CSV files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.images.sources import list_folder, list_pictures, name_files, read_csv


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


def test_a_folder_has_a_sub_folder_per_class(folder: Path) -> None:
    files, classes = list_folder(folder)
    assert [Path(f).relative_to(folder).as_posix() for f in files] == ["cats/a.JPG", "cats/b.png", "dogs/deep/c.png"]
    assert classes.tolist() == ["cats", "cats", "dogs"]


def test_images_beside_the_classes_are_left_out(folder: Path) -> None:
    (folder / "cover.png").touch()
    with pytest.warns(DataWarning, match=r"Images beside the sub-folders of '.*' are left out: 'cover.png'\."):
        assert len(list_folder(folder)[0]) == 3


def test_links_out_of_the_folder_are_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "cats/inside.png").symlink_to(folder / "cats/b.png")
    (folder / "cats/loop").symlink_to(folder)
    assert len(list_folder(folder)[0]) == 4
    (folder / "cats/link.png").symlink_to(elsewhere / "x.png")
    message = r"1 paths in '.*' lead out of .*: '.*link.png'; move the files, or pass a list of paths"
    for read in (list_folder, list_pictures):
        with pytest.raises(InvalidData, match=message):
            read(folder)
    (folder / "cats/link.png").unlink()
    (folder / "birds").symlink_to(elsewhere)
    with pytest.raises(InvalidData, match="birds"):
        list_folder(folder)
    (folder / "birds").unlink()
    (folder / "dogs/deep/more").symlink_to(elsewhere)
    for read in (list_folder, list_pictures):
        with pytest.raises(InvalidData, match=r"1 paths in '.*' lead out of .*: '.*dogs/deep/more'; move the files"):
            read(folder)


def test_a_folder_without_classes_or_images_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidData, match="has 0 sub-folders; there must be two or more, one for each class"):
        list_folder(folder / "cats")
    (folder / "empty").mkdir()
    with pytest.raises(InvalidData, match=r"The folder '.*empty' has no images"):
        list_folder(folder)


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, pl.Series, lambda p: pd.DataFrame({"path": p})])
def test_paths_come_in_sequences_columns_and_frames(make: object) -> None:
    assert list_pictures(make(["a.png", "b.png"])) == ["a.png", "b.png"]  # type: ignore[operator]


def test_parts_of_a_data_set_are_no_classes(folder: Path) -> None:
    for part in ("train", "Test"):
        (folder / "split" / part / "cats").mkdir(parents=True)
        (folder / "split" / part / "cats" / "a.png").touch()
    message = (
        r"Sub-folders of '.*split' are named as parts of a data set: Test, train; pass one that has a sub-folder for "
        r"each class as X, others as X_valid or X_test, or a list of paths and y\."
    )
    with pytest.raises(InvalidData, match=message):
        list_folder(folder / "split")


@pytest.mark.parametrize(
    ("names", "is_refused"),
    [
        (("train", "test1"), True),
        (("train_images", "val_images", "docs"), True),
        (("Training", "cat"), False),
        (("trains", "tests"), False),
    ],
)
def test_two_parts_of_a_data_set_are_refused(tmp_path: Path, names: tuple[str, ...], is_refused: bool) -> None:
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "cat.0.jpg").touch()
    if not is_refused:
        assert len(list_folder(tmp_path)[0]) == len(names)
        return
    parts = sorted(names[:2])
    with pytest.raises(InvalidData, match=f"named as parts of a data set: {', '.join(parts)}; pass one"):
        list_folder(tmp_path)


def test_further_folders_may_have_one_class_and_empty_ones(folder: Path) -> None:
    (folder / "birds").mkdir()
    with pytest.warns(DataWarning, match=r"Sub-folders of '.*' without images are left out: 'birds'\."):
        files, classes = list_folder(folder, "text")
    assert (len(files), classes.tolist()) == (3, ["cats", "cats", "dogs"])
    with pytest.raises(InvalidData, match=r"has 0 sub-folders; there must be one per class"):
        list_folder(folder / "cats", "text")
    (folder / "birds").rmdir()
    with pytest.raises(InvalidData, match=r"has text labels \('cats', 'dogs'\), but those of fit are numbers"):
        list_folder(folder, "number")
    (folder / "more/7").mkdir(parents=True)
    with pytest.raises(InvalidData, match=r"The folder '.*7' has no images"):
        list_folder(folder / "more", "number")
    (folder / "more/7/a.png").touch()
    assert list_folder(folder / "more", "number")[1].tolist() == [7]
    with pytest.raises(InvalidData, match="has 1 sub-folders; there must be two or more, one for each class"):
        list_folder(folder / "more")


def test_images_of_rarer_formats_are_not_left_out(folder: Path) -> None:
    for name in ("photo.HEIC", "photo.jfif", "photo.avif"):
        (folder / "cats" / name).touch()
    assert len(list_folder(folder)[0]) == 6


def test_images_below_a_folder_are_sorted(folder: Path) -> None:
    assert [Path(p).name for p in list_pictures(folder)] == ["a.JPG", "b.png", "c.png"]


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(InvalidData, match=r"must have one column, of paths of images; got 2\.$"):
        list_pictures(pd.DataFrame({"a": ["x"], "b": ["y"]}))
    with pytest.raises(InvalidData, match="got 3 among them"):
        list_pictures(["a.png", 3])
    for others in ([np.zeros((8, 8)), None], [np.zeros((8, 8)), None, np.zeros((9, 8))], [None, np.zeros((8, 8))]):
        with pytest.raises(InvalidData, match="or paths of images; got None among them"):
            list_pictures(others)
    pixels = pd.DataFrame(np.zeros((3, 64)), columns=[f"pixel{i}" for i in range(64)])
    message = r"got 64; if its columns are pixels, pass X\.to_numpy\(\)\.reshape\(-1, 8, 8\)\.$"
    for frame in (pixels, pl.from_pandas(pixels)):
        with pytest.raises(InvalidData, match=message):
            list_pictures(frame)
    with pytest.raises(InvalidData, match=r"got arrays of shapes \(3, 3\) and \(4, 4\)"):
        list_pictures([np.zeros((3, 3)), np.zeros((4, 4))])
    with pytest.raises(InvalidData, match=r"got an array of shape \(3, 3\) among them"):
        list_pictures(["a.png", np.zeros((3, 3))])
    with pytest.raises(InvalidData, match="The path of X is longer than the system allows"):
        list_pictures("a" * 5000)
    with pytest.raises(InvalidData, match="X has no images"):
        list_pictures([])
    for single in (b"\x89PNG", Image.new("L", (3, 3))):
        with pytest.raises(InvalidData, match="X is a single image; pass a list of images"):
            list_pictures(single)
    with pytest.raises(InvalidData, match="must be images or paths of images; got int"):
        list_pictures(7)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('b.png,"small, gray"\na.JPG,cat\n', ["small, gray", "cat"]),
        ("path,label\nb.png,7\na.JPG,-1\n", [7, -1]),
        ("\ufeffb.png;1.5\r\n\r\na.JPG;2\r\n", [1.5, 2.0]),
        ("b.png\t007\na.JPG\t1\n", ["007", "1"]),
        ("b.png, 1, 0\na.JPG, 1, 1\n", [[1, 0], [1, 1]]),
        ("path,furry\nb.png,true\na.JPG,FALSE\n", [True, False]),
    ],
)
def test_a_csv_file_of_paths_and_labels(folder: Path, text: str, labels: Any) -> None:
    table = folder / "cats" / "images.csv"
    table.write_text(text, encoding="utf-8")
    files, found = read_csv(table)
    assert files == [str(folder / "cats/b.png"), str(folder / "cats/a.JPG")]
    assert found.tolist() == labels


def test_several_labels_are_named_by_the_header(folder: Path) -> None:
    table = folder / "cats" / "images.csv"
    for first in ("file", ""):
        table.write_text(f"{first},furry,age\nb.png, True, 1.5\na.JPG, False, 2\n", encoding="utf-8")
        _, found = read_csv(table)
        assert {name: column.tolist() for name, column in found.items()} == {"furry": [True, False], "age": [1.5, 2.0]}
    assert len(list_pictures(table)) == 2


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("file,cat", r"The header of '.*x\.csv' has 2 columns; there must be 3, one for each column\."),
        ("file,cat,", r"The header of '.*x\.csv' has an empty name: \['file', 'cat', ''\]; there must be 3, one for"),
        ("file,cat,cat", r"'.*x\.csv' has several columns named 'cat'; rename or drop them\."),
    ],
)
def test_headers_that_do_not_name_each_label_are_refused(folder: Path, header: str, message: str) -> None:
    table = folder / "x.csv"
    table.write_text(f"{header}\ncats/b.png,1,0\ncats/a.JPG,0,1\n", encoding="utf-8")
    with pytest.raises(InvalidData, match=message):
        read_csv(table)
    assert len(list_pictures(table)) == 2


def test_images_of_a_csv_file_or_a_single_one_are_listed(folder: Path) -> None:
    table = folder / "cats" / "images.csv"
    for text in ("b.png\na.JPG\n", "path,label\nb.png,7\na.JPG,8\n"):
        table.write_text(text, encoding="utf-8")
        assert list_pictures(table) == [str(folder / "cats/b.png"), str(folder / "cats/a.JPG")]
    assert list_pictures(folder / "cats/b.png") == [str(folder / "cats/b.png")]


def test_a_list_of_a_csv_file_or_a_folder_is_refused(folder: Path) -> None:
    table = folder / "train.csv"
    table.write_text("cats/b.png,1\n", encoding="utf-8")
    for X, what in (([str(table)], "CSV file"), (np.array([str(table)]), "CSV file"), ([folder / "cats"], "folder")):
        message = rf"X is a list with the path of a {what}, '{X[0]}'; pass the path itself, and no y\.$"
        with pytest.raises(InvalidData, match=message):
            list_pictures(X)


def test_a_list_may_have_delimiters_in_its_paths(folder: Path) -> None:
    names = ["a,b.png", "c;d.png", "e.png;f.png"]
    for text in ("\n".join(names), "path\r\n\r\n" + "\r\n".join(names)):
        (folder / "list.txt").write_text(text, encoding="utf-8")
        assert list_pictures(folder / "list.txt") == [str(folder / name) for name in names]
    (folder / "list.txt").write_text("cats/b.png,1\ncats/a.JPG,2", encoding="utf-8")
    assert list_pictures(folder / "list.txt") == [str(folder / "cats/b.png"), str(folder / "cats/a.JPG")]


def test_files_without_endings_may_have_a_header(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / name).touch()
    (folder / "train.csv").write_text("id,label\none,1\ntwo,2\n", encoding="utf-8")
    files, labels = read_csv(folder / "train.csv")
    assert (files, labels.tolist()) == ([str(folder / "one"), str(folder / "two")], [1, 2])
    (folder / "train.csv").write_text("one,1\ntwo,2\n", encoding="utf-8")
    assert read_csv(folder / "train.csv")[1].tolist() == [1, 2]


@pytest.mark.parametrize("name", ["b", "a"])
def test_paths_that_lack_the_endings_of_their_files_are_refused(folder: Path, name: str) -> None:
    (folder / "train.csv").write_text(f"id,label\ncats/x,1\ncats/{name},2\n", encoding="utf-8")
    ending = {"b": ".png", "a": ".JPG"}[name]
    message = rf"have no ending: there is no file '.*cats/{name}', but '.*cats/{name}{ending}'; add the ending to the p"
    with pytest.raises(InvalidData, match=message):
        read_csv(folder / "train.csv")
    with pytest.raises(InvalidData, match=message):
        list_pictures(folder / "train.csv")


def test_missing_labels_among_numbers_are_refused(folder: Path) -> None:
    table = folder / "train.csv"
    table.write_text("path,label,more\ncats/b.png,1,x\n\ncats/a.JPG,NA,y\n", encoding="utf-8")
    message = "Line 4 of '.*train.csv' has the label 'NA', which marks a missing value among numbers; give the image a"
    for kind in (None, "number"):
        with pytest.raises(InvalidData, match=message):
            read_csv(table, kind=kind)  # type: ignore[arg-type]
    assert read_csv(table, kind="text")[1]["label"].tolist() == ["1", "NA"]
    assert len(list_pictures(table)) == 2
    table.write_text("cats/b.png,yes\ncats/a.JPG,NA\n", encoding="utf-8")
    assert read_csv(table)[1].tolist() == ["yes", "NA"]
    (folder / "cats").rename(folder / "NA")
    (folder / "dogs").rename(folder / "1")
    assert list_folder(folder)[1].tolist() == ["1", "NA", "NA"]


def test_paths_of_other_things_are_refused(folder: Path) -> None:
    (folder / "notes.md").touch()
    other = "is no folder, and no CSV file or image by its ending"
    classes = "pass a folder with a sub-folder of images for each class, or a CSV file of paths and labels"
    for name, got in (("cats/b.png", "is a single image"), ("notes.md", other), ("x.png", "does not exist")):
        with pytest.raises(InvalidData, match=f"{name}' {got}; {classes}"):
            list_folder(folder / name)
    images = "pass a folder of images, a CSV file or list of their paths, or the path of an image"
    for name, got in (("notes.md", other), ("x.png", "does not exist"), ("x", "does not exist")):
        with pytest.raises(InvalidData, match=f"{name}' {got}; {images}"):
            list_pictures(folder / name)


def test_further_labels_are_read_as_those_of_fit(folder: Path) -> None:
    table = folder / "images.csv"
    table.write_text("cats/b.png,07\ncats/a.JPG,1\n", encoding="utf-8")
    assert [read_csv(table, kind=kind)[1].tolist() for kind in ("text", "number", None)] == [
        ["07", "1"],
        [7, 1],
        ["07", "1"],
    ]


def test_images_are_named_by_their_paths(folder: Path) -> None:
    assert name_files(folder / "cats") == list_pictures(folder / "cats")
    assert name_files([Path("a.png"), "b.png"]) == ["a.png", "b.png"]
    assert name_files(np.array(["a.png"])) == ["a.png"]
    for other in ([b"content"], np.zeros((2, 3, 3)), pd.DataFrame({"path": ["a.png"]})):
        assert name_files(other) is None


def test_relative_paths_are_looked_for_in_the_folders(folder: Path) -> None:
    table = folder / "images.csv"
    table.write_text(f"b.png,cat\n{folder / 'dogs/deep/c.png'},dog\n", encoding="utf-8")
    roots = [folder / "dogs", folder / "cats"]
    files, _ = read_csv(table, roots)
    assert files == [str(folder / "cats/b.png"), str(folder / "dogs/deep/c.png")]
    table.write_text("b.png\n", encoding="utf-8")
    assert list_pictures(table, roots=roots) == files[:1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("a.png,cat\nb.png\n", "Line 2 of .* has 1 columns; there must be 2, the path"),
        ("a.png,cat\nb.png,\n", r"Line 2 of .* has an empty value: \['b.png', ''\]"),
        ("a.png,cat\nb\0.png,dog\n", "is not text in UTF-8"),
        ("label,path\ncat,a.png\n", "Line 2 of .* has the path of an image in column 2; move it to the first one"),
        (f"a.png,cat\n{'b' * 300}.png,dog\n", "A path in .*images.csv' is longer than the system allows"),
        ("../a.png,cat\n/etc/b.png,dog\n", "2 paths in .* lead out of .*/../a.png', '/etc/b.png'"),
    ],
)
def test_a_broken_csv_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "images.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidData, match=message):
        read_csv(tmp_path / "images.csv")


def test_a_csv_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text("a.png,é\n", encoding="latin-1")
    with pytest.raises(InvalidData, match="is not text in UTF-8; save it so, or pass a list of paths"):
        read_csv(tmp_path / "images.csv")

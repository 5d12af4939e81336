"""Read CSV files of image paths and labels."""

import csv
from pathlib import Path
from typing import Any

import pytest

from autonet.core.errors import InvalidData
from autonet.data.images.csv_files import find_files, lacks_header, read_csv
from autonet.data.images.folders import list_folder
from autonet.data.images.sources import collect_images


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
    assert len(collect_images(table)) == 2


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
    assert len(collect_images(table)) == 2


def test_a_list_may_have_delimiters_in_its_paths(folder: Path) -> None:
    names = ["a,b.png", "c;d.png", "e.png;f.png"]
    for text in ("\n".join(names), "path\r\n\r\n" + "\r\n".join(names)):
        (folder / "list.txt").write_text(text, encoding="utf-8")
        assert collect_images(folder / "list.txt") == [str(folder / name) for name in names]
    (folder / "list.txt").write_text("cats/b.png,1\ncats/a.JPG,2", encoding="utf-8")
    assert collect_images(folder / "list.txt") == [str(folder / "cats/b.png"), str(folder / "cats/a.JPG")]


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
        collect_images(folder / "train.csv")


def test_missing_labels_among_numbers_are_refused(folder: Path) -> None:
    table = folder / "train.csv"
    table.write_text("path,label,more\ncats/b.png,1,x\n\ncats/a.JPG,NA,y\n", encoding="utf-8")
    message = "Line 4 of '.*train.csv' has the label 'NA', which marks a missing value among numbers; give the image a"
    for kind in (None, "number"):
        with pytest.raises(InvalidData, match=message):
            read_csv(table, kind=kind)  # type: ignore[arg-type]
    assert read_csv(table, kind="text")[1]["label"].tolist() == ["1", "NA"]
    assert len(collect_images(table)) == 2
    table.write_text("cats/b.png,yes\ncats/a.JPG,NA\n", encoding="utf-8")
    assert read_csv(table)[1].tolist() == ["yes", "NA"]
    (folder / "cats").rename(folder / "NA")
    (folder / "dogs").rename(folder / "1")
    assert list_folder(folder)[1].tolist() == ["1", "NA", "NA"]


def test_further_labels_are_read_as_those_of_fit(folder: Path) -> None:
    table = folder / "images.csv"
    table.write_text("cats/b.png,07\ncats/a.JPG,1\n", encoding="utf-8")
    assert [read_csv(table, kind=kind)[1].tolist() for kind in ("text", "number", None)] == [
        ["07", "1"],
        [7, 1],
        ["07", "1"],
    ]


def test_relative_paths_are_looked_for_in_the_folders(folder: Path) -> None:
    table = folder / "images.csv"
    table.write_text(f"b.png,cat\n{folder / 'dogs/deep/c.png'},dog\n", encoding="utf-8")
    roots = [folder / "dogs", folder / "cats"]
    files, _ = read_csv(table, roots)
    assert files == [str(folder / "cats/b.png"), str(folder / "dogs/deep/c.png")]
    table.write_text("b.png\n", encoding="utf-8")
    assert collect_images(table, roots=roots) == files[:1]


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cats/b.png,1\ncats/a.JPG,2\n", True),
        ('\n"cats/b.png"; small; gray, brown\n', True),
        ("a,b.png\nc,d.png\n", False),
        ("path,label\ncats/b.png,1\n", False),
        ("cats/b.png\ncats/a.JPG\n", False),
        ("1,2\n3,4\n", False),
        ("", False),
    ],
)
def test_tables_that_begin_with_an_image_lack_a_header(folder: Path, text: str, expected: bool) -> None:
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    assert lacks_header(folder / "rows.csv") is expected
    (folder / "rows.csv").rename(folder / "rows.parquet")
    assert not lacks_header(folder / "rows.parquet")


def test_rows_that_csv_cannot_read_begin_with_no_image(folder: Path) -> None:
    before = csv.field_size_limit(100)
    try:
        (folder / "rows.csv").write_text("cats/b.png," + "x" * 200, encoding="utf-8")
        assert not lacks_header(folder / "rows.csv")
    finally:
        csv.field_size_limit(before)


def test_files_are_looked_for_in_one_folder_after_the_other(folder: Path) -> None:
    found = find_files(["b.png", "c.png", "gone.png"], [folder / "cats", folder / "dogs/deep"], "rows")
    assert found == [str(folder / name) for name in ("cats/b.png", "dogs/deep/c.png", "cats/gone.png")]

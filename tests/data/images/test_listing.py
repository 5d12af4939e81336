"""What a folder or a CSV file of images holds."""

from pathlib import Path

import pytest

from autonet import list_images
from autonet.core.errors import InvalidData


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/1.png", "a/deep/2.png", "a/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_images_are_listed_folder_by_folder(folder: Path) -> None:
    files, labels = list_images(folder, return_labels=True)
    assert [Path(file).relative_to(folder).as_posix() for file in files] == ["a/3.png", "a/deep/2.png", "b/1.png"]
    assert labels.tolist() == ["a", "a", "b"]
    assert list_images(folder) == files
    assert list_images(folder / "a" / "3.png") == files[:1]


def test_images_of_a_csv_file_are_listed_by_row(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    table = tmp_path_factory.mktemp("lists") / "train.csv"
    table.write_text("b/1.png,1\na/3.png,0\n", encoding="utf-8")
    files, labels = list_images(table, [folder], return_labels=True)
    assert (files, labels.tolist()) == ([str(folder / "b/1.png"), str(folder / "a/3.png")], [1, 0])
    assert list_images(table, root_folders=[folder]) == files
    table.write_text("file,cat,dog\nb/1.png,1,0\na/3.png,0,1\n", encoding="utf-8")
    labels = list_images(table, [folder], return_labels=True)[1]
    assert {name: column.tolist() for name, column in labels.items()} == {"cat": [1, 0], "dog": [0, 1]}
    with pytest.raises(InvalidData, match="'nothing' does not exist; pass a folder of images"):
        list_images("nothing")
    (folder / "c").mkdir()
    with pytest.raises(InvalidData, match=f"^{folder / 'c'} has no images: no file ends with .png"):
        list_images(folder / "c")

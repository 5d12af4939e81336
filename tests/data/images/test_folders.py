"""List images in folders."""

from pathlib import Path

import pytest

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.images.folders import list_folder
from autonet.data.images.sources import collect_images


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
    for read in (list_folder, collect_images):
        with pytest.raises(InvalidData, match=message):
            read(folder)
    (folder / "cats/link.png").unlink()
    (folder / "birds").symlink_to(elsewhere)
    with pytest.raises(InvalidData, match="birds"):
        list_folder(folder)
    (folder / "birds").unlink()
    (folder / "dogs/deep/more").symlink_to(elsewhere)
    for read in (list_folder, collect_images):
        with pytest.raises(InvalidData, match=r"1 paths in '.*' lead out of .*: '.*dogs/deep/more'; move the files"):
            read(folder)


def test_a_folder_without_classes_or_images_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidData, match="has 0 sub-folders; there must be two or more, one for each class"):
        list_folder(folder / "cats")
    (folder / "empty").mkdir()
    with pytest.raises(InvalidData, match=r"The folder '.*empty' has no images"):
        list_folder(folder)


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

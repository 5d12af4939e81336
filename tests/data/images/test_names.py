"""Names of image files and of CSV files."""

from pathlib import Path

from autonet.data.images.folders import list_folder
from autonet.data.images.names import is_image_name, is_table


def test_images_of_rarer_formats_are_not_left_out(folder: Path) -> None:
    for name in ("photo.HEIC", "photo.jfif", "photo.avif"):
        (folder / "cats" / name).touch()
    assert len(list_folder(folder)[0]) == 6


def test_names_tell_images_and_tables(folder: Path) -> None:
    assert [name for name in ("a.png", "b.JPG", "c.txt", 7) if is_image_name(name)] == ["a.png", "b.JPG"]
    (folder / "rows.CSV").touch()
    assert [is_table(folder / name) for name in ("rows.CSV", "cats/notes.txt", "cats/b.png", "gone.csv")] == [
        True,
        True,
        False,
        False,
    ]

"""Names of image files: in sequences, data frames, folders and CSV files."""

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.files import check_path
from autonet.core.warn import join_first, warn

__all__ = ["DELIMITERS", "find_files", "is_image_name", "is_table", "list_folder", "list_pictures", "read_csv"]

# Those of formats that Pillow cannot read without a plugin are images, too, so that they are not left out in silence.
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".apng", ".avif"),
    *(".heic", ".heif", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".tga"),
)
# Names of sub-folders that hold parts of a data set.
PARTS = ("train", "training", "val", "valid", "validation", "test", "testing")
# How names of files begin that systems put beside images.
HIDDEN = (".", "__MACOSX")
# How names of files of paths and labels end.
TABLES = (".csv", ".tsv", ".txt")
DELIMITERS = ",;\t"
# Types of the content of a file.
CONTENTS = bytes | bytearray
WHOLE = re.compile(r"[+-]?(?!0\d)\d{1,18}")
NUMBER = re.compile(r"[+-]?(?!0\d)(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def list_pictures(X: Any, name: str = "X", roots: Sequence[str | os.PathLike[str]] = ()) -> list[Any]:
    """Return the paths, contents of files or pictures of Pillow in a sequence, a column, or a frame of one column.

    Of a folder these are the images in it, of a CSV file the paths in its first column, as of `read_csv`.

    Raises
    ------
    InvalidData
        If there are others, or none.
    """
    if hasattr(X, "columns"):
        if len(X.columns) != 1:
            raise InvalidData(f"{name} must have one column, of paths of images; got {len(X.columns)}.")
        X = np.asarray(X)[:, 0]
    if isinstance(X, str | os.PathLike):
        check_path(X, f"The path of {name}", InvalidData)
        return _list_path(Path(X), name, roots)
    if isinstance(X, CONTENTS) or hasattr(X, "getbands"):
        raise InvalidData(f"{name} is a single image; pass a list of images.")
    pictures = list(X) if isinstance(X, Sequence | np.ndarray) or hasattr(X, "__array__") else None
    if pictures is None:
        raise InvalidData(f"{name} must be images or paths of images; got {type(X).__name__}.")
    others = [p for p in pictures if not isinstance(p, str | CONTENTS | os.PathLike) and not hasattr(p, "getbands")]
    if others:
        shapes = list(dict.fromkeys(str(p.shape) for p in others if hasattr(p, "shape")))
        if len(shapes) > 1:
            got = f"arrays of shapes {shapes[0]} and {shapes[1]}, which fit resizes if there is an image_size"
        else:
            got = f"{_describe(others[0])} among them"
        raise InvalidData(f"{name} must be images of one shape, or paths of images; got {got}.")
    if not pictures:
        raise InvalidData(f"{name} has no images.")
    return pictures


def _describe(value: Any) -> str:
    return f"an array of shape {value.shape}" if hasattr(value, "shape") else f"{value!r:.60}"


def _list_path(path: Path, name: str, roots: Sequence[str | os.PathLike[str]]) -> list[str]:
    if is_table(path):
        return read_csv(path, roots, labeled=False)[0]
    if path.is_dir():
        return _list_files(path, name)
    if path.is_file() and is_image_name(path.name):
        return [str(path)]
    raise _refuse(path, "a folder of images, a CSV file or list of their paths, or the path of an image")


def is_image_name(name: Any) -> bool:
    """Return whether a name has the ending of an image file."""
    return isinstance(name, str) and name.lower().endswith(ENDINGS)


def is_table(path: str | os.PathLike[str]) -> bool:
    """Return whether there is a file with the ending of a CSV file."""
    return os.fspath(path).lower().endswith(TABLES) and os.path.isfile(path)  # noqa: PTH113 - a long name may raise


def _refuse(path: Path, expected: str) -> InvalidData:
    """Return the error for a path at which there are no such images."""
    if not path.exists():
        got = "does not exist"
    elif is_image_name(path.name):
        got = "is a single image"
    else:
        got = "is no folder, and no CSV file or image by its ending"
    return InvalidData(f"{str(path)!r:.200} {got}; pass {expected}.")


def list_folder(folder: str | os.PathLike[str]) -> tuple[list[str], NDArray[np.str_]]:
    """Return the images of a folder with a sub-folder per class, and their classes.

    Raises
    ------
    InvalidData
        If there is no such folder, it has fewer than two sub-folders, they are named as parts of a data set, one of
        them has no images, or a link leads out of the folder.
    """
    check_path(folder, "The path of X", InvalidData)
    root = Path(folder)
    if not root.is_dir():
        raise _refuse(root, "a folder with a sub-folder of images for each class, or a CSV file of paths and labels")
    entries = sorted(path for path in root.iterdir() if not path.name.startswith(HIDDEN))
    classes = [path for path in entries if path.is_dir()]
    if len(classes) < 2:
        raise InvalidData(
            f"{str(root)!r} has {len(classes)} sub-folders; there must be two or more, one for each class."
        )
    beside = [repr(path.name) for path in entries if path not in classes and is_image_name(path.name)]
    if beside:
        warn(f"Images beside the sub-folders of {str(root)!r} are left out: {join_first(beside)}.", DataWarning)
    _check_inside([str(path) for path in classes], [root], repr(str(root)))
    if all(path.name.lower() in PARTS for path in classes) and any(map(_has_folders, classes)):
        raise InvalidData(
            f"The sub-folders of {str(root)!r} are no classes but parts of a data set: "
            f"{', '.join(path.name for path in classes)}; pass one of them as X, others as X_valid or X_test."
        )
    files = [(path, kind.name) for kind in classes for path in _list_files(kind, f"The folder {str(kind)!r}", root)]
    return [path for path, _ in files], np.array([kind for _, kind in files])


def _has_folders(folder: Path) -> bool:
    return any(path.is_dir() and not path.name.startswith(HIDDEN) for path in folder.iterdir())


def _check_inside(paths: Sequence[str], folders: Sequence[Path], source: str) -> None:
    """Check that paths do not lead out of folders, links included."""
    roots = [os.path.realpath(folder) for folder in folders]
    found = [(path, os.path.realpath(path)) for path in paths]
    outside = [repr(path) for path, real in found if not any(Path(real).is_relative_to(root) for root in roots)]
    if outside:
        raise InvalidData(
            f"{len(outside)} paths in {source} lead out of {', '.join(map(str, folders))}: {join_first(outside)}; "
            "move the files, or pass a list of paths."
        )


def _list_files(folder: Path, name: str, root: Path | None = None) -> list[str]:
    """Return the image files below a folder, sorted; hidden ones, and folders that are links, are left out."""
    found = sorted(_walk(folder))
    if not found:
        raise InvalidData(f"{name} has no images: no file ends with {', '.join(ENDINGS[:3])} or another known ending.")
    _check_inside([str(path) for path in found if path.is_symlink()], [root or folder], repr(str(root or folder)))
    return list(map(str, found))


def _walk(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        for name in files:
            if is_image_name(name) and not name.startswith(HIDDEN):
                yield Path(parent, name)


def read_csv(
    path: str | os.PathLike[str], roots: Sequence[str | os.PathLike[str]] = (), *, labeled: bool = True
) -> tuple[list[str], Any]:
    """Return the paths in the first column of a CSV file, and the labels in the others.

    A first row is a header if it has no name of an image file, and the second row has one.

    Parameters
    ----------
    path : path-like
    roots : sequence of path-like, optional
        Folders in which relative paths are looked for; default: that of the file.
    labeled : bool
        Whether there must be labels.

    Returns
    -------
    files : list of str
    labels : ndarray of shape (n,) or (n, n_labels), or None
        Numbers if all values of a column are, else text.

    Raises
    ------
    InvalidData
        If a row has other columns or an empty value, or a path leads out of the folders.
    """
    rows = _read_rows(Path(path))
    if not rows:
        raise InvalidData(f"{str(path)!r} has no rows; each must be the path of an image, and its label.")
    width = max(len(rows[0][1]), 2 if labeled else 1)
    for number, row in rows:
        if len(row) != width or not all(row):
            expected = "the path of an image and its label" if width == 2 else "the path of an image and its labels"
            got = f"an empty value: {row}" if len(row) == width else f"{len(row)} columns"
            raise InvalidData(f"Line {number} of {str(path)!r} has {got}; there must be {width}, {expected}.")
    files, *columns = zip(*(row for _, row in rows), strict=True)
    found = find_files(files, [Path(root) for root in roots] or [Path(path).parent], repr(str(path)))
    labels = [_convert(column) for column in columns]
    if len(labels) < 2:
        return found, labels[0] if labels else None
    return found, np.column_stack(labels)


def _read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV file with the numbers of their lines, without a header and empty lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidData(f"{str(path)!r} is not text in UTF-8; save it so, or pass a list of paths.")
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [(reader.line_num, [value.strip() for value in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise InvalidData(f"Line {reader.line_num} of {str(path)!r} is no CSV: {error}.") from error
    number, last = rows[-1] if rows else (0, [""])
    found = [i for i, value in enumerate(last) if is_image_name(value)]
    if found and found[0] > 0:
        raise InvalidData(
            f"Line {number} of {str(path)!r} has the path of an image in column {found[0] + 1}; move it to the first "
            "one, and leave out what is no label."
        )
    has_header = len(rows) > 1 and not is_image_name(rows[0][1][0]) and is_image_name(rows[1][1][0])
    return rows[1:] if has_header else rows


def _convert(labels: Sequence[str]) -> NDArray[Any]:
    """Return labels as whole numbers, numbers, or the text that they are."""
    if all(map(WHOLE.fullmatch, labels)):
        return np.array(labels, np.int64)
    return np.array(labels, np.float64 if all(map(NUMBER.fullmatch, labels)) else np.str_)


def find_files(names: Sequence[str], folders: Sequence[Path], source: str) -> list[str]:
    """Return the paths of files: each in the first folder that has it, else in the first of all.

    Parameters
    ----------
    names : sequence of str
        Relative paths.
    folders : sequence of Path
    source : str
        Where the names are from, for error messages.

    Raises
    ------
    InvalidData
        If paths lead out of the folders, links included.
    """

    def find(name: str) -> str:
        candidates = [folder / name for folder in folders]
        for path in candidates:
            check_path(path, f"A path in {source}", InvalidData)
        return str(next((path for path in candidates if path.exists()), candidates[0]))

    found = list(map(find, names))
    _check_inside(found, folders, source)
    return found

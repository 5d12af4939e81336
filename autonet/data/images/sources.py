"""Names of image files: in sequences, data frames, folders and CSV files."""

import csv
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.files import check_path
from autonet.core.warn import join_first, warn
from autonet.data.images.arrays import say_reshaping
from autonet.data.images.labels import LabelKind, find_missing, to_labels

__all__ = [
    "DELIMITERS",
    "find_files",
    "is_image_name",
    "is_table",
    "list_folder",
    "list_pictures",
    "name_files",
    "read_csv",
]

# Those of formats that Pillow cannot read without a plugin are images, too, so that they are not left out in silence.
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".apng", ".avif"),
    *(".heic", ".heif", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".tga"),
)
# Names of sub-folders that hold parts of a data set, such as "train", "test1" and "val_images".
PARTS = re.compile(
    r"(train|training|val|valid|validation|dev|test|testing|eval|evaluation)([_-]?(images?|imgs?|set|data|\d+))?",
    re.IGNORECASE,
)
# How names of files begin that systems put beside images.
HIDDEN = (".", "__MACOSX")
# How names of files of paths and labels end.
TABLES = (".csv", ".tsv", ".txt")
DELIMITERS = ",;\t"
# Types of the content of a file.
CONTENTS = bytes | bytearray


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
            are_pixels = np.asarray(X).dtype.kind in "biuf"
            how = f"; {say_reshaping(len(X.columns), f'{name}.to_numpy()')}" if are_pixels else ""
            raise InvalidData(f"{name} must have one column, of paths of images; got {len(X.columns)}{how}.")
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
        others.sort(key=lambda value: hasattr(value, "shape"))  # what is no array comes first
        if len(shapes) > 1 and hasattr(others[0], "shape"):
            got = f"arrays of shapes {shapes[0]} and {shapes[1]}, which fit resizes if there is an image_size"
        else:
            got = f"{_describe(others[0])} among them"
        raise InvalidData(f"{name} must be images of one shape, or paths of images; got {got}.")
    if not pictures:
        raise InvalidData(f"{name} has no images.")
    _check_files(pictures, name)
    return pictures


def _check_files(pictures: Sequence[Any], name: str) -> None:
    """Refuse a list of a CSV file or a folder, as Auto-PyTorch takes it."""
    first = pictures[0]
    if isinstance(first, str | os.PathLike) and (is_table(first) or os.path.isdir(first)):  # noqa: PTH112 - may raise
        what = "CSV file" if is_table(first) else "folder"
        raise InvalidData(
            f"{name} is a list with the path of a {what}, {str(first)!r:.200}; pass the path itself, and no y."
        )


def name_files(X: Any) -> list[str] | None:
    """Return the paths of images in a folder, a CSV file or a sequence of paths; None of other images."""
    if isinstance(X, str | os.PathLike):
        return list_pictures(X)
    are_paths = isinstance(X, Sequence | np.ndarray) and all(isinstance(path, str | os.PathLike) for path in X)
    return list(map(os.fspath, X)) if are_paths else None


def _describe(value: Any) -> str:
    return f"an array of shape {value.shape}" if hasattr(value, "shape") else f"{value!r:.60}"


def _list_path(path: Path, name: str, roots: Sequence[str | os.PathLike[str]]) -> list[str]:
    if is_table(path):
        return read_csv(path, roots, labeled=False)[0]
    if path.is_dir():
        found = _walk(path, path)
        if not found:
            raise _lacks_images(name)
        return found
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


def list_folder(folder: str | os.PathLike[str], kind: LabelKind | None = None) -> tuple[list[str], NDArray[Any]]:
    """Return the images of a folder with a sub-folder per class, class by class and sorted, and their classes.

    Parameters
    ----------
    folder : path-like
    kind : {"text", "number"}, optional
        What the labels of the fit are, of further images: a single class will do, and sub-folders without images are
        left out with a warning.  Default: images to fit, whose classes are text.

    Raises
    ------
    InvalidData
        If there is no such folder, it has too few sub-folders, two or more are named as parts of a data set, one of
        them has no images, or a link leads out of the folder.
    """
    check_path(folder, "The path of X", InvalidData)
    root = Path(folder)
    if not root.is_dir():
        raise _refuse(root, "a folder with a sub-folder of images for each class, or a CSV file of paths and labels")
    entries = sorted(path for path in root.iterdir() if not path.name.startswith(HIDDEN))
    classes = [path for path in entries if path.is_dir()]
    if len(classes) < (2 if kind is None else 1):
        expected = "there must be two or more, one for each class" if kind is None else "there must be one per class"
        raise InvalidData(f"{str(root)!r} has {len(classes)} sub-folders; {expected}.")
    beside = [repr(path.name) for path in entries if path not in classes and is_image_name(path.name)]
    if beside:
        warn(f"Images beside the sub-folders of {str(root)!r} are left out: {join_first(beside)}.", DataWarning)
    _check_inside([str(path) for path in classes], [root], repr(str(root)))
    parts = [path.name for path in classes if PARTS.fullmatch(path.name)]
    if len(parts) > 1:
        raise InvalidData(
            f"Sub-folders of {str(root)!r} are named as parts of a data set: {', '.join(parts)}; pass one that has a "
            "sub-folder for each class as X, others as X_valid or X_test, or a list of paths and y."
        )
    found = {path: _walk(path, root) for path in classes}
    empty = [path for path, files in found.items() if not files]
    if empty and (kind is None or len(empty) == len(classes)):
        raise _lacks_images(f"The folder {str(empty[0])!r}")
    if empty:
        names = join_first([repr(path.name) for path in empty])
        warn(f"Sub-folders of {str(root)!r} without images are left out: {names}.", DataWarning)
    names_of = [path.name for path, files in found.items() for _ in files]
    labels = to_labels(names_of, repr(str(root)), kind or "text")
    return [file for files in found.values() for file in files], labels


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


def _walk(folder: Path, root: Path) -> list[str]:
    """Return the image files below a folder, sorted, without hidden ones; none may be a link out of the root.

    Nor may a link to a folder lead out.  The images of other such links are found at their own place.
    """

    def fail(error: OSError) -> None:
        raise error

    found, links = list[Path](), list[Path]()
    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        images = [Path(parent, name) for name in files if is_image_name(name) and not name.startswith(HIDDEN)]
        links += [path for path in [*images, *(Path(parent, name) for name in folders)] if path.is_symlink()]
        found += images
    _check_inside([str(path) for path in links], [root], repr(str(root)))
    return list(map(str, sorted(found)))


def _lacks_images(name: str) -> InvalidData:
    return InvalidData(f"{name} has no images: no file ends with {', '.join(ENDINGS[:3])} or another known ending.")


def read_csv(
    path: str | os.PathLike[str],
    roots: Sequence[str | os.PathLike[str]] = (),
    *,
    labeled: bool = True,
    kind: LabelKind | None = None,
) -> tuple[list[str], Any]:
    """Return the paths in the first column of a CSV file, and the labels in the others.

    A first row is a header if it has no name of an image file, and the second row has one; or no file, and the second
    row has one.  Without labels, lines that all are names of images, delimiters included, are paths as they are.

    Of a column of labels that all are numbers but for markers of missing values, such as NA and null, the latter are
    refused; beside other text they are text, as the classes of folders are.

    Parameters
    ----------
    path : path-like
    roots : sequence of path-like, optional
        Folders in which relative paths are looked for; default: that of the file.
    labeled : bool
        Whether there must be labels.
    kind : {"text", "number"}, optional
        What the labels of the fit are, of further ones.  Default: numbers if all of a column are, else text.

    Returns
    -------
    files : list of str
    labels : ndarray of shape (n,), dictionary of such columns, ndarray of shape (n, n_labels), or None
        Several labels are a dictionary, by name, if there is a header.

    Raises
    ------
    InvalidData
        If a row has other columns or an empty value, names of columns are missing or not distinct, a path leads out of
        the folders, or a label is missing or of another kind.
    """
    folders = [Path(root) for root in roots] or [Path(path).parent]
    header, rows = _read_rows(Path(path), folders, labeled=labeled)
    if not rows:
        raise InvalidData(f"{str(path)!r} has no rows; each must be the path of an image, and its label.")
    width = max(len(rows[0][1]), 2 if labeled else 1)
    for number, row in rows:
        if len(row) != width or not all(row):
            expected = "the path of an image and its label" if width == 2 else "the path of an image and its labels"
            got = f"an empty value: {row}" if len(row) == width else f"{len(row)} columns"
            raise InvalidData(f"Line {number} of {str(path)!r} has {got}; there must be {width}, {expected}.")
    files, *columns = zip(*(row for _, row in rows), strict=True)
    found = find_files(files, folders, repr(str(path)))
    _check_endings(found, repr(str(path)))
    if not labeled:
        return found, None
    for column in columns:
        missing = None if kind == "text" else find_missing(column)
        if missing is not None:
            raise InvalidData(
                f"Line {rows[missing][0]} of {str(path)!r} has the label {column[missing]!r}, which marks a missing "
                "value among numbers; give the image a number, or leave it out."
            )
    labels = [to_labels(column, repr(str(path)), kind) for column in columns]
    if len(labels) == 1:
        return found, labels[0]
    names = _name_labels(header, width, repr(str(path)))
    return found, dict(zip(names, labels, strict=True)) if names else np.column_stack(labels)


def _name_labels(header: Sequence[str], width: int, source: str) -> Sequence[str]:
    """Return the names of several labels in a header; none if there is no header."""
    names = header[1:]
    if header and (len(header) != width or not all(names)):
        got = f"{len(header)} columns" if len(header) != width else f"an empty name: {list(header)}"
        raise InvalidData(f"The header of {source} has {got}; there must be {width}, one for each column.")
    twice = [repr(name) for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise InvalidData(f"{source} has several columns named {join_first(twice)}; rename or drop them.")
    return names


def _check_endings(files: Sequence[str], source: str) -> None:
    """Refuse paths without endings where the file has one, such as those of a column of numbers of images."""
    last = files[-1]  # the first one may be a header
    if any(map(is_image_name, files)) or os.path.exists(last):  # noqa: PTH110 - a long name may raise
        return
    found = [last + ending for ending in (*ENDINGS, *map(str.upper, ENDINGS)) if os.path.exists(last + ending)]  # noqa: PTH110
    if found:
        raise InvalidData(
            f"Paths in {source} have no ending: there is no file {last!r}, but {found[0]!r}; add the ending to the "
            "paths."
        )


def _read_rows(path: Path, folders: Sequence[Path], *, labeled: bool) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header of a CSV file, empty if there is none, and the other rows with the numbers of their lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidData(f"{str(path)!r} is not text in UTF-8; save it so, or pass a list of paths.")
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    first = 0 if not lines or any(sign in lines[0][1] for sign in DELIMITERS) or is_image_name(lines[0][1]) else 1
    if not labeled and len(lines) > first and all(is_image_name(line) for _, line in lines[first:]):
        return [], [(number, [line]) for number, line in lines[first:]]
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
    has_header = len(rows) > 1 and _is_header(rows[0][1][0], rows[1][1][0], folders)
    return (rows[0][1], rows[1:]) if has_header else ([], rows)


def _is_header(first: str, second: str, folders: Sequence[Path]) -> bool:
    """Return whether the first of two values is no path, and the second is one, by their endings or files."""
    if is_image_name(first) or is_image_name(second):
        return is_image_name(second) and not is_image_name(first)
    has_file = [any(os.path.isfile(folder / name) for folder in folders) for name in (first, second)]  # noqa: PTH113
    return has_file == [False, True]


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

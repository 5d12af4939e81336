"""Read CSV files of image paths and labels."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from autonet.core.errors import InvalidData
from autonet.core.files import check_path
from autonet.core.warn import join_first
from autonet.data.images.folders import check_inside
from autonet.data.images.labels import LabelKind, find_missing, to_labels
from autonet.data.images.names import ENDINGS, is_image_name, is_table

__all__ = ["find_files", "lacks_header", "read_csv"]

DELIMITERS = ",;\t"


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

    Of a column of labels that all are numbers except markers of missing values, such as NA and null, the latter are
    refused; beside other text they are text, as the classes of folders are.

    Parameters
    ----------
    path : path-like
    roots : sequence of path-like, optional
        Folders in which relative paths are looked for; default: that of the file.
    labeled : bool
        Whether there must be labels.
    kind : {"text", "number"}, optional
        Kind of the labels of the fit, for further ones.  Default: by column, as of `to_labels`.

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
    reader = _open_reader(io.StringIO(text, newline=""), lines[0][1] if lines else "")
    try:
        rows = [(reader.line_num, [value.strip() for value in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise InvalidData(f"Line {reader.line_num} of {str(path)!r} is not CSV: {error}.") from error
    number, last = rows[-1] if rows else (0, [""])
    found = [i for i, value in enumerate(last) if is_image_name(value)]
    if found and found[0] > 0:
        raise InvalidData(
            f"Line {number} of {str(path)!r} has the path of an image in column {found[0] + 1}; move it to the first "
            "one, and leave out what is not a label."
        )
    has_header = len(rows) > 1 and _is_header(rows[0][1][0], rows[1][1][0], folders)
    return (rows[0][1], rows[1:]) if has_header else ([], rows)


def _open_reader(lines: Iterable[str], head: str) -> Any:
    """Return a reader of CSV; of the signs that may delimit, the most frequent in the first line does."""
    return csv.reader(lines, delimiter=max(DELIMITERS, key=head.count), skipinitialspace=True)


def _is_header(first: str, second: str, folders: Sequence[Path]) -> bool:
    """Return whether the first of two values is not a path, and the second is one, by their endings or files."""
    if is_image_name(first) or is_image_name(second):
        return is_image_name(second) and not is_image_name(first)
    has_file = [any(os.path.isfile(folder / name) for folder in folders) for name in (first, second)]  # noqa: PTH113
    return has_file == [False, True]


def lacks_header(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is CSV whose first row has the path of an image and labels.

    Lines that all are names of images, delimiters included, are a list of paths without labels.  Of other tables only
    the first line is read.
    """
    if not is_table(path):
        return False
    with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
        lines: Iterator[str] = (line.strip() for line in file if line.strip())
        head = next(lines, "")
        try:
            first, *labels = next(_open_reader([head], head)) or [""]
        except csv.Error:
            return False
        return bool(labels) and is_image_name(first.strip()) and not all(map(is_image_name, chain([head], lines)))


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
    check_inside(found, folders, source)
    return found

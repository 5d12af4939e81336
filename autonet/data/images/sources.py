"""Names of image files: in sequences, data frames, folders and CSV files."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autonet.core.errors import InvalidData
from autonet.core.warn import join_first

__all__ = ["ENDINGS", "list_folder", "list_pictures", "read_csv"]

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")


def list_pictures(X: Any, name: str = "X") -> list[Any]:
    """Return the paths, or the pictures of Pillow, in a sequence, a column, or a frame of one column.

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
        return list(map(str, _list_files(Path(X), name)))
    pictures = list(X) if isinstance(X, Sequence | np.ndarray) or hasattr(X, "__array__") else None
    if pictures is None:
        raise InvalidData(f"{name} must be images or paths of images; got {type(X).__name__}.")
    others = [p for p in pictures if not isinstance(p, str | os.PathLike) and not hasattr(p, "getbands")]
    if others:
        raise InvalidData(f"{name} must be images of one shape, or paths of images; got {others[0]!r:.60} among them.")
    if not pictures:
        raise InvalidData(f"{name} has no images.")
    return pictures


def list_folder(folder: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """Return the images of a folder with a sub-folder per class, and their classes.

    Raises
    ------
    InvalidData
        If there is no such folder, it has fewer than two sub-folders, or one of them no images.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InvalidData(f"{str(root)!r} is no folder; pass one with a sub-folder of images for each class.")
    classes = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(classes) < 2:
        raise InvalidData(
            f"{str(root)!r} has {len(classes)} sub-folders; there must be two or more, one for each class."
        )
    files = [(path, kind.name) for kind in classes for path in _list_files(kind, f"The folder {str(kind)!r}")]
    return [str(path) for path, _ in files], [kind for _, kind in files]


def _list_files(folder: Path, name: str) -> list[Path]:
    """Return the image files below a folder, sorted; hidden ones are left out."""
    if not folder.is_dir():
        raise InvalidData(f"{name}: {str(folder)!r} is no folder; pass a list of paths, or a folder of images.")
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise InvalidData(f"{name} has no images: no file ends with {', '.join(ENDINGS[:3])} or another known ending.")
    return found


def read_csv(path: str | os.PathLike[str], roots: Sequence[str | os.PathLike[str]] = ()) -> tuple[list[str], list[str]]:
    """Return the paths and labels in the two columns of a CSV file without a header.

    Parameters
    ----------
    path : path-like
    roots : sequence of path-like, optional
        Folders in which relative paths are looked for; default: that of the file.

    Raises
    ------
    InvalidData
        If a row has other columns, or a path leads out of the folders.
    """
    folders = [Path(root) for root in roots] or [Path(path).parent]
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows:
        raise InvalidData(f"{str(path)!r} has no rows; each must be the path of an image, and its label.")
    short = [i for i, row in enumerate(rows, 1) if len(row) != 2]
    if short:
        raise InvalidData(
            f"Row {short[0]} of {str(path)!r} has {len(rows[short[0] - 1])} columns; there must be two, the path of an "
            "image and its label."
        )
    outside = [repr(name) for name, _ in rows if not _is_inside(name, folders)]
    if outside:
        raise InvalidData(
            f"{len(outside)} paths in {str(path)!r} lead out of {', '.join(map(str, folders))}: {join_first(outside)}."
        )
    return [str(_find(name, folders)) for name, _ in rows], [label for _, label in rows]


def _is_inside(name: str, folders: Sequence[Path]) -> bool:
    found = _find(name, folders).resolve()
    return any(found.is_relative_to(folder.resolve()) for folder in folders)


def _find(name: str, folders: Sequence[Path]) -> Path:
    """Return the first existing file of this name, else that of the first folder."""
    candidates = [folder / name for folder in folders]
    return next((path for path in candidates if path.exists()), candidates[0])

"""Collect images from sequences, columns, data frames, folders and CSV files."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autonet.core.errors import InvalidData
from autonet.core.files import check_path
from autonet.data.images.arrays import say_reshaping
from autonet.data.images.csv_files import read_csv
from autonet.data.images.folders import explain_path, lacks_images, list_below
from autonet.data.images.names import is_image_name, is_table

__all__ = ["collect_images", "name_files"]

# Types of the content of a file.
CONTENTS = bytes | bytearray


def collect_images(X: Any, name: str = "X", roots: Sequence[str | os.PathLike[str]] = ()) -> list[Any]:
    """Return the paths, contents of files or PIL images in a sequence, a column, or a frame of one column.

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
    images = list(X) if isinstance(X, Sequence | np.ndarray) or hasattr(X, "__array__") else None
    if images is None:
        raise InvalidData(f"{name} must be images or paths of images; got {type(X).__name__}.")
    others = [p for p in images if not isinstance(p, str | CONTENTS | os.PathLike) and not hasattr(p, "getbands")]
    if others:
        shapes = list(dict.fromkeys(str(p.shape) for p in others if hasattr(p, "shape")))
        others.sort(key=lambda value: hasattr(value, "shape"))  # what is not an array comes first
        if len(shapes) > 1 and hasattr(others[0], "shape"):
            got = f"arrays of shapes {shapes[0]} and {shapes[1]}, which fit resizes if there is an image_size"
        else:
            got = f"{_describe(others[0])} among them"
        raise InvalidData(f"{name} must be images of one shape, or paths of images; got {got}.")
    if not images:
        raise InvalidData(f"{name} has no images.")
    _check_files(images, name)
    return images


def _check_files(images: Sequence[Any], name: str) -> None:
    """Refuse a list of a CSV file or a folder, as Auto-PyTorch takes it."""
    first = images[0]
    if isinstance(first, str | os.PathLike) and (is_table(first) or os.path.isdir(first)):  # noqa: PTH112 - may raise
        what = "CSV file" if is_table(first) else "folder"
        raise InvalidData(
            f"{name} is a list with the path of a {what}, {str(first)!r:.200}; pass the path itself, and no y."
        )


def name_files(X: Any) -> list[str] | None:
    """Return the paths of images in a folder, a CSV file or a sequence of paths; None of other images."""
    if isinstance(X, str | os.PathLike):
        return collect_images(X)
    are_paths = isinstance(X, Sequence | np.ndarray) and all(isinstance(path, str | os.PathLike) for path in X)
    return list(map(os.fspath, X)) if are_paths else None


def _describe(value: Any) -> str:
    return f"an array of shape {value.shape}" if hasattr(value, "shape") else f"{value!r:.60}"


def _list_path(path: Path, name: str, roots: Sequence[str | os.PathLike[str]]) -> list[str]:
    if is_table(path):
        return read_csv(path, roots, labeled=False)[0]
    if path.is_dir():
        found = list_below(path, path)
        if not found:
            raise lacks_images(name)
        return found
    if path.is_file() and is_image_name(path.name):
        return [str(path)]
    raise explain_path(path, "a folder of images, a CSV file or list of their paths, or the path of an image")

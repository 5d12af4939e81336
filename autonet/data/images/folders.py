"""List images in folders."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.files import check_path
from autonet.core.warn import join_first, warn
from autonet.data.images.labels import LabelKind, to_labels
from autonet.data.images.names import ENDINGS, HIDDEN, is_image_name

__all__ = ["check_inside", "explain_path", "lacks_images", "list_below", "list_folder"]

# Names of sub-folders that hold parts of a data set, such as "train", "test1" and "val_images".
PARTS = re.compile(
    r"(train|training|val|valid|validation|dev|test|testing|eval|evaluation)([_-]?(images?|imgs?|set|data|\d+))?",
    re.IGNORECASE,
)


def list_folder(folder: str | os.PathLike[str], kind: LabelKind | None = None) -> tuple[list[str], NDArray[Any]]:
    """Return the images of a folder with a sub-folder per class, class by class and sorted, and their classes.

    Parameters
    ----------
    folder : path-like
    kind : {"text", "number"}, optional
        Kind of the labels of the fit, for further images: a single class will do, and sub-folders without images are
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
        raise explain_path(
            root, "a folder with a sub-folder of images for each class, or a CSV file of paths and labels"
        )
    entries = sorted(path for path in root.iterdir() if not path.name.startswith(HIDDEN))
    classes = [path for path in entries if path.is_dir()]
    if len(classes) < (2 if kind is None else 1):
        expected = "there must be two or more, one for each class" if kind is None else "there must be one per class"
        raise InvalidData(f"{str(root)!r} has {len(classes)} sub-folders; {expected}.")
    beside = [repr(path.name) for path in entries if path not in classes and is_image_name(path.name)]
    if beside:
        warn(f"Images beside the sub-folders of {str(root)!r} are left out: {join_first(beside)}.", DataWarning)
    check_inside([str(path) for path in classes], [root], repr(str(root)))
    parts = [path.name for path in classes if PARTS.fullmatch(path.name)]
    if len(parts) > 1:
        raise InvalidData(
            f"Sub-folders of {str(root)!r} are named as parts of a data set: {', '.join(parts)}; pass one that has a "
            "sub-folder for each class as X, others as X_valid or X_test, or a list of paths and y."
        )
    found = {path: list_below(path, root) for path in classes}
    empty = [path for path, files in found.items() if not files]
    if empty and (kind is None or len(empty) == len(classes)):
        raise lacks_images(f"The folder {str(empty[0])!r}")
    if empty:
        names = join_first([repr(path.name) for path in empty])
        warn(f"Sub-folders of {str(root)!r} without images are left out: {names}.", DataWarning)
    names_of = [path.name for path, files in found.items() for _ in files]
    labels = to_labels(names_of, repr(str(root)), kind or "text")
    return [file for files in found.values() for file in files], labels


def list_below(folder: Path, root: Path) -> list[str]:
    """Return the image files below a folder, sorted, without hidden ones; none may be a link out of the root.

    Nor may a link to a folder lead out.  The images of other such links are found at their own place.

    Raises
    ------
    InvalidData
        If a link leads out of the root.
    OSError
        If a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    found, links = list[Path](), list[Path]()
    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        images = [Path(parent, name) for name in files if is_image_name(name) and not name.startswith(HIDDEN)]
        links += [path for path in [*images, *(Path(parent, name) for name in folders)] if path.is_symlink()]
        found += images
    check_inside([str(path) for path in links], [root], repr(str(root)))
    return list(map(str, sorted(found)))


def check_inside(paths: Sequence[str], folders: Sequence[Path], source: str) -> None:
    """Check that paths do not lead out of folders, links included.

    Parameters
    ----------
    paths : sequence of str
    folders : sequence of Path
    source : str
        Where the paths are from, for error messages.

    Raises
    ------
    InvalidData
    """
    roots = [os.path.realpath(folder) for folder in folders]
    found = [(path, os.path.realpath(path)) for path in paths]
    outside = [repr(path) for path, real in found if not any(Path(real).is_relative_to(root) for root in roots)]
    if outside:
        raise InvalidData(
            f"{len(outside)} paths in {source} lead out of {', '.join(map(str, folders))}: {join_first(outside)}; "
            "move the files, or pass a list of paths."
        )


def explain_path(path: Path, expected: str) -> InvalidData:
    """Return the error for a path at which there are no such images."""
    if not path.exists():
        got = "does not exist"
    elif is_image_name(path.name):
        got = "is a single image"
    else:
        got = "is not a folder, and no CSV file or image by its ending"
    return InvalidData(f"{str(path)!r:.200} {got}; pass {expected}.")


def lacks_images(name: str) -> InvalidData:
    """Return the error for a folder, by its name in messages, without images."""
    return InvalidData(f"{name} has no images: no file ends with {', '.join(ENDINGS[:3])} or another known ending.")

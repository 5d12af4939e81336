"""List the images of a folder or CSV file."""

import os
from collections.abc import Sequence
from typing import Any, Literal, overload

from autonet.core.errors import InvalidData
from autonet.data.images.csv_files import read_csv
from autonet.data.images.folders import list_folder
from autonet.data.images.names import is_table
from autonet.data.images.roots import check_roots
from autonet.data.images.sources import collect_images

__all__ = ["list_images"]

PathLike = str | os.PathLike[str]


@overload
def list_images(
    path: PathLike, root_folders: Sequence[PathLike] | None = None, *, return_labels: Literal[False] = False
) -> list[str]: ...


@overload
def list_images(
    path: PathLike, root_folders: Sequence[PathLike] | None = None, *, return_labels: Literal[True]
) -> tuple[list[str], Any]: ...


def list_images(
    path: PathLike, root_folders: Sequence[PathLike] | None = None, *, return_labels: bool = False
) -> list[str] | tuple[list[str], Any]:
    """Return the images of a folder or a CSV file, in the order in which the estimators of images take them.

    The images of a folder are sorted by path, folder by folder, those of a CSV file are in the order of its rows.

    Parameters
    ----------
    path : path-like
        Folder, CSV file of paths and labels, or image.
    root_folders : list of path-like, optional
        Folders in which the relative paths of a CSV file are looked for.  Default: that of the file.
    return_labels : bool, default=False
        Return labels, too: what `fit` takes from the path.  The folder must have a sub-folder for each class then.

    Returns
    -------
    files : list of str
        An entry for each row of what `predict` returns for the path.
    labels : ndarray of shape (n,) or (n, n_labels), or dictionary of columns of shape (n,)
        Only with `return_labels`.  Several labels of a CSV file with a header are a dictionary by name, without a
        header an array.  `sample_weight` and `groups` that `fit` takes with the path are in the same order.

    Raises
    ------
    InvalidData
        If there is nothing at the path, or there are no images; if a path or link leads out of the folders; if a CSV
        file has rows of different lengths, empty values or, among its labels, markers of missing ones, or several
        labels of the same name.  With `return_labels`, if a folder has fewer than two sub-folders, one without images,
        or two that are named as parts of a data set.
    InvalidOption
        If `root_folders` is not a list of paths.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import autonet
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("dog/7.png", "cat/10.png", "cat/9.png"):
    ...         Path(folder, name).parent.mkdir(exist_ok=True)
    ...         Path(folder, name).touch()
    ...     files, labels = autonet.list_images(folder, return_labels=True)
    >>> [Path(file).name for file in files], labels.tolist()
    (['10.png', '9.png', '7.png'], ['cat', 'cat', 'dog'])
    """
    roots = check_roots(root_folders)
    if not isinstance(path, str | os.PathLike):
        raise InvalidData(f"path must be that of a folder, a CSV file or an image; got {path!r:.60}.")
    if not return_labels:
        return collect_images(path, f"{path!s:.200}", roots)
    return read_csv(path, roots) if is_table(path) else list_folder(path)

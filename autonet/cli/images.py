"""Images as tables: folders, single files, and tables with a column of paths."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from autonet.cli.tables import STDIN, Table, read_table
from autonet.cli.texts import ColumnKind
from autonet.core.errors import InvalidData
from autonet.core.files import check_path
from autonet.core.warn import join_first
from autonet.data.images.csv_files import find_files, lacks_header, read_csv
from autonet.data.images.folders import list_folder
from autonet.data.images.labels import LabelKind
from autonet.data.images.names import is_image_name
from autonet.data.images.sources import collect_images

__all__ = [
    "FindRoots",
    "check_target",
    "choose_paths",
    "find_labels",
    "find_paths",
    "has_labels",
    "read_files",
    "resolve_paths",
]

FindRoots = Callable[[], Sequence[str | Path]]

# Names of the columns of folders, and of tables without a header.
FILE, LABEL = "file", "label"


def has_labels(path: str) -> bool:
    """Return whether labels need no name: in a folder, and in a table of paths and labels without a header."""
    check_path(path, "The path of the data")
    return Path(path).is_dir() or lacks_header(path)


def check_target(path: str | None, targets: tuple[str, ...], name: str) -> None:
    """Check that the targets of a table are named, and without a table none.

    Raises
    ------
    click.UsageError
    """
    is_wrong = bool(targets) if path is None else not (targets or has_labels(path) or is_image_name(path))
    if is_wrong and path not in (None, STDIN) and not Path(str(path)).exists():
        raise click.UsageError(f"{path} does not exist.")
    if is_wrong:  # a single image has no labels in any case, as `list_folder` says
        raise click.UsageError(f"{name} and --target belong together; give both, or neither.")


def read_files(
    path: str,
    format_: str | None,
    kinds: Callable[[str], ColumnKind | None] = lambda _: None,
    *,
    labeled: bool,
    find_roots: FindRoots = tuple,
    label_kind: LabelKind | None = None,
) -> Table:
    """Read a table of paths, a folder of images, or a single image.

    Parameters
    ----------
    path, format_, kinds
        See `read_table`.
    labeled : bool
        Whether a folder has a sub-folder for each class.
    find_roots : callable
        Returns the folders in which the paths of a table without a header are looked for; none for its own.
    label_kind : {"text", "number"}, optional
        What the labels of the fit are, of further images.

    Returns
    -------
    Table
        With the columns of a table; without a header, and of a folder, with "file" and "label", or "label_1" and so on.
        A table of lines that all are names of images, delimiters included, has the column "file" alone.

    Raises
    ------
    InvalidData, InvalidOption, MissingPackage, OSError
    """
    check_path(path, "The path of the data")
    if Path(path).is_dir() or is_image_name(path):  # a single image has no label: `list_folder` refuses it
        files, labels = list_folder(path, label_kind) if labeled else (collect_images(path, path), None)
        return Table({FILE: files} if labels is None else {FILE: files, LABEL: labels}, path)
    if lacks_header(path):
        files, labels = read_csv(path, find_roots(), kind=label_kind)
        names = [LABEL] if labels.ndim == 1 else [f"{LABEL}_{i}" for i in range(1, labels.shape[1] + 1)]
        return Table({FILE: files, **dict(zip(names, np.atleast_2d(labels.T), strict=True))}, path)
    return read_table(path, format_, kinds, listed=(FILE, is_image_name))


def find_labels(table: Table) -> tuple[str, ...]:
    """Return the names of the labels of a folder, or of a table without a header."""
    return tuple(name for name in table.columns if name != FILE)


def find_paths(columns: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns whose values are names of image files."""
    return [name for name, column in columns.items() if all(map(is_image_name, column))]


def choose_paths(table: Table, columns: Mapping[str, Any]) -> str:
    """Return the name of the only column of paths.

    Raises
    ------
    InvalidData
        If there is none, or several.
    """
    found = find_paths(columns)
    if len(found) != 1:
        got = f"several: {join_first(list(map(repr, found)))}" if found else "none"
        raise InvalidData(f"{table.source} must have one column of paths of images, such as 'cat.png'; got {got}.")
    return found[0]


def resolve_paths(table: Table, name: str, roots: Sequence[str | Path] = ()) -> list[str]:
    """Return the paths in a column, which must not lead out of the folders that they are relative to.

    Parameters
    ----------
    table : Table
    name : str
        Of the column.
    roots : sequence of path-like, optional
        Folders in which they are looked for.  Default: that of the file; paths of standard input are as they are.

    Raises
    ------
    InvalidData
    """
    paths, source = [str(path) for path in table[name]], Path(table.source)
    if is_image_name(table.source) or (name == FILE and has_labels(table.source)):
        return paths
    folders = [Path(root) for root in roots] or ([source.parent] if source.is_file() else [])
    return find_files(paths, folders, table.source) if folders else paths

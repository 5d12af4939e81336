"""Tables as arguments of `fit`: features, targets, weights and groups; the task that the targets suggest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import narwhals as nw
import numpy as np

import autonet
from autonet.cli.images import FindRoots, choose_paths, find_labels, find_paths, has_labels, read_files, resolve_paths
from autonet.cli.messages import warnings_as_sentences
from autonet.cli.tables import STDIN, Table, read_table
from autonet.cli.texts import ColumnKind
from autonet.core.errors import DataWarning, InvalidData, InvalidOption
from autonet.core.typing import Array
from autonet.core.warn import warn
from autonet.data.images.labels import find_label_kind
from autonet.data.targets.arrays import to_array

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["Roles", "construct", "find_root_folders", "get_targets", "guess_task", "read_data"]

MAX_CLASSES = 20  # of a target of whole numbers; one of more distinct values is a regression


@dataclass(frozen=True)
class Roles:
    """Columns that are not features.

    Attributes
    ----------
    targets : tuple of str
    sample_weight, groups : str or None
    dropped : tuple of str
    """

    targets: tuple[str, ...]
    sample_weight: str | None = None
    groups: str | None = None
    dropped: tuple[str, ...] = ()

    def split(self, table: Table) -> dict[str, Any]:
        """Return features, targets, weights and groups as keywords of `fit`.

        Raises
        ------
        UnknownName
            If the table lacks a column.
        InvalidData
            If no column is left as a feature.
        InvalidOption
            If a target is named twice.
        """
        others = {"sample_weight": self.sample_weight, "groups": self.groups}
        named = [name for name in others.values() if name is not None]
        features = table.drop([*self.targets, *named, *self.dropped])
        if not features.columns:
            raise InvalidData(f"{table.source} has no columns beside those named; expected at least one feature.")
        return {
            "X": dict(features.columns),
            "y": get_targets(table, self.targets),
            **{key: _as_array(table[name]) for key, name in others.items() if name is not None},
        }

    def split_other(self, table: Table, part: str) -> dict[str, Any]:
        """Return features and targets of further rows, as keywords of `fit` that end in the name of the part.

        Raises
        ------
        UnknownName
            If the table lacks a target.
        """
        others = [name for name in (self.sample_weight, self.groups) if name is not None]
        present = tuple(name for name in (*self.dropped, *others) if name in table.columns)
        found = replace(self, sample_weight=None, groups=None, dropped=present).split(table)
        return {f"{key}_{part}": value for key, value in found.items()}


def get_targets(table: Table, names: Sequence[str]) -> Any:
    """Return a column, or several as a dictionary of arrays of shape (n,).

    Raises
    ------
    UnknownName, InvalidData, InvalidOption
    """
    twice = [repr(name) for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InvalidOption(f"--target names {twice[0]} twice; name each column once.")
    if len(names) == 1:
        return table[names[0]]
    return {name: to_array(table[name], f"column {name!r}") for name in names}


def read_data(
    train: str,
    roles: Roles,
    format_: str | None,
    images: bool | None = None,
    find_roots: FindRoots = tuple,
    **parts: str | None,
) -> dict[str, Any]:
    """Read the tables of a fit as keywords of `fit`; X is a dictionary of columns, or a list of paths of images.

    Parameters
    ----------
    train : str
        See `read_table`.
    roles : Roles
    format_ : str, optional
        Of all tables.
    images : bool, optional
        Whether these are images.  Default: if TRAIN is a folder, or has a single column of features, with names of
        image files.
    find_roots : callable
        Returns the folders in which paths of images are looked for, if these are images; none for that of their table.
    **parts : str or None
        Files of further rows, under "valid" and "test".

    Raises
    ------
    click.UsageError
        If further rows are to come from standard input, or the targets are not named.
    InvalidData, InvalidOption, MissingPackage, OSError
    """
    with warnings_as_sentences():
        if images is False:
            table = read_table(train, format_)
        else:
            table = read_files(train, format_, labeled=True, find_roots=find_roots)
        named = _name_targets(roles, train, table, images)
        data, kinds = named.split(table), {name: _find_kind(column) for name, column in table.columns.items()}
        are_images = images is not False and _find_images(data, table, images, find_roots)
        for part, path in parts.items():
            if path == STDIN:
                raise click.BadParameter("only TRAIN may be standard input.", param_hint=f"--{part}")
            if path is None:
                continue
            if not are_images:
                data |= named.split_other(read_table(path, format_, kinds.get), part)
                continue
            label_kind, roles_of_part = find_label_kind(data["y"]), roles if roles.targets else named
            kinds |= dict.fromkeys(roles_of_part.targets, label_kind)
            other = read_files(path, format_, kinds.get, labeled=True, find_roots=find_roots, label_kind=label_kind)
            found = _name_targets(roles_of_part, path, other, images).split_other(other, part)
            column = choose_paths(other, found[f"X_{part}"])
            data |= found | {f"X_{part}": resolve_paths(other, column, find_roots())}
    return data


def _name_targets(roles: Roles, path: str, table: Table, images: bool | None) -> Roles:
    """Return the roles with the targets that need no name in this table, if it has some."""
    if images is not False and has_labels(path):
        return replace(roles, targets=find_labels(table))
    if not roles.targets:
        raise click.UsageError("--target is missing: it names the column to predict.")
    return roles


def _find_images(data: dict[str, Any], table: Table, images: bool | None, find_roots: FindRoots) -> bool:
    """Replace features by paths of images if that is what they are; return whether they are."""
    found = find_paths(data["X"])
    if not images and not (len(data["X"]) == 1 and found):
        if images is None and found:
            warn(
                f"Column {found[0]!r} of {table.source} holds names of image files, which are texts to a model of a "
                "table; --images reads the images, --no-images says that they are none.",
                DataWarning,
            )
        return False
    name = choose_paths(table, data["X"])
    if images is None and not has_labels(table.source):
        click.echo(f"images, because column {name!r} has names of image files; --no-images says otherwise", err=True)
    data["X"] = resolve_paths(table, name, find_roots())
    return True


def _find_kind(column: Any) -> ColumnKind | None:
    """Return the kind of a column of CSV as which further rows are to be read."""
    if isinstance(column, list):
        return "text" if any(isinstance(value, str) for value in column) else None
    return "number" if isinstance(column, np.ndarray) and column.dtype.kind in "if" else None


def find_root_folders(estimator: "AutoNet") -> Sequence[str | Path]:
    """Return the folders in which an estimator looks for paths of images, as its options say; none by default.

    Raises
    ------
    InvalidOption, UnknownName
        If an option is invalid.
    """
    from autonet.estimators.fitting import resolve_options  # noqa: PLC0415 - of images only

    return getattr(resolve_options(estimator, {}), "root_folders", None) or ()


def construct(y: Any, task: str | None, options: dict[str, Any], *, images: bool = False) -> "AutoNet":
    """Construct the estimator of a task; say which if it is guessed.

    Parameters
    ----------
    y : array-like or None
    task : {"classification", "regression"}, optional
        Default: `guess_task`; without targets, classification.
    options : dict
        Parameters of the estimator.
    images : bool
        Whether it is one of images.
    """
    chosen = task
    if chosen is None and y is not None:
        chosen, reason = guess_task(y)
        click.echo(f"task: {chosen}, because {reason}; --task says otherwise", err=True)
    if chosen == "regression":
        return autonet.AutoNetImageRegression(**options) if images else autonet.AutoNetRegression(**options)
    return autonet.AutoNetImageClassification(**options) if images else autonet.AutoNetClassification(**options)


def _as_array(column: Any) -> Array:
    series = nw.from_native(column, series_only=True, pass_through=True)
    return series.to_numpy() if isinstance(series, nw.Series) else np.asarray(column)


def guess_task(y: Any) -> tuple[str, str]:
    """Guess the kind of the task from the targets.

    Numbers are a regression if some have a fraction, or if there are more than 20 distinct ones; text, truth values and
    fewer whole numbers are classes.  Several columns of zeros and ones are labels.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_targets)

    Returns
    -------
    task : {"classification", "regression"}
    reason : str

    Raises
    ------
    InvalidData
        If values are missing.
    """
    values = to_array(y)
    if values.ndim == 2:
        labels = values.dtype.kind in "biuf" and bool(np.isin(values, (0, 1)).all())
        reason = f"all {values.shape[1]} targets are zeros and ones" if labels else "not all targets are zeros and ones"
        return "classification" if labels else "regression", reason
    distinct = np.unique(values) if values.dtype.kind in "iuf" else np.array([])
    if values.dtype.kind not in "iuf":
        return "classification", "the target is not numeric"
    if (distinct != np.floor(distinct)).any():
        return "regression", "the target has fractions"
    if len(distinct) > MAX_CLASSES:
        return "regression", f"the target has {len(distinct)} distinct values"
    return "classification", f"the target has {len(distinct)} distinct whole numbers"

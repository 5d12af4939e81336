"""Fitted models of the command line: from model files and run directories; rows read as those of the fit were."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autonet.cli.images import choose_paths, find_labels, has_labels, read_files, resolve_paths
from autonet.cli.tables import Table, read_table
from autonet.cli.texts import ColumnKind
from autonet.cli.training import Roles
from autonet.core.errors import InvalidData
from autonet.core.files import check_path
from autonet.core.warn import join_first
from autonet.data.images.labels import find_label_kind
from autonet.data.images.reader import ImageReader
from autonet.data.reading.frames import name_array_columns

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["find_roots_of_fit", "load_model", "name_features", "read_rows", "read_scored", "reads_images"]


def load_model(path: str) -> "AutoNet":
    """Load a model file, or the best model of a run directory.

    Raises
    ------
    InvalidModelFile, RunUnavailable, RunCorrupted, SearchFailed, OSError
    """
    import autonet  # noqa: PLC0415 - its estimators import torch

    check_path(path, "The path of MODEL")
    if Path(path).is_dir():
        return autonet.open_run(path).best_estimator()
    return autonet.load(path)


def read_rows(
    estimator: "AutoNet",
    path: str,
    format_: str | None = None,
    targets: tuple[str, ...] = (),
    *,
    scored: bool = False,
) -> Table:
    """Read a table whose columns are of the kinds that they were in fit, or files of images.

    Parameters
    ----------
    estimator : AutoNet
        Fitted.
    path, format_ : str
        See `read_table`.
    targets : tuple of str
        Columns that are of the kind of the labels.
    scored : bool
        Whether a folder of images has a sub-folder for each class.

    Raises
    ------
    InvalidData, InvalidOption, MissingPackage, OSError
    """
    images = reads_images(estimator)
    kinds = {} if images else _list_kinds(estimator)
    label_kind = find_label_kind(estimator.model_.targets.labels)
    if images or label_kind == "text":
        kinds |= dict.fromkeys(targets, label_kind)
    if not images:
        return read_table(path, format_, kinds.get)
    return read_files(
        path,
        format_,
        kinds.get,
        labeled=scored,
        find_roots=partial(find_roots_of_fit, estimator),
        label_kind=label_kind if scored else None,
    )


def find_roots_of_fit(estimator: "AutoNet") -> Sequence[str | Path]:
    """Return the folders in which a fitted estimator looks for relative paths of images; none for that of the table."""
    found: Sequence[str | Path] = getattr(estimator, "_root_folders", ())
    return found


def reads_images(estimator: "AutoNet") -> bool:
    """Return whether a fitted estimator predicts images."""
    return isinstance(estimator.model_.schema, ImageReader)


def read_scored(
    estimator: "AutoNet", path: str, targets: tuple[str, ...], sample_weight: str | None, format_: str | None
) -> tuple[Any, Any, Any]:
    """Read features, targets and weights to score a model on; the weights are None if no column is named.

    Features are a dictionary of columns, or a list of paths of images.

    Raises
    ------
    InvalidData, InvalidOption, MissingPackage, OSError
    """
    table = read_rows(estimator, path, format_, targets, scored=True)
    if reads_images(estimator):
        targets = find_labels(table) if has_labels(path) else targets
        data = Roles(targets, sample_weight).split(table)
        files = resolve_paths(table, choose_paths(table, data["X"]), find_roots_of_fit(estimator))
        return files, data["y"], data.get("sample_weight")
    data = Roles(targets, sample_weight).split(table)
    features = name_features(estimator, table, data["X"])
    names = _name_fitted(estimator, features)
    missing = [repr(name) for name in names if name not in features]
    if missing:
        raise InvalidData(f"{table.source} lacks columns of fit, beside the target: {join_first(missing)}.")
    return {name: features[name] for name in names} or features, data["y"], data.get("sample_weight")


def name_features(estimator: "AutoNet", table: Table, features: Mapping[str, Any]) -> dict[str, Any]:
    """Return features as they are called in fit: those of a table without names are taken by position.

    Parameters
    ----------
    estimator : AutoNet
        Fitted to a table.
    table : Table
    features : mapping of str to column
        Its columns that are features, or all.

    Raises
    ------
    InvalidData
        If there are others than as many as the table had.
    """
    names, fitted = _name_fitted(estimator, features), estimator.model_.schema.names
    has_names = fitted is not None and fitted != tuple(range(len(fitted)))  # with which pandas numbers columns
    if has_names or not table.is_ordered or any(name in features for name in names):
        return dict(features)
    if len(features) != len(names):
        raise InvalidData(f"{table.source} has {len(features)} columns; expected the {len(names)} columns of fit.")
    return dict(zip(names, features.values(), strict=True))


def _name_fitted(estimator: "AutoNet", features: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns of fit; of an array x0, x1, ..., or 0, 1, ... where features are called so."""
    names = estimator.model_.schema.names
    if names is not None:
        return list(map(str, names))
    n_columns = estimator.model_.schema.n_features
    return list(map(str, range(n_columns))) if "0" in features else name_array_columns(n_columns)


def _list_kinds(estimator: "AutoNet") -> dict[str, ColumnKind]:
    """Return the kinds of the columns of the fit: text if they were, or had a format; numbers if they were."""
    kinds: dict[str, ColumnKind] = {}
    for column in estimator.columns_:
        if column.kind == "numeric" and column.format is None:
            kinds[str(column.name)] = "number"
        elif column.kind == "text" or column.format is not None or _has_text_levels(column.levels):
            kinds[str(column.name)] = "text"
    return kinds


def _has_text_levels(levels: tuple[object, ...]) -> bool:
    return bool(levels) and all(isinstance(level, str) for level in levels)

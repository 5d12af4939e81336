"""Fitted models of the command line: from model files and run directories; rows read as those of the fit were."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autonet.cli.tables import Table, read_table
from autonet.cli.texts import ColumnKind
from autonet.cli.training import Roles
from autonet.core.errors import InvalidData
from autonet.core.warn import join_first

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["load_model", "read_rows", "read_scored"]


def load_model(path: str) -> "AutoNet":
    """Load a model file, or the best model of a run directory.

    Raises
    ------
    InvalidModelFile, RunUnavailable, RunCorrupted, SearchFailed, OSError
    """
    import autonet  # noqa: PLC0415 - its estimators import torch

    if Path(path).is_dir():
        return autonet.open_run(path).best_estimator()
    return autonet.load(path)


def read_rows(estimator: "AutoNet", path: str, format_: str | None = None, targets: tuple[str, ...] = ()) -> Table:
    """Read a table whose columns are of the kinds that they were in fit.

    Parameters
    ----------
    estimator : AutoNet
        Fitted.
    path, format_ : str
        As for `read_table`.
    targets : tuple of str
        Columns that are of the kind of the labels.

    Raises
    ------
    InvalidData, InvalidOption, MissingPackage, OSError
    """
    kinds = _list_kinds(estimator)
    labels = getattr(estimator, "classes_", None)
    if labels is not None and labels.ndim == 1 and all(isinstance(label, str) for label in labels.tolist()):
        kinds |= dict.fromkeys(targets, "text")
    return read_table(path, format_, kinds.get)


def read_scored(
    estimator: "AutoNet", path: str, targets: tuple[str, ...], sample_weight: str | None, format_: str | None
) -> tuple[dict[str, Any], Any, Any]:
    """Read features, targets and weights to score a model on; the weights are None if no column is named.

    Raises
    ------
    InvalidData, InvalidOption, MissingPackage, OSError
    """
    table = read_rows(estimator, path, format_, targets)
    data = Roles(targets, sample_weight).split(table)
    names = [str(column.name) for column in estimator.columns_ if isinstance(column.name, str)]
    missing = [repr(name) for name in names if name not in data["X"]]
    if missing:
        raise InvalidData(f"{table.source} lacks columns of fit, beside the target: {join_first(missing)}.")
    X = {name: data["X"][name] for name in names} or data["X"]  # of a model of an array, all by position
    return X, data["y"], data.get("sample_weight")


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

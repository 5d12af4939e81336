"""Inputs of a fit: data, targets, weights of rows and classes, groups; checked against one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.modality import Data, Modality
from autonet.core.tensors import to_numpy
from autonet.core.typing import Array
from autonet.core.warn import join_first
from autonet.data.splits.folds import Fold
from autonet.data.targets.arrays import read_names, to_array
from autonet.data.targets.targets import ClassTargets, Targets

__all__ = ["FitInputs", "apply_class_weight", "check_classes_left", "check_groups", "keep_read"]

MAX_LABELS_SHOWN = 5


@dataclass(frozen=True)
class FitInputs:
    """Data of a fit, read.

    Attributes
    ----------
    modality : Modality
    X : object
        As passed to `fit`, without rows that were left out.
    data : Data
    n_features : int
        Columns of `X`.
    targets : ClassTargets, MultilabelTargets or RegressionTargets
    y : ndarray of shape (n,), (n, n_labels) or (n, n_targets)
        Class codes, labels or values.
    sample_weight, groups : array-like or None
        As passed to `fit`, without rows that were left out.
    valid, test : tuple of Data and ndarray, or None
        Rows to validate on, or to score only, and their codes, labels or values.
    """

    modality: Modality
    X: Any
    data: Data
    n_features: int
    targets: Targets
    y: Array
    sample_weight: Any
    groups: Any
    valid: tuple[Data, Array] | None
    test: tuple[Data, Array] | None


def keep_read(kept: Array | None, **columns: Any) -> list[Any]:
    """Return the entries of columns (n_all, ...) for the rows that were read.

    Parameters
    ----------
    kept : ndarray of shape (n_all,), bool, or None
        None: all.
    **columns : array-like, dictionary of such columns, scalar or None
        By their names in messages.  Those without entries stay as they are.

    Raises
    ------
    InvalidData
        If a column has not one entry per row.
    """
    if kept is None:
        return list(columns.values())
    return [_keep(name, column, kept) for name, column in columns.items()]


def _keep(name: str, column: Any, kept: Array) -> Any:
    if isinstance(column, Mapping):
        return {key: _keep(f"column {key!r} of {name}", part, kept) for key, part in column.items()}
    if column is None or np.isscalar(column) or getattr(column, "ndim", 1) == 0:
        return column
    _check_length(name, column, kept)
    return _safe_indexing(column, kept)


def _check_length(name: str, column: Any, kept: Array) -> None:
    n = _num_samples(column)
    if n != len(kept):
        raise InvalidData(f"{name} has {n} entries for {len(kept)} images; pass one entry per image.")


def check_classes_left(kept: Array | None, y: Any) -> None:
    """Check that every class has a row that was read.

    Parameters
    ----------
    kept : ndarray of shape (n_all,), bool, or None
        None: all.
    y : array-like of shape (n_all,) or (n_all, n_labels)
        Classes, or zeros and ones of several labels.

    Raises
    ------
    InvalidData
    """
    if kept is None:
        return
    values = to_array(y)
    _check_length("y", values, kept)
    has_columns = values.ndim == 2 and values.shape[1] > 1
    if has_columns:
        names = read_names(y) or range(values.shape[1])
        lost = list(compress(names, (values == 1).any(0) & ~(values[kept] == 1).any(0)))
    else:
        left = set(values[kept].ravel().tolist())
        lost = [label for label in dict.fromkeys(values.ravel().tolist()) if label not in left]
    if lost:
        what = "columns" if has_columns else "classes"
        raise InvalidData(
            f"y has {what} without an image that can be read: {join_first(list(map(repr, lost)))}; repair their files, "
            f"or leave the {what} out."
        )


def check_groups(groups: Any, data: Data) -> Array | None:
    """Return the group of each row, as an array of shape (n,).

    Raises
    ------
    InvalidData
        If there is not one group per row.
    """
    if groups is None:
        return None
    names: Array = np.asarray(to_numpy(groups, "groups"))
    if names.ndim != 1 or len(names) != len(data):
        raise InvalidData(f"groups has shape {names.shape} and X has {len(data)} rows; pass one group per row.")
    return names


def apply_class_weight(
    class_weight: Mapping[Any, Any] | str | None, targets: Targets, y: Array, weights: Array | None, folds: list[Fold]
) -> Array | None:
    """Multiply the weights of rows by those of their classes.

    Parameters
    ----------
    class_weight : mapping of label to weight, "balanced" or None
        Labels without a weight get 1; "balanced" is n / (n_classes n_k) for class k.
    targets : ClassTargets, MultilabelTargets or RegressionTargets
    y : ndarray of shape (n,)
        Class codes.
    weights : ndarray of shape (n,), optional
    folds : list of Fold
        "balanced" counts the rows of the first one.

    Returns
    -------
    ndarray of shape (n,) or None

    Raises
    ------
    InvalidOption
        If `class_weight` does not fit the labels.
    """
    if class_weight is None:
        return weights
    if not isinstance(targets, ClassTargets):
        raise InvalidOption(f"class_weight={class_weight!r} requires one label per row; use sample_weight instead.")
    if not isinstance(class_weight, Mapping) and not (isinstance(class_weight, str) and class_weight == "balanced"):
        raise InvalidOption(f"class_weight must be 'balanced', a dictionary or None; got {class_weight!r:.60}.")
    if isinstance(class_weight, str):
        rows = np.concatenate([folds[0].train, folds[0].valid])
        counts = np.bincount(y[rows], None if weights is None else weights[rows], minlength=targets.n_outputs)
        class_weights = counts.sum() / (targets.n_outputs * np.where(counts > 0, counts, 1.0))
    else:
        labels = targets.labels.tolist()
        unknown = [label for label in class_weight if label not in set(labels)]
        if unknown:
            raise InvalidOption(
                f"class_weight has weights for {unknown[:MAX_LABELS_SHOWN]}, which are not in y; its labels: "
                f"{', '.join(map(repr, labels[:MAX_LABELS_SHOWN]))}{', ...' if len(labels) > MAX_LABELS_SHOWN else ''}."
            )
        for label, weight in class_weight.items():
            if not (isinstance(weight, int | float | np.integer | np.floating) and 0 <= weight < np.inf):
                raise InvalidOption(f"class_weight must hold finite numbers of at least 0; {label!r} has {weight!r}.")
        class_weights = np.array([class_weight.get(label, 1.0) for label in labels], np.float64)
    return np.asarray(class_weights[y] if weights is None else weights * class_weights[y])

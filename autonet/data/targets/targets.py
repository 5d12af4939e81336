"""Targets of each kind of task: labels to codes, values to numbers, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.spec import describable
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.core.warn import warn
from autonet.data.targets.arrays import check_no_missing, first_collection, read_names, to_array

__all__ = ["ClassTargets", "MultilabelTargets", "RegressionTargets", "Targets"]

SHOWN = 5  # labels in a message
ONE_HOT_COLUMNS = 3  # columns from which y may be one-hot encoded classes; two exclusive labels are common
MAX_ABS_TARGET = 1e300  # sums and differences of targets stay finite in float64


@describable
@dataclass(frozen=True)
class ClassTargets:
    """Targets with one class label per row.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        Sorted, in the dtype of `y`.
    """

    labels: Array
    kind: ClassVar[TaskKind] = "classification"
    quantiles: ClassVar[tuple[float, ...]] = ()
    columns: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def fit(cls, y: Any) -> "ClassTargets | MultilabelTargets":
        """Find the classes of `y`, array-like of shape (n,), or the labels if its shape is (n, n_labels).

        Raises
        ------
        InvalidData
            If `y` has missing values, continuous values, or labels without an order.
        """
        values = to_array(y)
        if values.ndim == 2 and values.shape[1] > 1:
            return MultilabelTargets.fit(values, read_names(y))
        if values.dtype.kind == "c":
            raise InvalidData("Complex data not supported: y has complex numbers; use labels of another type.")
        values = _to_one_column(values)
        if values.dtype.kind in "fm":
            check_classification_targets(values)
        return cls(_sort_labels(values))

    @property
    def n_outputs(self) -> int:
        """Number of classes."""
        return len(self.labels)

    @property
    def names(self) -> Array:
        """Names of the outputs: the labels."""
        return self.labels

    def encode(self, y: Any, name: str = "y") -> Array:
        """Encode labels, array-like of shape (n,), as class codes (n,), int64.

        Raises
        ------
        InvalidData
            If a label does not occur in the fitted `y`.
        """
        values = _to_one_column(to_array(y, name), name, warn=False)  # `fit` has warned
        try:
            codes = np.minimum(np.searchsorted(self.labels, values), len(self.labels) - 1)
            unknown = values[self.labels[codes] != values]
        except TypeError:  # strings and numbers
            unknown = values
        if len(unknown):
            listed = ", ".join(map(repr, list(dict.fromkeys(unknown.tolist()))[:SHOWN]))
            others = "the y of fit" if name == "y" else "y"
            raise InvalidData(f"{name} has labels that {others} does not have: {listed}.")
        return np.asarray(codes, np.int64)

    def decode(self, codes: Array) -> Array:
        """Decode class codes (n,) to labels (n,)."""
        return np.asarray(self.labels[codes])


@describable
@dataclass(frozen=True)
class MultilabelTargets:
    """Targets with several binary labels per row.

    Attributes
    ----------
    n_outputs : int
    dtype : dtype
        Dtype of the fitted `y`.
    columns : tuple of str
        Names of the columns of the fitted `y`; empty if it had none.
    """

    n_outputs: int
    dtype: Any
    columns: tuple[str, ...] = ()
    kind: ClassVar[TaskKind] = "multilabel"
    quantiles: ClassVar[tuple[float, ...]] = ()

    @classmethod
    def fit(cls, values: Array, columns: tuple[str, ...] = ()) -> "MultilabelTargets":
        """Check label indicators of shape (n, n_labels), whose columns may have names.

        Raises
        ------
        InvalidData
            If there are other values than 0 and 1.

        Warns
        -----
        DataWarning
            If every row has exactly one of three or more labels, as one-hot encoded classes have.
        """
        _check_indicators(values, "y")
        if values.shape[1] >= ONE_HOT_COLUMNS and (values.sum(axis=1) == 1).all():
            warn(
                f"y has shape {values.shape} and exactly one 1 in every row; treated as {values.shape[1]} independent "
                "labels per row. If these are one-hot encoded classes, pass y.argmax(axis=1); for a data frame, "
                "y.idxmax(axis=1).",
                DataWarning,
            )
        return cls(values.shape[1], values.dtype, columns)

    @property
    def labels(self) -> Array:
        """Indices of the labels, shape (n_labels,)."""
        return np.arange(self.n_outputs)

    @property
    def names(self) -> Sequence[str] | Array:
        """Names of the labels; their indices if `y` had none."""
        return self.columns or self.labels

    def encode(self, y: Any, name: str = "y") -> Array:
        """Encode label indicators (n, n_labels) as int64."""
        values = to_array(y, name, self.columns)
        if values.ndim != 2 or values.shape[1] != self.n_outputs:
            raise InvalidData(f"{name} has shape {values.shape}; expected (n_samples, {self.n_outputs}) as y has.")
        _check_indicators(values, name)
        return values.astype(np.int64)

    def decode(self, codes: Array) -> Array:
        """Decode label indicators (n, n_labels) to the dtype of `y`."""
        return codes.astype(self.dtype)


@describable
@dataclass(frozen=True)
class RegressionTargets:
    """Targets with one or several numbers per row.

    Attributes
    ----------
    n_outputs : int
        Number of targets, or of quantiles.
    ndim : {1, 2}
        Number of dimensions of the fitted `y`; 1 for quantiles.
    quantiles : tuple of float
        Levels that are predicted of a single target; empty for means.
    columns : tuple of str
        Names of the columns of the fitted `y`; empty if it had none.
    """

    n_outputs: int
    ndim: int
    quantiles: tuple[float, ...] = ()
    columns: tuple[str, ...] = ()
    kind: ClassVar[TaskKind] = "regression"

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return 1 if self.quantiles else self.n_outputs

    @property
    def labels(self) -> None:
        """None, because numbers have no labels."""

    @property
    def names(self) -> Sequence[str] | Array:
        """Names of the targets; their indices if `y` had none."""
        return self.columns or np.arange(self.n_targets)

    @classmethod
    def fit(cls, y: Any, quantiles: tuple[float, ...] = ()) -> "RegressionTargets":
        """Find the number of targets of `y`, array-like of shape (n,) or (n, n_targets)."""
        values = to_array(y)
        if values.ndim not in (1, 2) or values.shape[1:] == (0,):
            raise InvalidData(f"y has shape {values.shape}; expected (n_samples,) or (n_samples, n_targets).")
        n_targets = 1 if values.ndim == 1 else values.shape[1]
        if quantiles and n_targets > 1:
            raise InvalidData(
                f"quantiles are of a single target, and y has shape {values.shape}; fit an estimator to each column."
            )
        if quantiles:
            column_or_1d(values, warn=True)
            return cls(len(quantiles), 1, quantiles)
        return cls(n_targets, values.ndim, columns=read_names(y) if values.ndim > 1 else ())

    def encode(self, y: Any, name: str = "y") -> Array:
        """Encode targets, (n,) or (n, n_targets), as float64 (n, n_targets).

        Raises
        ------
        InvalidData
            If the shape differs from the fitted `y`, or values are not finite real numbers.
        """
        values = to_array(y, name, self.columns)
        if self.quantiles and values.shape[1:] == (1,):  # `fit` has warned
            values = values[:, 0]
        if values.ndim != self.ndim or (values.ndim == 2 and values.shape[1] != self.n_outputs):
            shape = "(n_samples,)" if self.ndim == 1 else f"(n_samples, {self.n_outputs})"
            raise InvalidData(f"{name} has shape {values.shape}; expected {shape} as y has.")
        if values.dtype.kind == "c":
            raise InvalidData(f"Complex data not supported: {name} has complex numbers; pass real numbers.")
        several = first_collection(values)
        if several is not None:
            raise InvalidData(
                f"{name} must hold numbers for a regression; got rows of different lengths, such as {several!r:.60}; "
                "pass one number per row, (n_samples,), or as many in every row, (n_samples, n_targets)."
            )
        if values.dtype.kind in "mM":
            raise InvalidData(
                f"{name} must hold numbers for a regression; got {values.dtype}; convert it to seconds or days."
            )
        try:
            numbers = values.astype(np.float64).reshape(len(values), -1)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidData(f"{name} must hold numbers for a regression; got {values.dtype} ({error}).") from error
        check_no_missing(numbers, name)  # "nan" as text
        if numbers.size and np.abs(numbers).max() > MAX_ABS_TARGET:
            raise InvalidData(
                f"{name} has values up to {np.abs(numbers).max():g}; expected at most {MAX_ABS_TARGET:g}; use a "
                "larger unit, or the logarithm."
            )
        return numbers

    def decode(self, values: Array) -> Array:
        """Decode predictions (n, n_targets) to the shape of `y`, (n,) or (n, n_targets); of several quantiles as is."""
        return values[:, 0] if self.ndim == 1 and values.shape[1] == 1 else values


Targets = ClassTargets | MultilabelTargets | RegressionTargets


def _to_one_column(values: Array, name: str = "y", *, warn: bool = True) -> Array:
    if values.ndim > 2 or (values.ndim == 2 and values.shape[1] != 1):
        raise InvalidData(f"{name} has shape {values.shape}; expected one label per row: (n_samples,).")
    return np.asarray(column_or_1d(values, warn=warn))


def _sort_labels(values: Array) -> Array:
    several = first_collection(values)
    if several is not None:
        raise _several_labels_error(several, "y")
    try:
        return np.unique(values)
    except TypeError as error:
        types = sorted({type(v).__name__ for v in values})
        if len(types) == 1:
            message = f"y has labels of the type {types[0]}, which cannot be sorted; use strings or numbers"
        else:
            message = f"y mixes labels of the types {', '.join(types)}, which cannot be sorted; use labels of one type"
        raise InvalidData(f"Unknown label type: {message}.") from error


def _check_indicators(values: Array, name: str) -> None:
    if values.dtype.kind in "USO" and len(values):
        raise _several_labels_error(values[0].tolist(), name)
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise InvalidData(
            f"Unknown label type: {name} has shape {values.shape} and other values than 0 and 1; expected one label "
            "per row, (n_samples,), or zeros and ones for several labels, (n_samples, n_labels), as "
            "sklearn.preprocessing.MultiLabelBinarizer returns."
        )


def _several_labels_error(example: Any, name: str) -> InvalidData:
    return InvalidData(
        f"Unknown label type: {name} has several labels in a row, such as {example!r:.60}; expected one label per row, "
        "(n_samples,), or zeros and ones for several labels, (n_samples, n_labels), as "
        "sklearn.preprocessing.MultiLabelBinarizer returns."
    )

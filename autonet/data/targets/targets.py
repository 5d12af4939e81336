"""Targets of each kind of task: labels to codes and back, values to float64."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.spec import describable
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.core.warn import warn
from autonet.data.reading.columns import is_missing

__all__ = ["ClassTargets", "MultilabelTargets", "RegressionTargets", "Targets"]

SHOWN = 5  # rows or labels in a message
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

    @classmethod
    def fit(cls, y: Any) -> "ClassTargets | MultilabelTargets":
        """Find the classes of `y`, array-like of shape (n,), or the labels if its shape is (n, n_labels).

        Raises
        ------
        InvalidData
            If `y` has missing values, continuous values, or labels without an order.
        """
        values = _to_array(y)
        if values.ndim == 2 and values.shape[1] > 1:
            return MultilabelTargets.fit(values)
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

    def encode(self, y: Any, name: str = "y") -> Array:
        """Encode labels, array-like of shape (n,), as class codes (n,), int64.

        Raises
        ------
        InvalidData
            If a label does not occur in the fitted `y`.
        """
        values = _to_one_column(_to_array(y, name), name, warn=False)  # `fit` has warned
        try:
            codes = np.minimum(np.searchsorted(self.labels, values), len(self.labels) - 1)
            unknown = values[self.labels[codes] != values]
        except TypeError:  # strings and numbers
            unknown = values
        if len(unknown):
            listed = ", ".join(repr(label) for label in _unique_in_order(unknown)[:SHOWN])
            raise InvalidData(f"{name} has labels that y does not have: {listed}.")
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
    """

    n_outputs: int
    dtype: Any
    kind: ClassVar[TaskKind] = "multilabel"

    @classmethod
    def fit(cls, values: Array) -> "MultilabelTargets":
        """Check label indicators of shape (n, n_labels).

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
        return cls(values.shape[1], values.dtype)

    @property
    def labels(self) -> Array:
        """Indices of the labels, shape (n_labels,)."""
        return np.arange(self.n_outputs)

    def encode(self, y: Any, name: str = "y") -> Array:
        """Encode label indicators (n, n_labels) as int64."""
        values = _to_array(y, name)
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
    ndim : {1, 2}
        Number of dimensions of the fitted `y`.
    """

    n_outputs: int
    ndim: int
    kind: ClassVar[TaskKind] = "regression"

    @property
    def labels(self) -> None:
        """None, because numbers have no labels."""

    @classmethod
    def fit(cls, y: Any) -> "RegressionTargets":
        """Find the number of targets of `y`, array-like of shape (n,) or (n, n_targets)."""
        values = _to_array(y)
        if values.ndim not in (1, 2) or values.shape[1:] == (0,):
            raise InvalidData(f"y has shape {values.shape}; expected (n_samples,) or (n_samples, n_targets).")
        return cls(1 if values.ndim == 1 else values.shape[1], values.ndim)

    def encode(self, y: Any, name: str = "y") -> Array:
        """Encode targets, (n,) or (n, n_targets), as float64 (n, n_targets).

        Raises
        ------
        InvalidData
            If the shape differs from the fitted `y`, or values are not finite real numbers.
        """
        values = _to_array(y, name)
        if values.ndim != self.ndim or (values.ndim == 2 and values.shape[1] != self.n_outputs):
            shape = "(n_samples,)" if self.ndim == 1 else f"(n_samples, {self.n_outputs})"
            raise InvalidData(f"{name} has shape {values.shape}; expected {shape} as y has.")
        if values.dtype.kind == "c":
            raise InvalidData(f"Complex data not supported: {name} has complex numbers; pass real numbers.")
        several = _first_collection(values)
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
        _check_no_missing(_find_missing(numbers), name)  # "nan" as text
        if numbers.size and np.abs(numbers).max() > MAX_ABS_TARGET:
            raise InvalidData(
                f"{name} has values up to {np.abs(numbers).max():g}; expected at most {MAX_ABS_TARGET:g}; use a "
                "larger unit, or the logarithm."
            )
        return numbers

    def decode(self, values: Array) -> Array:
        """Decode predictions (n, n_targets) to the shape of `y`, (n,) or (n, n_targets)."""
        return values[:, 0] if self.ndim == 1 else values


Targets = ClassTargets | MultilabelTargets | RegressionTargets


def _to_array(y: Any, name: str = "y") -> Array:
    """Convert array-like targets to an array without missing values."""
    if y is None:
        raise InvalidData(f"This estimator requires {name} to be passed, but the target {name} is None.")
    if sparse.issparse(y):
        y = y.toarray()
    native = nw.from_native(y, pass_through=True, allow_series=True, eager_only=True)
    values = native.to_numpy() if isinstance(native, nw.Series | nw.DataFrame) else _list_to_array(y)
    if isinstance(values, np.ma.MaskedArray):
        mask, values = np.ma.getmaskarray(values), np.ma.getdata(values).astype(object)
        values[mask] = None
    if values.ndim == 0 or values.dtype.names:
        raise InvalidData(f"{name} must have one entry per row; got {y!r:.60}.")
    _check_no_missing(_find_missing(values), name)
    return _narrow_dtype(values)


def _check_no_missing(missing: NDArray[np.bool_], name: str) -> None:
    if missing.any():
        rows = np.flatnonzero(missing.reshape(len(missing), -1).any(axis=1))
        listed = ", ".join(map(str, rows[:SHOWN])) + (", ..." if len(rows) > SHOWN else "")
        raise InvalidData(
            f"{name} contains NaN, infinity or missing values in {len(rows)} of {len(missing)} rows (rows {listed}); "
            "drop these rows."
        )


def _list_to_array(y: Any) -> Array:
    """Convert targets to an array; objects if not all are strings, so that NaN does not become the label "nan"."""
    try:
        values: Array = np.asanyarray(y)
    except ValueError:  # rows of different lengths
        values = np.empty(len(y), object)
        values[:] = list(y)
    if values.dtype.kind in "US" and isinstance(y, list | tuple):
        objects = np.array(y, dtype=object)
        if not all(isinstance(v, str | bytes) for v in objects.flat):
            return objects
    return values


def _first_collection(values: Array) -> Any:
    """Return the first entry that is a list, a set or another collection; None if there is none.

    Tuples of one length in an array of objects are labels.
    """
    if values.dtype != object:
        return None
    if all(isinstance(v, tuple) for v in values.flat) and len({len(v) for v in values.flat}) == 1:
        return None
    found = (v for v in values.flat if isinstance(v, Collection | np.ndarray) and not isinstance(v, str | bytes))
    return next(found, None)


def _find_missing(values: Array) -> NDArray[np.bool_]:
    if values.dtype.kind in "fc":
        return ~np.isfinite(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind != "O":
        return np.zeros(len(values), bool)

    if _first_collection(values) is not None:
        return np.array([v is None for v in values.flat], bool).reshape(values.shape)
    unusable = [is_missing(v) or (isinstance(v, float | np.floating) and np.isinf(v)) for v in values.ravel()]
    return np.array(unusable, bool).reshape(values.shape)


def _narrow_dtype(values: Array) -> Array:
    """Convert an array of Python booleans or numbers to a boolean or numeric dtype."""
    if values.dtype.kind != "O" or not values.size:
        return values
    if all(isinstance(v, bool | np.bool_) for v in values.ravel()):
        return values.astype(bool)
    if all(isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values.ravel()):
        return np.array(values.tolist())
    return values


def _to_one_column(values: Array, name: str = "y", *, warn: bool = True) -> Array:
    if values.ndim > 2 or (values.ndim == 2 and values.shape[1] != 1):
        raise InvalidData(f"{name} has shape {values.shape}; expected one label per row: (n_samples,).")
    return np.asarray(column_or_1d(values, warn=warn))


def _sort_labels(values: Array) -> Array:
    several = _first_collection(values)
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


def _unique_in_order(values: Array) -> list[Any]:
    """Return the distinct values in order of appearance, of any types."""
    return list(dict.fromkeys(values.tolist()))


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

"""Targets to what networks learn, and network outputs back to probabilities or values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import expit, softmax
from sklearn.preprocessing import PowerTransformer

from autonet.core.component import Component, Node
from autonet.core.spec import describable
from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = ["TARGET_TRANSFORMS", "TargetEncoder", "Transform"]

MAX_ABS_TARGET = 1e15  # standard deviations
ROUND_TRIP_ERROR = 1e-3  # of the range of a target: what a transform may lose without being seen in a prediction


class Transform(Protocol):
    """A monotone function of the targets (n, n_targets) and its inverse."""

    def forward(self, y: Array) -> Array:
        """Transform targets."""

    def inverse(self, z: Array) -> Array:
        """Transform back."""


@describable
@dataclass(frozen=True)
class NoTransform:
    """No transformation."""

    def forward(self, y: Array) -> Array:
        """Return the targets."""
        return y

    def inverse(self, z: Array) -> Array:
        """Return the targets."""
        return z


@describable
@dataclass(frozen=True, eq=False)
class SignedLog:
    """Signed logarithm of 1 + |y| in units of the median of |y|: for any sign, and whatever the unit of y.

    Attributes
    ----------
    unit : ndarray of shape (n_targets,)
    """

    unit: Array

    @classmethod
    def fit(cls, y: Array) -> "SignedLog":
        """Fit on targets (n, n_targets) of training rows."""
        return cls(np.array([np.median(column[column > 0]) if column.any() else 1.0 for column in np.abs(y).T]))

    def forward(self, y: Array) -> Array:
        """Transform targets (n, n_targets)."""
        with np.errstate(over="ignore"):  # a row to validate on, far beyond those of training
            return np.asarray(np.sign(y) * np.log1p(np.abs(y) / self.unit))

    def inverse(self, z: Array) -> Array:
        """Transform back."""
        return np.asarray(np.sign(z) * self.unit * np.expm1(np.abs(z)))


@describable
@dataclass(frozen=True, eq=False)
class PowerTransform:
    """Power transform of Yeo and Johnson (2000) of the standardized target, so that its unit does not matter.

    Attributes
    ----------
    center, scale : ndarray of shape (n_targets,)
        Mean and standard deviation of the targets.
    exponents : ndarray of shape (n_targets,)
    """

    center: Array
    scale: Array
    exponents: Array

    @classmethod
    def fit(cls, y: Array) -> "PowerTransform":
        """Fit on targets (n, n_targets) of training rows."""
        center, scale = _moments(y)
        fitted = PowerTransformer("yeo-johnson", standardize=False).fit(_standardize(y, center, scale))
        return cls(center, scale, fitted.lambdas_)

    def forward(self, y: Array) -> Array:
        """Transform targets (n, n_targets)."""
        return np.asarray(self._transformer.transform(_standardize(y, self.center, self.scale)))

    def inverse(self, z: Array) -> Array:
        """Transform back."""
        return np.asarray(self._transformer.inverse_transform(z) * self.scale + self.center)

    @property
    def _transformer(self) -> PowerTransformer:
        fitted = PowerTransformer("yeo-johnson", standardize=False)
        fitted.lambdas_, fitted.n_features_in_ = self.exponents, len(self.exponents)
        return fitted


TARGET_TRANSFORMS: Node[Transform] = Node.from_components(
    "TargetTransformSelector",
    [
        Component("none", lambda y: NoTransform(), tasks=("regression",)),
        Component("log", SignedLog.fit, tasks=("regression",)),
        Component("yeo_johnson", PowerTransform.fit, tasks=("regression",)),
    ],
    selector="target_transform",
    option="target_transforms",
)


@describable
@dataclass(frozen=True)
class TargetEncoder:
    """What stands for the targets while a network learns them, fitted on training rows.

    Attributes
    ----------
    kind : {"classification", "multilabel", "regression"}
    transform : Transform or None
        Of regression targets.
    center, scale : ndarray of shape (n_targets,)
        Mean and standard deviation of transformed regression targets; a constant one has a scale of 0.
    constant : ndarray of shape (n_targets,) or None
        Value of each regression target that does not vary in training, NaN for the others: predicted exactly.
    bounds : tuple of ndarray or None
        Lowest and highest standardized target of training.  Outputs are held within where a transform is used,
        because its inverse would magnify what lies beyond; None where there is none.
    """

    kind: TaskKind
    transform: Transform | None = None
    center: Array | None = None
    scale: Array | None = None
    constant: Array | None = None
    bounds: tuple[Array, Array] | None = None

    @classmethod
    def fit(cls, kind: TaskKind, y: Array, config: Mapping[str, Any]) -> "TargetEncoder":
        """Fit on the targets of training rows.

        Parameters
        ----------
        kind : {"classification", "multilabel", "regression"}
        y : ndarray
            Class codes (n,), labels (n, n_labels), or values (n, n_targets) float64.
        config : mapping
            A configuration; one without a target transform takes none.
        """
        if kind != "regression":
            return cls(kind)
        name = str(config.get(f"{TARGET_TRANSFORMS.name}:{TARGET_TRANSFORMS.selector}", "none"))
        constant = np.where(np.ptp(y, axis=0) > 0, np.nan, y[0])
        transform: Transform = TARGET_TRANSFORMS.components[name].build(y=y)
        if not _is_invertible(transform, y):  # hardly varies beside its size: the transform rounds it to a constant
            transform = NoTransform()
        transformed = transform.forward(y)
        center, scale = _moments(transformed)
        bounds = None
        if not isinstance(transform, NoTransform):
            low, high = transformed.min(axis=0), transformed.max(axis=0)
            bounds = _standardize(low, center, scale), _standardize(high, center, scale)
        return cls(kind, transform, center, scale, constant, bounds)

    def encode(self, y: Array) -> Array:
        """Turn class codes into int64 (n,), everything else into float32 (n, n_outputs)."""
        if self.kind == "classification":
            return y.astype(np.int64)
        if self.transform is None:
            return y.astype(np.float32)
        standardized = _standardize(self.transform.forward(y), self.center, self.scale)
        # Rows to validate on may lie far beyond those of training: their squares are to stay within float32.
        return np.asarray(np.clip(standardized, -MAX_ABS_TARGET, MAX_ABS_TARGET)).astype(np.float32)

    def decode(self, outputs: Array) -> Array:
        """Turn network outputs (n, n_outputs) into probabilities, or into values in the unit of the target."""
        outputs = outputs.astype(np.float64)
        if self.kind == "classification":
            return np.asarray(softmax(outputs, axis=1))
        if self.transform is None:
            return np.asarray(expit(outputs))
        if self.bounds is not None:
            outputs = np.clip(outputs, *self.bounds)
        values = self.transform.inverse(outputs * self.scale + self.center)
        return values if self.constant is None else np.where(np.isnan(self.constant), values, self.constant)


def _moments(y: Array) -> tuple[Array, Array]:
    """Compute mean and standard deviation of every column.

    They are taken of differences from the first row, in units of the largest: a constant deviates by exactly 0, a
    spread of some ulp is not cancelled, and squares neither overflow nor underflow.
    """
    differences = y - y[0]
    unit = np.abs(differences).max(axis=0)
    relative = differences / np.where(unit > 0, unit, 1.0)
    return y[0] + unit * relative.mean(axis=0), unit * relative.std(axis=0)


def _standardize(y: Array, center: Any, scale: Any) -> Array:
    """Return (y - center) / scale; 0 where the scale is 0: there is nothing to learn about a constant."""
    with np.errstate(over="ignore"):  # a row to validate on, far from targets that hardly vary
        return np.asarray(np.divide(y - center, scale, out=np.zeros_like(y), where=scale > 0))


def _is_invertible(transform: Transform, y: Array) -> bool:
    """Whether a transform and its inverse give the targets back, within a small part of their spread."""
    spread = np.ptp(y, axis=0)
    with np.errstate(all="ignore"):
        error = np.abs(transform.inverse(transform.forward(y)) - y)
        return bool((error <= ROUND_TRIP_ERROR * spread)[:, spread > 0].all())

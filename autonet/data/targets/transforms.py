"""Targets as networks learn them: transforms of regression targets, their standardization, and the way back."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import expit, softmax
from sklearn.preprocessing import PowerTransformer

from autonet.core.component import Choice, Component, Node
from autonet.core.spec import describable
from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = [
    "TARGET_TRANSFORMS",
    "NoTransform",
    "TargetEncoder",
    "Transform",
    "compute_moments",
    "is_invertible",
    "standardize",
]

MAX_ABS_ENCODED = 1e15  # standard deviations of a validation target: squares stay finite in float32
# Range of the training targets that predictions may exceed, as a share: for rows unlike all others networks extrapolate
# steeply, and the errors of these rows decide the mean.
MAX_EXTRAPOLATION = 0.1
MAX_ROUND_TRIP_ERROR = 1e-3  # of a transform and its inverse, relative to the range of a target


class Transform(Protocol):
    """Monotone transform of targets and its inverse."""

    def forward(self, y: Array) -> Array:
        """Transform targets (n, n_targets)."""

    def inverse(self, z: Array) -> Array:
        """Return targets (n, n_targets) of transformed ones."""


@describable
@dataclass(frozen=True)
class NoTransform:
    """Identity transform."""

    def forward(self, y: Array) -> Array:
        """Return the targets (n, n_targets)."""
        return y

    def inverse(self, z: Array) -> Array:
        """Return the targets (n, n_targets)."""
        return z


@describable
@dataclass(frozen=True, eq=False)
class SignedLog:
    """Signed logarithm, sign(y) log(1 + |y| / unit), which does not depend on the unit of y.

    Attributes
    ----------
    unit : ndarray of shape (n_targets,)
        Median of the nonzero |y|.
    """

    unit: Array

    @classmethod
    def fit(cls, y: Array) -> "SignedLog":
        """Fit on targets (n, n_targets) of training rows."""
        return cls(np.array([np.median(column[column > 0]) if column.any() else 1.0 for column in np.abs(y).T]))

    def forward(self, y: Array) -> Array:
        """Transform targets (n, n_targets)."""
        with np.errstate(over="ignore"):  # validation targets far beyond the training targets
            return np.asarray(np.sign(y) * np.log1p(np.abs(y) / self.unit))

    def inverse(self, z: Array) -> Array:
        """Return targets (n, n_targets) of transformed ones."""
        return np.asarray(np.sign(z) * self.unit * np.expm1(np.abs(z)))


@describable
@dataclass(frozen=True, eq=False)
class PowerTransform:
    """Yeo-Johnson power transform (2000) of standardized targets, which does not depend on their unit.

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
        center, scale = compute_moments(y)
        fitted = PowerTransformer("yeo-johnson", standardize=False).fit(standardize(y, center, scale))
        return cls(center, scale, fitted.lambdas_)

    def forward(self, y: Array) -> Array:
        """Transform targets (n, n_targets)."""
        return np.asarray(self._transformer.transform(standardize(y, self.center, self.scale)))

    def inverse(self, z: Array) -> Array:
        """Return targets (n, n_targets) of transformed ones."""
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


def compute_moments(y: Array) -> tuple[Array, Array]:
    """Compute mean and standard deviation (n_targets,) of every column.

    Computed from differences to the first row, relative to the largest difference: the standard deviation of a constant
    is exactly 0, a spread of a few ulp does not cancel, and squares neither overflow nor underflow.
    """
    differences = y - y[0]
    unit = np.abs(differences).max(axis=0)
    relative = differences / np.where(unit > 0, unit, 1.0)
    return y[0] + unit * relative.mean(axis=0), unit * relative.std(axis=0)


def standardize(y: Array, center: Any, scale: Any) -> Array:
    """Return (y - center) / scale of targets (n, n_targets); 0 if the scale is 0."""
    with np.errstate(over="ignore"):  # validation targets far from almost constant training targets
        return np.asarray(np.divide(y - center, scale, out=np.zeros_like(y), where=scale > 0))


def is_invertible(transform: Transform, y: Array) -> bool:
    """Return whether the inverse of a transform recovers targets (n, n_targets) within a small part of their range."""
    spread = np.ptp(y, axis=0)
    with np.errstate(all="ignore"):
        error = np.abs(transform.inverse(transform.forward(y)) - y)
        return bool((error <= MAX_ROUND_TRIP_ERROR * spread)[:, spread > 0].all())


@describable
@dataclass(frozen=True)
class TargetEncoder:
    """Encode targets for training and decode network outputs to predictions.

    Attributes
    ----------
    kind : {"classification", "multilabel", "regression"}
    transform : Transform or None
        Transform of regression targets.
    center, scale : ndarray of shape (n_targets,)
        Mean and standard deviation of transformed regression targets; the scale of a constant one is 0.
    constant : ndarray of shape (n_targets,) or None
        Value of each constant regression target, which is predicted exactly; NaN for the others.
    bounds : tuple of ndarray or None
        Lowest and highest network outputs, each (n_targets,), to which others are clipped: those of the training
        targets, and a margin unless a transform would magnify it.  None: outputs are not clipped.
    quantiles : tuple of float
        Levels of the outputs for a single target; empty for means.

    Notes
    -----
    All transforms increase, so that the quantiles of transformed targets are the transformed quantiles.  Where outputs
    cross, they are sorted, which never raises the pinball loss: Chernozhukov, Fernandez-Val & Galichon, "Quantile and
    probability curves without crossing" (2010).  Any network will do, and a mean of sorted quantiles is sorted.
    """

    kind: TaskKind
    transform: Transform | None = None
    center: Array | None = None
    scale: Array | None = None
    constant: Array | None = None
    bounds: tuple[Array, Array] | None = None
    quantiles: tuple[float, ...] = ()

    @classmethod
    def fit(
        cls,
        kind: TaskKind,
        y: Array,
        transform: Choice[Transform] | None = None,
        quantiles: tuple[float, ...] = (),
    ) -> "TargetEncoder":
        """Fit on the targets of training rows.

        Parameters
        ----------
        kind : {"classification", "multilabel", "regression"}
        y : ndarray
            Class codes (n,), label indicators (n, n_labels), or values (n, n_targets), float64.
        transform : Choice, optional
            Transform of regression targets; default: none.
        quantiles : tuple of float
            Levels of the outputs for a single target; default: means.

        Returns
        -------
        TargetEncoder
        """
        if kind != "regression":
            return cls(kind)
        constant = np.where(np.ptp(y, axis=0) > 0, np.nan, y[0])
        fitted = transform.build(y=y) if transform else NoTransform()
        if not is_invertible(fitted, y):  # y is almost constant, and the transform rounds it to a constant
            fitted = NoTransform()
        transformed = fitted.forward(y)
        center, scale = compute_moments(transformed)
        extremes = transformed.min(axis=0), transformed.max(axis=0)
        low, high = (standardize(extreme, center, scale) for extreme in extremes)
        beyond = MAX_EXTRAPOLATION * (high - low) if isinstance(fitted, NoTransform) else 0.0
        bounds = low - beyond, high + beyond
        return cls(kind, fitted, center, scale, constant, bounds, quantiles)

    @property
    def ranks(self) -> list[int]:
        """Rank of each output among the quantiles, from 0, the lowest level."""
        return [sorted(self.quantiles).index(level) for level in self.quantiles]

    def encode(self, y: Array) -> Array:
        """Encode class codes as int64 (n,), and other targets as float32 (n, n_targets)."""
        if self.kind == "classification":
            return y.astype(np.int64)
        if self.transform is None:
            return y.astype(np.float32)
        standardized = standardize(self.transform.forward(y), self.center, self.scale)
        # Validation targets may be far beyond the training targets.
        return np.asarray(np.clip(standardized, -MAX_ABS_ENCODED, MAX_ABS_ENCODED)).astype(np.float32)

    def decode(self, outputs: Array) -> Array:
        """Decode network outputs (n, n_outputs) to probabilities, or to values in the unit of y, float64."""
        outputs = outputs.astype(np.float64)
        if self.kind == "classification":
            return np.asarray(softmax(outputs, axis=1))
        if self.transform is None:
            return np.asarray(expit(outputs))
        if self.quantiles:
            values = self._invert(outputs.reshape(-1, 1)).reshape(outputs.shape)
            return np.sort(values, axis=1)[:, self.ranks]
        return self._invert(outputs)

    def _invert(self, outputs: Array) -> Array:
        """Return the targets of outputs (n, n_targets)."""
        assert self.transform is not None  # noqa: S101 - of a regression
        if self.bounds is not None:
            outputs = np.clip(outputs, *self.bounds)
        values = self.transform.inverse(outputs * self.scale + self.center)
        return values if self.constant is None else np.where(np.isnan(self.constant), values, self.constant)

"""Transforms of regression targets, and their standardization."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.preprocessing import PowerTransformer

from autonet.core.component import Component, Node
from autonet.core.spec import describable
from autonet.core.typing import Array

__all__ = ["TARGET_TRANSFORMS", "NoTransform", "Transform", "compute_moments", "is_invertible", "standardize"]

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

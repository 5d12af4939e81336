"""The tabular encoder: from numeric columns with holes to the float32 matrix that a network sees."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.data.preprocessors import IMPUTATION, NORMALIZATION, PREPROCESSORS

__all__ = ["TabularEncoder", "encoder_key"]

Array = NDArray[Any]

FILL_ROWS = 10_000  # looked at for the statistic of a column without missing values
ENCODED_ROWS = 16_384  # rows encoded at a time, so that no copy of the whole table in float64 is made
# A preprocessor is fitted on so many cells (rows x columns) at most, because its time counts and cannot be cut short:
# a power transformation of MNIST would take minutes, with a million cells about two seconds.  A singular value
# decomposition is quick.
FITTED_CELLS = {"truncated_svd": 50_000_000, "others": 1_000_000}
# Standardized values are drawn in smoothly, x / sqrt(1 + (x / 3)^2): a column that is almost always constant (a pixel
# at the edge) has a tiny standard deviation, and its rare values would swamp the network.  Measured on MNIST: test
# accuracy 98.8 % with, 98.4 % without.
CLIP = 3.0
LARGEST = 1e9  # of what a network sees: its square is finite in float32


@dataclass(frozen=True)
class TabularEncoder:
    """Impute, normalize, clip and change the features of numeric rows.

    Attributes
    ----------
    columns : ndarray of int
        Columns that vary among the training rows; the others are dropped.
    fill, center, divisor : ndarray of shape (n_columns,)
        What missing values become; what is subtracted; what is divided by.
    clip : bool
        Whether far values are drawn in to within `CLIP` divisors.
    bounds : tuple of ndarray or None
        Between which values a projection is asked for: its training range, a range wider on either side.
    projection : object or None
        A fitted scikit-learn transformer that changes the features.
    n_out : int
        Number of columns of the result.
    """

    columns: NDArray[np.intp]
    fill: Array
    center: Array
    divisor: Array
    clip: bool
    bounds: tuple[Array, Array] | None
    projection: Any
    n_out: int

    @classmethod
    def fit(cls, X: Array, config: Mapping[str, Any], seed: int) -> "TabularEncoder":
        """Fit on training rows, with the choices of a configuration.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            Numbers, missing ones NaN.
        config : mapping
            A full configuration.
        seed : int
            For preprocessors that draw.
        """
        X = X.astype(np.float32) if X.dtype == np.float16 else X  # sums of halves overflow
        scaled = cls._fit_scaling(X, config, seed)
        projection = PREPROCESSORS.build(config, n_rows=len(X), n_features=len(scaled.columns), seed=seed)
        if projection is None:
            return scaled
        cells = FITTED_CELLS.get(PREPROCESSORS.chosen(config), FITTED_CELLS["others"])
        sample = scaled.transform(X[_some(len(X), max(cells // len(scaled.columns), 1000), seed)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that an approximation did not converge is no reason to refuse it
            n_out = projection.fit(sample).transform(sample[:1]).shape[1]
        low, high = sample.min(axis=0), sample.max(axis=0)
        bounds = (low - (high - low), high + (high - low))
        return replace(scaled, bounds=bounds, projection=projection, n_out=n_out)

    @classmethod
    def _fit_scaling(cls, X: Array, config: Mapping[str, Any], seed: int) -> "TabularEncoder":
        fill = _fill_values(X, IMPUTATION.build(config), seed)
        known = np.isfinite(fill)
        has_missing = np.issubdtype(X.dtype, np.floating) and bool(np.isnan(X).any())
        filled = np.where(np.isnan(X), np.where(known, fill, 0.0), X) if has_missing else X
        columns = np.flatnonzero(known & (filled.max(axis=0) > filled.min(axis=0)))
        if not len(columns):  # nothing varies: one column of zeros, so that there is a network to train
            columns = np.array([0])
        center, divisor = NORMALIZATION.build(config)(filled[:, columns])
        return cls(
            columns=columns,
            fill=np.where(known, fill, 0.0)[columns],
            center=center,
            divisor=np.where(divisor > 0, divisor, 1.0),
            clip=NORMALIZATION.chosen(config) == "standardize",
            bounds=None,
            projection=None,
            n_out=len(columns),
        )

    def transform(self, X: Array) -> NDArray[np.float32]:
        """Encode rows.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)

        Returns
        -------
        ndarray of shape (n, n_out), float32, C-contiguous
        """
        encoded = np.empty((len(X), self.n_out), np.float32)
        for first in range(0, len(X), ENCODED_ROWS):
            rows = slice(first, first + ENCODED_ROWS)
            part = X[rows][:, self.columns].astype(np.float64)
            np.copyto(part, self.fill, where=np.isnan(part))
            part -= self.center
            with np.errstate(over="ignore"):
                part /= self.divisor
            np.clip(part, -LARGEST, LARGEST, out=part)
            if self.clip:
                part /= np.sqrt(1 + (part / CLIP) ** 2)
            if self.bounds is not None:
                part = self.projection.transform(np.clip(part, *self.bounds).astype(np.float32))
            encoded[rows] = part
        return encoded


def _fill_values(X: Array, statistic: Callable[[Array], Array], seed: int) -> Array:
    """Return what missing values become in every column: its statistic, NaN if it has no values at all.

    Columns without missing values are looked at in part only: theirs is needed if a value is missing later.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any value: dropped by the caller
        fill = np.asarray(statistic(X[_some(len(X), FILL_ROWS, seed)]), np.float64)
        if np.issubdtype(X.dtype, np.floating) and len(X) > FILL_ROWS:
            missing = np.isnan(X).any(axis=0)
            fill[missing] = statistic(X[:, missing])
    return fill


def _some(n: int, at_most: int, seed: int) -> Any:
    """Index at most so many of n rows."""
    return np.random.default_rng(seed).permutation(n)[:at_most] if n > at_most else slice(None)


def encoder_key(config: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return the part of a configuration that the encoder depends on."""
    names = (IMPUTATION.name, NORMALIZATION.name, PREPROCESSORS.name)
    return tuple(sorted((k, v) for k, v in config.items() if k.startswith(names)))

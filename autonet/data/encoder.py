"""The tabular encoder: from numeric columns with holes to the float32 matrix that a network sees."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.data.preprocessors import IMPUTATION, NORMALIZATION, PREPROCESSORS

__all__ = ["TabularEncoder", "encoder_key"]

Array = NDArray[Any]

ENCODED_ROWS = 16_384  # rows encoded at a time, so that no copy of the whole table in float64 is made
# A preprocessor is fitted on so many cells (rows x columns) at most, because its time counts and cannot be cut short:
# a power transformation of MNIST would take minutes, with a million cells about two seconds.  A singular value
# decomposition is quick.
FITTED_CELLS = {False: 1_000_000, True: 50_000_000}
# Standardized values are drawn in smoothly, x / sqrt(1 + (x / 3)^2): a column that is almost always constant (a pixel
# at the edge) has a tiny standard deviation, and its rare values would swamp the network.  Measured on MNIST: test
# accuracy 98.8 % with, 98.4 % without.
CLIP = 3.0


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # columns without any value: dropped below
            missing = np.isnan(X).any(axis=0) if np.issubdtype(X.dtype, np.floating) else np.zeros(X.shape[1], bool)
            fill = np.zeros(X.shape[1])
            if missing.any():
                fill[missing] = IMPUTATION.build(config)(X[:, missing])
        known = np.isfinite(fill)
        filled = np.where(np.isnan(X), np.where(known, fill, 0.0), X) if missing.any() else X
        columns = np.flatnonzero(known & (filled.max(axis=0) > filled.min(axis=0)))
        if not len(columns):  # nothing varies: one column of zeros, so that there is a network to train
            columns = np.array([0])
        center, divisor = NORMALIZATION.build(config)(filled[:, columns])
        divisor = np.where(divisor > 0, divisor, 1.0)
        scaled = cls(
            columns,
            np.where(known, fill, 0.0)[columns],
            center,
            divisor,
            NORMALIZATION.chosen(config) == "standardize",
            None,
            len(columns),
        )
        projection = PREPROCESSORS.build(config, n_rows=len(X), n_features=len(columns), seed=seed)
        if projection is None:
            return scaled
        n_fitted = max(FITTED_CELLS[PREPROCESSORS.chosen(config) == "truncated_svd"] // len(columns), 1000)
        chosen = np.random.default_rng(seed).permutation(len(X))[:n_fitted] if len(X) > n_fitted else slice(None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that an approximation did not converge is no reason to refuse it
            n_out = projection.fit(scaled.transform(X[chosen])).transform(scaled.transform(X[:1])).shape[1]
        return cls(scaled.columns, scaled.fill, center, divisor, scaled.clip, projection, n_out)

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
            part /= self.divisor
            if self.clip:
                part /= np.sqrt(1 + (part / CLIP) ** 2)
            if self.projection is not None:
                part = self.projection.transform(part.astype(np.float32))
            encoded[rows] = part
        return encoded


def encoder_key(config: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return the part of a configuration that the encoder depends on."""
    names = (IMPUTATION.name, NORMALIZATION.name, PREPROCESSORS.name)
    return tuple(sorted((k, v) for k, v in config.items() if k.startswith(names)))

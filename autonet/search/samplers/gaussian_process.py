"""Bayesian optimization with a Gaussian process over all rungs.

Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), chapters 2, 4 and 5.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky
from scipy.linalg.blas import dtrsm
from scipy.linalg.lapack import dpotri, dpotrs
from scipy.optimize import minimize

from autonet.core.typing import FloatArray
from autonet.search.history import History
from autonet.search.samplers.model import (
    ModelBasedSampler,
    Surrogate,
    SurrogateInputs,
    select_reports,
    standardize_losses,
)
from autonet.search.table import LOSS, TrialTable

__all__ = ["GaussianProcess", "GaussianProcessSampler"]

GROWTH = 1.08  # growth of the number of reports after which the kernel hyperparameters are fitted again
JITTER = 1e-6  # added to the diagonal of the covariance matrix for numerical stability


@dataclass(frozen=True)
class GaussianProcessSampler(ModelBasedSampler):
    """Bayesian optimization with a Gaussian process over all rungs.

    Attributes
    ----------
    steps : int
        Maximum number of L-BFGS steps on the kernel hyperparameters.
    n_initial, random_share, cost_weight, margin, n_candidates
        See `ModelBasedSampler`.
    """

    steps: int = 10

    def _fit_surrogate(
        self, table: TrialTable, history: History, inputs: SurrogateInputs, rng: np.random.Generator
    ) -> Surrogate:
        """Condition on the reports, and on the predictions for running trials, so that proposals do not cluster."""
        del rng
        records = table.reports[select_reports(table.reports)]
        X, y = inputs.from_reports(table.rows, records), standardize_losses(records[:, LOSS])
        model = GaussianProcess(inputs.n_categories)
        model.theta = self._get_hyperparameters(table, inputs)
        model.condition(X, y)
        if history.running:
            pending = inputs.at_top(table.rows[list(history.running)])
            model.condition(np.vstack([X, pending]), np.r_[y, model.predict(pending)[0]])
        return model.predict

    def _get_hyperparameters(self, table: TrialTable, inputs: SurrogateInputs) -> NDArray[np.float64]:
        """Return the kernel hyperparameters, fitted again whenever the number of reports has grown by `GROWTH`.

        They depend on these first reports only, and are cached in the table.
        """
        milestone = max(self.n_initial // 2, 1)
        while (following := max(milestone + 1, math.ceil(milestone * GROWTH))) <= len(table.reports):
            milestone = following
        key = (self, milestone)
        if key not in table.memory:
            reports = table.reports[:milestone]
            records = reports[select_reports(reports)]
            model = GaussianProcess(inputs.n_categories)
            model.fit_hyperparameters(
                inputs.from_reports(table.rows, records), standardize_losses(records[:, LOSS]), steps=self.steps
            )
            table.memory = {key: model.theta}
        return np.asarray(table.memory[key])


class GaussianProcess:
    """Gaussian process regression on the unit cube, Matern-5/2 kernel with one length scale per column.

    The log hyperparameters (length scales, signal variance, noise variance) are maximum a posteriori estimates under
    normal priors.

    Parameters
    ----------
    n_categories : ndarray of int, shape (n_columns,)
        Number of categories of each column, 0 for numbers.  Categories are codes from -1 to n_categories - 1,
        compared by Hamming distance.

    Attributes
    ----------
    theta : ndarray of shape (n_columns + 2,)
        The log hyperparameters; initially the mean of the prior.
    """

    def __init__(self, n_categories: NDArray[np.int_]) -> None:
        d = len(n_categories)
        # One-hot columns, scaled so that different categories have distance 1: all distances are matrix products.
        self._numeric = np.flatnonzero(n_categories == 0)
        self._categorical = [(j, np.arange(-1, n_categories[j])) for j in np.flatnonzero(n_categories)]
        self._owner = np.r_[self._numeric, *(np.full(len(codes), j) for j, codes in self._categorical)].astype(int)
        # The likelihood alone overfits a few points.  The prior length scale grows with d, so that few columns matter.
        self.prior_mean = np.r_[np.full(d, -0.5 + 0.25 * np.log(d)), 0.0, np.log(1e-2)]
        self.prior_std = np.r_[np.full(d, 1.0), 1.0, 1.5]
        self.bounds = [(np.log(0.03), np.log(30.0))] * d + [(-3.0, 3.0), (np.log(1e-5), np.log(0.5))]
        self.theta = self.prior_mean.copy()

    def fit_hyperparameters(self, X: FloatArray, y: FloatArray, *, steps: int) -> "GaussianProcess":
        """Fit the kernel hyperparameters to X of shape (n_rows, n_columns) and standardized y of shape (n_rows,).

        At most `steps` L-BFGS steps are taken.  Returns the model.
        """
        found = minimize(
            self._negative_log_posterior,
            self.theta,
            (self._one_hot(X), y),
            jac=True,
            method="L-BFGS-B",
            bounds=self.bounds,
            options={"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-3},
        )
        self.theta = found.x if np.isfinite(found.fun) else self.theta
        return self

    def condition(self, X: FloatArray, y: FloatArray) -> "GaussianProcess":
        """Condition on X of shape (n_rows, n_columns) and standardized y of shape (n_rows,); return the model."""
        self._points = self._scale(X)
        covariance = self._kernel(_squared_distances(self._points, self._points), self.theta[-2])[0]
        covariance[np.diag_indices_from(covariance)] += np.exp(self.theta[-1]) + JITTER
        self._factor = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
        self._weights = dpotrs(self._factor, y, lower=1)[0]
        return self

    def predict(self, Z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict mean and standard deviation without noise, of shape (n_rows,) each, at Z (n_rows, n_columns)."""
        cross = self._kernel(_squared_distances(self._points, self._scale(Z)), self.theta[-2])[0]
        explained = dtrsm(1.0, self._factor, cross, lower=1)
        variance = np.exp(self.theta[-2]) - np.einsum("ij,ij->j", explained, explained)
        return np.asarray(self._weights @ cross), np.sqrt(np.maximum(variance, 1e-10))

    def _one_hot(self, X: FloatArray) -> FloatArray:
        """One-hot encode the categorical columns."""
        parts = [(X[:, [j]] == codes) * np.sqrt(0.5) for j, codes in self._categorical]
        return np.hstack([X[:, self._numeric], *parts])

    def _scale(self, X: FloatArray) -> FloatArray:
        return np.asarray(self._one_hot(X) * np.exp(-self.theta[:-2])[self._owner])

    @staticmethod
    def _kernel(squared: FloatArray, log_variance: float) -> tuple[FloatArray, FloatArray]:
        """Return the covariance, and the common factor of its derivatives with respect to the length scales."""
        a = np.sqrt(5 * squared)
        shared = np.exp(log_variance - a)
        kernel = (1 + a + 5 / 3 * squared) * shared
        shared *= 1 + a
        return kernel, shared

    def _negative_log_posterior(self, theta: FloatArray, U: FloatArray, y: FloatArray) -> tuple[float, FloatArray]:
        inverse_squares = np.exp(-2 * theta[:-2])[self._owner]
        V = U * np.sqrt(inverse_squares)
        kernel, shared = self._kernel(_squared_distances(V, V), theta[-2])
        noise = np.exp(theta[-1])
        noisy = kernel.copy()
        noisy[np.diag_indices_from(noisy)] += noise + JITTER
        try:
            factor = cholesky(noisy, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return 1e10, np.zeros_like(theta)
        weights = dpotrs(factor, y, lower=1)[0]
        value = 0.5 * y @ weights + np.log(np.diag(factor)).sum()
        W = dpotri(factor, lower=1, overwrite_c=True)[0]  # one triangle of the inverse; the other is zero
        W = W + W.T
        W[np.diag_indices_from(W)] /= 2
        W -= np.outer(weights, weights)
        deviation = (theta - self.prior_mean) / self.prior_std
        value += 0.5 * deviation @ deviation
        gradient = deviation / self.prior_std
        # Sum over pairs of M * (u_i - u_j)^2, for all columns at once.
        M = W * shared
        by_column = (U**2 * M.sum(axis=1)[:, None] - U * (M @ U)).sum(axis=0) * inverse_squares
        gradient[:-2] += 5 / 3 * np.bincount(self._owner, by_column, len(theta) - 2)
        gradient[-2] += 0.5 * np.einsum("ij,ij", W, kernel)
        gradient[-1] += 0.5 * np.trace(W) * noise
        return float(value), gradient


def _squared_distances(A: FloatArray, B: FloatArray) -> FloatArray:
    # |a|^2 + |b|^2 - 2 ab as one matrix product, which is faster than sums of large arrays.
    left = np.column_stack([-2 * A, (A * A).sum(axis=1), np.ones(len(A))])
    right = np.column_stack([B, np.ones(len(B)), (B * B).sum(axis=1)])
    return np.asarray(np.maximum(left @ right.T, 0.0))

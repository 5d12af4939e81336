"""A Gaussian process with Matern-5/2 kernel and one length scale per column.

Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), chapters 2, 4 and 5.  The priors on the
kernel's own parameters matter more than the kernel: with ten points and ten columns the likelihood alone overfits.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.stats import norm

__all__ = ["GaussianProcess", "log_expected_improvement"]

Array = NDArray[np.float64]

SQRT5 = np.sqrt(5.0)
JITTER = 1e-6


class GaussianProcess:
    """Regression of standardized values on the unit cube.

    The kernel's parameters, all logarithms: one length scale per column, signal variance, noise variance; found
    by maximum a posteriori under normal priors.

    Parameters
    ----------
    categorical : ndarray of bool, shape (n_columns,)
        Columns compared by equality (Hamming distance) instead of by difference.
    """

    def __init__(self, categorical: NDArray[np.bool_]) -> None:
        d = len(categorical)
        self.categorical = categorical
        # The prior length scale grows with the square root of d: of many columns few should matter.
        self.prior_mean = np.r_[np.full(d, -0.5 + 0.25 * np.log(d)), 0.0, np.log(1e-2)]
        self.prior_std = np.r_[np.full(d, 1.0), 1.0, 1.5]
        self.bounds = [(np.log(0.03), np.log(30.0))] * d + [(-3.0, 3.0), (np.log(1e-5), np.log(0.5))]
        self.theta = np.r_[np.full(d, np.log(0.5)), 0.0, np.log(1e-2)]

    def fit(self, X: Array, y: Array, *, steps: int) -> "GaussianProcess":
        """Condition on `X` (n, n_columns) and `y` (n,), after at most `steps` of L-BFGS on the kernel's parameters."""
        distances = self._squared_differences(X, X)
        if steps:
            found = minimize(
                self._negative_log_posterior,
                self.theta,
                (distances, y),
                jac=True,
                method="L-BFGS-B",
                bounds=self.bounds,
                options={"maxiter": steps},
            )
            self.theta = found.x if np.isfinite(found.fun) else self.theta
        covariance = self._kernel(distances, self.theta)[0]
        covariance[np.diag_indices_from(covariance)] += np.exp(self.theta[-1]) + JITTER
        self._X, self._factor = X, cho_factor(covariance, lower=True)
        self._weights = cho_solve(self._factor, y)
        return self

    def predict(self, Z: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation, without noise, at the rows of `Z`."""
        cross = self._kernel(self._squared_differences(Z, self._X), self.theta)[0]
        explained = solve_triangular(self._factor[0], cross.T, lower=True, check_finite=False)
        variance = np.exp(self.theta[-2]) - (explained**2).sum(axis=0)
        return cross @ self._weights, np.sqrt(np.maximum(variance, 1e-10))

    def _squared_differences(self, A: Array, B: Array) -> Array:
        D = (A[:, None, :] - B[None, :, :]) ** 2
        D[:, :, self.categorical] = D[:, :, self.categorical] > 1e-9
        return D

    def _kernel(self, D: Array, theta: Array) -> tuple[Array, Array]:
        """Return the covariance and the factor that its derivatives by the length scales share."""
        squared = D @ np.exp(-2 * theta[:-2])
        r = np.sqrt(squared + 1e-12)
        decay = np.exp(theta[-2] - SQRT5 * r)
        return (1 + SQRT5 * r + 5 / 3 * squared) * decay, 5 / 3 * (1 + SQRT5 * r) * decay

    def _negative_log_posterior(self, theta: Array, D: Array, y: Array) -> tuple[float, Array]:
        kernel, shared = self._kernel(D, theta)
        noise = np.exp(theta[-1])
        try:
            factor = cho_factor(kernel + (noise + JITTER) * np.eye(len(y)), lower=True, check_finite=False)
        except LinAlgError:
            return 1e10, np.zeros_like(theta)
        inverse = cho_solve(factor, np.eye(len(y)), check_finite=False)
        weights = inverse @ y
        W = inverse - np.outer(weights, weights)
        deviation = (theta - self.prior_mean) / self.prior_std
        value = 0.5 * y @ weights + np.log(np.diag(factor[0])).sum() + 0.5 * (deviation**2).sum()
        gradient = deviation / self.prior_std
        gradient[:-2] += 0.5 * np.tensordot(W * shared, D, 2) * np.exp(-2 * theta[:-2])
        gradient[-2] += 0.5 * (W * kernel).sum()
        gradient[-1] += 0.5 * np.trace(W) * noise
        return float(value), gradient


def log_expected_improvement(mean: Array, std: Array, best: float) -> Array:
    """Logarithm of the expected improvement below `best`; the plain formula underflows far from the optimum."""
    z = (best - mean) / std
    near = np.log(np.maximum(z * norm.cdf(z) + norm.pdf(z), 1e-300))
    far = norm.logpdf(z) - 2 * np.log(np.maximum(np.abs(z), 1.0))  # asymptote for z << 0
    return np.asarray(np.log(std) + np.where(z < -6, far, near))

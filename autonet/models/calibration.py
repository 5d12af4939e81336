"""One temperature for the probabilities of a finished ensemble.

Guo et al., "On calibration of modern neural networks" (2017).
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from autonet.core.typing import Array

__all__ = ["apply_temperature", "fit_temperature"]

SPAN = 4.0  # temperatures from a quarter to four
LEAST_PROBABILITY = 1e-15


def apply_temperature(probabilities: Array, temperature: float) -> Array:
    """Divide the logarithms of probabilities (n, n_classes) by a temperature; above 1 makes them more alike."""
    if temperature == 1:
        return probabilities
    return np.exp(_log(probabilities, temperature))


def fit_temperature(probabilities: Array, y: Array, weights: Array | None = None) -> float:
    """Find the temperature with the smallest log loss.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
    y : ndarray of shape (n,)
        Class codes.
    weights : ndarray of shape (n,), optional

    Returns
    -------
    float
        1 if no other is better.
    """
    rows = np.arange(len(y))

    def loss(log_temperature: float) -> float:
        return -float(np.average(_log(probabilities, np.exp(log_temperature))[rows, y], weights=weights))

    found = minimize_scalar(loss, bounds=(-np.log(SPAN), np.log(SPAN)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def _log(probabilities: Array, temperature: float) -> Array:
    return np.asarray(log_softmax(np.log(np.maximum(probabilities, LEAST_PROBABILITY)) / temperature, axis=1))

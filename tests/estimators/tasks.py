"""Small learning tasks."""

from typing import Any

import numpy as np


def linear_problem() -> Any:
    """A table that a linear model explains without a rest."""
    X = np.random.default_rng(0).normal(size=(300, 4))
    return X, X @ [1.0, 2.0, 3.0, 4.0]


def rare(n: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    """One row in a thousand is positive."""
    rng = np.random.default_rng(0)
    y = (np.arange(n) % 1000 == 0).astype(int)
    return rng.normal(size=(n, 3)) + 3.0 * y[:, None], y

"""Weights of rows, checked."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.core.tensors import to_numpy

__all__ = ["check_sample_weight"]

NOT_REAL = {"c": "complex numbers", "M": "dates", "m": "durations"}  # by the kind of NumPy's type


def check_sample_weight(sample_weight: Any, n_rows: int) -> NDArray[np.float64] | None:
    """Return one finite, non-negative weight per row, as an array of shape (n_rows,).

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,), scalar or None
    n_rows : int

    Raises
    ------
    InvalidData
        If a weight is no such number, or all are zero.
    """
    if sample_weight is None:
        return None
    sample_weight = to_numpy(sample_weight, "sample_weight")
    kind = np.asarray(sample_weight).dtype.kind
    if kind in NOT_REAL:
        raise InvalidData(f"sample_weight must hold real numbers; got {NOT_REAL[kind]}.")
    try:
        weights = np.asarray(sample_weight, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidData(f"sample_weight must hold numbers ({error}).") from error
    if weights.ndim == 0:
        weights = np.full(n_rows, weights)
    if weights.ndim != 1:
        raise InvalidData(f"Sample weights must be 1D array or scalar: sample_weight has shape {weights.shape}.")
    if len(weights) != n_rows:
        raise InvalidData(f"sample_weight has {len(weights)} entries and X has {n_rows} rows; pass one per row.")
    if not np.isfinite(weights).all() or (weights < 0).any():
        bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
        raise InvalidData(
            f"Negative values in data passed to `sample_weight`, or NaN or infinity: row {bad[0]} has "
            f"{weights[bad[0]]}; pass finite weights of at least 0."
        )
    if not weights.any():
        raise InvalidData("All entries of sample_weight are zero; pass a positive weight for at least one row.")
    return weights

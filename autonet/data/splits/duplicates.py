"""Merge duplicate rows of weighted or small tables into one row with the sum of their weights.

Weights are then equivalent to repetitions, and the order of rows does not matter.  Large tables without weights keep
their duplicates: new rows will equal training rows as often as validation rows do.
"""

import numpy as np
from numpy.typing import NDArray

from autonet.core.modality import Data
from autonet.core.typing import Array
from autonet.data.hashes import hash_array, mix_bits

__all__ = ["deduplicate"]

# Tables with fewer than FEW_DISTINCT distinct rows, repeated more than MAX_REPEATS times on average, keep all rows:
# nothing could be learned about a distinct row that is held out as a whole.  So do larger tables with equal weights,
# because keeping their duplicates in one fold costs accuracy.
FEW_DISTINCT = 200
MAX_REPEATS = 2
MAX_REPEATED_ROWS = 1_000_000

Weights = NDArray[np.float64]


def deduplicate(data: Data, y: Array, weights: Weights | None) -> tuple[NDArray[np.intp], Weights | None]:
    """Find the distinct rows of data and targets, in an order that depends on their content only.

    Parameters
    ----------
    data : Data
    y : ndarray of shape (n,) or (n, n_outputs)
        Numbers, of which only the order counts.
    weights : ndarray of shape (n,), optional
        Rows of weight 0 are dropped.

    Returns
    -------
    rows : ndarray of shape (n_rows,), int
        Indices of one row of each group of duplicates.  Of all rows if there are many groups and all weights are equal,
        or if there are few groups; the latter are repeated by their weights if these are whole numbers.
    weights : ndarray of shape (n,) or None
        Sums of weights at the rows that were chosen; None if all are equal.
    """
    nonzero = np.arange(len(data)) if weights is None else np.flatnonzero(weights)
    row_weights = np.ones(len(nonzero)) if weights is None else weights[nonzero]
    hashes = mix_bits(data.hashes()[nonzero] + hash_array(_rank_columns(y)[nonzero], 1))
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    if len(first) >= FEW_DISTINCT and (row_weights == row_weights[0]).all():
        return nonzero[np.argsort(hashes, kind="stable")], None
    if len(first) < FEW_DISTINCT and row_weights.sum() > MAX_REPEATS * len(first):
        order = np.lexsort((row_weights, hashes))
        rows, row_weights = nonzero[order], row_weights[order]
        if (row_weights % 1 == 0).all() and row_weights.sum() <= MAX_REPEATED_ROWS:
            return np.repeat(rows, row_weights.astype(np.intp)), None
    else:
        rows, row_weights = nonzero[first], np.bincount(group, row_weights).astype(np.float64)
    if (row_weights == row_weights[0]).all():
        return rows, None
    merged = np.zeros(len(data))
    merged[rows] = row_weights
    return rows, merged


def _rank_columns(y: Array) -> Array:
    """Return the dense ranks (n, n_outputs) of every column, which do not depend on the unit of a target."""
    columns = y.reshape(len(y), -1).T
    return np.column_stack([np.unique(column, return_inverse=True)[1] for column in columns])

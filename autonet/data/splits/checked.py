"""Validation rows that a refit leaves out, to check its networks by."""

import numpy as np
from numpy.typing import NDArray

from autonet.core.typing import Array
from autonet.data.splits.folds import Fold

__all__ = ["choose_checked"]

MAX_SHARE = 0.05  # of all rows
FEW = 30  # rows that are left out where that share is smaller
MIN_ROWS = 20  # fewer say too little


def choose_checked(
    fold: Fold, most: int, *, groups: Array | None = None, shuffle: bool = True, seed: int = 0
) -> NDArray[np.intp]:
    """Choose validation rows that a refit leaves out, split from those that it learns as validation rows are.

    Parameters
    ----------
    fold : Fold
    most : int
        Number of rows, of which a few more are chosen to keep groups together, and less of few rows.
    groups : ndarray of shape (n,), optional
        Groups of the rows, which are chosen as a whole.
    shuffle : bool
        Whether rows are drawn at random; else the last ones are chosen.
    seed : int

    Returns
    -------
    ndarray of shape (n_chosen,), int
        Sorted; empty if there are too few.
    """
    valid, random = np.sort(fold.valid), np.random.default_rng(seed)
    n = min(most, max(int(MAX_SHARE * (len(fold.train) + len(valid))), FEW), len(valid) // 2)
    if n < MIN_ROWS:
        return valid[:0]
    if groups is not None:
        sizes = dict(zip(*np.unique(groups[valid], return_counts=True), strict=True))
        names = random.permutation(np.array(list(sizes), groups.dtype))
        totals = np.cumsum([sizes[name] for name in names])
        return valid[np.isin(groups[valid], names[: np.searchsorted(totals, n) + 1])]
    return np.sort(random.choice(valid, n, replace=False)) if shuffle else valid[-n:]

"""Validation rows that a refit leaves out, to check its networks by."""

import numpy as np
from numpy.typing import NDArray

from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.data.splits.folds import Fold
from autonet.data.splits.holdout import factorize, make_strata, stratified_holdout

__all__ = ["choose_checked"]

MAX_SHARE = 0.05  # of all rows
FEW = 30  # rows that are left out where that share is smaller
MIN_ROWS = 20  # fewer say too little


def choose_checked(
    fold: Fold,
    max_rows: int,
    y: Array,
    kind: TaskKind,
    *,
    groups: Array | None = None,
    shuffle: bool = True,
    seed: int = 0,
) -> NDArray[np.intp]:
    """Choose validation rows that a refit leaves out, split from those that it learns as validation rows are.

    Parameters
    ----------
    fold : Fold
    max_rows : int
        Number of rows, of which a few more are chosen to keep groups together, and less of few rows.
    y : ndarray of shape (n,) or (n, n_outputs)
        Targets, whose strata have their shares of the rows.
    kind : {"classification", "multilabel", "regression"}
    groups : ndarray of shape (n,), optional
        Groups of the rows, which are chosen as a whole.
    shuffle : bool
        Whether rows are drawn at random; else the last ones are chosen.
    seed : int

    Returns
    -------
    ndarray of shape (n_chosen,), int
        Sorted; empty if there are too few.  Rows that also train, as some of small weighted tables do, are left out.
    """
    valid = np.setdiff1d(fold.valid, fold.train)
    n = min(max_rows, max(int(MAX_SHARE * (len(fold.train) + len(valid))), FEW), len(valid) // 2)
    if n < MIN_ROWS:
        return valid[:0]
    if groups is not None:
        codes = factorize(groups[valid])
        sizes = np.bincount(codes)
        order = np.random.default_rng(seed).permutation(len(sizes))
        chosen = np.flatnonzero(np.isin(codes, order[: np.searchsorted(np.cumsum(sizes[order]), n) + 1]))
    elif shuffle:
        strata = make_strata(y[valid], kind, n / len(valid))
        chosen = np.sort(stratified_holdout(strata, kind == "classification", n, seed))
    else:
        chosen = np.arange(len(valid) - n, len(valid))
    return np.asarray(valid[chosen])

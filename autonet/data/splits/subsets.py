"""Subsets of training rows, each of which contains the smaller ones."""

import math

import numpy as np
from numpy.typing import NDArray

from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = ["choose_subset"]

MIN_ROWS = 2  # BatchNorm cannot train on a single row


def choose_subset(y: Array, kind: TaskKind, share: float, seed: int) -> NDArray[np.intp]:
    """Choose a share of the rows, stratified by class; a larger share contains the smaller ones.

    Parameters
    ----------
    y : ndarray
        Class codes (n,), label indicators (n, n_labels) or targets (n, n_targets).
    kind : {"classification", "multilabel", "regression"}
    share : float
        From 0 to 1.
    seed : int

    Returns
    -------
    ndarray of shape (n_chosen,)
        Sorted positions: at least two, and at least one row of each class.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> chosen = choose_subset(y, "classification", 0.5, seed=0)
    >>> len(chosen), sorted(y[chosen].tolist())
    (4, [0, 0, 1, 1])
    """
    n = len(y)
    order = np.random.default_rng(seed).permutation(n)
    least = MIN_ROWS
    if kind == "classification":
        classes, counts = np.unique(y, return_counts=True)
        least, place = max(MIN_ROWS, len(classes)), np.empty(n)
        for label, count in zip(classes, counts, strict=True):  # the first of each class come first
            place[order[y[order] == label]] = np.arange(count) / count
        order = order[np.argsort(place[order], kind="stable")]
    return np.sort(order[: max(math.ceil(share * n - 1e-9), least)])

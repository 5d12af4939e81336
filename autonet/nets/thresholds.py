"""Thresholds of numbers: where a random forest splits them to tell the targets apart."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_thresholds"]

Array = NDArray[Any]

N_TREES = 20
MAX_LEAVES = 128
MIN_LEAF_SHARE = 0.005  # of the rows
MIN_LEAF_ROWS = 5
TRIED_COLUMNS = 0.5  # share of the columns that a split is chosen among, so that all have their turn


def find_thresholds(x: Array, y: Array, n_thresholds: int, seed: int) -> list[NDArray[np.float64]]:
    """Find thresholds of each column by a random forest of all of them.

    They are quantiles of the thresholds in the forest, weighted by the impurity that each takes away: most lie where
    a split tells most, several close to one another.  The best ones at a distance from one another are worse
    (docs/benchmarks/log.md).

    Parameters
    ----------
    x : ndarray of shape (n, p)
    y : ndarray of shape (n,), int, or (n, n_targets)
        Class codes, or labels or values.
    n_thresholds : int
        Most thresholds of a column; a column that is not split has none.
    seed : int

    Returns
    -------
    list of ndarray of shape (at most n_thresholds,)
        Ascending.
    """
    # Slow to import, in every worker process, and not needed by most trials.
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: PLC0415

    forest = RandomForestClassifier if y.ndim == 1 else RandomForestRegressor
    leaf = max(round(MIN_LEAF_SHARE * len(x)), MIN_LEAF_ROWS)
    fitted = forest(
        N_TREES, max_leaf_nodes=MAX_LEAVES, min_samples_leaf=leaf, max_features=TRIED_COLUMNS, random_state=seed
    ).fit(x, y.ravel() if y.shape[1:] == (1,) else y)
    splits = [_find_splits(tree.tree_) for tree in fitted.estimators_]
    column, threshold, gain = (np.concatenate(part) for part in zip(*splits, strict=True))
    return list(_choose(column, threshold, gain, x.shape[1], n_thresholds))


def _find_splits(tree: Any) -> tuple[Array, Array, Array]:
    """Return column, threshold, and decrease of the impurity of every split of a tree."""
    splits = np.flatnonzero(tree.feature >= 0)
    impurity = tree.weighted_n_node_samples * tree.impurity
    gain = impurity[splits] - impurity[tree.children_left[splits]] - impurity[tree.children_right[splits]]
    return tree.feature[splits], tree.threshold[splits], gain


def _choose(
    column: Array, threshold: Array, gain: Array, n_columns: int, n_thresholds: int
) -> Iterator[NDArray[np.float64]]:
    """Yield weighted quantiles of the thresholds of each column."""
    shares = (np.arange(n_thresholds) + 0.5) / n_thresholds
    for j in range(n_columns):
        own = np.flatnonzero(column == j)
        own = own[threshold[own].argsort(kind="stable")]
        total = gain[own].cumsum()
        if len(own) and total[-1] > 0:
            yield np.unique(threshold[own][np.searchsorted(total, shares * total[-1]).clip(max=len(own) - 1)])
        else:
            yield np.empty(0)

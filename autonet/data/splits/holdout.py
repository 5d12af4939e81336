"""Stratified and grouped holdouts."""

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = ["factorize", "group_holdout", "make_strata", "merge_singletons", "stratified_holdout"]

MAX_BINS = 10  # strata of a regression target
N_DRAWS = 50  # draws of groups, of which the best is chosen


def factorize(values: Array) -> Array:
    """Return the codes (n,) of values among their distinct values."""
    try:
        codes = np.unique(values, return_inverse=True)[1]
    except TypeError:  # values of several types have no order
        codes = np.unique(np.asarray(values).astype(str), return_inverse=True)[1]
    return np.asarray(codes).reshape(-1)


def make_strata(y: Array, kind: TaskKind, share: float) -> Array:
    """Return strata (n,) of targets, most of them so large that a `share` is at least a row."""
    if kind == "classification":
        return factorize(y)
    if kind == "multilabel":
        return _label_strata(y, share)
    first = y[:, 0] if y.ndim == 2 else y
    n_bins = int(np.clip(len(first) * min(share, 1 - share), 1, MAX_BINS))
    edges = np.quantile(first, np.arange(1, n_bins) / n_bins)
    return factorize(np.searchsorted(edges, first, side="right"))


def _label_strata(y: Array, share: float) -> Array:
    """Stratify by combinations of labels (n, n_labels), or by the rarest label in rare combinations."""
    keys = np.random.default_rng(0).integers(2**62, size=y.shape[1])  # sums of random keys identify combinations
    _, combination, counts = np.unique(y.astype(np.int64) @ keys, return_inverse=True, return_counts=True)
    rare = (counts * min(share, 1 - share) < 1)[combination]
    rarest = np.where(y > 0, y.sum(axis=0), len(y) + 1).argmin(axis=1)
    return factorize(np.where(rare, -1 - rarest, combination))


def merge_singletons(strata: Array) -> Array:
    """Merge strata (n,) of a single row into the largest one."""
    counts = np.bincount(strata)
    return np.where((counts == 1)[strata], counts.argmax(), strata)


def stratified_holdout(strata: Array, keep_one: bool, n_valid: int, seed: int) -> Array:
    """Draw about `n_valid` rows, from every stratum its share to within a row.

    Parameters
    ----------
    strata : ndarray of shape (n,), int
        Codes of the strata, from 0 without gaps.
    keep_one : bool
        Whether to leave at least one row of every stratum (unless all have a single row), and to draw at least one of
        every stratum with several, if `n_valid` is large enough.
    n_valid : int
    seed : int

    Returns
    -------
    ndarray of shape (n_drawn,), int
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(strata)
    quota = counts * (n_valid / len(strata))
    limits = np.minimum(counts - 1 if keep_one else counts, np.ceil(quota).astype(np.int64))
    if not limits.any():
        return rng.permutation(len(strata))[:n_valid]
    take = _apportion(quota, limits, int(keep_one), min(n_valid, int(limits.sum())), rng)
    order = rng.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]  # by stratum, at random within
    place = np.arange(len(strata)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(order[place < np.repeat(take, counts)])


def _apportion(quota: Array, limits: Array, minimum: int, total: int, rng: np.random.Generator) -> Array:
    """Apportion `total` rows to strata by quotas and largest remainders, within limits.

    Every stratum gets at least `minimum` rows if `total` is large enough.
    """
    take = np.minimum(np.floor(quota).astype(np.int64), limits)
    enough = np.maximum(take, np.minimum(minimum, limits))
    take = enough if enough.sum() <= total else take
    remaining = rng.permutation(np.flatnonzero(take < limits))
    take[remaining[np.argsort(take[remaining] - quota[remaining], kind="stable")][: total - int(take.sum())]] += 1
    return take


def group_holdout(groups: Array, strata: Array, n_valid: int, shuffle: bool, seed: int) -> NDArray[np.bool_]:
    """Hold out whole groups with about `n_valid` rows and the shares of the strata.

    Parameters
    ----------
    groups, strata : ndarray of shape (n,)
    n_valid : int
    shuffle : bool
        False: the last groups are held out.
    seed : int

    Returns
    -------
    ndarray of shape (n,), bool

    Raises
    ------
    InvalidOption
        If there is a single group.
    """
    codes = factorize(groups)
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        raise InvalidOption("All rows are in one group, so none can be held out; pass at least two groups.")
    expected = np.bincount(strata) * (n_valid / len(codes))
    if shuffle:
        rng = np.random.default_rng(seed)
        orders = [rng.permutation(len(sizes)) for _ in range(N_DRAWS)]
    else:
        last = np.zeros(len(sizes), dtype=np.intp)
        np.maximum.at(last, codes, np.arange(len(codes)))
        orders = [np.argsort(-last)]
    best, best_distance = np.zeros(len(codes), dtype=bool), np.inf
    for order in orders:
        reached = np.cumsum(sizes[order])[:-1]
        chosen = np.zeros(len(sizes), dtype=bool)
        chosen[order[: np.argmin(np.abs(reached - n_valid)) + 1]] = True
        valid = chosen[codes]
        drawn = np.bincount(strata[valid], minlength=len(expected))
        untrained = np.bincount(strata[~valid], minlength=len(expected)) == 0
        distance = abs(valid.sum() - n_valid) + np.abs(drawn - expected).sum() + len(codes) * untrained.sum()
        if distance < best_distance:
            best, best_distance = valid, distance
    return best

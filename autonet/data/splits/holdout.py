"""Rows to hold out: strata, and draws of rows and of whole groups."""

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = ["factorize", "group_holdout", "make_strata", "merge_singletons", "stratified_holdout"]

STRATA = 10  # bins of a regression target
DRAWS = 50  # ways to draw groups, of which the best is taken


def factorize(values: Array) -> Array:
    """Replace values by the numbers of the distinct ones, (n,)."""
    try:
        codes = np.unique(values, return_inverse=True)[1]
    except TypeError:  # values of several types have no order
        codes = np.unique(np.asarray(values).astype(str), return_inverse=True)[1]
    return np.asarray(codes).reshape(-1)


def make_strata(y: Array, kind: TaskKind, share: float) -> Array:
    """Return the strata of the rows as numbers, (n,), such that a `share` of most is at least a row."""
    if kind == "classification":
        return factorize(y)
    if kind == "multilabel":
        return _label_strata(y, share)
    first = y[:, 0] if y.ndim == 2 else y
    n_bins = int(np.clip(len(first) * min(share, 1 - share), 1, STRATA))
    edges = np.quantile(first, np.arange(1, n_bins) / n_bins)
    return factorize(np.searchsorted(edges, first, side="right"))


def _label_strata(y: Array, share: float) -> Array:
    """Stratify by combinations of labels; rows of combinations too rare to be shared by their rarest label."""
    keys = np.random.default_rng(0).integers(2**62, size=y.shape[1])  # a sum of random keys tells combinations apart
    _, combination, counts = np.unique(y.astype(np.int64) @ keys, return_inverse=True, return_counts=True)
    rare = (counts * min(share, 1 - share) < 1)[combination]
    rarest = np.where(y > 0, y.sum(axis=0), len(y) + 1).argmin(axis=1)
    return factorize(np.where(rare, -1 - rarest, combination))


def merge_singletons(strata: Array) -> Array:
    """Put strata of one row into the largest one."""
    counts = np.bincount(strata)
    return np.where((counts == 1)[strata], counts.argmax(), strata)


def stratified_holdout(strata: Array, keep_one: bool, n_valid: int, seed: int) -> Array:
    """Draw about `n_valid` rows, of every stratum its share to within a row.

    Parameters
    ----------
    strata : ndarray of shape (n,)
        Numbers of the strata, from 0 without gaps.
    keep_one : bool
        Draw never all rows of a stratum (unless every stratum has a single row), and of several at least one, if
        there are enough to draw.
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


def _apportion(quota: Array, limits: Array, least: int, total: int, rng: np.random.Generator) -> Array:
    """Share `total` among strata, none above its limit: the whole parts of the quotas, then largest remainders.

    None gets less than `least` if there is enough for all.
    """
    take = np.minimum(np.floor(quota).astype(np.int64), limits)
    enough = np.maximum(take, np.minimum(least, limits))
    take = enough if enough.sum() <= total else take
    open_ = rng.permutation(np.flatnonzero(take < limits))
    take[open_[np.argsort(take[open_] - quota[open_], kind="stable")][: total - int(take.sum())]] += 1
    return take


def group_holdout(groups: Array, strata: Array, n_valid: int, shuffle: bool, seed: int) -> NDArray[np.bool_]:
    """Draw whole groups that come nearest to `n_valid` rows and to the shares of the strata; unshuffled: the last."""
    codes = factorize(groups)
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        raise InvalidOption("All rows are of one group, so none can be held out; give groups that differ.")
    expected = np.bincount(strata) * (n_valid / len(codes))
    if shuffle:
        rng = np.random.default_rng(seed)
        orders = [rng.permutation(len(sizes)) for _ in range(DRAWS)]
    else:
        last = np.zeros(len(sizes), dtype=np.intp)
        np.maximum.at(last, codes, np.arange(len(codes)))
        orders = [np.argsort(-last)]
    best, least = np.zeros(len(codes), dtype=bool), np.inf
    for order in orders:
        reached = np.cumsum(sizes[order])[:-1]
        chosen = np.zeros(len(sizes), dtype=bool)
        chosen[order[: np.argmin(np.abs(reached - n_valid)) + 1]] = True
        valid = chosen[codes]
        drawn = np.bincount(strata[valid], minlength=len(expected))
        untrained = np.bincount(strata[~valid], minlength=len(expected)) == 0
        distance = abs(valid.sum() - n_valid) + np.abs(drawn - expected).sum() + len(codes) * untrained.sum()
        if distance < least:
            best, least = valid, distance
    return best

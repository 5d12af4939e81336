"""Optimization of decision thresholds."""

from collections.abc import Callable

import numpy as np

from autonet.core.typing import Array
from autonet.metrics.formulas import Counts

__all__ = ["best_of_candidates", "best_of_cuts"]

# Number of thresholds tried if each requires a call of a scorer.
N_CANDIDATES = 15


def best_of_cuts(y: Array, p: Array, weight: Array | None, measure: Callable[[Counts], Array], only: bool) -> float:
    """Find the best threshold among the midpoints between the values of `p`.

    Parameters
    ----------
    y, p : ndarray of shape (n,)
        Binary targets, and the probability of 1.
    weight : ndarray of shape (n,) or None
    measure : callable
        Score of `Counts`; greater is better.
    only : bool
        Whether to count the ones only (a label), or both zeros and ones (two classes).
    """
    order = np.argsort(p)
    values, ones = p[order], y[order]
    w = np.ones(len(p)) if weight is None else weight[order]
    # Entry j: the first j rows are decided as zeros; there is no threshold between equal probabilities.
    missed = np.concatenate([[0.0], np.cumsum(w * ones)])
    right = np.concatenate([[0.0], np.cumsum(w * (1 - ones))])
    hit, false = missed[-1] - missed, right[-1] - right
    both = (np.stack([right, hit], axis=1), np.stack([missed, false], axis=1), np.stack([false, missed], axis=1))
    hits, falses, misses = (part[:, 1:] if only else part for part in both)
    counts = Counts(hits, falses, misses, np.full(len(hit), w.sum()))
    cuts, widths = _gaps(values, len(p))
    inside = widths > 0
    return _select_middle(cuts[inside], widths[inside], measure(counts)[inside], len(p))


def best_of_candidates(y: Array, p: Array, score: Callable[[float], float]) -> float:
    """Return the best threshold on probabilities (n,) among quantiles of either class (n,).

    `score` maps a threshold to a score.
    """
    cuts, widths = _gaps(np.unique(p), len(p))
    cuts, widths = cuts[widths > 0], widths[widths > 0]
    if len(cuts) > N_CANDIDATES:
        levels = (np.arange(N_CANDIDATES // 2) + 0.5) / (N_CANDIDATES // 2)
        quantiles = np.concatenate([[0.5], *(np.quantile(p[y == k], levels) for k in np.unique(y))])
        least = _resolution(len(p))
        cuts = np.unique(np.clip(quantiles, least, 1 - least))
        widths = np.diff(np.concatenate([[0.0], (cuts[1:] + cuts[:-1]) / 2, [1.0]]))
    return _select_middle(cuts, widths, np.array([score(float(cut)) for cut in cuts]), len(p))


def _resolution(n: int) -> float:
    """Return the smallest probability that `n` rows can distinguish from 0, by Laplace's rule of succession."""
    return 1 / (n + 2)


def _gaps(values: Array, n: int) -> tuple[Array, Array]:
    """Return midpoints and widths of the gaps between ascending probabilities, clipped to what `n` rows resolve."""
    edges = np.clip(np.concatenate([[0.0], values, [1.0]]), _resolution(n), 1 - _resolution(n)).astype(np.float64)
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges)


def _select_middle(cuts: Array, widths: Array, scores: Array, n: int) -> float:
    """Return the middle of the thresholds whose score equals the best one within the noise of `n` rows.

    The best threshold of few rows overfits.  With a tolerance of a quarter of ``best / sqrt(n)``, the middle scored
    better on new rows for 40 to 2000 rows, and equally beyond.  It is the median weighted by width, which is robust to
    probabilities crowded near 0 or 1, as those of a saturated network.
    """
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    best = scores.max()
    if not np.isfinite(best):
        return 0.5
    good = np.flatnonzero(scores >= best - 0.25 * abs(best) / np.sqrt(n) - 1e-12)
    below = np.cumsum(widths[good])
    return float(cuts[good[np.searchsorted(below, below[-1] / 2)]])

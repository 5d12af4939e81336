"""Where to cut a probability so that a score of decisions is best."""

from collections.abc import Callable

import numpy as np

from autonet.core.typing import Array
from autonet.metrics.formulas import Counts

__all__ = ["best_of_candidates", "best_of_cuts"]

CANDIDATES = 15  # cuts tried where every one costs a call of a scorer


def best_of_cuts(y: Array, p: Array, weight: Array | None, measure: Callable[[Counts], Array], only: bool) -> float:
    """Best threshold on `p` among the midpoints between all its values.

    Parameters
    ----------
    y, p : ndarray of shape (n,)
        0/1, and the probability of 1.
    weight : ndarray of shape (n,) or None
    measure : callable
        Scores of `Counts`, greater is better.
    only : bool
        Count the ones only (a label), not zeros and ones (two classes).
    """
    order = np.argsort(p)
    values, ones = p[order], y[order]
    w = np.ones(len(p)) if weight is None else weight[order]
    # Column j: the first j rows are said to be zeros; where two rows are equal, nothing cuts between them.
    missed = np.concatenate([[0.0], np.cumsum(w * ones)])
    right = np.concatenate([[0.0], np.cumsum(w * (1 - ones))])
    hit, false = missed[-1] - missed, right[-1] - right
    both = (np.stack([right, hit], axis=1), np.stack([missed, false], axis=1), np.stack([false, missed], axis=1))
    hits, falses, misses = (part[:, 1:] if only else part for part in both)
    counts = Counts(hits, falses, misses, np.full(len(hit), w.sum()))
    cuts, widths = _gaps(values, len(p))
    inside = widths > 0
    return _middle(cuts[inside], widths[inside], measure(counts)[inside], len(p))


def best_of_candidates(y: Array, p: Array, score: Callable[[float], float]) -> float:
    """Return the best threshold on probabilities (n,) among quantiles of either class (n,).

    `score` maps a threshold to a score.
    """
    cuts, widths = _gaps(np.unique(p), len(p))
    cuts, widths = cuts[widths > 0], widths[widths > 0]
    if len(cuts) > CANDIDATES:
        levels = (np.arange(CANDIDATES // 2) + 0.5) / (CANDIDATES // 2)
        quantiles = np.concatenate([[0.5], *(np.quantile(p[y == k], levels) for k in np.unique(y))])
        least = _least(len(p))
        cuts = np.unique(np.clip(quantiles, least, 1 - least))
        widths = np.diff(np.concatenate([[0.0], (cuts[1:] + cuts[:-1]) / 2, [1.0]]))
    return _middle(cuts, widths, np.array([score(float(cut)) for cut in cuts]), len(p))


def _least(n: int) -> float:
    """Return the smallest probability that `n` rows can tell from 0, by Laplace's rule of succession."""
    return 1 / (n + 2)


def _gaps(values: Array, n: int) -> tuple[Array, Array]:
    """Return middles and widths of the gaps between ascending probabilities, without what `n` rows cannot tell.

    A gap that lies wholly among probabilities too close to 0 or 1 has no width.
    """
    edges = np.clip(np.concatenate([[0.0], values, [1.0]]), _least(n), 1 - _least(n)).astype(np.float64)
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges)


def _middle(cuts: Array, widths: Array, scores: Array, n: int) -> float:
    """Take the middle one of the cuts that are as good as the best, give or take the noise of `n` rows.

    The very best cut of a few rows is best by luck.  With a tolerance of a quarter of ``best / sqrt(n)``, the middle
    of the good ones scored better than it on fresh rows for 40 to 2000 rows, and as well beyond.  The middle is the
    median weighted by width: rows that crowd near 0 or 1, as those of a saturated network do, do not draw it there.
    """
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    best = scores.max()
    if not np.isfinite(best):
        return 0.5
    good = np.flatnonzero(scores >= best - 0.25 * abs(best) / np.sqrt(n) - 1e-12)
    below = np.cumsum(widths[good])
    return float(cuts[good[np.searchsorted(below, below[-1] / 2)]])

"""Target means: for columns of many categories, the smoothed mean of the targets of each.

Micci-Barreca, "A Preprocessing Scheme for High-Cardinality Categorical Attributes" (2001).
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.typing import Array
from autonet.data.encoding.modules import BufferModule
from autonet.data.encoding.specs import describable_module

__all__ = ["TargetMeans", "find_target_means", "fit_target_means"]

# Levels from which a column has target means; with fewer they brought nothing (docs/benchmarks/log.md).
MIN_LEVELS = 65
# Targets, or classes, above which there are no target means: every column would become as many.
MAX_SCORES = 10
# Parts of the training rows; the means that a part is encoded by are those of the other parts.
N_PARTS = 5
# Standard deviations that targets are clipped to: a single one would decide the mean of its level.
MAX_SCORE = 3.0


@describable_module
class TargetMeans(BufferModule):
    """Map codes to target means.

    Parameters
    ----------
    columns : ndarray of shape (n_columns,)
        Indices of the columns of codes that have them.
    starts : ndarray of shape (n_columns,)
        Row of `matrix` where the codes of each of them begin.
    matrix : ndarray of shape (n_codes, n_scores)
        Mean scores, standardized targets, of each code; 0 is the mean of all rows.
    smoothing : float
        Rows that the mean of all rows counts for.
    """

    columns: Tensor
    starts: Tensor
    matrix: Tensor

    def __init__(self, columns: Array, starts: Array, matrix: Array, smoothing: float) -> None:
        super().__init__()
        self._register_arrays(torch.int64, columns=columns, starts=starts)
        self._register_arrays(torch.float32, matrix=matrix)
        self.smoothing = float(smoothing)

    @property
    def n_out(self) -> int:
        """Number of encoded columns."""
        return len(self.columns) * self.matrix.shape[1]

    def forward(self, codes: Tensor) -> Tensor:
        """Return means (n, n_out) of codes (n, q), those of a column side by side."""
        return self.matrix[codes.index_select(1, self.columns) + self.starts].flatten(1)

    def hold_out(self, codes: NDArray[np.int32], y: Array) -> NDArray[np.float32]:
        """Return means (n, n_out) for training rows: of rows of other parts, so that none knows its own target.

        Parameters
        ----------
        codes : ndarray of shape (n, q)
        y : ndarray of shape (n,) or (n, n_targets)
            Class codes, labels or values.
        """
        scores = _score(y, self.matrix.shape[1])
        parts = np.random.default_rng(0).permutation(len(scores)) % N_PARTS  # tables may repeat their levels in turn
        means = []
        for column, n_codes in zip(self.columns.tolist(), self._count_codes(), strict=True):
            own = parts * n_codes + codes[:, column]
            sums, counts = _sum_by_code(own, scores, N_PARTS * n_codes)
            sums, counts = sums.reshape(N_PARTS, n_codes, -1), counts.reshape(N_PARTS, n_codes, 1)
            others = (sums.sum(axis=0) - sums) / (counts.sum(axis=0) - counts + self.smoothing)
            means.append(others.reshape(N_PARTS * n_codes, -1)[own])
        return np.concatenate(means, axis=1, dtype=np.float32)

    def _count_codes(self) -> list[int]:
        counts: list[int] = np.diff([*self.starts.tolist(), len(self.matrix)]).tolist()
        return counts


def find_target_means(module: nn.Module) -> TargetMeans | None:
    """Return the target means of an encoding module, None if it has none."""
    means = dict(module.named_children()).get("target_means")
    return means if isinstance(means, TargetMeans) else None


def fit_target_means(
    codes: NDArray[np.int32], n_codes: tuple[int, ...], y: Array, smoothing: float
) -> TargetMeans | None:
    """Fit target means on training rows.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
    n_codes : tuple of int
        Number of codes of each column.
    y : ndarray of shape (n,) or (n, n_targets)
        Class codes, labels or values.
    smoothing : float

    Returns
    -------
    TargetMeans or None
        None without columns of at least `MIN_LEVELS` levels, or if there are too many targets or classes.
    """
    wide = [j for j, n in enumerate(n_codes) if n >= MIN_LEVELS and len(np.unique(codes[:, j])) >= MIN_LEVELS]
    n_scores = _count_scores(y)
    if not wide or not 0 < n_scores <= MAX_SCORES:
        return None
    scores, means = _score(y, n_scores), []
    for j in wide:
        sums, counts = _sum_by_code(codes[:, j], scores, n_codes[j])
        means.append(sums / (counts + smoothing))
    starts = np.cumsum([0, *(n_codes[j] for j in wide)])[:-1]
    return TargetMeans(np.array(wide), starts, np.concatenate(means), smoothing)


def _count_scores(y: Array) -> int:
    """Count the columns of scores: one for two classes, else one for each class or target."""
    if y.ndim == 2:
        return int(y.shape[1])
    n_classes = int(y.max()) + 1
    return 1 if n_classes == 2 else n_classes


def _score(y: Array, n_scores: int) -> Array:
    """Standardize values, labels or indicators of classes, (n,) or (n, n_targets), as (n, n_scores)."""
    scores: Any = y
    if y.ndim == 1:
        scores = y[:, None] == (np.array([1]) if n_scores == 1 else np.arange(n_scores))
    scores = scores.astype(np.float64)
    deviation = scores.std(axis=0)
    scores = (scores - scores.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return np.asarray(np.clip(scores, -MAX_SCORE, MAX_SCORE) if y.ndim == 2 else scores)


def _sum_by_code(codes: Array, scores: Array, n_codes: int) -> tuple[Array, Array]:
    """Return sums of scores (n_codes, n_scores) and numbers of rows (n_codes, 1) by code."""
    sums = np.stack([np.bincount(codes, column, minlength=n_codes) for column in scores.T], axis=1)
    return sums, np.bincount(codes, minlength=n_codes)[:, None]

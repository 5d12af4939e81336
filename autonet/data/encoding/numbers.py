"""Columns of numbers: statistics of a sample of the training rows, and the module that applies them."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from autonet.data.encoding.preprocessors import IMPUTATION, NORMALIZATION
from autonet.data.encoding.stages import HUGE, Impute

__all__ = ["Numbers", "fit_numbers", "some"]

Array = NDArray[Any]
Rows = NDArray[np.intp]

SAMPLED_ROWS, SAMPLED_CELLS = 10_000, 5_000_000  # looked at: so many rows, more while there are fewer cells
BLOCK_CELLS = 250_000  # looked at together: as float64, 2 MB
# A range so small beside the values is what is left of a constant after rounding; scaled to one it would be noise, and
# a value just off the constant would be a million.  Relative, because units may be small; identifiers of ten digits
# and seconds since 1970 differ by more.
NEARLY_CONSTANT = 1e-10


def some(rows: Rows, at_most: int, seed: int) -> Rows:
    """Draw at most so many rows, in their order."""
    if len(rows) <= at_most:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), at_most, replace=False))]


class Numbers(nn.Module):
    """Impute and normalize columns; indicators of missing values follow them."""

    def __init__(self, impute: Impute, normalize: nn.Module) -> None:
        super().__init__()
        self.impute, self.normalize = impute, normalize
        self.n_numbers = len(impute.columns)

    def forward(self, x: Tensor) -> Tensor:
        """Encode rows (n, p)."""
        values, missing = self.impute(x)
        return torch.cat([self.normalize(values).float(), missing.float()], 1)


def fit_numbers(
    numbers: Array | sparse.csr_array, rows: Rows, config: Mapping[str, Any], seed: int
) -> tuple[Numbers, dict[int, str]]:
    """Fit imputation and normalization on a sample of the training rows.

    Parameters
    ----------
    numbers : ndarray or csr_array of shape (n, p)
    rows : ndarray of int
        The training rows.
    config : mapping
    seed : int
        Of the sample.

    Returns
    -------
    Numbers
    dict of int to str
        Columns whose values are not used, and why.
    """
    seen: set[bytes] = set()
    dropped: dict[int, str] = {}
    columns: list[int] = []
    told: list[int] = []
    fill: list[Array] = []
    statistics: list[tuple[Array, ...]] = []
    impute, normalization = IMPUTATION.build(config), NORMALIZATION.build(config)
    sample = some(rows, max(SAMPLED_ROWS, SAMPLED_CELLS // max(numbers.shape[1], 1)), seed)
    for first, block in _blocks(numbers, sample):
        kept = []
        for j, column in enumerate(block.T):
            missing = np.isnan(column)
            reason = _useless(column, missing, seen)
            if reason:
                dropped[first + j] = reason
            else:
                kept.append(j)
            if missing.any() and not _useless(missing, np.zeros_like(missing), seen):
                told.append(first + j)
        if kept:
            values = block[:, kept]
            columns += [first + j for j in kept]
            fill.append(impute(values))
            statistics.append(normalization.statistics(np.where(np.isnan(values), fill[-1], values)))
    if not statistics:  # the width of the statistics is not known
        return Numbers(Impute(np.array(columns), np.zeros(0), np.array(told)), nn.Identity()), dropped
    stage = normalization.stage(*(np.concatenate(parts, axis=-1) for parts in zip(*statistics, strict=True)))
    return Numbers(Impute(np.array(columns), np.concatenate(fill), np.array(told)), stage), dropped


def _blocks(numbers: Array | sparse.csr_array, rows: Rows) -> Iterator[tuple[int, Array]]:
    """Yield some columns after others of some rows: index of the first, and (n, width), Fortran-ordered float64."""
    width = max(BLOCK_CELLS // len(rows), 1)
    by_column = None if isinstance(numbers, np.ndarray) else numbers[rows].tocsc()
    for first in range(0, numbers.shape[1], width):
        part = numbers[:, first : first + width] if by_column is None else by_column[:, first : first + width].toarray()
        if by_column is None:  # columns that lie together are read one after the other
            part = part.T.take(rows, axis=1).T if part.strides[0] < part.strides[1] else part[rows]
        block = part.astype(np.float64, order="F")
        block[~np.isfinite(block)] = np.nan
        yield first, np.clip(block, -HUGE, HUGE, out=block)


def _useless(column: Array, missing: Array, seen: set[bytes]) -> str:
    """Tell why a column says nothing that the columns seen before do not say; empty if it does."""
    known = column[~missing]
    if not len(known):
        return "no value"
    low, high = float(known.min()), float(known.max())
    if high - low <= NEARLY_CONSTANT * max(abs(low), abs(high)):
        return "constant"
    # Equal columns have equal bytes once there is one zero, without a sign, and one NaN.
    digest = hashlib.blake2b(np.where(missing, np.nan, column + 0.0).tobytes(), digest_size=16).digest()
    if digest in seen:
        return "duplicate"
    seen.add(digest)
    return ""

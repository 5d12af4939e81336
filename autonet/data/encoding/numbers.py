"""Columns of numbers: statistics of a sample of the training rows, and the module that applies them."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from autonet.core.typing import Array
from autonet.data.encoding.preprocessors import BITS, IMPUTATION, NORMALIZATION, Normalization
from autonet.data.encoding.specs import describable_module
from autonet.data.encoding.stages import HUGE, Impute

__all__ = ["Numbers", "fit_numbers", "some"]

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


@describable_module
class Numbers(nn.Module):
    """Impute columns, normalize the first of them, put the others between 0 and 1; indicators of missing values follow.

    Parameters
    ----------
    impute : Impute
    normalize : nn.Module
    bits : nn.Module
        For the columns of two values, which come last.
    n_numbers : int
        Columns that are normalized.
    """

    def __init__(self, impute: Impute, normalize: nn.Module, bits: nn.Module, n_numbers: int) -> None:
        super().__init__()
        self.impute, self.normalize, self.bits, self.n_numbers = impute, normalize, bits, n_numbers

    def forward(self, x: Tensor) -> Tensor:
        """Encode rows (n, p)."""
        values, missing = self.impute(x)
        numbers, bits = self.normalize(values[:, : self.n_numbers]), self.bits(values[:, self.n_numbers :])
        return torch.cat([numbers.float(), bits.float(), missing.float()], 1)


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
    told: list[int] = []
    impute, normalization = IMPUTATION.build(config), NORMALIZATION.build(config)
    numeric, bits = _Columns(), _Columns()
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
        two = _of_two_values(block[:, kept]) & (NORMALIZATION.chosen(config) != "none")
        for group, chosen, way in ((numeric, ~two, normalization), (bits, two, BITS)):
            group.add(first, block, np.array(kept, np.intp)[chosen], impute, way)
    fill, columns = np.array([*numeric.fill, *bits.fill], np.float64), np.array([*numeric.columns, *bits.columns])
    stages = numeric.stage(normalization), bits.stage(BITS)
    return Numbers(Impute(columns, fill, np.array(told)), *stages, len(numeric.columns)), dropped


@dataclass
class _Columns:
    """Columns that are treated alike: which they are, what is put in place of missing values, statistics of each."""

    columns: list[int] = field(default_factory=list)
    fill: list[float] = field(default_factory=list)
    statistics: list[tuple[Array, ...]] = field(default_factory=list)

    def add(
        self, first: int, block: Array, chosen: NDArray[np.intp], impute: Callable[[Array], Array], way: Normalization
    ) -> None:
        """Take up some columns of a block."""
        if len(chosen):
            values = block[:, chosen]
            fill = impute(values)
            self.columns += (first + chosen).tolist()
            self.fill += fill.tolist()
            self.statistics.append(way.statistics(np.where(np.isnan(values), fill, values)))

    def stage(self, way: Normalization) -> nn.Module:
        """Make the module that normalizes the columns."""
        if not self.statistics:  # the width of the statistics is not known
            return nn.Identity()
        return way.stage(*(np.concatenate(parts, axis=-1) for parts in zip(*self.statistics, strict=True)))


def _of_two_values(block: Array) -> NDArray[np.bool_]:
    """Tell which columns have two values, beside missing ones: there is nothing in them to scale by."""
    low, high = (of(block, axis=0, initial=edge) for of, edge in ((np.fmin.reduce, np.inf), (np.fmax.reduce, -np.inf)))
    return np.asarray(((block == low) | (block == high) | np.isnan(block)).all(axis=0))


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

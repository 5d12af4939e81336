"""Numerical features: imputation, missing indicators and normalization, fitted on a sample of the training rows."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from torch import nn

from autonet.core.component import Components
from autonet.core.typing import Array
from autonet.data.encoding.modules import MAX_ABS_STATISTIC, Impute, NumericalFeatures
from autonet.data.encoding.preprocessors import BINARY_NORMALIZATION, IMPUTATION, NORMALIZATION, Normalization

__all__ = ["fit_numerical", "subsample_rows"]

Rows = NDArray[np.intp]

SAMPLED_ROWS = 10_000  # rows for statistics ...
SAMPLED_CELLS = 5_000_000  # ... and more, up to so many cells (rows x columns)
BLOCK_CELLS = 250_000  # cells processed at a time: 2 MB in float64
# Columns whose range is below this share of their values are constant up to rounding errors; scaled to one, these
# would be noise.  Identifiers of ten digits and seconds since 1970 vary by more.
NEARLY_CONSTANT = 1e-10


def subsample_rows(rows: Rows, max_rows: int, seed: int) -> Rows:
    """Draw at most `max_rows` of some row indices (n,), and keep their order."""
    if len(rows) <= max_rows:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), max_rows, replace=False))]


def fit_numerical(
    numbers: Array | sparse.csr_array, rows: Rows, components: Components, seed: int
) -> NumericalFeatures:
    """Fit imputation and normalization on a sample of the training rows.

    Parameters
    ----------
    numbers : ndarray or csr_array of shape (n, p)
    rows : ndarray of shape (n_train,), int
        The training rows.
    components : Components
        Imputation and normalization; others are not used.
    seed : int
        Seed of the sample.

    Returns
    -------
    NumericalFeatures
        Without constant columns, and without those that repeat another one.
    """
    seen: set[bytes] = set()
    indicator_columns: list[int] = []
    impute, normalization = components[IMPUTATION].build(), components[NORMALIZATION]
    numeric, binary = _ColumnGroup(normalization.build()), _ColumnGroup(BINARY_NORMALIZATION)
    sample = subsample_rows(rows, max(SAMPLED_ROWS, SAMPLED_CELLS // max(numbers.shape[1], 1)), seed)
    for first, block in _iter_blocks(numbers, sample):
        kept = []
        for j, column in enumerate(block.T):
            missing = np.isnan(column)
            if not _is_redundant(column, missing, seen):
                kept.append(j)
            if missing.any() and not _is_redundant(missing, np.zeros_like(missing), seen):
                indicator_columns.append(first + j)
        is_binary = _are_binary(block[:, kept]) & (normalization.name != "none")
        for group, chosen in ((numeric, ~is_binary), (binary, is_binary)):
            group.add(first, block, np.array(kept, np.intp)[chosen], impute)
    fill, columns = np.array([*numeric.fill, *binary.fill], np.float64), np.array([*numeric.columns, *binary.columns])
    imputation = Impute(columns, fill, np.array(indicator_columns))
    return NumericalFeatures(imputation, numeric.make_module(), binary.make_module(), len(numeric.columns))


@dataclass
class _ColumnGroup:
    """Columns that share a normalization, with their fill values and statistics."""

    normalization: Normalization
    columns: list[int] = field(default_factory=list)
    fill: list[float] = field(default_factory=list)
    statistics: list[tuple[Array, ...]] = field(default_factory=list)

    def add(self, first: int, block: Array, chosen: NDArray[np.intp], impute: Callable[[Array], Array]) -> None:
        """Add columns of a block (n, width) whose first column has the index `first`."""
        if len(chosen):
            values = block[:, chosen]
            fill = impute(values)
            self.columns += (first + chosen).tolist()
            self.fill += fill.tolist()
            self.statistics.append(self.normalization.compute_statistics(np.where(np.isnan(values), fill, values)))

    def make_module(self) -> nn.Module:
        """Make the module that normalizes the columns."""
        if not self.statistics:  # the width of the statistics is not known
            return nn.Identity()
        return self.normalization.make_module(
            *(np.concatenate(parts, axis=-1) for parts in zip(*self.statistics, strict=True))
        )


def _are_binary(block: Array) -> NDArray[np.bool_]:
    """Mark columns with at most two distinct values, besides missing ones."""
    low, high = (of(block, axis=0, initial=edge) for of, edge in ((np.fmin.reduce, np.inf), (np.fmax.reduce, -np.inf)))
    return np.asarray(((block == low) | (block == high) | np.isnan(block)).all(axis=0))


def _iter_blocks(numbers: Array | sparse.csr_array, rows: Rows) -> Iterator[tuple[int, Array]]:
    """Yield blocks of columns of some rows: index of the first column, and (n, width), Fortran-ordered float64."""
    width = max(BLOCK_CELLS // len(rows), 1)
    by_column = None if isinstance(numbers, np.ndarray) else numbers[rows].tocsc()
    for first in range(0, numbers.shape[1], width):
        part = numbers[:, first : first + width] if by_column is None else by_column[:, first : first + width].toarray()
        if by_column is None:  # contiguous columns are read one by one
            part = part.T.take(rows, axis=1).T if part.strides[0] < part.strides[1] else part[rows]
        block = part.astype(np.float64, order="F")
        block[~np.isfinite(block)] = np.nan
        yield first, np.clip(block, -MAX_ABS_STATISTIC, MAX_ABS_STATISTIC, out=block)


def _is_redundant(column: Array, missing: Array, seen: set[bytes]) -> bool:
    """Return whether a column has no values, is constant, or equals one of those seen before."""
    known = column[~missing]
    if not len(known):
        return True
    low, high = float(known.min()), float(known.max())
    if high - low <= NEARLY_CONSTANT * max(abs(low), abs(high)):
        return True
    # Equal columns have equal bytes once there is one zero, without a sign, and one NaN.
    digest = hashlib.blake2b(np.where(missing, np.nan, column + 0.0).tobytes(), digest_size=16).digest()
    is_duplicate = digest in seen
    seen.add(digest)
    return is_duplicate

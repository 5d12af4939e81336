"""Encoder of tables for tree ensembles: categories as codes, numbers in the range of float32, missing values as NaN."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from autonet.core.modality import Allocate
from autonet.core.spec import describable
from autonet.core.task import InputLayout
from autonet.core.threads import one_blas_thread
from autonet.core.typing import Array
from autonet.data.encoding.modules import to_sparse_tensor
from autonet.data.encoding.numerical import subsample_rows
from autonet.data.encoding.projections import fit_text_projection
from autonet.data.table import MISSING_CODE, UNSEEN_CODE, Table

__all__ = ["MAX_CELL", "MIN_CELL", "TreeEncoder", "order_columns"]

Rows = NDArray[np.intp]

# Levels of a column that boosting splits into sets; sets of more levels overfit (docs/benchmarks/log.md).
MAX_LEVELS = 64
MAX_PROJECTION_ROWS = 20_000  # rows that projections of texts are fitted on
CHUNK_CELLS = 2**22  # cells encoded at a time
MIN_CELL = -3e38  # what float32 can hold, at least
MAX_CELL = 3e38


@describable
@dataclass(frozen=True, eq=False)
class TreeEncoder:
    """Encoder of tables for trees, fitted on training rows.

    The columns are: categories, then columns with too many categories, both as ranks of their frequency; numbers,
    scaled to the range from 0 to 1; projections of texts.

    Attributes
    ----------
    ranks : list of ndarray of shape (n_codes,)
        By categorical column: maps codes to the rank of their frequency, NaN for missing and unseen ones.
    low, scale : ndarray of shape (p,)
        Smallest number and range of the columns of numbers, both halved.
    texts : nn.ModuleList
        Projections of the columns of text.
    """

    ranks: list[Array]
    low: Array
    scale: Array
    texts: nn.ModuleList

    @classmethod
    def fit(cls, table: Table, rows: Rows, seed: int) -> "TreeEncoder":
        """Fit an encoder on training rows (n_train,); `seed` is that of samples."""
        columns = enumerate(table.n_codes)
        ranks = [_rank_levels(np.bincount(table.codes[rows, j], minlength=n_codes)) for j, n_codes in columns]
        low, high = _find_range(table, rows)
        sample = subsample_rows(rows, MAX_PROJECTION_ROWS, seed)
        with one_blas_thread():
            texts = [fit_text_projection(text[sample], seed) for text in table.texts]
        scale = high - low
        return cls(ranks, low, np.where(scale > 0, scale, 1.0), nn.ModuleList(texts))

    @property
    def n_categories(self) -> int:
        """Number of columns of categories, which come first."""
        return sum(_has_few_levels(ranks) for ranks in self.ranks)

    @property
    def layout(self) -> InputLayout:
        """Columns of the encoded table."""
        return InputLayout(self.n_categories, n_numbers=0)

    def inputs(
        self, table: Table, device: torch.device, rows: Rows | None = None, allocate: Allocate | None = None
    ) -> Tensor:
        """Encode rows (n,) of a table, by default all: (n, n_out), float32."""
        n = len(table) if rows is None else len(rows)
        width = max(len(self.ranks) + len(self.low) + len(self.texts), 1)
        size = max(CHUNK_CELLS // width, 1)
        parts = [slice(first, first + size) for first in range(0, max(n, 1), size)]
        encoded = (self._encode(table.rows(part if rows is None else rows[part])) for part in parts)
        first = next(encoded)
        shape = n, first.shape[1]
        result = allocate(shape) if allocate else np.empty(shape, np.float32)
        for part, found in zip(parts, chain([first], encoded), strict=True):
            result[part] = found
        return torch.from_numpy(result).to(device)

    def _encode(self, table: Table) -> NDArray[np.float32]:
        columns = [self.ranks[j][table.codes[:, j]] for j in order_columns(self.ranks)]
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = np.clip((_halve(table.numbers) - self.low) / self.scale, MIN_CELL, MAX_CELL)
        with torch.inference_mode():
            projected = zip(self.texts, table.texts, strict=True)
            texts = [project(to_sparse_tensor(text)).numpy() for project, text in projected]
        parts = [np.stack(columns, axis=1)] if columns else []
        encoded = np.concatenate([*parts, numbers, *texts], axis=1).astype(np.float32)
        return encoded if encoded.shape[1] else np.zeros((len(table), 1), np.float32)


def _halve(numbers: Any) -> Array:
    """Return half of a dense or sparse array (n, p) of numbers, in float64: ranges of halves do not overflow."""
    dense = numbers.toarray() if sparse.issparse(numbers) else numbers
    return np.asarray(dense, np.float64) / 2


def _rank_levels(counts: Array) -> Array:
    """Return the ranks of levels by their frequency (n_codes,)."""
    known = counts > 0
    known[MISSING_CODE] = known[UNSEEN_CODE] = False
    ranks = np.full(len(counts), np.nan)
    ranks[np.argsort(-counts * known, kind="stable")[: known.sum()]] = np.arange(known.sum())
    return ranks


def order_columns(ranks: list[Array]) -> list[int]:
    """Return the order of the columns of categories, given the ranks of their levels: those of few levels first."""
    return sorted(range(len(ranks)), key=lambda j: not _has_few_levels(ranks[j]))


def _has_few_levels(ranks: Array) -> bool:
    return bool(np.count_nonzero(~np.isnan(ranks)) <= MAX_LEVELS)


def _find_range(table: Table, rows: Rows) -> tuple[Array, Array]:
    """Return half of the smallest and the largest number of each column; 0 where there is none."""
    low, high = np.full(table.numbers.shape[1], np.inf), np.full(table.numbers.shape[1], -np.inf)
    size = max(CHUNK_CELLS // max(len(low), 1), 1)
    for first in range(0, len(rows), size):
        part = _halve(table.numbers[rows[first : first + size]])
        low = np.fmin(low, np.fmin.reduce(part, axis=0))
        high = np.fmax(high, np.fmax.reduce(part, axis=0))
    return np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)

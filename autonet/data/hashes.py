"""64-bit hashes of rows, equal for sparse and dense arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.typing import Array

__all__ = ["hash_array", "hash_rows", "mix_bits"]

Hashes = NDArray[np.uint64]

CHUNK_CELLS = 2**22  # cells (rows x columns) hashed at a time


def hash_rows(codes: Array, parts: Sequence[Array | sparse.csr_array]) -> Hashes:
    """Hash the rows of arrays; zeros do not change a hash, so that sparse arrays need no others.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
    parts : sequence of ndarray or csr_array of shape (n, p)

    Returns
    -------
    ndarray of shape (n,), uint64
    """
    hashes = hash_array(codes, 3)
    for i, part in enumerate(parts):
        seed = 5 + 2 * i
        hashes += _hash_sparse(part, seed) if sparse.issparse(part) else hash_array(part, seed)
    return mix_bits(hashes)


def hash_array(values: Array, seed: int) -> Hashes:
    """Hash the rows of a dense array (n, p), shape (n,): sums of hashed cells, weighted by column."""
    factors, hashes = _column_factors(values.shape[1], seed), np.zeros(len(values), np.uint64)
    step = max(CHUNK_CELLS // max(values.shape[1], 1), 1)
    for first in range(0, len(values), step):
        rows = slice(first, first + step)
        hashes[rows] = (_hash_cells(values[rows]) * factors).sum(axis=1, dtype=np.uint64)
    return hashes


def _hash_sparse(values: sparse.csr_array, seed: int) -> Hashes:
    cells = _hash_cells(values.data) * _column_factors(values.shape[1], seed)[values.indices]
    cumulated = np.concatenate([np.zeros(1, np.uint64), np.cumsum(cells, dtype=np.uint64)])
    return np.asarray(cumulated[values.indptr[1:]] - cumulated[values.indptr[:-1]])  # both wrap around


def _hash_cells(values: Array) -> Hashes:
    bits = np.array(values, np.float64)
    bits += 0.0  # -0.0 becomes 0.0
    bits[np.isnan(bits)] = np.nan  # one bit pattern for all NaNs
    return mix_bits(bits.view(np.uint64))


def mix_bits(bits: Hashes) -> Hashes:
    """Mix bits elementwise (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014); 0 stays 0."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def _column_factors(n: int, seed: int) -> Hashes:
    return np.random.default_rng(seed).integers(2**64, size=n, dtype=np.uint64) | np.uint64(1)

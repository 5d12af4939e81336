"""Hashes of rows: 64 bits, the same for sparse and dense arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.typing import Array

__all__ = ["hash_array", "hash_rows", "mix_bits"]

Hashes = NDArray[np.uint64]

CHUNK = 2**22  # cells hashed at a time


def hash_rows(codes: Array, parts: Sequence[Array | sparse.csr_array]) -> Hashes:
    """Hash every row of some arrays (n, ...); a zero does not count.

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
    """Hash the rows of a dense array: the sum of hashed cells, each column with a factor of its own."""
    factors, hashes = _column_factors(values.shape[1], seed), np.zeros(len(values), np.uint64)
    step = max(CHUNK // max(values.shape[1], 1), 1)
    for first in range(0, len(values), step):
        rows = slice(first, first + step)
        hashes[rows] = (_hash_cells(values[rows]) * factors).sum(axis=1, dtype=np.uint64)
    return hashes


def _hash_sparse(values: sparse.csr_array, seed: int) -> Hashes:
    cells = _hash_cells(values.data) * _column_factors(values.shape[1], seed)[values.indices]
    cumulated = np.concatenate([np.zeros(1, np.uint64), np.cumsum(cells, dtype=np.uint64)])
    return np.asarray(cumulated[values.indptr[1:]] - cumulated[values.indptr[:-1]])  # wraps around both times


def _hash_cells(values: Array) -> Hashes:
    bits = np.array(values, np.float64)
    bits += 0.0  # minus zero is zero
    bits[np.isnan(bits)] = np.nan  # of the many NaNs, one
    return mix_bits(bits.view(np.uint64))


def mix_bits(bits: Hashes) -> Hashes:
    """Mix 64 bits (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014); 0 stays 0."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def _column_factors(n: int, seed: int) -> Hashes:
    return np.random.default_rng(seed).integers(2**64, size=n, dtype=np.uint64) | np.uint64(1)

"""A table in arrays: numbers, codes of categories, word counts of texts; what encoders are fitted on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.typing import Array
from autonet.data.hashes import hash_rows

__all__ = ["Table"]

Rows = NDArray[np.intp] | slice


@dataclass(frozen=True)
class Table:
    """Rows of a table, read but not yet encoded: nothing in it depends on which rows train.

    Attributes
    ----------
    numbers : ndarray or csr_array of shape (n, p)
        Any real type; NaN is a missing value.  It may be the user's own array: never written to.
    codes : ndarray of shape (n, q), int32
        0 is a missing value, 1 one that no row of `fit` had, 2 + i the i-th level of the column.
    n_codes : tuple of int
        Number of codes of each of the q columns: its levels and two.
    texts : tuple of csr_array of shape (n, TERMS), float32
        Hashed word counts, one array per column of text.
    """

    numbers: Array | sparse.csr_array
    codes: NDArray[np.int32]
    n_codes: tuple[int, ...]
    texts: tuple[sparse.csr_array, ...]

    @classmethod
    def from_numbers(cls, numbers: Array | sparse.csr_array) -> "Table":
        """Make a table of numbers only."""
        return cls(numbers, np.empty((numbers.shape[0], 0), np.int32), (), ())

    def __len__(self) -> int:
        """Count the rows."""
        return int(self.numbers.shape[0])

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        sparse_parts = [*self.texts, *([self.numbers] if self.is_sparse else [])]
        dense = self.codes.nbytes + (0 if self.is_sparse else self.numbers.nbytes)
        return int(dense + sum(part.data.nbytes + part.indices.nbytes for part in sparse_parts))

    @property
    def n_columns(self) -> int:
        """Number of columns of numbers, categories and texts."""
        return int(self.numbers.shape[1] + self.codes.shape[1] + len(self.texts))

    def hashes(self) -> NDArray[np.uint64]:
        """Hash every row; sparse and dense tables have equal hashes."""
        return hash_rows(self.codes, (self.numbers, *self.texts))

    @property
    def is_sparse(self) -> bool:
        """Whether the numbers are a sparse matrix."""
        return bool(sparse.issparse(self.numbers))

    def rows(self, index: Rows) -> "Table":
        """Take some of the rows."""
        texts = tuple(text[index] for text in self.texts)
        return Table(self.numbers[index], self.codes[index], self.n_codes, texts)

    def concat(self, other: "Table") -> "Table":
        """Append the rows of a table that was read by the same schema."""
        stack = sparse.vstack if self.is_sparse else np.concatenate
        numbers = stack([self.numbers, other.numbers])
        texts = tuple(sparse.vstack(pair, format="csr") for pair in zip(self.texts, other.texts, strict=True))
        numbers = sparse.csr_array(numbers) if self.is_sparse else numbers
        return Table(numbers, np.concatenate([self.codes, other.codes]), self.n_codes, texts)

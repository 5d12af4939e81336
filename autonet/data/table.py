"""Table of arrays: numbers, categorical codes, and term counts of texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.typing import Array
from autonet.data.hashes import hash_rows

__all__ = ["MISSING_CODE", "UNSEEN_CODE", "InputNames", "Table"]

MISSING_CODE = 0
UNSEEN_CODE = 1

Rows = NDArray[np.intp] | slice


@dataclass(frozen=True)
class InputNames:
    """Names of the columns of a `Table`.

    Attributes
    ----------
    numbers : sequence of str
    codes : sequence of (str, sequence of str)
        Name of each column of codes, and names of its levels: code 2 + i is the i-th level.
    texts : sequence of str
    """

    numbers: Sequence[str]
    codes: Sequence[tuple[str, Sequence[str]]]
    texts: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows of a table, read and not yet encoded; nothing depends on which rows train.

    Attributes
    ----------
    numbers : ndarray or csr_array of shape (n, p)
        Any real dtype, NaN for missing values.  It may be the X of the user, and is not modified.
    codes : ndarray of shape (n, q), int32
        0 is a missing value, 1 an unseen level, 2 + i the i-th level of the column.
    n_codes : tuple of int
        Number of codes of each column: its levels plus two.
    texts : tuple of csr_array of shape (n, TERMS), float32
        Hashed term counts of each column of text.
    """

    numbers: Array | sparse.csr_array
    codes: NDArray[np.int32]
    n_codes: tuple[int, ...]
    texts: tuple[sparse.csr_array, ...]

    @classmethod
    def from_numbers(cls, numbers: Array | sparse.csr_array) -> "Table":
        """Make a table of numbers (n, p) only."""
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
        """Return hashes of the rows (n,), equal for sparse and dense tables."""
        return hash_rows(self.codes, (self.numbers, *self.texts))

    @property
    def is_sparse(self) -> bool:
        """Whether the numbers are a sparse array."""
        return bool(sparse.issparse(self.numbers))

    def rows(self, index: Rows) -> "Table":
        """Return a table of the rows given by an index (k,) or a slice; this one if these are all rows."""
        if isinstance(index, slice) and index.indices(len(self)) == (0, len(self), 1):
            return self
        texts = tuple(text[index] for text in self.texts)
        return Table(self.numbers[index], self.codes[index], self.n_codes, texts)

    def concat(self, other: "Table") -> "Table":
        """Return this table with the rows of another one appended, which was read by the same schema."""
        stack = sparse.vstack if self.is_sparse else np.concatenate
        numbers = stack([self.numbers, other.numbers])
        texts = tuple(sparse.vstack(pair, format="csr") for pair in zip(self.texts, other.texts, strict=True))
        numbers = sparse.csr_array(numbers) if self.is_sparse else numbers
        return Table(numbers, np.concatenate([self.codes, other.codes]), self.n_codes, texts)

"""Categorical features: known levels, as binary and one-hot columns or as indices for embeddings."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.typing import Array
from autonet.data.encoding.preprocessors import Embedding
from autonet.data.encoding.specs import describable_module
from autonet.data.table import MISSING_CODE, UNSEEN_CODE

__all__ = ["CategoricalFeatures", "fit_categorical"]

# Training rows from which a level must occur twice: a single row says nothing about its level.  In smaller tables
# most levels occur once, and dropping them would empty the column.
FEW_ROWS = 50
MAX_ONE_HOT_LEVELS = 64  # per column, if nothing is embedded


@describable_module
class CategoricalFeatures(nn.Module):
    """Encode categorical codes; unknown levels are 0 in every feature and index.

    Parameters
    ----------
    known : list of ndarray of shape (n_levels,)
        Codes of the known levels of each column.
    n_codes : tuple of int
        Number of codes of each column.
    min_levels : int or None
        Number of known levels from which a column becomes an index; None if no column does.
    """

    lookup: Tensor
    offsets: Tensor
    binary: Tensor
    one_hot: Tensor
    before: Tensor
    embedded: Tensor

    def __init__(self, known: list[Array], n_codes: tuple[int, ...], min_levels: int | None) -> None:
        super().__init__()
        lookup = [np.zeros(n, np.int64) for n in n_codes]  # code -> index of the level, from 1
        for numbers, codes in zip(lookup, known, strict=True):
            numbers[codes] = np.arange(1, len(codes) + 1)
        sizes = np.array([len(codes) for codes in known], np.int64)
        is_index = sizes >= (np.inf if min_levels is None else min_levels)
        one_hot = np.flatnonzero((sizes > 0) & (sizes != 2) & ~is_index)
        arrays = {
            "lookup": np.concatenate([np.zeros(0, np.int64), *lookup]),
            "offsets": np.cumsum([0, *n_codes])[:-1],
            "binary": np.flatnonzero((sizes == 2) & ~is_index),
            "one_hot": one_hot,
            "before": np.cumsum(sizes[one_hot]) - sizes[one_hot],  # one-hot columns of the columns before
            "embedded": np.flatnonzero(is_index),
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array, dtype=torch.int64))
        self.vocabularies = tuple(int(size) + 1 for size in sizes[is_index])
        self.n_one_hot = int(sizes[one_hot].sum())
        self.n_features = len(arrays["binary"]) + self.n_one_hot

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (n, n_features) and indices for embeddings (n, n_embedded) of codes (n, q)."""
        levels = self.lookup[codes + self.offsets]
        binary = levels[:, self.binary]
        signs = (binary == 2).float() - (binary == 1).float()
        own = levels[:, self.one_hot]
        position = torch.where(own > 0, own + self.before, 0)
        one_hot = signs.new_zeros((len(codes), 1 + self.n_one_hot)).scatter(1, position, 1.0)  # the first: unknown
        return torch.cat([signs, one_hot[:, 1:]], 1), levels[:, self.embedded].float()


def fit_categorical(
    codes: NDArray[np.int32], n_codes: tuple[int, ...], rows: NDArray[np.intp], embedding: Embedding
) -> tuple[CategoricalFeatures, dict[int, str]]:
    """Find the known levels of every column in all training rows.

    Parameters
    ----------
    codes : ndarray of shape (n, q), int32
        As in a `Table`.
    n_codes : tuple of int
        Number of codes of each column.
    rows : ndarray of shape (n_train,), int
        The training rows.
    embedding : Embedding

    Returns
    -------
    CategoricalFeatures
    dict of int to str
        Columns that are not used, with the reason.
    """
    known: list[Array] = []
    dropped = {}
    for j, n in enumerate(n_codes):
        counts = np.bincount(codes[rows, j], minlength=n)
        levels = _find_known_levels(counts)
        if not len(levels):
            dropped[j] = "no value occurs twice"
        elif counts[levels].sum() == len(rows) and len(levels) == 1:
            dropped[j], levels = "constant", levels[:0]
        if embedding.min_levels is None and len(levels) > MAX_ONE_HOT_LEVELS:  # the most frequent ones
            levels = np.sort(levels[np.argsort(-counts[levels], kind="stable")[:MAX_ONE_HOT_LEVELS]])
        known.append(levels)
    return CategoricalFeatures(known, n_codes, embedding.min_levels), dropped


def _find_known_levels(counts: Array) -> Array:
    """Return the codes of levels with enough training rows; a missing value is a level if there is any."""
    is_known = counts >= (2 if counts.sum() >= FEW_ROWS else 1)
    is_known[MISSING_CODE], is_known[UNSEEN_CODE] = counts[MISSING_CODE] > 0, False
    return np.flatnonzero(is_known)

"""Torch modules that apply fitted encodings: statistics are buffers, `forward` is arithmetic.

They compute in float64, because subtracting a large center (seconds since 1970) would cancel in float32, and return
float32.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.modality import Allocate
from autonet.core.typing import Array
from autonet.data.encoding.specs import describable_module
from autonet.data.table import Table

__all__ = [
    "MAX_ABS_INPUT",
    "MAX_ABS_STATISTIC",
    "BufferModule",
    "CategoricalFeatures",
    "EncodingModule",
    "Impute",
    "NumericalFeatures",
    "QuantileNormal",
    "Scale",
    "SmoothClip",
    "SparseProjection",
    "TextProjection",
    "Zeros",
    "apply_module",
    "to_sparse_tensor",
]

MAX_ABS_STATISTIC = 1e100  # values are clipped before statistics: sums of squares stay finite in float64
MAX_ABS_INPUT = 1e9  # network inputs are clipped: their squares stay finite in float32
MAX_ABS_QUANTILE = 4.0  # standard deviations; bounds the output of `QuantileNormal`
CHUNK_CELLS = 2**18  # cells (rows x columns) encoded at a time: 2 MB in float64, which fit in a cache


def apply_module(module: nn.Module, X: Array) -> Array:
    """Apply a module to an array (n, p)."""
    with torch.inference_mode():
        result: Array = module(torch.tensor(X)).numpy()
    return result


class BufferModule(nn.Module):
    """Module whose state is buffers."""

    def _register_arrays(self, dtype: torch.dtype, **arrays: Array) -> None:
        """Register copies of arrays as buffers."""
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(np.ascontiguousarray(array), dtype=dtype))


@describable_module
class Impute(BufferModule):
    """Impute missing values and append missing indicators; infinite values count as missing.

    Parameters
    ----------
    columns : ndarray of shape (n_columns,)
        Indices of the columns whose values are used.
    fill : ndarray of shape (n_columns,)
        Replacements for missing values.
    indicator_columns : ndarray of shape (n_indicators,)
        Indices of the columns with a missing indicator.
    """

    columns: Tensor
    fill: Tensor
    indicator_columns: Tensor

    def __init__(self, columns: Array, fill: Array, indicator_columns: Array) -> None:
        super().__init__()
        self._register_arrays(torch.int64, columns=columns, indicator_columns=indicator_columns)
        self._register_arrays(torch.float64, fill=fill)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return imputed values (n, n_columns) and missing indicators (n, n_indicators) of rows (n, p)."""
        values = x.index_select(1, self.columns).double()
        return torch.where(values.isfinite(), values, self.fill), ~x.index_select(1, self.indicator_columns).isfinite()


@describable_module
class Scale(BufferModule):
    """Scale columns: (x - center) / divisor, clipped to `MAX_ABS_INPUT`."""

    center: Tensor
    divisor: Tensor

    def __init__(self, center: Array, divisor: Array) -> None:
        super().__init__()
        divisor = np.asarray(divisor)
        self._register_arrays(torch.float64, center=center, divisor=np.where(divisor > 0, divisor, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Scale columns (n, p)."""
        return ((x - self.center) / self.divisor).clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT)


@describable_module
class SmoothClip(nn.Module):
    """Clip smoothly to [-limit, limit]: x / sqrt(1 + (x / limit)^2)."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Clip columns (n, p) elementwise."""
        return x * (1 + (x / self.limit).square()).rsqrt()


@describable_module
class QuantileNormal(BufferModule):
    """Map columns to a normal distribution by their quantiles.

    A value that equals several quantiles is mapped to their middle, at the ends too: a column of zeros and ones gets
    moderate values (scikit-learn maps the lowest and the highest value to the ends of the distribution).

    Parameters
    ----------
    quantiles : ndarray of shape (n_quantiles, p)
        Ascending, at evenly spaced probabilities from 0 to 1.
    """

    quantiles: Tensor
    middle: Tensor

    def __init__(self, quantiles: Array) -> None:
        super().__init__()
        quantiles = np.ascontiguousarray(quantiles.T)
        first, beyond = (np.array([q.searchsorted(q, side) for q in quantiles]) for side in ("left", "right"))
        self._register_arrays(torch.float64, quantiles=quantiles, middle=(first + beyond - 1) / 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p)."""
        values, last = x.double().T.contiguous(), self.quantiles.shape[1] - 1
        above = torch.searchsorted(self.quantiles, values).clamp(max=last)
        low, high = (self.quantiles.gather(1, i) for i in ((above - 1).clamp(min=0), above))
        between = above - 1 + (values - low) / torch.where(high > low, high - low, 1.0)
        position = torch.where(values == high, self.middle.gather(1, above), between)
        normal: Tensor = torch.special.ndtri((position / max(last, 1)).clamp(0, 1))
        return normal.clamp(-MAX_ABS_QUANTILE, MAX_ABS_QUANTILE).T


@describable_module
class SparseProjection(BufferModule):
    """Weight the columns of a wide sparse table and project it; rows may be dense or a sparse COO tensor.

    Parameters
    ----------
    weights : ndarray of shape (p,)
        Column weights; 0 for unused columns.
    columns : ndarray of shape (q,)
        Indices of the columns that are used.
    matrix : ndarray of shape (q, k)
        Projection matrix.
    """

    weights: Tensor
    columns: Tensor
    places: Tensor
    matrix: Tensor

    def __init__(self, weights: Array, columns: Array, matrix: Array) -> None:
        super().__init__()
        places = np.zeros(len(weights))
        places[columns] = np.arange(len(columns))
        self._register_arrays(torch.float64, weights=weights)
        self._register_arrays(torch.int64, columns=columns, places=places)
        self._register_arrays(torch.float32, matrix=matrix)

    def _weigh(self, values: Tensor, weights: Tensor) -> Tensor:
        """Weight values elementwise; missing values become zero."""
        values = values.double().nan_to_num(0.0, 0.0, 0.0)
        return (values * weights).clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT).float()

    def forward(self, x: Tensor) -> Tensor:
        """Project rows (n, p) to (n, k)."""
        if not x.is_sparse:
            weighted = self._weigh(x[:, self.columns], self.weights[self.columns])
            return self._rescale(weighted @ self.matrix, weighted.square().sum(1))
        x = x.coalesce()
        row, column = x.indices()
        values = self._weigh(x.values(), self.weights[column])
        squares = values.new_zeros(x.shape[0]).index_add(0, row, values.square())
        first = torch.searchsorted(row, torch.arange(x.shape[0], device=row.device))
        # Three times as fast as a sparse matrix product: a row's product is a weighted sum of rows of the matrix.
        product = functional.embedding_bag(
            self.places[column], self.matrix, first, mode="sum", per_sample_weights=values
        )
        return self._rescale(product, squares)

    def _rescale(self, projected: Tensor, squares: Tensor) -> Tensor:
        """Rescale projected rows (n, k), given their sums of squares (n,) before the projection."""
        return projected


@describable_module
class TextProjection(SparseProjection):
    """Latent semantic analysis: TF-IDF rows with sublinear term frequency and unit length, projected."""

    def _weigh(self, values: Tensor, weights: Tensor) -> Tensor:
        """Weight counts elementwise."""
        values = values.double()
        return (torch.where(values > 0, 1 + values.clamp(min=1e-30).log(), 0.0) * weights).float()

    def _rescale(self, projected: Tensor, squares: Tensor) -> Tensor:
        """Divide projected rows by their length before the projection."""
        return projected / squares.sqrt().clamp(min=1e-12).unsqueeze(1)


@describable_module
class NumericalFeatures(nn.Module):
    """Impute and normalize numerical features, min-max scale binary ones, and append missing indicators.

    Parameters
    ----------
    impute : Impute
        Puts binary columns last.
    normalize : nn.Module
    binary : nn.Module
        Scales binary columns.
    n_numbers : int
        Number of columns that are normalized.
    """

    def __init__(self, impute: Impute, normalize: nn.Module, binary: nn.Module, n_numbers: int) -> None:
        super().__init__()
        self.impute, self.normalize, self.binary, self.n_numbers = impute, normalize, binary, n_numbers

    def forward(self, x: Tensor) -> Tensor:
        """Encode rows (n, p) as (n, n_features)."""
        values, missing = self.impute(x)
        numbers, binary = self.normalize(values[:, : self.n_numbers]), self.binary(values[:, self.n_numbers :])
        return torch.cat([numbers.float(), binary.float(), missing.float()], 1)


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
        binary = levels.index_select(1, self.binary)
        signs = (binary == 2).float() - (binary == 1).float()
        own = levels.index_select(1, self.one_hot)
        position = torch.where(own > 0, own + self.before, 0)
        one_hot = signs.new_zeros((codes.shape[0], 1 + self.n_one_hot)).scatter(1, position, 1.0)  # the first: unknown
        return torch.cat([signs, one_hot[:, 1:]], 1), levels.index_select(1, self.embedded).float()


@describable_module
class EncodingModule(nn.Module):
    """Encode the arrays of a `Table`.

    Parameters
    ----------
    numbers : nn.Module
        Maps numbers (n, p) to features.
    categories : CategoricalFeatures
        Maps codes (n, q) to features and to indices for embeddings.
    texts : list of nn.Module
        Map term counts (n, n_terms) to features, one for each column of text.
    """

    def __init__(self, numbers: nn.Module, categories: CategoricalFeatures, texts: list[nn.Module]) -> None:
        super().__init__()
        self.numbers, self.categories, self.texts = numbers, categories, nn.ModuleList(texts)
        self.features: nn.Module = nn.Identity()  # the preprocessor of all features
        self.reads_sparse = not isinstance(numbers, NumericalFeatures)

    def forward(self, numbers: Tensor, codes: Tensor, *texts: Tensor) -> Tensor:
        """Encode rows: normalized numbers come first, target means and indices for embeddings last.

        Parameters
        ----------
        numbers : Tensor of shape (n, p)
            Floats with NaN for missing values; sparse COO if the module was fitted on a wide sparse table.
        codes : Tensor of shape (n, q), int64
        texts : Tensor of shape (n, n_terms)
            Dense or sparse COO.

        Returns
        -------
        Tensor of shape (n, n_out), float32
        """
        categories, indices = self.categories(codes)
        topics = [project(text) for project, text in zip(self.texts, texts, strict=True)]
        features = torch.cat([part.float() for part in (self.numbers(numbers), categories, *topics)], 1)
        means = [part(codes) for name, part in self.named_children() if name == "target_means"]  # set if there are any
        return torch.cat([self.features(features).float(), *means, indices], 1)

    def encode(
        self, table: Table, rows: NDArray[np.intp] | None, width: int, allocate: Allocate | None = None
    ) -> NDArray[np.float32]:
        """Encode rows (n,) of a table, by default all, as an array (n, width), chunk by chunk."""
        n = len(table) if rows is None else len(rows)
        result = allocate((n, width)) if allocate else np.empty((n, width), np.float32)
        cells = max(width, self.categories.n_features, 0 if self.reads_sparse else table.numbers.shape[1])
        size = max(CHUNK_CELLS // cells, 1)
        with torch.inference_mode():
            for first in range(0, n, size):
                chunk = slice(first, first + size)
                part = table.rows(chunk if rows is None else rows[chunk])
                encoded = self(*_to_tensors(part, self))
                if encoded.shape[1] != width:  # of a manipulated file; copying would repeat a single column
                    raise ValueError(f"encoded rows have {encoded.shape[1]} columns, not {width}")
                torch.from_numpy(result[chunk]).copy_(encoded)
        return result

    def width(self, table: Table, rows: NDArray[np.intp]) -> int:
        """Return the number of encoded columns of rows (n,) of a table."""
        with torch.inference_mode():
            return int(self(*_to_tensors(table.rows(rows[:1]), self)).shape[1])


@describable_module
class Zeros(nn.Module):
    """A column of zeros, the input of networks for tables without useful columns."""

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros (n, 1) for rows (n, p)."""
        return x.new_zeros((x.shape[0], 1))


def _to_tensors(table: Table, module: EncodingModule) -> Iterator[Tensor]:
    """Copy the arrays of a table to tensors; torch supports neither all dtypes nor read-only arrays."""
    numbers = table.numbers
    if isinstance(numbers, np.ndarray):
        yield torch.from_numpy(numbers.astype(np.float64))
    else:
        yield (
            to_sparse_tensor(numbers) if module.reads_sparse else torch.from_numpy(numbers.toarray().astype(np.float64))
        )
    yield torch.from_numpy(table.codes.astype(np.int64))
    yield from map(to_sparse_tensor, table.texts)


def to_sparse_tensor(array: sparse.csr_array) -> Tensor:
    """Copy a sparse array (n, p) to a COO tensor."""
    if not array.has_canonical_format:
        array = array.copy()  # X of the user is not modified
        array.sum_duplicates()
    row = np.repeat(np.arange(array.shape[0]), np.diff(array.indptr))
    indices = torch.from_numpy(np.stack([row, array.indices]).astype(np.int64))
    values = torch.from_numpy(array.data.astype(np.float64))
    return torch.sparse_coo_tensor(indices, values, array.shape, check_invariants=False, is_coalesced=True)

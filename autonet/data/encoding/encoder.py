"""Encoder of tables: numbers, categories and texts to the float32 inputs of a network."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from autonet.core.component import Choice, Components
from autonet.core.modality import Inputs
from autonet.core.spec import describable
from autonet.core.task import InputLayout
from autonet.core.threads import one_blas_thread
from autonet.core.typing import Array
from autonet.data.encoding.categorical import CategoricalFeatures, fit_categorical
from autonet.data.encoding.modules import Clamp
from autonet.data.encoding.numerical import NumericalFeatures, fit_numerical, subsample_rows
from autonet.data.encoding.preprocessors import COLUMN_BY_COLUMN, EMBEDDING, PREPROCESSORS, FitFeatures
from autonet.data.encoding.projections import fit_sparse_projection, fit_text_projection
from autonet.data.encoding.specs import describable_module
from autonet.data.table import Table

__all__ = ["EncodingModule", "TabularEncoder"]

Rows = NDArray[np.intp]

CHUNK_CELLS = 2**18  # cells (rows x columns) encoded at a time: 2 MB in float64, which fit in a cache
# Cells that a preprocessor is fitted on, at most, because fitting cannot be interrupted: a power transform of a million
# cells takes seconds, of all of MNIST minutes.
MAX_FITTED_CELLS = {"truncated_svd": 20_000_000, "others": 1_000_000}
MIN_FITTED_ROWS = 1000  # rows that a preprocessor is fitted on, at least
MAX_PROJECTION_ROWS = 20_000  # rows that projections of texts and of wide sparse tables are fitted on
WIDE_COLUMNS = 4096  # numerical columns above which a sparse table is projected
LAZY_COLUMNS = 256  # encoded columns above which a sparse table is encoded batch by batch


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
        """Encode rows: normalized numbers come first, indices for embeddings last.

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
        return torch.cat([self.features(features).float(), indices], 1)

    def encode(self, table: Table, rows: Rows | None, width: int) -> NDArray[np.float32]:
        """Encode rows (n,) of a table, by default all, as an array (n, width), chunk by chunk."""
        n = len(table) if rows is None else len(rows)
        result = np.empty((n, width), np.float32)
        cells = max(width, self.categories.n_features, 0 if self.reads_sparse else table.numbers.shape[1])
        size = max(CHUNK_CELLS // cells, 1)
        with torch.inference_mode():
            for first in range(0, n, size):
                chunk = slice(first, first + size)
                part = table.rows(chunk if rows is None else rows[chunk])
                torch.from_numpy(result[chunk]).copy_(self(*_to_tensors(part, self)))
        return result

    def width(self, table: Table, rows: Rows) -> int:
        """Return the number of encoded columns of rows (n,) of a table."""
        with torch.inference_mode():
            return int(self(*_to_tensors(table.rows(rows[:1]), self)).shape[1])


@describable_module
class Zeros(nn.Module):
    """A column of zeros, the input of networks for tables without useful columns."""

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros (n, 1) for rows (n, p)."""
        return x.new_zeros((x.shape[0], 1))


@describable
@dataclass(frozen=True, eq=False)
class TabularEncoder:
    """Encoder of tables, fitted on training rows.

    Attributes
    ----------
    module : EncodingModule
        Fitted state, in buffers, and the arithmetic.
    layout : InputLayout
        Columns of the encoded table; index 0 of an embedding stands for unknown categories.
    dropped_numbers, dropped_categories : dict of int to str
        Columns of `Table.numbers` and `Table.codes` whose values are not used, with the reason.
    is_lazy : bool
        Whether to encode batch by batch, because the table is sparse and its encoding wide.
    """

    module: EncodingModule
    layout: InputLayout
    dropped_numbers: dict[int, str]
    dropped_categories: dict[int, str]
    is_lazy: bool

    @property
    def n_out(self) -> int:
        """Number of encoded columns."""
        return self.layout.n_in

    @property
    def vocabularies(self) -> tuple[int, ...]:
        """Number of indices of each embedded column."""
        return self.layout.vocabularies

    @classmethod
    def fit(cls, table: Table, rows: Rows, components: Components, seed: int) -> "TabularEncoder":
        """Fit an encoder on training rows.

        Parameters
        ----------
        table : Table
        rows : ndarray of shape (n_train,), int
            The training rows; others are not used.
        components : Components
            Imputation, normalization, embedding and preprocessor; others are not used.
        seed : int
            Seed of samples and of random preprocessors.

        Returns
        -------
        TabularEncoder
        """
        with one_blas_thread():
            return cls._fit(table, rows, components, seed)

    @classmethod
    def _fit(cls, table: Table, rows: Rows, components: Components, seed: int) -> "TabularEncoder":
        projection_rows = subsample_rows(rows, MAX_PROJECTION_ROWS, seed)
        numbers: nn.Module
        dropped: dict[int, str] = {}
        if table.is_sparse and table.numbers.shape[1] > WIDE_COLUMNS:
            numbers = fit_sparse_projection(table.numbers[projection_rows], seed)
        else:
            numbers, dropped = fit_numerical(table.numbers, rows, components, seed)
        categories, dropped_categories = fit_categorical(
            table.codes, table.n_codes, rows, components[EMBEDDING].build()
        )
        module = EncodingModule(
            numbers, categories, [fit_text_projection(text[projection_rows], seed) for text in table.texts]
        )
        width = module.width(table, rows)
        n_features = width - len(categories.vocabularies)
        preprocessor = components[PREPROCESSORS]
        if not width:
            module.features = Zeros()
        elif n_features and preprocessor.name != "none":
            cells = MAX_FITTED_CELLS.get(preprocessor.name, MAX_FITTED_CELLS["others"])
            sample = module.encode(table, subsample_rows(rows, max(cells // n_features, MIN_FITTED_ROWS), seed), width)
            module.features = _fit_features(sample[:, :n_features], preprocessor, seed)
        n_out = module.width(table, rows)
        n_numbers = numbers.n_numbers if isinstance(numbers, NumericalFeatures) else 0
        if n_features and preprocessor.name not in COLUMN_BY_COLUMN:  # mixtures of all features
            n_numbers = n_out - len(categories.vocabularies)
        layout = InputLayout(n_out, n_numbers, categories.vocabularies)
        is_lazy = isinstance(numbers, NumericalFeatures) and table.is_sparse and LAZY_COLUMNS < n_out >= width
        return cls(module, layout, dropped, dropped_categories, is_lazy)

    def transform(self, table: Table, rows: Rows | None = None) -> NDArray[np.float32]:
        """Encode a table.

        Parameters
        ----------
        table : Table
            Read by the schema of the fitted table.
        rows : ndarray of shape (n,), int, optional
            Rows to encode; all rows by default.

        Returns
        -------
        ndarray of shape (n, n_out), float32, C-contiguous
        """
        return self.module.encode(table, rows, self.n_out)

    def inputs(self, table: Table, device: torch.device, rows: Rows | None = None) -> Inputs:
        """Encode a table for a network, at once, or batch by batch if `is_lazy`.

        Parameters
        ----------
        table : Table
        device : torch.device
        rows : ndarray of shape (n,), int, optional
            Rows to encode; all rows by default.

        Returns
        -------
        Tensor or LazyInputs of shape (n, n_out), float32
        """
        if self.is_lazy:
            return LazyInputs(self.transform, self.n_out, table if rows is None else table.rows(rows), device)
        return torch.from_numpy(self.transform(table, rows)).to(device)


@dataclass(frozen=True)
class LazyInputs:
    """Inputs that are encoded batch by batch, so that a sparse table is never dense as a whole.

    Attributes
    ----------
    encode : callable
        Maps a table to encoded rows (n, width), float32.
    width : int
    table : Table
    device : torch.device
    """

    encode: Callable[[Table], NDArray[np.float32]]
    width: int
    table: Table
    device: torch.device

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of encoded columns."""
        return len(self.table), self.width

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.table)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return encoded rows, by index (k,) or slice, as a tensor (k, width)."""
        index = rows if isinstance(rows, slice) else rows.cpu().numpy()
        return torch.from_numpy(self.encode(self.table.rows(index))).to(self.device)


def _to_tensors(table: Table, module: EncodingModule) -> Iterator[Tensor]:
    """Copy the arrays of a table to tensors; torch supports neither all dtypes nor read-only arrays."""
    numbers = table.numbers
    if isinstance(numbers, np.ndarray):
        yield torch.from_numpy(numbers.astype(np.float64))
    else:
        yield (
            _to_sparse_tensor(numbers)
            if module.reads_sparse
            else torch.from_numpy(numbers.toarray().astype(np.float64))
        )
    yield torch.from_numpy(table.codes.astype(np.int64))
    yield from map(_to_sparse_tensor, table.texts)


def _to_sparse_tensor(array: sparse.csr_array) -> Tensor:
    if not array.has_canonical_format:
        array = array.copy()  # X of the user is not modified
        array.sum_duplicates()
    row, column = array.tocoo().coords
    indices = torch.from_numpy(np.stack([row, column]).astype(np.int64))
    values = torch.from_numpy(array.data.astype(np.float64))
    return torch.sparse_coo_tensor(indices, values, array.shape, check_invariants=False, is_coalesced=True)


def _fit_features(sample: Array, preprocessor: Choice[FitFeatures], seed: int) -> nn.Module:
    """Fit the preprocessor on features (n, n_features) of training rows.

    Its inputs are clamped to the bounds of these rows, widened by their range on either side.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # approximations that did not converge are good enough
        fitted = preprocessor.build(seed=seed)(sample)
    low, high = sample.min(axis=0), sample.max(axis=0)
    return nn.Sequential(Clamp(low - (high - low), high + (high - low)), fitted)

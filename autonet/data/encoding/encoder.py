"""The tabular encoder: from numbers, categories and texts to the float32 matrix that a network sees."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from autonet.core.modality import Inputs
from autonet.core.names import SEPARATOR
from autonet.core.spec import describable
from autonet.core.task import InputLayout
from autonet.core.threads import one_blas_thread
from autonet.core.typing import Array
from autonet.data.encoding.categorical import CategoricalFeatures, fit_categorical
from autonet.data.encoding.modules import Clamp
from autonet.data.encoding.numerical import NumericalFeatures, fit_numerical, subsample_rows
from autonet.data.encoding.on_demand import LazyInputs
from autonet.data.encoding.preprocessors import COLUMN_BY_COLUMN, EMBEDDING, IMPUTATION, NORMALIZATION, PREPROCESSORS
from autonet.data.encoding.projections import fit_sparse_projection, fit_text_projection
from autonet.data.encoding.specs import describable_module
from autonet.data.table import Table

__all__ = ["EncodingModule", "TabularEncoder", "encoder_key"]

Rows = NDArray[np.intp]

CHUNK_CELLS = 2**18  # encoded at a time: 2 MB in float64, which processors keep at hand
# A preprocessor is fitted on so many cells (rows x columns) at most, because its time counts and cannot be cut short:
# a power transformation of MNIST would take minutes, with a million cells some seconds.  A singular value
# decomposition is quick.
FITTED_CELLS = {"truncated_svd": 20_000_000, "others": 1_000_000}
FITTED_ROWS = 1000  # at least
PROJECTED_ROWS = 20_000  # at most, for projections of texts and of wide sparse tables
WIDE_COLUMNS = 4096  # sparse tables with more columns of numbers are projected
LAZY_COLUMNS = 256  # sparse tables that become more columns than this are better encoded batch by batch


@describable_module
class EncodingModule(nn.Module):
    """The whole encoding of a table as a module; each of its parts maps some arrays of a `Table` to columns.

    Parameters
    ----------
    numbers : nn.Module
        Numbers (n, p) to features.
    categories : Categories
        Codes (n, q) to features and to indices of embedded categories.
    texts : list of nn.Module
        Word counts (n, words) to features, for every column of text.
    """

    def __init__(self, numbers: nn.Module, categories: CategoricalFeatures, texts: list[nn.Module]) -> None:
        super().__init__()
        self.numbers, self.categories, self.texts = numbers, categories, nn.ModuleList(texts)
        self.features: nn.Module = nn.Identity()  # changes all features together
        self.reads_sparse = not isinstance(numbers, NumericalFeatures)

    def forward(self, numbers: Tensor, codes: Tensor, *texts: Tensor) -> Tensor:
        """Encode rows: scaled numbers come first, indices of categories last.

        Parameters
        ----------
        numbers : Tensor of shape (n, p)
            Of floats, NaN where missing; dense, or a sparse COO tensor if the module was fitted on a wide sparse table.
        codes : Tensor of shape (n, q)
        texts : Tensor of shape (n, words)
            Dense or sparse COO tensors.

        Returns
        -------
        Tensor of shape (n, n_out), float32
        """
        categories, indices = self.categories(codes)
        topics = [project(text) for project, text in zip(self.texts, texts, strict=True)]
        features = torch.cat([part.float() for part in (self.numbers(numbers), categories, *topics)], 1)
        return torch.cat([self.features(features).float(), indices], 1)

    def encode(self, table: Table, rows: Rows | None, width: int) -> NDArray[np.float32]:
        """Encode some rows of a table, or all, as (n, width), chunk by chunk."""
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
        """Count the columns that a row becomes."""
        with torch.inference_mode():
            return int(self(*_to_tensors(table.rows(rows[:1]), self)).shape[1])


@describable_module
class Zeros(nn.Module):
    """A column of zeros, for tables that say nothing: so that there is a network to train."""

    def forward(self, x: Tensor) -> Tensor:
        """Turn (n, any) into (n, 1)."""
        return x.new_zeros((x.shape[0], 1))


@describable
@dataclass(frozen=True, eq=False)
class TabularEncoder:
    """Encode tables as the training rows of one suggest.

    Attributes
    ----------
    module : Encoding
        All that was fitted, in buffers, and the arithmetic.
    layout : InputLayout
        Of the columns of the result.  Of an index of categories 0 stands for all that is unknown.
    dropped_numbers, dropped_categories : dict of int to str
        Columns of `Table.numbers` and `Table.codes` whose values are not used, and why.
    is_lazy : bool
        Whether the table is sparse and what is made of it is wide, so that it should not be encoded as a whole.
    """

    module: EncodingModule
    layout: InputLayout
    dropped_numbers: dict[int, str]
    dropped_categories: dict[int, str]
    is_lazy: bool

    @property
    def n_out(self) -> int:
        """Number of columns of the result."""
        return self.layout.n_in

    @property
    def vocabularies(self) -> tuple[int, ...]:
        """How many indices there are in each of the last columns."""
        return self.layout.vocabularies

    @classmethod
    def fit(cls, table: Table, rows: Rows, config: Mapping[str, Any], seed: int) -> "TabularEncoder":
        """Fit on training rows, with the choices of a configuration.

        Parameters
        ----------
        table : Table
        rows : ndarray of int
            The training rows; no others are looked at.
        config : mapping
            A full configuration.
        seed : int
            Of samples, and for preprocessors that draw.
        """
        with one_blas_thread():
            return cls._fit(table, rows, config, seed)

    @classmethod
    def _fit(cls, table: Table, rows: Rows, config: Mapping[str, Any], seed: int) -> "TabularEncoder":
        projection_rows = subsample_rows(rows, PROJECTED_ROWS, seed)
        numbers: nn.Module
        dropped: dict[int, str] = {}
        if table.is_sparse and table.numbers.shape[1] > WIDE_COLUMNS:
            numbers = fit_sparse_projection(table.numbers[projection_rows], seed)
        else:
            numbers, dropped = fit_numerical(table.numbers, rows, config, seed)
        categories, dropped_categories = fit_categorical(table.codes, table.n_codes, rows, EMBEDDING.build(config))
        module = EncodingModule(
            numbers, categories, [fit_text_projection(text[projection_rows], seed) for text in table.texts]
        )
        width = module.width(table, rows)
        n_features = width - len(categories.vocabularies)
        chosen = PREPROCESSORS.select_name(config)
        if not width:
            module.features = Zeros()
        elif n_features and chosen != "none":
            cells = FITTED_CELLS.get(chosen, FITTED_CELLS["others"])
            sample = module.encode(table, subsample_rows(rows, max(cells // n_features, FITTED_ROWS), seed), width)
            module.features = _fit_features(sample[:, :n_features], config, seed)
        n_out = module.width(table, rows)
        n_numbers = numbers.n_numbers if isinstance(numbers, NumericalFeatures) else 0
        if n_features and chosen not in COLUMN_BY_COLUMN:  # mixtures of all features
            n_numbers = n_out - len(categories.vocabularies)
        layout = InputLayout(n_out, n_numbers, categories.vocabularies)
        is_lazy = isinstance(numbers, NumericalFeatures) and table.is_sparse and LAZY_COLUMNS < n_out >= width
        return cls(module, layout, dropped, dropped_categories, is_lazy)

    def transform(self, table: Table, rows: Rows | None = None) -> NDArray[np.float32]:
        """Encode a table.

        Parameters
        ----------
        table : Table
            Read by the same schema as the one that was fitted.
        rows : ndarray of int, optional
            The rows to encode, without a copy of them all; default: every row.

        Returns
        -------
        ndarray of shape (n, n_out), float32, C-contiguous
        """
        return self.module.encode(table, rows, self.n_out)

    def inputs(self, table: Table, device: torch.device, rows: Rows | None = None) -> Inputs:
        """Encode a table, or some of its rows, for a network: at once, or batch by batch if that needs less memory.

        Parameters
        ----------
        table : Table
        device : torch.device
        rows : ndarray of int, optional

        Returns
        -------
        Tensor or EncodedOnDemand of shape (n, n_out)
        """
        if self.is_lazy:
            return LazyInputs(self.transform, self.n_out, table if rows is None else table.rows(rows), device)
        return torch.from_numpy(self.transform(table, rows)).to(device)


def _to_tensors(table: Table, module: EncodingModule) -> Iterator[Tensor]:
    """Copy the arrays of a table into tensors: torch reads neither every type of numbers nor what is read-only."""
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
        array = array.copy()  # it may be the user's own
        array.sum_duplicates()
    row, column = array.tocoo().coords
    indices = torch.from_numpy(np.stack([row, column]).astype(np.int64))
    values = torch.from_numpy(array.data.astype(np.float64))
    return torch.sparse_coo_tensor(indices, values, array.shape, check_invariants=False, is_coalesced=True)


def _fit_features(sample: Array, config: Mapping[str, Any], seed: int) -> nn.Module:
    """Fit the preprocessor on features of training rows (n, n_features).

    It is asked about values between the bounds of these rows, widened by their range on either side.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that an approximation did not converge is no reason to refuse it
        fitted = PREPROCESSORS.build(config, seed=seed)(sample)
    low, high = sample.min(axis=0), sample.max(axis=0)
    return nn.Sequential(Clamp(low - (high - low), high + (high - low)), fitted)


def encoder_key(config: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return the part of a configuration that the encoder depends on; the size of embeddings is the network's."""
    names = tuple(node.name + SEPARATOR for node in (IMPUTATION, NORMALIZATION, PREPROCESSORS, EMBEDDING))
    return tuple(sorted((k, v) for k, v in config.items() if k.startswith(names) and not k.endswith(":dimension")))

"""Encoder of tables: numbers, categories and texts to the float32 inputs of a network."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.component import Choice, Components
from autonet.core.modality import Allocate, Inputs
from autonet.core.spec import describable
from autonet.core.task import InputLayout
from autonet.core.threads import one_blas_thread
from autonet.core.typing import Array
from autonet.core.warn import silence
from autonet.data.encoding.modules import CategoricalFeatures, EncodingModule, NumericalFeatures, Zeros
from autonet.data.encoding.names import name_columns
from autonet.data.encoding.numerical import fit_numerical, subsample_rows
from autonet.data.encoding.preprocessors import (
    COLUMN_BY_COLUMN,
    EMBEDDING,
    PREPROCESSORS,
    TARGET_MEANS,
    Clamp,
    FitFeatures,
)
from autonet.data.encoding.projections import fit_sparse_projection, fit_text_projection
from autonet.data.encoding.target_means import find_target_means, fit_target_means
from autonet.data.table import MISSING_CODE, UNSEEN_CODE, InputNames, Table

__all__ = ["LAZY_COLUMNS", "TabularEncoder"]

Rows = NDArray[np.intp]

# Cells that a preprocessor is fitted on, at most, because fitting cannot be interrupted: a power transform of a million
# cells takes seconds, of all of MNIST minutes.
MAX_FITTED_CELLS = {"truncated_svd": 20_000_000, "others": 1_000_000}
MIN_FITTED_ROWS = 1000  # rows that a preprocessor is fitted on, at least
MAX_PROJECTION_ROWS = 20_000  # rows that projections of texts and of wide sparse tables are fitted on
WIDE_COLUMNS = 4096  # numerical columns above which a sparse table is projected
LAZY_COLUMNS = 256  # encoded columns above which a sparse table is encoded batch by batch
# Training rows from which a level must occur twice: a single row says nothing about its level.  In smaller tables
# most levels occur once, and dropping them would empty the column.
FEW_ROWS = 50
MAX_ONE_HOT_LEVELS = 64  # per column, if nothing is embedded


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
    is_lazy : bool
        Whether to encode batch by batch, because the table is sparse and its encoding wide.
    """

    module: EncodingModule
    layout: InputLayout
    is_lazy: bool

    @classmethod
    def fit(
        cls, table: Table, rows: Rows, components: Components, seed: int, y: Array | None = None
    ) -> "TabularEncoder":
        """Fit an encoder on training rows.

        Parameters
        ----------
        table : Table
        rows : ndarray of shape (n_train,), int
            The training rows; others are not used.
        components : Components
            Imputation, normalization, embedding, target means and preprocessor; others are not used.
        seed : int
            Seed of samples and of random preprocessors.
        y : ndarray of shape (n_train,) or (n_train, n_targets), optional
            Targets of the training rows; without them there are no target means.

        Returns
        -------
        TabularEncoder
        """
        with one_blas_thread():
            return cls._fit(table, rows, components, seed, y)

    @classmethod
    def _fit(cls, table: Table, rows: Rows, components: Components, seed: int, y: Array | None) -> "TabularEncoder":
        projection_rows = subsample_rows(rows, MAX_PROJECTION_ROWS, seed)
        numbers: nn.Module
        if table.is_sparse and table.numbers.shape[1] > WIDE_COLUMNS:
            numbers = fit_sparse_projection(table.numbers[projection_rows], seed)
        else:
            numbers = fit_numerical(table.numbers, rows, components, seed)
        categories = _fit_categorical(table.codes, table.n_codes, rows, components[EMBEDDING].build())
        module = EncodingModule(
            numbers, categories, [fit_text_projection(text[projection_rows], seed) for text in table.texts]
        )
        n_last = len(categories.vocabularies) + _add_target_means(module, table, rows, components, y)
        width = module.width(table, rows)
        n_features = width - n_last
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
            n_numbers = n_out - n_last
        layout = InputLayout(n_out, n_numbers, categories.vocabularies)
        is_lazy = isinstance(numbers, NumericalFeatures) and table.is_sparse and LAZY_COLUMNS < n_out >= width
        return cls(module, layout, is_lazy)

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
        return self.module.encode(table, rows, self.layout.n_in)

    def name_columns(self, inputs: InputNames) -> list[str]:
        """Name the encoded columns, given the names of those of the table."""
        return name_columns(self.module, inputs)

    def inputs(
        self, table: Table, device: torch.device, rows: Rows | None = None, allocate: Allocate | None = None
    ) -> Inputs:
        """Encode a table for a network, at once, or batch by batch if `is_lazy`.

        Parameters
        ----------
        table : Table
        device : torch.device
        rows : ndarray of shape (n,), int, optional
            Rows to encode; all rows by default.
        allocate : callable, optional
            Allocates the result; by default numpy does.

        Returns
        -------
        Tensor or LazyInputs of shape (n, n_out), float32
        """
        if self.is_lazy:
            return LazyInputs(self.transform, self.layout.n_in, table if rows is None else table.rows(rows), device)
        return torch.from_numpy(self.module.encode(table, rows, self.layout.n_in, allocate)).to(device)

    def training_inputs(
        self, table: Table, y: Array, device: torch.device, rows: Rows, allocate: Allocate | None = None
    ) -> Inputs:
        """Encode rows to train on; their target means are those of other rows.

        Parameters
        ----------
        table : Table
        y : ndarray of shape (n,) or (n, n_targets)
            Targets of the rows.
        device : torch.device
        rows : ndarray of shape (n,), int
        allocate : callable, optional
            Allocates the result; by default numpy does.

        Returns
        -------
        Tensor or LazyInputs of shape (n, n_out), float32
        """
        inputs, means = self.inputs(table, device, rows, allocate), find_target_means(self.module)
        if isinstance(inputs, Tensor) and means is not None:
            last = self.layout.n_in - len(self.layout.vocabularies)
            held_out = means.hold_out(table.codes[rows], y)
            inputs[:, last - means.n_out : last] = torch.from_numpy(held_out).to(inputs)
        return inputs


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

    @property
    def nbytes(self) -> int:
        """Size in memory, in bytes: of rows that were copied from the data."""
        return self.table.nbytes

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.table)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return encoded rows, by index (k,) or slice, as a tensor (k, width)."""
        index = rows if isinstance(rows, slice) else rows.cpu().numpy()
        return torch.from_numpy(self.encode(self.table.rows(index))).to(self.device)


def _fit_categorical(
    codes: NDArray[np.int32], n_codes: tuple[int, ...], rows: NDArray[np.intp], min_levels: int | None
) -> CategoricalFeatures:
    """Find the known levels of the columns of codes (n, q) in all training rows; constant columns have none."""
    known: list[Array] = []
    for j, n in enumerate(n_codes):
        counts = np.bincount(codes[rows, j], minlength=n)
        levels = _find_known_levels(counts)
        if len(levels) == 1 and counts[levels].sum() == len(rows):
            levels = levels[:0]
        if min_levels is None and len(levels) > MAX_ONE_HOT_LEVELS:  # the most frequent ones
            levels = np.sort(levels[np.argsort(-counts[levels], kind="stable")[:MAX_ONE_HOT_LEVELS]])
        known.append(levels)
    return CategoricalFeatures(known, n_codes, min_levels)


def _add_target_means(module: EncodingModule, table: Table, rows: Rows, components: Components, y: Array | None) -> int:
    """Add target means to the module of a dense table, if chosen; return the number of their columns."""
    chosen = components.get(TARGET_MEANS)
    smoothing = chosen.build() if chosen else None
    if y is None or smoothing is None or table.is_sparse:
        return 0
    means = fit_target_means(table.codes[rows], table.n_codes, y, smoothing)
    if means is None:
        return 0
    module.target_means = means
    return means.n_out


def _find_known_levels(counts: Array) -> Array:
    """Return the codes of levels with enough training rows; a missing value is a level if there is any."""
    is_known = counts >= (2 if counts.sum() >= FEW_ROWS else 1)
    is_known[MISSING_CODE], is_known[UNSEEN_CODE] = counts[MISSING_CODE] > 0, False
    return np.flatnonzero(is_known)


def _fit_features(sample: Array, preprocessor: Choice[FitFeatures], seed: int) -> nn.Module:
    """Fit the preprocessor on features (n, n_features) of training rows.

    Its inputs are clamped to the bounds of these rows, widened by their range on either side.
    """
    with silence():  # approximations that did not converge are good enough
        fitted = preprocessor.build(seed=seed)(sample)
    low, high = sample.min(axis=0), sample.max(axis=0)
    return nn.Sequential(Clamp(low - (high - low), high + (high - low)), fitted)

"""Tables as a modality: read by a schema, encoded as numbers and indices of categories."""

import logging
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.component import Components, Node
from autonet.core.errors import DataWarning
from autonet.core.modality import Allocate, Inputs, Modality
from autonet.core.task import InputLayout, Task
from autonet.core.warn import join_first, warn
from autonet.data.encoding.encoder import LAZY_COLUMNS, TabularEncoder
from autonet.data.encoding.preprocessors import EMBEDDING, IMPUTATION, NORMALIZATION, PREPROCESSORS, TARGET_MEANS
from autonet.data.encoding.trees import TreeEncoder
from autonet.data.reading.columns import Column
from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from autonet.models.network import build_linear, build_network
from autonet.nets.numeric import NUMERIC_EMBEDDING
from autonet.nets.registry import NETWORKS
from autonet.pipeline.nodes import nodes_around
from autonet.pipeline.resampling import RESAMPLING

__all__ = ["NODES", "TABLES", "Tables"]

NODES = nodes_around(
    (IMPUTATION, NORMALIZATION, PREPROCESSORS, EMBEDDING, TARGET_MEANS, RESAMPLING, NUMERIC_EMBEDDING), NETWORKS
)

PLAIN_ENCODING = (PREPROCESSORS.choose("none"), EMBEDDING.choose("none"))  # categories are one-hot


class Tables(Modality):
    """Tables of numbers, categories, dates and texts."""

    nodes: Mapping[str, Node[Any]] = NODES
    # Linear models learn fastest from standardized columns.
    baseline_encoding = (*PLAIN_ENCODING, NORMALIZATION.choose("standardize"))

    def read(self, X: Any, categorical_features: Sequence[Any] | None = None, **options: Any) -> tuple[Schema, Table]:
        """Infer the types of the columns, and read the table.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, p)
        categorical_features : sequence of str, int or bool, optional
            Columns that are categorical whatever their type.
        **options
            Further options of the estimator; ignored.
        """
        schema, table = Schema.detect_and_read(X, categorical_features)
        _log_columns(schema.columns)
        _warn_about_columns(schema.columns)
        return schema, table

    def encoder_key(self, components: Components) -> Hashable:
        """Return the choices that the encoder depends on; the dimension of embeddings is not a part of them."""
        choices = [components[node] for node in (IMPUTATION, NORMALIZATION, PREPROCESSORS, TARGET_MEANS)]
        key = tuple((c.name, *sorted(c.params.items())) for c in choices)
        return *key, components[EMBEDDING].build()

    def fit_encoder(
        self,
        data: Table,
        rows: NDArray[np.intp],
        components: Components,
        seed: int,
        y: NDArray[Any] | None = None,
    ) -> TabularEncoder:
        """Fit an encoder on training rows (n,), and target means on their targets."""
        return TabularEncoder.fit(data, rows, components, seed, y)

    def training_inputs(
        self,
        encoder: TabularEncoder,
        data: Table,
        y: NDArray[Any],
        device: torch.device,
        rows: NDArray[np.intp],
        allocate: Allocate | None = None,
    ) -> Inputs:
        """Encode rows (n,) to train on; see `TabularEncoder.training_inputs`."""
        return encoder.training_inputs(data, y, device, rows, allocate)

    def fit_tree_encoder(self, data: Table, rows: NDArray[np.intp], seed: int) -> TreeEncoder | None:
        """Fit an encoder for tree ensembles on training rows (n,); None for a wide sparse table."""
        if data.is_sparse and data.numbers.shape[1] > LAZY_COLUMNS:
            return None
        return TreeEncoder.fit(data, rows, seed)

    def build_network(
        self,
        task: Task,
        components: Components,
        layout: InputLayout,
        rows: Inputs | None = None,
        y: Tensor | None = None,
    ) -> nn.Module:
        """Build and initialize a network, on the CPU; see `build_network`."""
        return build_network(task, components, layout, rows, y)

    def build_linear(self, task: Task, layout: InputLayout) -> nn.Module:
        """Build the linear network of the baseline, on the CPU."""
        return build_linear(task, layout)


TABLES = Tables()


def _log_columns(columns: Sequence[Column]) -> None:
    """Log the inferred types of the columns."""
    logger, kinds = logging.getLogger("autonet"), Counter(column.kind for column in columns)
    logger.info("%d columns: %s", len(columns), ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
    for column in columns:
        if column.note:
            logger.info("column %r (%s): %s", column.name, column.kind, column.note)


def _warn_about_columns(columns: Sequence[Column]) -> None:
    """Warn once per note about columns that are possibly not used as intended."""
    notes = dict[str, list[str]]()
    for column in columns:
        if column.is_doubtful:
            notes.setdefault(column.note, []).append(repr(column.name))
    for note, names in notes.items():
        warn(f"Column{'s' * (len(names) > 1)} {join_first(names)}: {note}.", DataWarning)

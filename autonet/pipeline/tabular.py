"""Tables as a modality: read by a schema, encoded as numbers and indices of categories."""

import logging
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from autonet.core.component import Node
from autonet.core.errors import DataWarning
from autonet.core.modality import Inputs, Modality
from autonet.core.names import join
from autonet.core.task import InputLayout, Task
from autonet.core.warn import warn
from autonet.data.encoding.encoder import TabularEncoder, encoder_key
from autonet.data.encoding.preprocessors import EMBEDDING, IMPUTATION, NORMALIZATION, PREPROCESSORS
from autonet.data.reading.feature_types import Column
from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from autonet.data.targets.encoder import TARGET_TRANSFORMS
from autonet.models.network import build_network
from autonet.nets.numeric import NUMERIC_EMBEDDING
from autonet.nets.registry import NETWORKS
from autonet.pipeline.nodes import nodes_around

__all__ = ["NODES", "TABLES", "Tables"]

SHOWN = 5  # columns that a warning names

NODES = nodes_around((IMPUTATION, NORMALIZATION, PREPROCESSORS, EMBEDDING, NUMERIC_EMBEDDING), NETWORKS)

# Every column by itself, categories one-hot.
PLAIN_ENCODING = {
    join(PREPROCESSORS.name, PREPROCESSORS.selector): "none",
    join(EMBEDDING.name, EMBEDDING.selector): "none",
}
NORMALIZATION_NAME = join(NORMALIZATION.name, NORMALIZATION.selector)
TRANSFORM_NAME = join(TARGET_TRANSFORMS.name, TARGET_TRANSFORMS.selector)


class Tables(Modality):
    """Tables of numbers, categories, dates and texts."""

    nodes: Mapping[str, Node[Any]] = NODES

    def read(self, X: Any, categorical_features: Sequence[Any] | None = None, **options: Any) -> tuple[Schema, Table]:
        """Find out what the columns are, and read the table.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, p)
        categorical_features : sequence of str, int or bool, optional
            Columns that are categories whatever their type.
        **options
            Further options of the estimator, of which none is used.
        """
        schema, table = Schema.detect_and_read(X, categorical_features)
        _log_columns(schema.columns)
        _warn_of_columns(schema.columns)
        return schema, table

    def encoder_key(self, config: Mapping[str, Any]) -> Hashable:
        """Return the part of a configuration that the encoder depends on."""
        return encoder_key(config)

    def fit_encoder(self, data: Table, rows: NDArray[np.intp], config: Mapping[str, Any], seed: int) -> TabularEncoder:
        """Fit an encoder on training rows (n,)."""
        return TabularEncoder.fit(data, rows, config, seed)

    def build_network(
        self,
        task: Task,
        config: Mapping[str, Any],
        layout: InputLayout,
        rows: Inputs | None = None,
        networks: Node[nn.Module] | None = None,
    ) -> nn.Module:
        """Build and initialize the network of a configuration, on the CPU; see `build_network`."""
        return build_network(task, config, layout, rows, networks or NETWORKS)

    def baseline_config(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Standardize columns: a linear model learns fastest so."""
        return {**config, **PLAIN_ENCODING, NORMALIZATION_NAME: "standardize"}

    def tree_config(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Scale columns only within what float32 and its bounds leave alone: trees see thresholds."""
        return {**config, **PLAIN_ENCODING, NORMALIZATION_NAME: "minmax", TRANSFORM_NAME: "none"}


TABLES = Tables()


def _log_columns(columns: Sequence[Column]) -> None:
    """Log what the columns of a table were taken for."""
    logger, kinds = logging.getLogger("autonet"), Counter(column.kind for column in columns)
    logger.info("%d columns: %s", len(columns), ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
    for column in columns:
        if column.note:
            logger.info("column %r (%s): %s", column.name, column.kind, column.note)


def _warn_of_columns(columns: Sequence[Column]) -> None:
    """Warn of columns that are used in another way than their user may expect, once for each note."""
    notes = dict[str, list[str]]()
    for column in columns:
        if column.is_doubtful:
            notes.setdefault(column.note, []).append(repr(column.name))
    for note, names in notes.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        warn(f"Column{'s' * (len(names) > 1)} {', '.join(names[:SHOWN])}{more}: {note}.", DataWarning)

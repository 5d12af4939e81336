"""Encoders of tables of numbers, of codes and of everything."""

from typing import Any

import numpy as np
from scipy import sparse

from autonet.core.component import Components
from autonet.core.task import Task
from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.encoding.preprocessors import EMBEDDING, IMPUTATION, NORMALIZATION, PREPROCESSORS, TARGET_MEANS
from autonet.data.table import Table
from autonet.training.optimizers import OPTIMIZERS

TASK = Task("classification")
WORDS = 4096


def config(
    impute: str = "median",
    scale: str = "standardize",
    preprocessor: str = "none",
    min_levels: int | None = None,
    dimension: int = 8,
    means: str = "none",
    **own: Any,
) -> Components:
    space = PREPROCESSORS.components[preprocessor].space
    defaults = {**(dict(space(TASK).get_default_configuration()) if space else {}), **own}
    embedding = EMBEDDING.choose("none")
    if min_levels:
        embedding = EMBEDDING.choose("learned", dimension=dimension, min_unique_values_for_embedding=min_levels)
    return Components({}).replace(
        [
            IMPUTATION.choose(impute),
            NORMALIZATION.choose(scale),
            PREPROCESSORS.choose(preprocessor, **defaults),
            embedding,
            TARGET_MEANS.choose(means),
            OPTIMIZERS.choose("sgd"),
        ]
    )


def fit(X: Any, settings: Components | None = None, seed: int = 0) -> TabularEncoder:
    table = X if isinstance(X, Table) else Table.from_numbers(X)
    return TabularEncoder.fit(table, np.arange(len(table)), settings or config(), seed)


def encode(X: Any, settings: Components | None = None, rows: Any = None, seed: int = 0) -> np.ndarray:
    return fit(X, settings, seed).transform(Table.from_numbers(X if rows is None else rows))


def of_codes(*columns: list[int]) -> Table:
    codes = np.array(columns, np.int32).T
    return Table(np.empty((len(codes), 0)), codes, tuple(max(c) + 1 for c in columns), ())


def mixed(n: int, seed: int, scale: float = 1.0, missing: float = 0.1) -> Table:
    """A table with columns of every kind: constant, missing, duplicate, of few and many levels, and a text."""
    rng = np.random.default_rng(seed)
    numbers = scale * rng.normal(size=(n, 6))
    numbers[rng.random((n, 6)) < missing] = np.nan
    numbers[:, 1], numbers[:, 3], numbers[:, 4] = 7.0, numbers[:, 0], rng.integers(0, 2, n)
    n_codes = (3, 4, 6, 12, 60)
    codes = np.column_stack([rng.integers(rng.integers(0, 2), k, n) for k in n_codes]).astype(np.int32)
    text = sparse.random_array((n, WORDS), density=0.002, format="csr", dtype=np.float32, random_state=rng)
    text.data = np.ceil(3 * text.data)
    return Table(numbers, codes, n_codes, (text,))

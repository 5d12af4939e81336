"""What encoding a million rows of 50 mixed columns costs, beside scikit-learn's ColumnTransformer.

python benchmarks/encoding.py [rows]

Memory is the peak of the resident set of a process that was forked when the data were there, less what it was after
encoding a few rows; so it holds everything that reading, fitting and encoding allocate, the result included.
"""

import ctypes
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from common import environment
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from autonet.core.component import Components
from autonet.core.task import Task
from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from autonet.pipeline.tabular import NODES
from autonet.space.build import build_space

COLUMNS, WARM_UP = 50, 1000
FLOATS, BOOLEANS = 35, 2
LEVELS = np.geomspace(5, 200, 12).astype(int)

Encode = Callable[[Any], tuple[float, Any]]
"""Seconds before the transformation, and the result."""


def arrays(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Floats, five columns with missing values, and codes of levels, those of booleans last."""
    rng = np.random.default_rng(0)
    floats = rng.normal(size=(n, FLOATS))
    floats[:, :5][rng.random((n, 5)) < 0.1] = np.nan
    codes = [(k * rng.random(n) ** 2).astype(np.int32) for k in [*LEVELS, *[2] * BOOLEANS]]
    return floats, np.column_stack(codes)


def frame(n: int) -> pd.DataFrame:
    floats, codes = arrays(n)
    columns: dict[str, Any] = {f"number {j}": floats[:, j].copy() for j in range(FLOATS)}
    for j, k in enumerate(LEVELS):
        columns[f"category {j}"] = pd.Series([f"level {i}" for i in range(k)]).take(codes[:, j]).reset_index(drop=True)
    columns |= {f"boolean {j}": codes[:, j - BOOLEANS] == 1 for j in range(BOOLEANS)}
    seconds = np.random.default_rng(1).integers(0, 10**9, n)
    columns["time"] = seconds.astype("datetime64[s]")
    return pd.DataFrame(columns)


def table(n: int) -> Table:
    """The same without reading it: ten numbers stand for the time."""
    floats, codes = arrays(n)
    numbers = np.column_stack([floats, np.random.default_rng(1).integers(0, 60, (n, 10))])
    return Table(numbers, codes + 2, (*(int(k) + 2 for k in LEVELS), *[4] * BOOLEANS), ())


def autonet(X: Any, **changes: str) -> tuple[float, Any]:
    began = time.perf_counter()
    names = {"embedding": "EmbeddingSelector", "normalization_strategy": "NormalizationStrategySelector"}
    config = {**build_space(Task("classification")).get_default_configuration()}
    config |= {f"{names[k]}:{k}": v for k, v in changes.items()}
    read = X if isinstance(X, Table) else Schema.detect(X).read(X)
    rows = np.arange(len(read))
    encoder = TabularEncoder.fit(read, rows[: int(0.9 * len(rows))], Components.resolve(NODES.values(), config), 0)
    return time.perf_counter() - began, encoder.transform(read)


def scikit_learn(X: pd.DataFrame, categories: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    names = {kind: [c for c in X if c.startswith(kind)] for kind in ("number", "category", "boolean")}
    transformer = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), names["number"]),
            ("categories", categories, names["category"]),
            ("booleans", "passthrough", names["boolean"]),
        ]
    ).fit(X.iloc[: int(0.9 * len(X))])
    return time.perf_counter() - began, transformer.transform(X)


CONTENDERS: list[tuple[str, str, Encode]] = [
    ("autonet, embeddings", "arrays", autonet),
    ("autonet, quantiles", "arrays", lambda X: autonet(X, normalization_strategy="quantile")),
    ("autonet, embeddings", "data frame", autonet),
    ("autonet, one-hot", "data frame", lambda X: autonet(X, embedding="none")),
    (
        "ColumnTransformer, OrdinalEncoder",
        "data frame",
        lambda X: scikit_learn(X, OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    ),
    (
        "ColumnTransformer, OneHotEncoder (sparse)",
        "data frame",
        lambda X: scikit_learn(X, OneHotEncoder(handle_unknown="ignore")),
    ),
]


def measure(encode: Encode, X: Any, answer: Any) -> None:
    torch.set_num_threads(1)  # as where autonet trains
    encode(X.rows(slice(WARM_UP)) if isinstance(X, Table) else X[:WARM_UP])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    fitted, result = encode(X)
    seconds = time.perf_counter() - began
    peak = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    answer.send((result.shape[1], fitted, seconds - fitted, peak))


def measurements(n: int) -> Iterator[str]:
    context = multiprocessing.get_context("fork")
    data: dict[str, Any] = {"arrays": table(n), "data frame": frame(n)}
    for name, kind, encode in CONTENDERS:
        ctypes.CDLL(None).malloc_trim(0)  # else the process would begin with freed memory that counts as its own
        mine, answer = context.Pipe()
        process = context.Process(target=measure, args=(encode, data[kind], answer))
        process.start()
        width, fitted, transformed, peak = mine.recv()
        process.join()
        shares = " | ".join(f"{peak / (4 * n * columns):.2f}" for columns in (COLUMNS, width))
        million = n / 1e6
        yield f"| {name} | {kind} | {width} | {fitted / million:.2f} | {transformed / million:.2f} | {shares} |"


if __name__ == "__main__":
    n_rows = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    print("| encoder | given | columns | seconds per million rows: read and fit | transform |", end=" ")
    print("peak memory / float32 matrix of 50 columns | of its own columns |\n|---|---|---|---|---|---|---|")
    for line in measurements(n_rows):
        print(line, flush=True)
    print(f"\n{n_rows:,} rows; {environment()}")

"""Texts and wide sparse tables: scikit-learn's steps in one module, on dense and on sparse rows."""

import numpy as np
import torch
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from autonet.core.component import Components
from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.encoding.modules import apply_module
from autonet.data.encoding.preprocessors import EMBEDDING, IMPUTATION, NORMALIZATION, PREPROCESSORS
from autonet.data.encoding.projections import fit_sparse_projection, fit_text_projection
from autonet.data.table import Table
from tests.data.encoding.encoders import WORDS, fit

ENCODING = Components({}).replace(
    [
        IMPUTATION.choose("median"),
        NORMALIZATION.choose("standardize"),
        PREPROCESSORS.choose("none"),
        EMBEDDING.choose("none"),
    ]
)


def counts(n: int, n_columns: int = 300) -> sparse.csr_array:
    array = sparse.random_array((n, n_columns), density=0.05, format="csr", random_state=np.random.default_rng(n))
    array.data = np.ceil(3 * array.data)
    return sparse.csr_array(array, dtype=np.float32)


def reference(weighing: object, dimensions: int, train: sparse.csr_array, rows: sparse.csr_array) -> np.ndarray:
    decomposition = TruncatedSVD(dimensions, n_iter=2, random_state=0)
    z = make_pipeline(weighing, decomposition, StandardScaler()).fit(train).transform(rows)
    return np.asarray(z / np.sqrt(1 + (z / 3) ** 2))


def test_words_are_weighed_and_decomposed_as_by_scikit_learn() -> None:
    train, rows = counts(200), counts(50)
    expected = reference(TfidfTransformer(sublinear_tf=True), 32, train, rows)
    np.testing.assert_allclose(apply_module(fit_text_projection(train, 0), rows.toarray()), expected, atol=1e-3)


def test_wide_tables_are_scaled_and_decomposed_as_by_scikit_learn() -> None:
    train, rows = counts(400), counts(50)
    expected = reference(MaxAbsScaler(), 256, train, rows)
    np.testing.assert_allclose(apply_module(fit_sparse_projection(train, 0), rows.toarray()), expected, atol=1e-3)


def test_directions_that_nothing_varies_along_are_left_out() -> None:
    few_words = sparse.csr_array(np.tile(np.eye(3, 300, dtype=np.float32), (20, 1)))
    assert apply_module(fit_text_projection(few_words, 0), few_words.toarray()).shape == (60, 3)
    assert apply_module(fit_text_projection(few_words[:1], 0), few_words.toarray()).shape == (60, 0)


def test_columns_that_are_hardly_ever_filled_are_not_used() -> None:
    train = sparse.csr_array(np.eye(30, 5000, dtype=np.float32))  # every column in one row only
    stage = fit_sparse_projection(train, 0)
    assert stage[0].columns.tolist() == [0]
    assert apply_module(stage, np.ones((2, 5000), np.float32)).shape == (2, 0)
    assert stage(torch.ones(2, 5000).to_sparse()).shape == (2, 0)


def test_entries_that_stand_twice_are_added_and_the_callers_array_is_left_alone() -> None:
    plain = sparse.csr_array(counts(60, 5000))
    halves = sparse.csr_array(
        (np.repeat(plain.data / 2, 2), np.repeat(plain.indices, 2), 2 * plain.indptr), shape=plain.shape
    )
    n_stored = halves.nnz
    rows = np.arange(60)
    expected, encoded = (
        TabularEncoder.fit(Table.from_numbers(x), rows, ENCODING, 0).transform(Table.from_numbers(x))
        for x in (plain, halves)
    )
    np.testing.assert_allclose(encoded, expected, atol=1e-4)
    assert halves.nnz == n_stored


def test_texts_with_the_same_words_are_close() -> None:
    rng = np.random.default_rng(0)
    topics = np.repeat([0, 1], 40)
    counts = np.zeros((80, WORDS), np.float32)
    for row, topic in zip(counts, topics, strict=True):
        np.add.at(row, rng.integers(0, 30, 12) + 2000 * topic, 1)
    text = sparse.csr_array(counts)
    table = Table(np.empty((80, 0)), np.empty((80, 0), np.int32), (), (text,))
    out = fit(table).transform(table)
    assert out.shape == (80, 32)
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=0.1)
    first = (out - out.mean(axis=0))[:, :2]
    assert np.linalg.norm(first[topics == 0].mean(0) - first[topics == 1].mean(0)) > 1


def test_texts_without_words_become_nothing() -> None:
    empty = sparse.csr_array((5, WORDS), dtype=np.float32)
    table = Table(np.arange(5.0)[:, None], np.empty((5, 0), np.int32), (), (empty,))
    assert fit(table).transform(table).shape == (5, 1)

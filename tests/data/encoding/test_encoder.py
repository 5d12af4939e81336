import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from autonet.core.component import Components
from autonet.core.task import InputLayout
from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.encoding.preprocessors import IMPUTATION, NORMALIZATION, PREPROCESSORS
from autonet.data.table import Table
from autonet.pipeline.tabular import Tables
from autonet.training.optimizers import OPTIMIZERS
from tests.data.encoding.encoders import config, encode, fit, mixed, of_codes

SCALES = [0.0, 1e-30, 1e-3, 1.0, 1e3, 1e9, 1e30, 1e200]


CONFIGS = st.builds(
    config,
    st.sampled_from(list(IMPUTATION.components)),
    st.sampled_from(list(NORMALIZATION.components)),
    st.sampled_from(list(PREPROCESSORS.components)),
    st.sampled_from([None, 3, 9]),
)
TABLES = st.builds(
    mixed, st.sampled_from([1, 2, 3, 8, 70]), st.integers(0, 99), st.sampled_from(SCALES), st.sampled_from([0, 0.3, 1])
)


@settings(max_examples=50)
@given(TABLES, TABLES, CONFIGS)
def test_whatever_comes_in_finite_float32_comes_out(table: Table, unseen: Table, chosen: Components) -> None:
    encoder = fit(table, chosen)
    for rows in (table, unseen):
        out = encoder.transform(rows)
        assert out.dtype == np.float32
        assert out.flags.c_contiguous
        assert out.shape == (len(rows), encoder.layout.n_in)
        assert encoder.layout.n_in >= 1
        assert np.isfinite(out).all()
        n = len(encoder.layout.vocabularies)
        indices = out[:, encoder.layout.n_in - n :]
        assert (indices == np.round(indices)).all()
        assert (indices >= 0).all()
        assert (indices < np.array(encoder.layout.vocabularies)).all()


@settings(max_examples=20)
@given(TABLES, CONFIGS)
def test_the_module_on_dense_tensors_is_the_transform(table: Table, chosen: Components) -> None:
    encoder = fit(table, chosen)
    texts = (torch.tensor(text.toarray()) for text in table.texts)
    with torch.inference_mode():
        forward = encoder.module(torch.tensor(table.numbers), torch.tensor(table.codes), *texts).numpy()
    np.testing.assert_allclose(encoder.transform(table), forward, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
@pytest.mark.parametrize("scale", list(NORMALIZATION.components))
def test_rows_are_encoded_one_by_one_as_together(preprocessor: str, scale: str) -> None:
    table = mixed(80, 0)
    encoder = fit(table, config(scale=scale, preprocessor=preprocessor, min_levels=9))
    together = encoder.transform(table)
    alone = np.vstack([encoder.transform(table.rows(slice(i, i + 1))) for i in range(len(table))])
    np.testing.assert_allclose(alone, together, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(encoder.transform(table, np.array([5, 3])), together[[5, 3]], rtol=1e-4, atol=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 99), CONFIGS)
def test_rows_that_do_not_train_change_nothing(seed: int, chosen: Components) -> None:
    table, other = mixed(80, seed), mixed(80, seed + 100, scale=1e4)
    train = np.sort(np.random.default_rng(seed).permutation(80)[:50])
    is_train = np.isin(np.arange(80), train)[:, None]
    text = sparse.csr_array(np.where(is_train, table.texts[0].toarray(), other.texts[0].toarray()))
    changed = Table(
        np.where(is_train, table.numbers, other.numbers),
        np.where(is_train, table.codes, other.codes),
        table.n_codes,
        (text,),
    )
    states = [TabularEncoder.fit(t, train, chosen, 0).module.state_dict() for t in (table, changed)]
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


@settings(max_examples=20)
@given(st.integers(0, 99), st.sampled_from(["none", "truncated_svd", "power_transformer"]), st.data())
def test_the_order_of_the_training_rows_does_not_matter(seed: int, preprocessor: str, data: st.DataObject) -> None:
    scale = data.draw(st.sampled_from(list(NORMALIZATION.components)))
    table, settings_ = mixed(60, seed), config("mean", scale, preprocessor, min_levels=9)
    table = Table(table.numbers, table.codes, table.n_codes, ())  # a projection of words draws
    rows = np.arange(60)
    first, second = (
        TabularEncoder.fit(table, r, settings_, 0).transform(table)
        for r in (rows, np.random.default_rng(seed).permutation(rows))
    )
    np.testing.assert_allclose(np.abs(first), np.abs(second), rtol=2e-2, atol=2e-2)  # a singular vector has two signs


def test_an_encoder_is_pickled_and_small() -> None:
    table = mixed(500, 0)
    encoder = fit(Table(table.numbers, table.codes, table.n_codes, ()), config(min_levels=9))
    pickled = pickle.dumps(encoder)
    assert len(pickled) < 20_000
    again = pickle.loads(pickled)
    expected = encoder.transform(table.rows(slice(0)))
    np.testing.assert_array_equal(again.transform(table.rows(slice(0))), expected)


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
@pytest.mark.parametrize("value", [5.0, np.nan])
def test_a_table_in_which_nothing_varies_becomes_a_column_of_zeros(preprocessor: str, value: float) -> None:
    X = np.full((6, 3), value)
    np.testing.assert_array_equal(encode(X, config(preprocessor=preprocessor)), np.zeros((6, 1)))


# Layout


def test_numbers_come_first_and_are_counted() -> None:
    table = mixed(200, 0)  # of six columns of numbers one is constant and one a duplicate
    for preprocessor in ("none", "power_transformer"):
        encoder = fit(table, config(scale="none", preprocessor=preprocessor, min_levels=9))
        assert encoder.layout == InputLayout(encoder.layout.n_in, 4, encoder.layout.vocabularies)
        changed = Table(np.where(table.numbers > 0, 2.0, table.numbers), table.codes, table.n_codes, table.texts)
        differs = (encoder.transform(changed) != encoder.transform(table)).any(axis=0)
        np.testing.assert_array_equal(np.flatnonzero(differs), np.arange(4))
    for preprocessor in ("truncated_svd", "kitchen_sinks", "nystroem"):
        encoder = fit(table, config(preprocessor=preprocessor, min_levels=9))
        assert encoder.layout.n_numbers == encoder.layout.n_in - len(encoder.layout.vocabularies) > 4


def test_categories_and_projections_are_no_numbers() -> None:
    assert fit(of_codes([2, 3, 4, 2, 3, 4])).layout.n_numbers == 0
    wide = sparse.random_array((30, 5000), density=0.01, format="csr", random_state=np.random.default_rng(0))
    assert fit(Table.from_numbers(wide)).layout.n_numbers == 0
    nothing = np.ones((4, 2))
    for preprocessor in PREPROCESSORS.components:
        assert fit(nothing, config(preprocessor=preprocessor)).layout == InputLayout(1, 0)


def test_preprocessors_leave_indices_alone() -> None:
    table = mixed(60, 0)
    for preprocessor in PREPROCESSORS.components:
        encoder = fit(table, config(preprocessor=preprocessor, min_levels=9))
        plain = fit(table, config(min_levels=9)).transform(table)
        assert encoder.layout.vocabularies
        n = len(encoder.layout.vocabularies)
        np.testing.assert_array_equal(encoder.transform(table)[:, -n:], plain[:, -n:])


# Sparse tables


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_array])
def test_sparse_tables_are_encoded_as_dense_ones(make: Any, preprocessor: str) -> None:
    rng = np.random.default_rng(0)
    X = np.where(rng.random((300, 30)) < 0.1, rng.normal(size=(300, 30)), 0.0)
    X[3, 3] = np.nan
    table = Table.from_numbers(sparse.csr_array(make(X)))
    encoder = fit(table, config(preprocessor=preprocessor))
    np.testing.assert_allclose(encoder.transform(table), encode(X, config(preprocessor=preprocessor)), atol=1e-6)
    assert encoder.is_lazy == (preprocessor == "polynomial_features")  # 495 columns and more


def test_wide_sparse_tables_are_projected_without_being_made_dense() -> None:
    rng = np.random.default_rng(0)
    X = sparse.random_array((200, 5000), density=0.01, format="csr", random_state=rng) * 1e6
    table = Table.from_numbers(sparse.csr_array(X))
    encoder = fit(table)
    out = encoder.transform(table)
    assert out.shape == (200, 199)
    assert not encoder.is_lazy
    with torch.inference_mode():
        dense = encoder.module(torch.tensor(X.toarray()), torch.zeros((200, 0), dtype=torch.int64)).numpy()
    np.testing.assert_allclose(out, dense, atol=1e-4)
    assert np.isfinite(encoder.transform(Table.from_numbers(sparse.csr_array(X * np.inf)))).all()


def test_sparse_tables_that_stay_wide_are_encoded_lazily() -> None:
    X = sparse.random_array((100, 300), density=0.2, format="csr", random_state=np.random.default_rng(0))
    table = Table.from_numbers(sparse.csr_array(X))
    assert fit(table).is_lazy
    assert not fit(table, config(preprocessor="truncated_svd", target_dim=9)).is_lazy
    assert not fit(X.toarray()).is_lazy


# Preprocessors


def test_components_are_held_to_the_size_of_the_table() -> None:
    X = np.random.default_rng(0).normal(size=(30, 5))
    assert fit(X, config(preprocessor="truncated_svd", target_dim=100)).layout.n_in == 4
    assert fit(X[:, :1], config(preprocessor="truncated_svd", target_dim=100)).layout.n_in == 1
    assert fit(X, config(preprocessor="nystroem", n_components=500)).layout.n_in == 30


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
def test_pixels_of_one_byte_are_encoded_as_their_floats(preprocessor: str) -> None:
    X = np.random.default_rng(0).integers(0, 256, size=(60, 8), dtype=np.uint8)
    X[:, 3] = 0
    bytes_, floats = (encode(x, config(preprocessor=preprocessor)) for x in (X, X * 1.0))
    np.testing.assert_array_equal(bytes_, floats)


@pytest.mark.parametrize("scale", list(NORMALIZATION.components))
@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
def test_rows_far_from_those_that_trained_are_encoded_without_a_complaint(preprocessor: str, scale: str) -> None:
    X = np.array([[0.0], [0.97], [0.98], [0.99], [0.99], [1.0], [1.0], [1.0]])
    for table in (X, 1 - X):  # skewed to either side
        out = encode(table, config(scale=scale, preprocessor=preprocessor), np.array([[-1e4], [1e4]]))
        assert np.isfinite(out).all()


def test_the_same_seed_encodes_alike_and_another_draws_anew() -> None:
    X = np.random.default_rng(0).normal(size=(50, 4))
    first, again, other = (encode(X, config(preprocessor="kitchen_sinks"), seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_the_key_holds_what_the_encoder_depends_on_and_nothing_else() -> None:
    other = config(min_levels=9, dimension=4).replace([OPTIMIZERS.choose("adam")])
    assert Tables().encoder_key(config(min_levels=9)) == Tables().encoder_key(other)
    for different in (
        config("mean"),
        config(scale="robust"),
        config(preprocessor="power_transformer"),
        other,
        config(means="smoothed"),
    ):
        assert Tables().encoder_key(config()) != Tables().encoder_key(different)


def test_two_levels_are_a_sign_few_are_one_hot_and_many_an_index() -> None:
    table = of_codes([2, 3, 2, 3], [2, 3, 4, 4], [2, 3, 4, 5])
    encoder = fit(table, config(min_levels=4))
    assert encoder.layout.vocabularies == (5,)
    expected = [[-1, 1, 0, 0, 1], [1, 0, 1, 0, 2], [-1, 0, 0, 1, 3], [1, 0, 0, 1, 4]]
    np.testing.assert_array_equal(encoder.transform(table), expected)
    unseen = Table(np.empty((2, 0)), np.array([[1, 1, 1], [0, 0, 0]], np.int32), table.n_codes, ())
    np.testing.assert_array_equal(encoder.transform(unseen), np.zeros((2, 5)))


def test_missing_is_a_level_if_it_trains() -> None:
    np.testing.assert_array_equal(fit(t := of_codes([0, 2, 0, 2])).transform(t)[:, 0], [-1, 1, -1, 1])


def test_rare_levels_are_unknown_unless_there_are_few_rows() -> None:
    codes = [2] * 30 + [3] * 28 + [4] * 2 + [5]
    table = of_codes(codes)
    out = fit(table, config(min_levels=3)).transform(table)
    np.testing.assert_array_equal(out[:, 0], [1] * 30 + [2] * 28 + [3] * 2 + [0])
    few = of_codes([2, 2, 3, 4])
    np.testing.assert_array_equal(fit(few, config(min_levels=3)).transform(few)[:, 0], [1, 1, 2, 3])


def test_without_embeddings_the_most_frequent_levels_are_one_hot() -> None:
    codes = [2 + i for i in range(100) for _ in range(2 + (i >= 50))]
    table = of_codes(codes)
    encoder = fit(table, config(min_levels=None))
    assert (encoder.layout.n_in, encoder.layout.vocabularies) == (64, ())
    levels_seen = {c for c, row in zip(codes, encoder.transform(table), strict=True) if row.any()}
    assert levels_seen == {*range(2, 2 + 14), *range(52, 102)}


def test_categories_without_information_are_dropped() -> None:
    table = of_codes([2] * 60, list(range(2, 62)), [2] * 59 + [3])
    encoder = fit(table)
    np.testing.assert_array_equal(encoder.transform(table), [[1]] * 59 + [[0]])

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autonet.core.metrics import METRICS
from autonet.core.task import Task
from autonet.data.encoder import CLIP, TabularEncoder, encoder_key
from autonet.data.preprocessors import IMPUTATION, NORMALIZATION, PREPROCESSORS
from autonet.data.splits import holdout
from autonet.pipeline.workspace import Target, Workspace

TASK = Task("classification")


def config(
    impute: str = "median", scale: str = "standardize", preprocessor: str = "none", **own: Any
) -> dict[str, Any]:
    space = PREPROCESSORS.components[preprocessor].space
    defaults = {**(dict(space(TASK).get_default_configuration()) if space else {}), **own}
    return {
        "Imputation:strategy": impute,
        "NormalizationStrategySelector:normalization_strategy": scale,
        "PreprocessorSelector:preprocessor": preprocessor,
        **{f"PreprocessorSelector:{preprocessor}:{k}": v for k, v in defaults.items()},
        "OptimizerSelector:optimizer": "sgd",
    }


TABLES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.just(0.0)),
)


@settings(deadline=None, max_examples=80)
@given(
    X=TABLES,
    impute=st.sampled_from(list(IMPUTATION.components)),
    scale=st.sampled_from(list(NORMALIZATION.components)),
    preprocessor=st.sampled_from(["none", "truncated_svd", "kitchen_sinks"]),
)
def test_whatever_comes_in_finite_float32_comes_out(X: np.ndarray, impute: str, scale: str, preprocessor: str) -> None:
    encoder = TabularEncoder.fit(X, config(impute, scale, preprocessor), seed=0)
    out = encoder.transform(X)
    assert out.dtype == np.float32
    assert out.shape == (len(X), encoder.n_out)
    assert encoder.n_out >= 1
    assert np.isfinite(out).all()
    assert np.isfinite(encoder.transform(np.full((2, X.shape[1]), np.nan))).all()


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
def test_every_preprocessor_encodes_rows_one_by_one_as_together(preprocessor: str) -> None:
    X = np.random.default_rng(0).normal(size=(80, 6))
    encoder = TabularEncoder.fit(X, config(preprocessor=preprocessor), seed=0)
    together = encoder.transform(X)
    np.testing.assert_allclose(np.vstack([encoder.transform(x[None]) for x in X]), together, rtol=1e-3, atol=1e-3)


def test_imputation_is_the_statistic_of_the_training_rows() -> None:
    X = np.array([[1.0, 5.0], [1.0, np.nan], [4.0, 5.0], [np.nan, 7.0]])
    for strategy, expected in (("mean", [2.0, 17 / 3]), ("median", [1.0, 5.0]), ("most_frequent", [1.0, 5.0])):
        encoder = TabularEncoder.fit(X, config(strategy, "none"), seed=0)
        np.testing.assert_allclose(encoder.transform(np.full((1, 2), np.nan)), [expected], rtol=1e-6)


def test_scales_are_their_formulas() -> None:
    X = np.random.default_rng(0).normal(3, 2, size=(50, 3))
    z = (X - X.mean(0)) / X.std(0)
    formulas = {
        "standardize": z / np.sqrt(1 + (z / CLIP) ** 2),
        "minmax": (X - X.min(0)) / (X.max(0) - X.min(0)),
        "maxabs": X / np.abs(X).max(0),
        "none": X,
    }
    for scale, expected in formulas.items():
        np.testing.assert_allclose(
            TabularEncoder.fit(X, config(scale=scale), 0).transform(X), expected, rtol=1e-5, atol=1e-5
        )


def test_far_values_are_drawn_in() -> None:
    X = np.r_[np.zeros((1000, 1)), [[1.0]]]
    assert TabularEncoder.fit(X, config(), seed=0).transform(np.ones((1, 1)))[0, 0] < CLIP


def test_constant_and_empty_columns_are_dropped() -> None:
    X = np.column_stack([np.arange(10.0), np.ones(10), np.full(10, np.nan)])
    encoder = TabularEncoder.fit(X, config(), seed=0)
    assert encoder.columns.tolist() == [0]
    assert encoder.n_out == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float16, ">f8"])
def test_types_of_numbers_do_not_matter(dtype: Any) -> None:
    X = np.random.default_rng(0).integers(0, 200, size=(40, 3))
    expected = TabularEncoder.fit(X.astype(float), config(), 0).transform(X.astype(float))
    np.testing.assert_allclose(
        TabularEncoder.fit(X.astype(dtype), config(), 0).transform(X.astype(dtype)), expected, rtol=1e-5
    )


def test_the_caller_keeps_his_table() -> None:
    X = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    X.flags.writeable = False
    before = X.copy()
    TabularEncoder.fit(X, config(), 0).transform(X)
    np.testing.assert_array_equal(X, before)


def test_components_are_held_to_the_size_of_the_table() -> None:
    X = np.random.default_rng(0).normal(size=(30, 5))
    assert TabularEncoder.fit(X, config(preprocessor="truncated_svd", target_dim=100), 0).n_out == 4
    assert TabularEncoder.fit(X[:, :1], config(preprocessor="truncated_svd", target_dim=100), 0).n_out == 1
    assert TabularEncoder.fit(X, config(preprocessor="nystroem", n_components=500), 0).n_out == 30


def test_the_key_holds_what_the_encoder_depends_on_and_nothing_else() -> None:
    assert encoder_key(config()) == encoder_key({**config(), "OptimizerSelector:optimizer": "adam"})
    assert encoder_key(config()) != encoder_key(config("mean"))


@settings(deadline=None, max_examples=50)
@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 12), st.integers(1, 5)),
        elements=st.one_of(st.floats(-1e3, 1e3), st.just(np.nan), st.sampled_from([0.0, 1.0])),
    ),
    blank=st.booleans(),
    impute=st.sampled_from(list(IMPUTATION.components)),
    scale=st.sampled_from(["standardize", "minmax", "maxabs"]),
    preprocessor=st.sampled_from(list(PREPROCESSORS.components)),
    data=st.data(),
)
def test_every_preprocessor_gives_finite_float32_of_the_right_width(
    X: np.ndarray, blank: bool, impute: str, scale: str, preprocessor: str, data: st.DataObject
) -> None:
    if blank:
        X = np.column_stack([np.full(len(X), np.nan), X, np.full(len(X), 7.0)])
    encoder = TabularEncoder.fit(X, config(impute, scale, preprocessor), seed=0)
    unseen = data.draw(
        hnp.arrays(np.float64, (3, X.shape[1]), elements=st.one_of(st.floats(-2e3, 2e3), st.just(np.nan)))
    )
    for rows in (X, unseen):
        out = encoder.transform(rows)
        assert out.dtype == np.float32
        assert out.flags.c_contiguous
        assert out.shape == (len(rows), encoder.n_out)
        assert np.isfinite(out).all()


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
def test_a_value_that_is_missing_only_in_unseen_rows_is_imputed_like_any_other(strategy: str) -> None:
    X = np.array([[1000.0], [1002.0], [1002.0], [1008.0]])
    encoder = TabularEncoder.fit(X, config(strategy, "none"), seed=0)
    expected = {"mean": 1003.0, "median": 1002.0, "most_frequent": 1002.0}[strategy]
    assert encoder.transform(np.array([[np.nan]]))[0, 0] == expected


def test_a_table_of_whole_numbers_can_be_asked_about_missing_ones() -> None:
    X = np.array([[100], [120], [140]], np.uint8)
    encoder = TabularEncoder.fit(X, config("mean"), seed=0)
    np.testing.assert_allclose(encoder.transform(np.array([[np.nan], [120.0]])), 0.0, atol=1e-6)


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
def test_pixels_of_one_byte_are_encoded_as_their_floats(preprocessor: str) -> None:
    X = np.random.default_rng(0).integers(0, 256, size=(60, 8), dtype=np.uint8)
    X[:, 3] = 0
    bytes_, floats = (TabularEncoder.fit(x, config(preprocessor=preprocessor), seed=0) for x in (X, X * 1.0))
    np.testing.assert_allclose(bytes_.transform(X), floats.transform(X * 1.0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scale", list(NORMALIZATION.components))
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.bool_])
def test_narrow_integers_do_not_overflow(scale: str, dtype: Any) -> None:
    X = np.array([[-128, 0], [1, 1], [127, 1], [-128, 0]]).astype(dtype)
    encoder = TabularEncoder.fit(X, config(scale=scale), seed=0)
    expected = TabularEncoder.fit(X.astype(float), config(scale=scale), seed=0).transform(X.astype(float))
    np.testing.assert_allclose(encoder.transform(X), expected, rtol=1e-6)


def test_a_column_of_half_precision_is_not_lost_to_an_overflowing_mean() -> None:
    X = np.random.default_rng(0).uniform(900, 1000, size=(200, 1)).astype(np.float16)
    X[0, 0] = np.nan
    encoder = TabularEncoder.fit(X, config("mean", "none"), seed=0)
    assert encoder.transform(X)[0, 0] == pytest.approx(float(np.nanmean(X.astype(float))), rel=1e-3)


def test_a_table_in_which_nothing_varies_becomes_a_column_of_zeros() -> None:
    for X in (np.full((6, 3), 5.0), np.full((6, 2), np.nan)):
        encoder = TabularEncoder.fit(X, config(), seed=0)
        np.testing.assert_array_equal(encoder.transform(X), np.zeros((6, 1)))


def test_columns_keep_their_order_and_none_that_varies_is_dropped() -> None:
    X = np.random.default_rng(0).normal(size=(30, 6))
    X[:, 2] = 1.0
    out = TabularEncoder.fit(X, config(scale="none"), seed=0).transform(X)
    np.testing.assert_allclose(out, X[:, [0, 1, 3, 4, 5]], rtol=1e-6)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), preprocessor=st.sampled_from(["none", "truncated_svd", "power_transformer"]))
def test_rows_that_do_not_train_change_nothing(seed: int, preprocessor: str) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(40, 4)), rng.integers(0, 2, 40)
    train = holdout(y, "classification", 0.3, seed)
    changed = X.copy()
    changed[train.valid] = 1e4 * rng.normal(size=(len(train.valid), 4))
    encoded = []
    for table in (X, changed):
        fold = Workspace(
            table, Target.classes(y), TASK, [train], METRICS["accuracy"], "epochs", torch.device("cpu"), seed
        )
        encoded.append(fold.encoded(config(preprocessor=preprocessor), 0)[1].x)
    assert torch.equal(*encoded)


def test_a_long_table_is_encoded_as_its_parts() -> None:
    X = np.random.default_rng(0).normal(size=(40_000, 2))
    encoder = TabularEncoder.fit(X[:100], config(), seed=0)
    together = encoder.transform(X)
    np.testing.assert_array_equal(together, np.vstack([encoder.transform(part) for part in np.array_split(X, 7)]))


def test_the_same_seed_encodes_alike_and_another_draws_anew() -> None:
    X = np.random.default_rng(0).normal(size=(50, 4))
    first, again, other = (
        TabularEncoder.fit(X, config(preprocessor="kitchen_sinks"), seed).transform(X) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
@pytest.mark.parametrize("n_columns", [1, 3])
def test_a_table_in_which_nothing_varies_is_no_obstacle_to_any_preprocessor(preprocessor: str, n_columns: int) -> None:
    X = np.full((6, n_columns), 5.0)
    out = TabularEncoder.fit(X, config(preprocessor=preprocessor), seed=0).transform(X)
    assert np.isfinite(out).all()
    assert (out == out[0]).all()


@pytest.mark.parametrize("scale", list(NORMALIZATION.components))
@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
def test_rows_far_from_those_that_trained_are_encoded_without_a_complaint(preprocessor: str, scale: str) -> None:
    X = np.array([[0.0], [0.97], [0.98], [0.99], [0.99], [1.0], [1.0], [1.0]])
    for table in (X, 1 - X):  # skewed to either side
        encoder = TabularEncoder.fit(table, config(scale=scale, preprocessor=preprocessor), seed=0)
        assert np.isfinite(encoder.transform(np.array([[-1e4], [1e4]]))).all()


def test_columns_that_say_the_same_are_no_obstacle_to_any_preprocessor() -> None:
    X = np.array([[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]])
    for preprocessor in PREPROCESSORS.components:
        out = TabularEncoder.fit(X, config(preprocessor=preprocessor), seed=0).transform(X)
        assert np.isfinite(out).all(), preprocessor

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autonet.core.task import Task
from autonet.data.encoder import CLIP, TabularEncoder, encoder_key
from autonet.data.preprocessors import IMPUTATION, NORMALIZATION, PREPROCESSORS

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

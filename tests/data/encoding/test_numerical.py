from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.component import Components
from autonet.data.encoding.numerical import fit_numerical
from autonet.data.encoding.preprocessors import IMPUTATION, NORMALIZATION
from autonet.data.table import Table
from tests.data.encoding.encoders import config, encode, fit


@pytest.mark.parametrize("strategy", ["standardize", "robust", "quantile", "minmax", "maxabs", "none", "signed_log"])
def test_columns_of_two_values_are_put_between_zero_and_one(strategy: str) -> None:
    rare = np.where(np.arange(100) < 3, 7.0, 5.0)
    table = np.column_stack([rare, np.random.default_rng(0).normal(size=100)])
    components = Components({}).replace([IMPUTATION.choose("median"), NORMALIZATION.choose(strategy)])
    encode = fit_numerical(table, np.arange(100), components, 0)
    rows = torch.tensor([[5.0, 0.0], [7.0, 0.0], [9.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    encoded = encode(rows)
    if strategy == "none":  # as the user wants them
        assert encode.n_numbers == 2
        assert encoded[:, 0].tolist() == [5, 7, 9, -1]
    else:
        assert encode.n_numbers == 1
        assert encoded[:, 1].tolist() == [0, 1, 1, 0]


def test_imputation_is_the_statistic_of_the_training_rows() -> None:
    X = np.array([[1.0, 5.0], [1.0, np.nan], [4.0, 5.0], [np.nan, 7.0]])
    for strategy, expected in (("mean", [2.0, 17 / 3]), ("median", [1.0, 5.0]), ("most_frequent", [1.0, 5.0])):
        out = encode(X, config(strategy, "none"), np.full((1, 2), np.nan))
        np.testing.assert_allclose(out, [[*expected, 1.0, 1.0]], rtol=1e-6)


def test_missing_and_infinite_numbers_are_told_by_an_indicator() -> None:
    X = np.array([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0], [-np.inf, 8.0]])
    out = encode(X, config(scale="none"))
    np.testing.assert_array_equal(out, [[1, 5, 0], [2, 6, 1], [3, 7, 0], [2, 8, 1]])


def test_a_constant_that_is_sometimes_missing_leaves_its_indicator() -> None:
    encoder = fit(np.array([[1.0], [np.nan], [1.0]]))
    np.testing.assert_array_equal(encoder.transform(Table.from_numbers(np.array([[1.0], [np.nan]]))), [[0], [1]])


def test_columns_without_information_are_dropped() -> None:
    x = np.arange(10.0)
    X = np.column_stack([x, np.ones(10), np.full(10, np.nan), -x, x])
    encoder = fit(X, config(scale="none"))
    np.testing.assert_array_equal(encoder.transform(Table.from_numbers(X)), X[:, [0, 3]])


@settings(max_examples=40)
@given(st.floats(1e-30, 1e30), st.sampled_from([1.0, -1.0]), st.sampled_from(list(NORMALIZATION.components)))
def test_what_rounding_leaves_of_a_constant_is_dropped(constant: float, sign: float, scale: str) -> None:
    rng = np.random.default_rng(0)
    noise = sign * constant * (1 + 1e-13 * rng.normal(size=50))
    X = np.column_stack([rng.normal(size=50), noise])
    encoder = fit(X, config(scale=scale))
    assert encoder.layout.n_in == 1
    off = X.copy()
    off[:, 1] *= 1.01
    np.testing.assert_array_equal(encoder.transform(Table.from_numbers(off)), encoder.transform(Table.from_numbers(X)))


def test_small_units_and_large_offsets_are_kept() -> None:
    x = np.arange(10.0)
    kept = [1e-30 * x, 1e10 + x, 1.7e9 + x, np.r_[np.zeros(9), 1e-12]]  # identifiers, seconds since 1970
    assert fit(np.column_stack(kept)).layout.n_in == len(kept)


def test_columns_that_differ_in_the_sign_of_a_zero_are_duplicates() -> None:
    assert fit(np.array([[0.0, -0.0], [1.0, 1.0], [2.0, 2.0]])).layout.n_in == 1


def test_columns_missing_in_other_rows_are_no_duplicates() -> None:
    X = np.array([[0.0, 0.0], [1.0, np.nan], [2.0, 2.0]])
    assert fit(X).layout.n_in == 3  # and a missing indicator


def test_scales_are_their_formulas() -> None:
    X = np.random.default_rng(0).normal(3, 2, size=(50, 3))
    z = (X - X.mean(0)) / X.std(0)
    formulas = {
        "standardize": z / np.sqrt(1 + (z / 3) ** 2),
        "minmax": (X - X.min(0)) / (X.max(0) - X.min(0)),
        "maxabs": X / np.abs(X).max(0),
        "none": X,
    }
    for scale, expected in formulas.items():
        np.testing.assert_allclose(encode(X, config(scale=scale)), expected, rtol=1e-5, atol=1e-5)


def test_far_values_are_drawn_in() -> None:
    X = np.r_[np.zeros((1000, 1)), [[1.0]]]
    assert encode(X, rows=np.ones((1, 1)))[0, 0] < 3


def test_seconds_since_1970_keep_their_differences() -> None:
    X = 1.7e9 + np.arange(100.0)[:, None]
    np.testing.assert_allclose(encode(X, config(scale="minmax")), np.linspace(0, 1, 100)[:, None], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint64, np.float32, np.float16, ">f8", ">i2"])
def test_types_of_numbers_do_not_matter(dtype: Any) -> None:
    X = np.random.default_rng(0).integers(0, 200, size=(40, 3))
    np.testing.assert_allclose(encode(X.astype(dtype)), encode(X.astype(float)), rtol=1e-5)


@pytest.mark.parametrize("scale", list(NORMALIZATION.components))
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.bool_])
def test_narrow_integers_do_not_overflow(scale: str, dtype: Any) -> None:
    X = np.array([[-128, 0], [1, 1], [127, 1], [-128, 0]]).astype(dtype)
    np.testing.assert_allclose(encode(X, config(scale=scale)), encode(X.astype(float), config(scale=scale)), rtol=1e-6)


def test_layouts_of_numbers_do_not_matter(tmp_path: Any) -> None:
    X = np.random.default_rng(0).normal(size=(60, 5))
    wide = np.zeros((120, 10))
    wide[::2, ::2] = X
    np.save(tmp_path / "x.npy", X)
    for same in (np.asfortranarray(X), wide[::2, ::2], np.load(tmp_path / "x.npy", mmap_mode="r"), X[::-1][::-1]):
        np.testing.assert_array_equal(encode(same), encode(X))


def test_the_caller_keeps_his_table() -> None:
    X = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    X.flags.writeable = False
    before = X.copy()
    encode(X)
    np.testing.assert_array_equal(X, before)


def test_a_column_of_half_precision_is_not_lost_to_an_overflowing_mean() -> None:
    X = np.random.default_rng(0).uniform(900, 1000, size=(200, 1)).astype(np.float16)
    X[0, 0] = np.nan
    assert encode(X, config("mean", "none"))[0, 0] == pytest.approx(float(np.nanmean(X.astype(float))), rel=1e-3)


def test_a_table_of_whole_numbers_can_be_asked_about_missing_ones() -> None:
    X = np.array([[100], [120], [140]], np.uint8)
    np.testing.assert_allclose(encode(X, config("mean"), np.array([[np.nan], [120.0]])), 0.0, atol=1e-6)


def test_a_long_table_is_fitted_on_a_sample_and_encoded_as_its_parts() -> None:
    X = np.random.default_rng(0).normal(5, 2, size=(40_000, 200))
    encoder = fit(X, config(scale="none", impute="mean"))
    np.testing.assert_allclose(encoder.module.numbers.impute.fill, X.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(encoder.transform(Table.from_numbers(X)), X, rtol=1e-6)

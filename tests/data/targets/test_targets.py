import re
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.targets.targets import ClassTargets, MultilabelTargets, RegressionTargets

LABELS: list[Any] = [
    np.array(["b", "a", "b"]),
    np.array([b"b", b"a", b"b"]),
    np.array([True, False, True]),
    np.array([-1, 5, -1], np.int8),
    np.array([2.0, 1.0, 2.0], np.float32),
    np.array(["b", "a", "b"], object),
    ["b", "a", "b"],
    ("b", "a", "b"),
    pd.Series(["b", "a", "b"], dtype="category"),
    pd.Series(["b", "a", "b"], dtype="string"),
    pd.Series([3, 1, 3], dtype="Int64", index=[7, 8, 9]),
    pd.Series([True, False, True], dtype="boolean"),
    np.array(["2020-01-02", "2020-01-01", "2020-01-02"], "datetime64[D]"),
]


@pytest.mark.parametrize("y", LABELS, ids=lambda y: f"{type(y).__name__}-{getattr(y, 'dtype', '')}")
def test_labels_of_any_type_come_back_in_their_type(y: Any) -> None:
    classes = ClassTargets.fit(y)
    back = classes.decode(classes.encode(y))
    assert back.tolist() == np.asarray(y).tolist()
    if isinstance(y, np.ndarray):
        assert back.dtype == y.dtype


@given(st.lists(st.text(), min_size=1), st.randoms())
def test_codes_are_places_among_the_sorted_labels(y: list[str], random: Any) -> None:
    classes = ClassTargets.fit(np.array(y, object))
    assert isinstance(classes, ClassTargets)
    assert classes.labels.tolist() == sorted(set(y))
    assert [classes.labels[c] for c in classes.encode(np.array(y, object))] == y


def test_a_column_vector_is_taken_for_one_label_per_row_with_a_warning() -> None:
    with pytest.warns(Warning, match="A column-vector y was passed"):
        assert ClassTargets.fit([["a"], ["b"]]).n_outputs == 2


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float64, bool])
def test_zeros_and_ones_in_several_columns_are_labels(dtype: type) -> None:
    y = np.array([[0, 1, 1], [1, 0, 0]], dtype)
    labels = ClassTargets.fit(y)
    assert isinstance(labels, MultilabelTargets)
    assert labels.n_outputs == 3
    back = labels.decode(labels.encode(sparse.csr_array(y) if dtype is not bool else y))
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, y)


def test_values_come_back_in_the_shape_of_y() -> None:
    for y in (np.arange(3), np.arange(6).reshape(3, 2), np.arange(3).reshape(3, 1), [1, 2, 3], pd.Series([1, 2, 3])):
        values = RegressionTargets.fit(y)
        numbers = values.encode(y)
        assert numbers.dtype == np.float64
        assert numbers.ndim == 2
        assert values.decode(numbers).shape == np.asarray(y).shape


@pytest.mark.parametrize(
    ("reader", "y", "message"),
    [
        (ClassTargets, None, "requires y to be passed, but the target y is None"),
        (ClassTargets, [1.0, np.nan, 2.0, np.nan], "missing values in 2 of 4 rows (rows 1, 3); drop these rows"),
        (ClassTargets, ["a", None, "b"], "missing values in 1 of 3 rows (rows 1)"),
        (ClassTargets, pd.Series([1, None, 2], dtype="Int64"), "missing values in 1 of 3 rows (rows 1)"),
        (RegressionTargets, [np.inf] * 7, "in 7 of 7 rows (rows 0, 1, 2, 3, 4, ...)"),
        (ClassTargets, np.array(["a", 1], object), "Unknown label type: y mixes labels of the types int, str"),
        (ClassTargets, [0.5, 1.5, 2.25], "Unknown label type: continuous"),
        (
            ClassTargets,
            [[0, 2], [1, 1]],
            "y has shape (2, 2) and other values than 0 and 1; expected one label per row",
        ),
        (ClassTargets, np.full((2, 4), 2), "other values than 0 and 1"),
        (RegressionTargets, ["a", "b"], "y must hold numbers for a regression"),
        (RegressionTargets, [1j, 2j], "Complex data not supported"),
        (
            RegressionTargets,
            np.zeros((2, 2, 2)),
            "y has shape (2, 2, 2); expected (n_samples,) or (n_samples, n_targets)",
        ),
        (ClassTargets, 3, "y must have one entry per row; got 3"),
    ],
)
def test_targets_that_cannot_be_learned(reader: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        reader.fit(y).encode(y)


def test_targets_to_validate_on_must_be_like_those_of_fit() -> None:
    with pytest.raises(InvalidData, match="y_valid has labels that y does not have: 'c', 'd'"):
        ClassTargets.fit(["a", "b"]).encode(["c", "a", "d"], "y_valid")
    with pytest.raises(InvalidData, match="y_valid has labels that y does not have: 'c'"):
        ClassTargets.fit([1, 2]).encode(["c"], "y_valid")
    with pytest.raises(InvalidData, match=re.escape("y_valid has shape (1, 3); expected (n_samples, 2) as y has")):
        ClassTargets.fit([[0, 1]]).encode([[0, 1, 1]], "y_valid")
    with pytest.raises(InvalidData, match=re.escape("y_valid has shape (1, 2); expected (n_samples,) as y has")):
        RegressionTargets.fit([1, 2]).encode([[0, 1]], "y_valid")


def test_one_hot_targets_are_labels_with_a_warning() -> None:
    one_hot = np.eye(3, dtype=int)[[0, 1, 2, 1]]
    for y in (one_hot, one_hot.astype(bool), pd.DataFrame(one_hot), sparse.csr_array(one_hot), one_hot.tolist()):
        with pytest.warns(
            DataWarning, match=r"exactly one 1 in every row; treated as 3 independent .*y.argmax\(axis=1\)"
        ):
            assert isinstance(ClassTargets.fit(y), MultilabelTargets)
    one_hot[0] = 1
    assert isinstance(ClassTargets.fit(one_hot), MultilabelTargets)  # without a warning: warnings are errors


def test_quantiles_have_columns_unless_there_is_one() -> None:
    y, predicted = np.arange(5.0), np.zeros((5, 2))
    several, one = RegressionTargets.fit(y, (0.9, 0.1)), RegressionTargets.fit(y, (0.5,))
    assert several.encode(y).shape == (5, 1)
    assert several.n_outputs == 2
    assert several.decode(predicted).shape == (5, 2)
    assert one.decode(predicted[:, :1]).shape == (5,)
    with pytest.raises(InvalidData, match=r"y_valid has shape \(5, 2\); expected \(n_samples,\) as y has"):
        several.encode(predicted, "y_valid")


FRAMES: list[Any] = [pd.DataFrame, pl.DataFrame, pa.table, dict]


@pytest.mark.parametrize("make", FRAMES)
def test_columns_of_targets_are_matched_by_name_where_they_have_names(make: Any) -> None:
    a, b, c = np.array([0, 1, 1]), np.array([1, 1, 0]), np.array([0, 0, 1])
    expected = np.column_stack([a, b, c])
    for reader in (ClassTargets, RegressionTargets):
        targets = reader.fit(make({"a": a, "b": b, "c": c}))
        assert list(targets.names) == ["a", "b", "c"]
        for y in ({"a": a, "b": b, "c": c}, {"c": c, "a": a, "b": b}, {"d": c, "c": c, "b": b, "a": a}):
            np.testing.assert_array_equal(targets.encode(make(y)), expected)
        np.testing.assert_array_equal(targets.encode(expected), expected)
        with pytest.raises(InvalidData, match="y_valid lacks columns of the y of fit: 'b'; name its columns as those"):
            targets.encode(make({"a": a, "c": c, "d": b}), "y_valid")
        with pytest.raises(InvalidData, match=r"y_valid has shape \(3, 2\)"):
            targets.encode(expected[:, :2], "y_valid")


def test_columns_of_booleans_beside_zeros_and_ones_are_labels() -> None:
    y = pd.DataFrame({"a": [0, 1, 1], "b": [True, False, True]})
    np.testing.assert_array_equal(ClassTargets.fit(y).encode(y), [[0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize("dtype", [torch.int64, torch.bfloat16, torch.bool])
def test_tensors_are_targets(dtype: torch.dtype) -> None:
    y = torch.tensor([[0, 1], [1, 1], [1, 0]], dtype=dtype)
    for reader in (ClassTargets, RegressionTargets):
        np.testing.assert_array_equal(reader.fit(y).encode(y), [[0, 1], [1, 1], [1, 0]])


def test_outputs_without_names_are_numbered() -> None:
    y = np.array([[0, 1], [1, 1], [1, 0]])
    frames = [pd.DataFrame(y, columns=columns) for columns in (None, ["a", "a"], ["a", 1])]
    for unnamed in (y, y.tolist(), sparse.csr_array(y), *frames):
        for reader in (ClassTargets, RegressionTargets):
            assert list(reader.fit(unnamed).names) == [0, 1]
    assert list(RegressionTargets.fit(pd.Series([1.0, 2.0], name="a")).names) == [0]
    assert ClassTargets.fit(pd.Series(["b", "a"], name="y")).names.tolist() == ["a", "b"]

"""Targets of any library as arrays, or refused in a sentence."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet.core.errors import InvalidData
from autonet.data.targets.arrays import to_array
from autonet.data.targets.targets import ClassTargets, RegressionTargets

SEVERAL = [["bill", "urgent"], ["bill"], ["bill", "urgent"]]


@pytest.mark.parametrize(
    "y",
    [
        SEVERAL,
        [tuple(row) for row in SEVERAL],
        [set(row) for row in SEVERAL],
        [frozenset(row) for row in SEVERAL],
        [np.array(row) for row in SEVERAL],
        [["bill", "urgent"]] * 3,
        [["bill"], "bill", ["urgent", "bill"]],
        [[1, 2], [3], []],
        pd.Series(SEVERAL),
        pd.Series([tuple(row) for row in SEVERAL]),
        [dict.fromkeys(row, 1) for row in SEVERAL],
    ],
    ids=lambda y: f"{type(y).__name__} of {type(next(iter(y))).__name__}",
)
def test_collections_of_labels_are_refused_in_one_sentence(y: Any) -> None:
    sentence = "Unknown label type: y has several labels in a row, such as .*MultiLabelBinarizer returns"
    with pytest.raises(InvalidData, match=sentence):
        ClassTargets.fit(y)


def test_lists_of_numbers_of_different_lengths_are_no_targets_of_a_regression() -> None:
    with pytest.raises(InvalidData, match=r"got rows of different lengths, such as \[1, 2\]; pass one number"):
        RegressionTargets.fit([[1, 2], [3]]).encode([[1, 2], [3]])


def test_masked_targets_are_missing() -> None:
    for reader in (ClassTargets, RegressionTargets):
        with pytest.raises(InvalidData, match=r"missing values in 1 of 3 rows \(rows 1\)"):
            reader.fit(np.ma.masked_array([1, 2, 1], [0, 1, 0]))


def test_columns_in_a_dictionary_have_one_length() -> None:
    np.testing.assert_array_equal(to_array({"a": [1, 2], "b": pd.Series([0.5, 1.5])}), [[1, 0.5], [2, 1.5]])
    with pytest.raises(InvalidData, match=r"y must have columns of the same length; got .* \(2,\), \(3,\)\."):
        to_array({"a": [1, 2], "b": [1, 2, 3]})
    with pytest.raises(InvalidData, match=r"column 'b' of y_valid contains NaN, .* \(rows 1\)"):
        to_array({"a": [1, 2], "b": [1, None]}, "y_valid")
    with pytest.raises(InvalidData, match="y must have columns of the same length; got columns of the shapes none"):
        to_array({})

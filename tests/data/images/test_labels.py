"""Labels of images: text, numbers or booleans."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet.core.errors import InvalidData
from autonet.data.images.labels import LabelKind, find_label_kind, find_missing, to_labels


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (None, "number"),
        (["a", "b"], "text"),
        (np.array(["1", "2"]), "text"),
        (pd.Series(["a", "b"], dtype="category"), "text"),
        ([1, 2], "number"),
        ([True, False], "number"),
        (np.eye(3), "number"),
        ({"cat": [1, 0], "dog": [0, 1]}, "number"),
        ({"cat": ["yes", "no"], "dog": ["no", "yes"]}, "text"),
    ],
)
def test_the_kind_of_labels(labels: Any, kind: LabelKind) -> None:
    assert find_label_kind(labels) == kind


def test_labels_are_numbers_if_all_are() -> None:
    assert to_labels(["1", "-2"], "x.csv").tolist() == [1, -2]
    assert to_labels(["1", "2.5"], "x.csv").tolist() == [1.0, 2.5]
    assert to_labels(["1", "b"], "x.csv").tolist() == ["1", "b"]
    assert to_labels(["10", "07"], "x.csv").tolist() == ["10", "07"]


def test_labels_are_booleans_if_all_are() -> None:
    assert to_labels(["True", "false", "TRUE"], "x.csv").tolist() == [True, False, True]
    assert to_labels(["True", "1"], "x.csv").tolist() == ["True", "1"]
    assert to_labels(["True", "False"], "x.csv", "text").tolist() == ["True", "False"]
    assert to_labels(["True", "False"], "x.csv", "number").dtype == bool


@pytest.mark.parametrize(
    "marker", ["NA", "nan", "NaN", "-nan", "null", "NULL", "None", "N/A", "<NA>", "#N/A", "1.#QNAN"]
)
def test_missing_values_among_numbers(marker: str) -> None:
    assert find_missing(["1", "-2.5", marker, marker]) == 2
    assert find_missing(["007", marker]) == 1
    assert find_missing(["1", "cat", marker]) is None
    assert find_missing([marker, marker]) is None
    assert find_missing(["1", "2"]) is None


def test_further_labels_are_of_the_kind_of_fit() -> None:
    assert to_labels(["10", "11"], "x.csv", "text").tolist() == ["10", "11"]
    assert to_labels(["07", "11"], "x.csv", "number").tolist() == [7, 11]
    message = r"^x\.csv has text labels \('b'\), but those of fit are numbers or booleans; use the labels of fit\.$"
    with pytest.raises(InvalidData, match=message):
        to_labels(["1", "b", "b"], "x.csv", "number")

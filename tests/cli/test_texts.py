"""Columns of text become numbers, truth values, or stay text."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.cli.texts import convert_texts


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1))
def test_integers_stay_exact(values: list[int]) -> None:
    column = convert_texts(list(map(str, values)))
    assert column.dtype == np.int64
    assert column.tolist() == values


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.integers(0, 3))
def test_floats_stay_exact_beside_missing_values(values: list[float], missing: int) -> None:
    column = convert_texts([*map(repr, values), *[""] * missing])
    assert column.dtype == np.float64
    np.testing.assert_array_equal(column, [*values, *[np.nan] * missing])


NUMBERS = st.from_regex(r"[+-]?[0-9]{1,20}(\.[0-9]{0,3})?(e[+-]?[0-9])?", fullmatch=True)


@given(st.lists(NUMBERS, min_size=1))
def test_plain_numbers_are_read_as_those_beside_markers(texts: list[str]) -> None:
    plain, marked = convert_texts([*texts, ""]), convert_texts([*texts, "NA"])
    if isinstance(plain, list):
        assert marked == [*texts, "NA"]
    else:
        np.testing.assert_array_equal(plain, marked)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "", "3"], [1.0, np.nan, 3.0]),
        (["1", "NA", "n/a", "?", "nan", "-2.5e3"], [1.0, np.nan, np.nan, np.nan, np.nan, -2500.0]),
        ([" 1", "+2 "], [1, 2]),
    ],
)
def test_numbers_with_missing_values(texts: list[str], expected: list[float]) -> None:
    np.testing.assert_array_equal(convert_texts(texts), expected)


@pytest.mark.parametrize(
    "texts",
    [
        ["007", "12"],  # codes
        ["-007", "1"],
        ["99999999999999999999"],  # no 64 bits
        ["9007199254740993", ""],  # beside a missing value it would become another
        ["1_000", "2_000"],
        ["NA", "None"],  # levels that look like markers, without a number beside them
        ["2020-01-31", "2020-02-01"],
        ["$1,200.50", "3"],
        ["1,5", "2,5"],
        ["yes", "no"],
        ["true", "1"],
        [""],
    ],
)
def test_what_stays_text(texts: list[str]) -> None:
    assert convert_texts(texts) == [text or None for text in texts]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(["true", "False", "TRUE"], [True, False, True]), (["true", "", "false"], [True, None, False])],
)
def test_truth_values(texts: list[str], expected: list[Any]) -> None:
    column: Any = convert_texts(texts)
    assert list(column) == expected
    assert isinstance(column, list) == (None in expected)


def test_a_column_is_of_the_kind_that_it_was_in_fit() -> None:
    assert convert_texts(["112", "345"], "text") == ["112", "345"]
    assert convert_texts(["007", "12"], "number").tolist() == [7, 12]
    assert convert_texts(["abc", "12"], "number") == ["abc", "12"]

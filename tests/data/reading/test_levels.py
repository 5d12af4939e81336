"""Codes of the levels of categories."""

import datetime
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.data.reading.levels import MISSING, canonicalize
from autonet.data.reading.schema import Schema
from tests.data.reading.frames import BRANDS, columns
from tests.data.reading.tables import fit

pd = pytest.importorskip("pandas")


@settings(max_examples=30)
@given(drawn=columns(kinds=("category", "boolean", "string", "integer", "float", "datetime")))
def test_codes_are_places_among_the_levels(drawn: dict[str, list[Any]]) -> None:
    for make in (BRANDS["objects"], BRANDS["polars"]):
        X = make(drawn)
        schema, table = fit(X, categorical_features=[True] * len(drawn))
        for j, values in enumerate(drawn.values()):
            levels = schema.columns[j].levels
            assert list(levels) == sorted(set(values) - {None})
            back = [None if code == 0 else levels[code - 2] for code in table.codes[:, j].tolist()]
            assert back == values


def test_unseen_values_are_code_one_and_missing_ones_zero() -> None:
    schema = Schema.detect(pd.DataFrame({"a": ["x", "y"], "b": [True, False]}))
    table = schema.read(pd.DataFrame({"a": ["z", None, "x"], "b": [None, True, False]}))
    assert table.codes.tolist() == [[1, 0], [0, 3], [2, 2]]
    assert table.n_codes == (4, 4)


@pytest.mark.parametrize("now", [[1, 0, 2], [1.0, 0.0, 2.0], [True, False, 2], pd.Categorical([1, 0, 2])])
def test_equal_values_of_another_type_are_the_same_level(now: Any) -> None:
    for then in ([1, 0], [1.0, 0.0]):
        schema = Schema.detect(pd.DataFrame({"a": then}), categorical_features=["a"])
        assert schema.read(pd.DataFrame({"a": now})).codes[:, 0].tolist() == [3, 2, 1]
    booleans = Schema.detect(pd.DataFrame({"a": [True, False]}), categorical_features=["a"])
    assert booleans.read(pd.DataFrame({"a": now[:2]})).codes[:, 0].tolist() == [3, 2]


@pytest.mark.parametrize("huge", [10**400, -(10**400), Fraction(10**400, 3), Decimal("1e400")])
def test_numbers_beyond_every_float_are_unseen(huge: Any) -> None:
    for then in (["blue", "red"], [1, 2, 3]):
        schema = Schema.detect(pd.DataFrame({"a": then}), categorical_features=["a"])
        assert schema.read([{"a": huge}, {"a": then[1]}]).codes[:, 0].tolist() == [1, 3]


def test_many_levels_stay_small() -> None:
    n = 200_000
    frame = pd.DataFrame({"id": [f"user-{i * 7919 % (n // 2)}" for i in range(n)]})
    schema, table = fit(frame)
    assert len(schema.columns[0].levels) == n // 2
    assert table.n_codes == (n // 2 + 2,)
    assert table.numbers.shape == (n, 0)
    assert sorted(table.codes[:, 0]) == sorted([*range(2, n // 2 + 2)] * 2)
    assert len(repr(schema)) < 1000


INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)


@given(INTEGERS)
def test_an_integer_is_one_value_in_every_type(value: int) -> None:
    forms = [value, float(value), Decimal(value), Fraction(value), np.int64(value), np.float64(value), str(value)]
    forms += [str(float(value)) if abs(value) < 10**15 else value, f" {value} ", str(value).encode(), f"{value}.0"]
    assert {canonicalize(form) for form in forms} == {("number", value)}


@given(st.floats(-1e15, 1e15).filter(lambda value: value != int(value)))
def test_a_fraction_is_one_value_in_every_type(value: float) -> None:
    forms = [value, np.float64(value), Decimal(repr(value)), str(value), repr(np.float32(value).item())]
    assert len({canonicalize(form) for form in forms if abs(value) > 1e-30}) <= 1


@given(st.integers(2**53, 2**70))
def test_large_integers_are_exact_and_large_floats_are_of_a_kind_of_their_own(value: int) -> None:
    assert canonicalize(value) == canonicalize(str(value)) == canonicalize(Decimal(value)) == ("number", value)
    assert canonicalize(float(value)) == canonicalize(str(float(value))) == ("rounded", float(value))


@given(st.text(st.characters(codec="utf-8"), max_size=8))
def test_strings_are_compared_in_normal_form_without_white_space_around(text: str) -> None:
    key = canonicalize(text)
    forms = [unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text), text.encode(), f"\t{text}\u00a0"]
    assert {canonicalize(form) for form in forms} == {key}


@given(
    st.text(st.characters(categories=["L"]), min_size=1, max_size=4),
    st.text(st.characters(categories=["L"]), min_size=1),
)
def test_different_words_are_different(a: str, b: str) -> None:
    if unicodedata.normalize("NFC", a) != unicodedata.normalize("NFC", b) and a.lower() not in ("true", "false"):
        assert canonicalize(a) != canonicalize(b) or canonicalize(a) == MISSING


@given(st.datetimes(datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30)))
def test_a_moment_is_one_value_in_every_unit_and_zone(value: datetime.datetime) -> None:
    forms = [value, np.datetime64(value, "us"), str(value), value.isoformat()]
    assert {canonicalize(form) for form in forms} == {("datetime", value)}
    east = datetime.timezone(datetime.timedelta(hours=9))
    utc = value.replace(tzinfo=datetime.UTC)
    assert {canonicalize(form) for form in (utc, utc.astimezone(east), str(utc))} == {("instant", value)}
    assert canonicalize(value.date()) == canonicalize(str(value.date())) == canonicalize(np.datetime64(value, "D"))


@pytest.mark.parametrize(
    "value", [None, float("nan"), np.nan, np.datetime64("NaT"), "nan", "NaN", "None", "NaT", "<NA>"]
)
def test_missing_values_are_one_value(value: Any) -> None:
    assert canonicalize(value) == MISSING


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (True, ("boolean", True)),
        (np.True_, ("boolean", True)),
        ("TRUE", ("boolean", True)),
        ("false", ("boolean", False)),
        ("12e4", ("string", "12e4")),  # a code: str() writes 120000.0
        ("1e+20", ("rounded", 1e20)),
        ("007", ("number", 7)),
        ("+7", ("string", "+7")),
        ("NA", ("string", "NA")),
        ("", ("string", "")),
        ("1_000", ("string", "1_000")),
        ("2024-02-30", ("string", "2024-02-30")),
        ("2024-02-03T04:05:06Z", ("instant", datetime.datetime(2024, 2, 3, 4, 5, 6))),
        (float("inf"), ("number", float("inf"))),
        ("9" * 5000, ("string", "9" * 5000)),
        (b"\xff", ("string", "\\xff")),
        (("a", 1.0), (("string", "a"), ("number", 1))),
        (np.timedelta64(60, "s"), ("duration", datetime.timedelta(minutes=1))),
    ],
)
def test_forms_of_single_values(value: Any, key: Any) -> None:
    assert canonicalize(value) == key

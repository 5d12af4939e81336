"""Specs: values come back equal and of their type, and only declared classes are made."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.errors import InvalidData
from autonet.core.spec import describable, from_spec, to_spec

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([UTC])),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.fractions(),
    st.uuids(),
)
VALUES = st.recursive(
    SCALARS, lambda v: st.one_of(st.lists(v), st.tuples(v, v), st.dictionaries(st.text() | st.integers(), v))
)


def is_plain(spec: Any) -> bool:
    if isinstance(spec, dict):
        return all(isinstance(key, str) and is_plain(value) for key, value in spec.items())
    if isinstance(spec, list):
        return all(map(is_plain, spec))
    return spec is None or type(spec) in (bool, int, float, str)


@given(VALUES)
def test_values_come_back(value: Any) -> None:
    spec = to_spec(value)
    assert is_plain(spec)
    assert repr(from_spec(spec)).replace("fold=1, ", "") == repr(value).replace("fold=1, ", "")


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.10"),
        Fraction(1, 3),
        uuid.UUID(int=7),
        date(2024, 2, 29),
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        time(1, 2),
        timedelta(microseconds=1),
        frozenset([1, "a"]),
        {("a", 1): (2, 3)},
        np.dtype("datetime64[ns]"),
        float("inf"),
    ],
)
def test_kinds_of_values(value: Any) -> None:
    again = from_spec(to_spec(value))
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a", "bb"]),
        np.array(["a", None, ("x", 1), 2.5], object),
        np.array(["2024-01-01", "NaT"], "datetime64[ns]"),
        np.array([1, 2], "timedelta64[h]"),
        np.array([b"x", b"yy"]),
        np.array([], object),
        np.array([1.5, np.nan], np.float32),
    ],
)
def test_arrays_come_back_in_their_type(array: Any) -> None:
    again = from_spec(to_spec(array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)


def test_only_declared_classes_are_described_and_made() -> None:
    @dataclass(frozen=True)
    class Undeclared:
        x: int

    with pytest.raises(InvalidData, match="of type Undeclared cannot be stored"):
        to_spec([Undeclared(1)])
    with pytest.raises(InvalidData, match=r"Unknown type 'os\.system'"):
        from_spec({"__type__": "os.system", "command": "true"})

    @describable
    @dataclass(frozen=True)
    class Declared:
        x: Any

    assert from_spec(to_spec(Declared((1, Declared("y"))))) == Declared((1, Declared("y")))

"""Values survive as text, equal and of their types."""

import datetime
import math
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.jsonvalues import from_text, to_text

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()) | st.sampled_from(["__tuple__"]), inner)
    ),
)


@given(PLAIN)
def test_plain_values_survive_as_text(value: Any) -> None:
    assert repr(from_text(to_text(value))) == repr(value)


@given(
    st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(datetime.UTC))
    | st.times()
    | st.timedeltas()
    | st.complex_numbers(allow_nan=False)
    | st.sets(st.integers() | st.text() | st.tuples(st.binary()))
    | st.frozensets(st.dates())
)
def test_bytes_dates_and_sets_survive_as_text(value: Any) -> None:
    found = from_text(to_text({"value": [value, {value: 1} if value.__hash__ else None]}))["value"][0]
    assert found == value
    assert type(found) is type(value)


def test_numbers_of_numpy_and_torch_become_plain_ones() -> None:
    values = {"a": np.float32(0.5), "b": np.array([[1, 2]]), "c": torch.tensor([True]), "e": math.nan}
    assert repr(from_text(to_text(values))) == repr({"a": 0.5, "b": [[1, 2]], "c": [True], "e": math.nan})

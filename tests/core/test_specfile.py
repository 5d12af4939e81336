"""Specs are written and read without loss; a changed byte is noticed."""

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from autonet.core import specfile
from autonet.core.errors import InvalidData, InvalidModelFile
from autonet.core.specfile import FORMAT, MAX_VALUES, iter_safetensors, read_spec, write_spec


def to_bytes(spec: Any) -> bytes:
    return b"".join(bytes(part) for part in write_spec(spec, {"format": "test"}))


def through_bytes(spec: Any) -> Any:
    return read_spec(to_bytes(spec))


DTYPES = [f"{order}{kind}" for order in "<>" for kind in ("i2", "i4", "i8", "u2", "u8", "f2", "f4", "f8")] + [
    "b1",
    "i1",
]


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays_of.arrays(np.dtype(dtype), arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0))
    )
)
@settings(max_examples=100, deadline=None)
def test_arrays_keep_dtype_shape_and_bits(array: np.ndarray) -> None:
    read = through_bytes({"a": array})["a"]
    native = array.astype(array.dtype.newbyteorder("="))
    assert read.dtype == native.dtype
    assert read.shape == array.shape
    assert read.tobytes() == native.tobytes()


LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(), max_size=5)  # lone surrogates included


@given(st.recursive(LEAVES | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner)))
@settings(max_examples=100, deadline=None)
def test_plain_values_are_read_as_they_were(value: Any) -> None:
    read = through_bytes({"value": value})["value"]
    assert read == value
    assert repr(read) == repr(value)  # 1 is not 1.0, -0.0 is not 0.0


@pytest.mark.parametrize(
    "values",
    [
        [f"level {i}" for i in range(100)],
        ["", "é", "\ud800", "\0"] * 20,
        list(range(100)),
        [2**63 - 1, -(2**63)] * 20,
        [2**63] * 40,
        [0.5, -0.0] * 20,
        [True, False] * 20,
        [1, "a"] * 20,
        [1, 1.0] * 20,
    ],
    ids=lambda values: repr(values[0])[:20],
)
def test_long_lists_are_read_as_they_were(values: list[Any]) -> None:
    assert repr(through_bytes({"values": values})["values"]) == repr(values)


def test_long_lists_of_numbers_and_strings_take_no_room_in_the_json() -> None:
    n = MAX_VALUES + 1
    assert len(through_bytes({"values": list(range(n))})["values"]) == n
    with pytest.raises(InvalidData, match=f"more than {MAX_VALUES} values"):
        to_bytes({"values": [[1]] * n})


def test_integers_that_fit_are_stored_in_fewer_bytes() -> None:
    small, large = to_bytes({"a": np.arange(10_000) % 100}), to_bytes({"a": np.arange(10_000) * 2**40})
    assert len(small) < len(large) - 60_000


@given(
    st.sampled_from([dtype for dtype in DTYPES if dtype[-1] != "1"]).flatmap(
        lambda dtype: st.tuples(
            arrays_of.arrays(np.dtype(dtype), st.integers(1, 9)), st.integers(64, 999), st.integers(0, 9)
        )
    )
)
@settings(max_examples=100, deadline=None)
def test_arrays_of_few_values_keep_their_bits(drawn: tuple[np.ndarray, int, int]) -> None:
    values, n, seed = drawn
    array = np.random.default_rng(seed).choice(values, (n, 3))
    read = through_bytes({"a": array})["a"]
    native = array.astype(array.dtype.newbyteorder("="))
    assert (read.dtype, read.shape, read.tobytes()) == (native.dtype, array.shape, native.tobytes())


def test_arrays_of_few_values_are_stored_as_indices() -> None:
    rng = np.random.default_rng(0)
    values = np.array([0.0, -0.0, np.nan, np.inf, 0.1])
    assert len(to_bytes({"a": rng.choice(values, (10_000, 2))})) < 22_000
    assert len(to_bytes({"a": rng.choice(rng.normal(size=500), 10_000)})) < 26_000
    assert len(to_bytes({"a": rng.normal(size=10_000)})) > 80_000


def test_an_index_beyond_the_values_is_refused() -> None:
    tensors = {"0": np.array([0, 3], np.uint8), "1": np.array([0.5, 1.5])}
    text = json.dumps({"format": FORMAT, "spec": {"a": {"__tensor__": "0", "values": "1"}}}).encode()
    tensors["document"] = np.frombuffer(text, np.uint8)
    tensors["checksum"] = specfile._checksum(tensors)
    with pytest.raises(InvalidModelFile, match=r"its description is damaged \(IndexError"):
        read_spec(b"".join(bytes(part) for part in iter_safetensors(tensors, {})))


def test_another_dtype_is_refused_on_writing() -> None:
    with pytest.raises(InvalidData, match="An array of dtype complex128 cannot be stored"):
        to_bytes({"a": np.zeros(2, complex)})


SPEC = {"numbers": np.arange(6.0).reshape(2, 3) / 7, "names": [f"name {i}" for i in range(40)], "depth": 3}


def test_every_flipped_bit_is_noticed_or_changes_nothing() -> None:
    data, rng = to_bytes(SPEC), np.random.default_rng(0)
    text = repr(read_spec(data))
    for place in rng.integers(0, 8 * len(data), 500):
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        with suppress(InvalidModelFile):
            assert repr(read_spec(bytes(damaged))) == text


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 100, -1])
def test_a_truncated_file_is_refused(size: int) -> None:
    with pytest.raises(InvalidModelFile, match="not a model file of autonet"):
        read_spec(to_bytes(SPEC)[:size])


def test_a_later_format_says_so() -> None:
    text = json.dumps({"format": FORMAT + 1, "spec": {}}).encode()
    data = b"".join(bytes(part) for part in iter_safetensors({"document": np.frombuffer(text, np.uint8)}, {}))
    with pytest.raises(
        InvalidModelFile, match=f"format {FORMAT + 1}, of a later version of autonet.*: upgrade autonet"
    ):
        read_spec(data)


def test_a_wrong_checksum_is_named() -> None:
    text = json.dumps({"format": FORMAT, "spec": {}}).encode()
    data = b"".join(bytes(part) for part in iter_safetensors({"document": np.frombuffer(text, np.uint8)}, {}))
    with pytest.raises(InvalidModelFile, match="its checksum is wrong"):
        read_spec(data)

"""Arrays of images in any layout."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from autonet.core.errors import InvalidData
from autonet.data.images.arrays import as_array, find_channels, to_channels_first, to_values

GRAY = np.arange(2 * 5 * 7, dtype=np.uint8).reshape(2, 5, 7)


def test_arrays_tensors_and_lists_are_one_array() -> None:
    for X in (GRAY, torch.from_numpy(GRAY), list(GRAY), list(torch.from_numpy(GRAY)), GRAY.tolist()):
        found = as_array(X)
        assert found is not None
        np.testing.assert_array_equal(found, GRAY)
    assert as_array(["a.png"]) is None
    assert as_array([GRAY[0], GRAY[0, :3]]) is None
    assert as_array([GRAY[0], "a.png"]) is None
    assert as_array("folder") is None


def test_columns_of_arrays_and_other_floats_are_one_array() -> None:
    column = pd.Series(list(GRAY))
    tensor = torch.from_numpy(GRAY)
    for X in (column, column.to_numpy(), column.to_frame(), GRAY.astype(object), tensor.bfloat16(), np.ma.array(GRAY)):
        found = as_array(X)
        assert found is not None
        np.testing.assert_array_equal(found, GRAY)
    assert as_array(pd.Series(["a.png"])) is None
    assert as_array(GRAY.tobytes()) is None


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (GRAY.astype(complex), "X is an array of complex128; images are arrays of whole numbers or floats"),
        (GRAY.astype(str), "X is an array of <U3; images are arrays"),
        (np.ma.masked_greater(GRAY, 3), "X has masked values; replace them"),
        ([GRAY[0], GRAY[1] / 255], "X has images of uint8 and float64, which may be of different units; convert them"),
        ([GRAY[0], GRAY[1] > 3], "X has images of uint8 and bool"),
        ([GRAY[0], GRAY[1].astype(np.uint16)], "X has images of uint8 and uint16, which may be of different units"),
        (torch.from_numpy(GRAY).to_sparse(), "X is a tensor that cannot become an array .*; pass a dense one"),
        (torch.empty(GRAY.shape, device="meta"), "X is a tensor that cannot become an array"),
    ],
)
def test_arrays_of_other_things_are_refused(X: Any, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        as_array(X)


@pytest.mark.parametrize(
    ("shape", "channels", "expected"),
    [
        ((2, 5, 7), None, (2, 1, 5, 7)),
        ((2, 5, 7, 3), None, (2, 3, 5, 7)),
        ((2, 3, 5, 7), None, (2, 3, 5, 7)),
        ((2, 5, 7, 1), None, (2, 1, 5, 7)),
        ((2, 3, 8, 4), "last", (2, 4, 3, 8)),
        ((2, 3, 8, 4), "first", (2, 3, 8, 4)),
        ((2, 9, 8, 12), "first", (2, 9, 8, 12)),
    ],
)
def test_channels_come_first(shape: tuple[int, ...], channels: str | None, expected: tuple[int, ...]) -> None:
    found = find_channels(shape, channels)  # type: ignore[arg-type]
    assert to_channels_first(np.zeros(shape), found).shape == expected


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 8, 4), "both the second and the last side may be the channels"),
        ((2, 9, 8, 12), "neither the second nor the last side may be the channels"),
        ((2, 64), r"got shape \(2, 64\); if its columns are pixels, pass X\.reshape\(-1, 8, 8\)\.$"),
        ((2, 60), r"got shape \(2, 60\); if its columns are pixels, pass X\.reshape\(-1, height, width\)\.$"),
        ((64,), r"must be images of shape \(n, height, width\).*got shape \(64,\)\.$"),
    ],
)
def test_an_ambiguous_layout_is_refused_with_the_option(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        find_channels(shape, None)


def test_bytes_stay_bytes_and_others_are_floats() -> None:
    assert to_values(GRAY) is GRAY
    assert to_values(GRAY.astype(np.int64)).dtype == np.uint8
    assert to_values(GRAY > 3).max() == 255
    assert to_values(GRAY.astype(np.int64) - 1).dtype == np.float32
    assert to_values(GRAY / 255).dtype == np.float32
    assert to_values(GRAY.astype(np.uint16) * 257).dtype == np.float32
    broken = GRAY / 255
    broken[1, 0, 0] = np.nan
    with pytest.raises(InvalidData, match="NaN or infinity in image 1"):
        to_values(broken)
    with pytest.raises(InvalidData, match="NaN or infinity in image 0"):
        to_values(np.full((1, 2, 2), 1e300))

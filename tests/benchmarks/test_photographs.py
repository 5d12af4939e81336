"""Colour images made of items and photographs."""

from typing import Any

import numpy as np


def test_items_are_pasted_in_their_own_size_place_and_colour(script: Any) -> None:
    photographs = script("photographs")
    item = np.zeros((28, 28), np.uint8)
    item[7:21, 7:21] = 255
    pasted = photographs.paste(np.stack([item] * 50), seed=0)
    assert pasted.shape == (50, 32, 32, 3)
    assert pasted.dtype == np.uint8
    np.testing.assert_array_equal(pasted, photographs.paste(np.stack([item] * 50), seed=0))
    backgrounds = photographs.paste(np.stack([np.zeros_like(item)] * 50), seed=0)
    sizes = (pasted != backgrounds).any(-1).sum((1, 2)) ** 0.5
    low, high = photographs.SCALES
    assert 14 * low - 2 < sizes.min() < 14 * 0.8
    assert 14 < sizes.max() < 14 * high + 2
    assert len({tuple(image[16, 16]) for image in pasted}) > 40

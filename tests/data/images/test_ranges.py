"""Ranges of values in another unit than that of fit, through the reader."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from autonet.core.errors import DataWarning
from autonet.data.images.ranges import are_whole, differ, is_other_unit
from autonet.data.images.reader import ImageReader

DIGITS = load_digits().images[:40]  # whole numbers from 0 to 16, as floats
BYTES = (DIGITS * 15.9).astype(np.uint8)


@pytest.mark.parametrize(
    ("seen", "other"),
    [
        (DIGITS, DIGITS * 15.94),
        (DIGITS, DIGITS / 16),
        (DIGITS, BYTES),
        (BYTES.astype(np.uint16) * 257, BYTES),
        (BYTES, DIGITS.astype(int)),
        (DIGITS.astype(int), BYTES),
        (BYTES, (BYTES > 99).astype(int)),
        (BYTES > 99, DIGITS.astype(np.uint8)),
        (BYTES / 127.5 - 1, BYTES / 255),
        (BYTES / 127.5 - 1, DIGITS / 16 * 5),
    ],
)
def test_another_unit_is_warned_of(seen: Any, other: Any) -> None:
    reader, _ = ImageReader.infer(seen)
    reader.read(seen[:20])
    message = "X has values from .* to .*, but Net was fitted to values from .* to .*; check that they are in the same"
    with pytest.warns(DataWarning, match=message):
        reader.read(other, "Net")


@pytest.mark.parametrize("seen", [DIGITS, BYTES, BYTES.astype(np.uint16) * 257, BYTES / 255, BYTES > 99])
def test_dark_images_and_few_brighter_ones_are_no_other_unit(seen: Any) -> None:
    reader, _ = ImageReader.infer(seen)
    dark = seen * 0 if seen.dtype == bool else (seen * 0.04).astype(seen.dtype)
    if seen is DIGITS:
        dark = seen // 16
    for images in (seen, seen[:1], dark[:15], dark[:1], seen * 0):
        reader.read(images.astype(seen.dtype))
    if seen.dtype.kind == "f":
        reader.read(seen[:1] * 3.9)


def test_arrays_after_files_are_compared_with_the_range_of_files() -> None:
    reader = ImageReader(1, 8, 8, is_bytes=True, is_files=True)
    reader.read(BYTES)
    with pytest.warns(DataWarning, match="X has values from 0 to 16, but the model was fitted to values from 0 to 255"):
        reader.read(DIGITS.astype(np.uint8))


@pytest.mark.parametrize(
    ("seen", "found", "n_images", "expected"),
    [
        ((0, 255), (0, 63), 16, True),
        ((0, 255), (0, 64), 16, False),
        ((0, 255), (0, 63), 15, False),
        ((0, 255), (0, 7), 1, True),
        ((0, 255), (0, 8), 1, False),
        ((0, 255), (0, 0), 99, False),
        ((0, 0), (0, 9), 99, False),
        ((0, 60), (0, 241), 1, True),
        ((0, 60), (0, 240), 1, False),
        ((-1, 1), (0, 1), 16, True),
        ((-1, 1), (0, 1), 15, False),
        ((-0.1, 1), (0, 1), 16, False),
        ((0, 1), (-0.6, 1), 1, True),
    ],
)
def test_how_far_ranges_may_differ(seen: Any, found: Any, n_images: int, expected: bool) -> None:
    assert differ(seen, found, n_images) is expected


def test_units_of_arrays() -> None:
    assert are_whole(DIGITS)
    assert not are_whole(DIGITS / 16)
    assert [is_other_unit(values) for values in (DIGITS / 16, DIGITS - 8.5, BYTES, (BYTES > 9).astype(np.uint8))] == [
        True,
        True,
        False,
        True,
    ]

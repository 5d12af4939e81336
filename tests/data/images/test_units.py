"""Units of images: which are refused or warned of, through the reader."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from autonet.core.errors import DataWarning
from autonet.data.images.reader import ImageReader
from autonet.data.images.units import Unit, are_whole, differ

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
    reader = ImageReader(1, 8, 8, Unit.FILES)
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
    masks = BYTES > 9
    for images, unit, words in (
        (BYTES, Unit.BYTES, "whole numbers from 0 to 255"),
        (DIGITS.astype(int), Unit.BYTES, "whole numbers from 0 to 255"),
        (masks.astype(np.uint8), Unit.BINARY, "zeros and ones"),
        (masks, Unit.BOOLEANS, "booleans"),
        (DIGITS / 16, Unit.FRACTIONS, "floats from 0 to 1"),
        (masks.astype(float), Unit.FRACTIONS, "floats from 0 to 1"),
        (DIGITS - 8.5, Unit.STANDARDIZED, "floats from -8.5 to 7.5"),
        (DIGITS - 8, Unit.FLOATS, "floats"),
        (DIGITS * 2, Unit.FLOATS, "floats"),
    ):
        reader, _ = ImageReader.infer(images)
        assert (reader.unit, reader.describe_values()) == (unit, words)


def test_units_of_files() -> None:
    deep, depths = (Image.fromarray(BYTES[0].astype(dtype)) for dtype in (np.uint16, np.float32))
    for image, unit, words in (
        (Image.fromarray(BYTES[0]), Unit.FILES, "whole numbers from 0 to 255"),
        (deep, Unit.DEEP_FILES, "floats from 0 to 255"),
        (depths, Unit.FLOAT_FILES, "floats"),
    ):
        reader, _ = ImageReader.infer([image])
        assert (reader.unit, reader.describe_values()) == (unit, words)


def test_which_units_take_files() -> None:
    gray = [Image.fromarray(BYTES[0])]
    taken = {unit for unit in Unit if ImageReader(1, 8, 8, unit).takes_files}
    assert taken == {Unit.BYTES, Unit.BOOLEANS, Unit.FLOATS, Unit.FILES, Unit.DEEP_FILES, Unit.FLOAT_FILES}
    for unit in taken - {Unit.FLOAT_FILES}:
        ImageReader(1, 8, 8, unit).read(gray)
    for unit, low, high in ((Unit.BYTES, 0, 31), (Unit.FLOATS, -1, 255), (Unit.FLOATS, 0, 256)):
        assert not ImageReader(1, 8, 8, unit, low=low, high=high).takes_files

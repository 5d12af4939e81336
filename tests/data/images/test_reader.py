"""The reader of images."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.spec import from_spec, to_spec
from autonet.data.images.reader import ImageData, ImageReader
from autonet.data.images.units import Unit

VALUES = np.random.default_rng(0).integers(256, size=(6, 5, 4, 3), dtype=np.uint8)


def test_later_images_are_read_as_those_of_fit() -> None:
    reader, data = ImageReader.infer(VALUES)
    assert (reader.shape, reader.n_features, reader.unit) == ((3, 5, 4), 60, Unit.BYTES)
    np.testing.assert_array_equal(data.values, VALUES.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(reader.read(VALUES[2:4]).values, data.values[2:4])
    assert from_spec(to_spec(reader)) == reader
    assert reader.missing_row().values.shape == (1, 3, 5, 4)


def test_files_are_read_as_arrays(tmp_path: Path) -> None:
    files = []
    for i, image in enumerate(VALUES):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
        files.append(tmp_path / f"{i}.png")
    reader, data = ImageReader.infer(files)
    np.testing.assert_array_equal(data.values, VALUES.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(reader.read(VALUES).values, data.values)
    np.testing.assert_array_equal(ImageReader.infer(VALUES)[0].read(tmp_path).values, data.values)


def test_images_are_resized_if_asked_for() -> None:
    reader, data = ImageReader.infer(VALUES, size=(3, 2))
    assert data.values.shape == (6, 3, 3, 2)
    assert reader.read(VALUES[:1, :4]).values.shape == (1, 3, 3, 2)


def test_arrays_of_different_sizes_are_resized_one_by_one(tmp_path: Path) -> None:
    images = [VALUES[0], VALUES[1, :4], VALUES[2, :, :3]]
    files = [tmp_path / f"{i}.png" for i in range(3)]
    for file, image in zip(files, images, strict=True):
        Image.fromarray(image).save(file)
    reader, data = ImageReader.infer(images, size=(3, 2))
    np.testing.assert_array_equal(data.values, ImageReader.infer(files, size=(3, 2))[1].values)
    tensors = [torch.from_numpy(image) for image in images]
    for more in (images, tensors, pd.Series(images), [image.tolist() for image in images]):
        np.testing.assert_array_equal(reader.read(more).values, data.values)
    floats = [image / 255 for image in images]
    reader, _ = ImageReader.infer([image.repeat(2, 1).transpose(2, 0, 1) for image in floats], size=(3, 2))
    assert (reader.unit, reader.shape) == (Unit.FRACTIONS, (3, 3, 2))
    with pytest.raises(InvalidData, match="but the model was fitted to floats from 0 to 1"):
        reader.read([image.astype(float) for image in images])
    with pytest.raises(InvalidData, match=r"X\[1\] has NaN or infinity in image 0"):
        reader.read([floats[0], floats[1] * np.nan])
    with pytest.raises(InvalidData, match="X has images of 1 and 3 channels; convert them to one number of channels"):
        ImageReader.infer([images[0], images[1][..., 0]], size=(3, 2))
    with pytest.raises(InvalidData, match="uint8 and float64, which may be of different units"):
        ImageReader.infer([images[0], floats[1]], size=(3, 2))
    with pytest.raises(InvalidData, match="uint8 and uint16, which may be of different units; convert them to one"):
        ImageReader.infer([images[0], images[1].astype(np.uint16) * 257], size=(3, 2))
    ImageReader.infer([images[0].astype(np.int32), images[1].astype(np.int64)], size=(3, 2))
    with pytest.raises(InvalidData, match=r"got arrays of shapes .* which fit resizes if there is an image_size"):
        ImageReader.infer(images)


def test_other_shapes_and_units_are_refused() -> None:
    reader, _ = ImageReader.infer(VALUES)
    message = r"images of shape \(3, 4, 4\) \(channels, height, width\), but Net was fitted to \(3, 5, 4\)"
    with pytest.raises(InvalidData, match=message):
        reader.read(VALUES[:, :4], "Net")
    with pytest.raises(InvalidData, match="floats from 0 to 1, but Net was fitted to whole numbers from 0 to 255"):
        reader.read((VALUES - VALUES.min()) / np.ptp(VALUES), "Net")
    with pytest.raises(
        InvalidData, match="whole numbers from -9 to 300, but the model was fitted to whole numbers from"
    ):
        reader.read(np.where(VALUES > 99, 300, -9))
    floats, _ = ImageReader.infer(VALUES * 2.0)
    assert floats.read(VALUES).values.dtype == np.float32
    with pytest.raises(InvalidData, match="no images or no pixels"):
        ImageReader.infer(VALUES[:0])


def test_whole_numbers_and_files_are_refused_after_values_from_0_to_1(tmp_path: Path) -> None:
    reader, data = ImageReader.infer(VALUES / 255)
    assert data.values.max() <= 1
    assert reader.read(VALUES / 200).values.max() > 1
    message = rf"X has .* from 0 to {VALUES.max()}, but Net was fitted to floats from 0 to 1; pass images in that unit"
    for values in (VALUES, VALUES.astype(float)):
        with pytest.raises(InvalidData, match=message):
            reader.read(values, "Net")
    with pytest.raises(InvalidData, match="but the model was fitted to arrays of floats from 0 to 1; pass such arrays"):
        reader.read([tmp_path / "0.png"])
    with pytest.raises(InvalidData, match="but the model was fitted to arrays of 2 channels; pass such arrays"):
        ImageReader.infer(VALUES[..., :2])[0].read([tmp_path / "0.png"])
    with pytest.raises(InvalidData, match="but the model was fitted to arrays of zeros and ones; pass such arrays"):
        ImageReader.infer(VALUES // 128)[0].read([tmp_path / "0.png"])


def test_whole_numbers_and_files_are_refused_after_standardized_values(tmp_path: Path) -> None:
    reader, _ = ImageReader.infer(VALUES / 127.5 - 1)
    with pytest.raises(InvalidData, match="but the model was fitted to floats from -1 to 1; pass images in that unit"):
        reader.read(VALUES)
    with pytest.raises(InvalidData, match="fitted to arrays of floats from -1 to 1; pass such arrays"):
        reader.read([tmp_path / "0.png"])
    depths, _ = ImageReader.infer(VALUES.astype(int) * 9 - 1000)  # negative whole numbers have a unit of their own
    assert depths.read(VALUES).values.max() == VALUES.max()


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (VALUES / 16, "values from 0 to 15.9375"),
        (VALUES // 16, "values from 0 to 15"),
        (VALUES.astype(np.uint16) * 257, "values from 0 to 65535"),
        (VALUES.astype(int) - 128, "values from -128 to 127"),
    ],
)
def test_files_are_refused_after_arrays_of_another_range(tmp_path: Path, values: Any, what: str) -> None:
    values.flat[:2] = min(0, values.min()), values.max()
    message = (
        "files or PIL images, which are read as 1 or 3 channels with values from 0 to 255, but the model was fitted to"
    )
    Image.fromarray(VALUES[0]).save(tmp_path / "0.png")
    with pytest.raises(InvalidData, match=f"X has {message} arrays of {what}; pass such arrays"):
        ImageReader.infer(values)[0].read([tmp_path / "0.png"])


def test_files_that_are_brighter_than_all_arrays_of_fit_are_warned_of(tmp_path: Path) -> None:
    Image.fromarray(VALUES[0]).save(tmp_path / "0.png")
    for dark in (VALUES // 5, VALUES / 5):
        reader, _ = ImageReader.infer(dark)
        with pytest.warns(
            DataWarning, match=r"X has values from .*, but the model was fitted to values from 0 to 51; check"
        ):
            reader.read([tmp_path / "0.png"])
    for whole in (VALUES, VALUES.astype(float), VALUES[..., 0] > 99):
        reader, _ = ImageReader.infer(whole)
        assert reader.describe_files() is not None
        reader.read([tmp_path / "0.png"] if whole.ndim == 4 else [Image.fromarray(VALUES[0, ..., 0])])


def test_files_are_read_whatever_the_range_of_those_of_fit(tmp_path: Path) -> None:
    for name, high in (("depth.tif", 1.0), ("dark.tif", 4.0), ("wide.tif", 4000.0)):
        Image.fromarray(np.linspace(0, high, 20, dtype=np.float32).reshape(5, 4)).save(tmp_path / name)
        reader, data = ImageReader.infer([tmp_path / name])
        np.testing.assert_array_equal(reader.read([tmp_path / name]).values, data.values)


def save_depths(folder: Path, high: float = 1) -> Path:
    """Write a TIFF of floats."""
    Image.fromarray(np.linspace(0, high, 20, dtype=np.float32).reshape(5, 4)).save(folder / "depth.tif")
    return folder / "depth.tif"


def test_files_of_floats_and_of_whole_numbers_are_refused_beside_one_another(tmp_path: Path) -> None:
    depth, gray, deep, broken = save_depths(tmp_path), tmp_path / "gray.png", tmp_path / "deep.png", tmp_path / "n.tif"
    Image.fromarray(VALUES[0, ..., 0]).save(gray)
    Image.fromarray(VALUES[0, ..., 0].astype(np.uint16) * 257).save(deep)
    Image.fromarray(np.full((5, 4), np.nan, np.float32)).save(broken)
    for file in (gray, deep):
        message = rf"X has files of floats, such as '{depth}', and of whole numbers, such as '{file}', which may be of"
        with pytest.raises(InvalidData, match=f"{message} different units; convert them to one format"):
            ImageReader.infer([file, depth, file])
    with pytest.raises(InvalidData, match="such as image 1, and of whole numbers, such as image 0, which"):
        ImageReader.infer([gray.read_bytes(), depth.read_bytes()])
    ImageReader.infer([gray, deep])  # 16 bits become values from 0 to 255
    with pytest.warns(DataWarning, match="1 of 2 files cannot be read"):
        assert ImageReader.infer([gray, broken], on_bad_files="skip")[0].unit is not Unit.FLOAT_FILES


def test_further_files_hold_floats_if_those_of_fit_do(tmp_path: Path) -> None:
    depth, gray = save_depths(tmp_path), tmp_path / "gray.png"
    Image.fromarray(VALUES[0, ..., 0]).save(gray)
    of_floats = ImageReader.infer([depth])[0]
    assert from_spec(to_spec(of_floats)) == of_floats
    with pytest.raises(InvalidData, match=f"X has files of whole numbers, such as '{gray}', but .* to files of floats"):
        of_floats.read([gray])
    for seen in ([gray], VALUES[..., 0]):
        message = f"X has files of floats, such as '{depth}', but the model was fitted to whole numbers from 0 to 255"
        with pytest.raises(InvalidData, match=message):
            ImageReader.infer(seen)[0].read([depth])
    of_arrays = ImageReader.infer(VALUES[..., 0].astype(float))[0]
    of_arrays.read([gray])
    of_arrays.read([save_depths(tmp_path, 255)])
    with pytest.warns(DataWarning, match="X has values from 0 to 1, but the model was fitted to values from"):
        of_arrays.read([save_depths(tmp_path)])


def test_dark_files_are_in_the_unit_of_bytes(tmp_path: Path) -> None:
    Image.fromarray(VALUES[0] // 40).save(tmp_path / "dark.png")
    for seen in (VALUES, [tmp_path / "dark.png"]):
        ImageReader.infer(seen)[0].read([tmp_path / "dark.png"] * 20)


def test_how_files_of_floats_are_taken_is_described(tmp_path: Path) -> None:
    described = ImageReader.infer([save_depths(tmp_path)])[0].describe_files()
    assert described == {
        "exif_orientation": "applied",
        "background": "white",
        "mode": "F",
        "resampling": "bilinear with antialiasing",
        "range": None,
        "divisor_of_16_bits": None,
    }


def test_how_files_become_arrays_is_described() -> None:
    described = ImageReader.infer(VALUES)[0].describe_files()
    assert described == {
        "exif_orientation": "applied",
        "background": "white",
        "mode": "RGB",
        "resampling": "bilinear with antialiasing",
        "range": [0, 255],
        "divisor_of_16_bits": 257,
    }
    assert ImageReader.infer(VALUES / 255)[0].describe_files() is None


@pytest.mark.parametrize(
    ("seen", "other"),
    [
        (VALUES / 255, VALUES + 0.5),
        (VALUES / 255, VALUES / 127.5 - 1),
        (VALUES.astype(float), VALUES / 255),
        (VALUES / 127.5 - 1, VALUES + 0.5),
    ],
)
def test_floats_in_a_range_far_from_that_of_fit_are_warned_of(seen: Any, other: Any) -> None:
    reader, _ = ImageReader.infer(seen)
    reader.read(seen[:1] * 0.9)
    reader.read(seen[:1] * 0)
    message = r"X has values from .*, but the model was fitted to values from .*; check that they are in the same unit"
    with pytest.warns(DataWarning, match=message):
        reader.read(other)


def test_zeros_and_ones_are_read_in_their_unit(tmp_path: Path) -> None:
    masks = VALUES[..., 0] > 99
    of_numbers, data = ImageReader.infer(masks.astype(int))
    np.testing.assert_array_equal(of_numbers.read(masks).values, data.values)
    with pytest.raises(InvalidData, match="whole numbers from 0 to 255, but the model was fitted to zeros and ones"):
        of_numbers.read(masks * 255)
    of_booleans, data = ImageReader.infer(masks)
    np.testing.assert_array_equal(of_booleans.read(masks * 255).values, data.values)
    Image.fromarray(masks[0]).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(of_booleans.read([tmp_path / "bits.png"]).values, data.values[:1])
    with pytest.raises(InvalidData, match="whole numbers from 0 to 1, but the model was fitted to booleans"):
        of_booleans.read(masks.astype(int))
    with pytest.raises(InvalidData, match=r"floats from 0 to 1, but .* to booleans; pass images in that unit\.$"):
        of_booleans.read(masks.astype(float))


@pytest.mark.parametrize(
    ("old", "unit", "seen"),
    [
        ({"is_bytes": True, "is_files": True, "low": None, "high": None}, Unit.FILES, (0, 255)),
        ({"is_bytes": False, "is_files": True, "low": 3.0, "high": 90.5}, Unit.DEEP_FILES, (3, 90.5)),
        ({"is_bytes": False, "is_files": True, "is_float": True, "low": 0.5, "high": 2.0}, Unit.FLOAT_FILES, (0.5, 2)),
        ({"is_bytes": True, "is_bool": True, "low": 0.0, "high": 255.0}, Unit.BOOLEANS, (0, 255)),
        ({"is_bytes": True, "is_unit": True, "low": 0.0, "high": 1.0}, Unit.BINARY, (0, 1)),
        ({"is_bytes": True, "low": 0.0, "high": 16.0}, Unit.BYTES, (0, 16)),
        ({"is_bytes": False, "is_unit": True, "low": 0.0, "high": 0.9}, Unit.FRACTIONS, (0, 0.9)),
        ({"is_bytes": False, "is_unit": True, "low": -2.0, "high": 3.0}, Unit.STANDARDIZED, (-2, 3)),
        ({"is_bytes": False, "low": -1000.0, "high": 300.0}, Unit.FLOATS, (-1000, 300)),
        ({"is_bytes": True}, Unit.BYTES, (0, 255)),
    ],
)
def test_readers_of_older_model_files_are_read(old: Any, unit: Unit, seen: Any) -> None:
    flags = {"is_unit": False, "is_bool": False, "is_files": False, "is_float": False} if len(old) > 1 else {}
    spec = {"__type__": "ImageReader", "n_channels": 1, "height": 8, "width": 6, "channels": "first", **flags, **old}
    low, high = seen
    expected = ImageReader(1, 8, 6, unit, channels="first", low=low, high=high)
    assert from_spec({**spec, "is_resized": False}) == expected
    assert from_spec(to_spec(expected)) == expected


def test_a_single_image_is_refused() -> None:
    message = r"that of a single image; pass several ones, or this one as X\[None\]"
    colour, gray = ImageReader.infer(VALUES)[0], ImageReader.infer(VALUES[..., 0], size=(5, 6))[0]
    for reader, image in (
        (colour, VALUES[0]),
        (colour, VALUES[0].transpose(2, 0, 1)),
        (gray, np.zeros((5, 6))),
        (gray, np.zeros((32, 32, 1), int)),
        (gray, np.zeros((32, 32, 3), int)),
    ):
        with pytest.raises(InvalidData, match=message):
            reader.read(image)
    with pytest.raises(InvalidData, match=r"X is a single image; pass a list of images"):
        colour.read(Image.fromarray(VALUES[0]))
    assert len(gray.read(VALUES[:1, ..., 0])) == 1


def test_equal_images_have_equal_hashes() -> None:
    data = ImageData(np.ascontiguousarray(VALUES[[0, 1, 0]]))
    first, second, third = data.hashes().tolist()
    assert first == third != second
    assert data.concat(data.rows(np.array([1]))).hashes().tolist() == [first, second, third, second]
    assert (data.nbytes, data.n_columns, len(data)) == (180, 60, 3)


def test_large_images_are_predicted_in_smaller_parts() -> None:
    sides = {8: 1024, 32: 128, 96: 16, 500: 16}
    found = {side: ImageData(np.zeros((1, 1, side, side), np.uint8)).prediction_rows for side in sides}
    assert found == sides


@pytest.mark.parametrize(("high", "white"), [(0, 1), (1, 1), (16, 16), (31, 31), (32, 255), (200, 255)])
def test_dark_arrays_have_a_white_of_their_own(high: int, white: float) -> None:
    X = np.zeros((4, 5, 5), np.uint8)
    X[1, 2, 3] = high
    assert ImageReader.infer(X)[0].shown_white == white

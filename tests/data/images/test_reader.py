"""The reader of images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autonet.core.errors import InvalidData
from autonet.core.spec import from_spec, to_spec
from autonet.data.images.reader import ImageData, ImageReader

VALUES = np.random.default_rng(0).integers(256, size=(6, 5, 4, 3), dtype=np.uint8)


def test_later_images_are_read_as_those_of_fit() -> None:
    reader, data = ImageReader.infer(VALUES)
    assert (reader.shape, reader.n_features, reader.is_bytes) == ((3, 5, 4), 60, True)
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


def test_other_shapes_and_units_are_refused() -> None:
    reader, _ = ImageReader.infer(VALUES)
    message = r"images of shape \(3, 4, 4\) \(channels, height, width\), but Net was fitted to \(3, 5, 4\)"
    with pytest.raises(InvalidData, match=message):
        reader.read(VALUES[:, :4], "Net")
    with pytest.raises(InvalidData, match="floats from 0 to 1, but Net was fitted to whole numbers from 0 to 255"):
        reader.read((VALUES - VALUES.min()) / np.ptp(VALUES), "Net")
    with pytest.raises(InvalidData, match="values from -9 to 300, but the model was fitted to whole numbers from 0 to"):
        reader.read(np.where(VALUES > 99, 300, -9))
    floats, _ = ImageReader.infer(VALUES * 2.0)
    assert floats.read(VALUES).values.dtype == np.float32
    with pytest.raises(InvalidData, match="no images or no pixels"):
        ImageReader.infer(VALUES[:0])


def test_whole_numbers_and_files_are_refused_after_values_from_0_to_1(tmp_path: Path) -> None:
    reader, data = ImageReader.infer(VALUES / 255)
    assert data.values.max() <= 1
    assert reader.read(VALUES / 200).values.max() > 1
    message = f"X has whole numbers up to {VALUES.max()}, but Net was fitted to values from 0 to 1; pass images in that"
    for values in (VALUES, VALUES.astype(float)):
        with pytest.raises(InvalidData, match=message):
            reader.read(values, "Net")
    with pytest.raises(InvalidData, match="but the model was fitted to arrays of values from 0 to 1; pass such arrays"):
        reader.read([tmp_path / "0.png"])
    with pytest.raises(InvalidData, match="but the model was fitted to arrays of 2 channels; pass such arrays"):
        ImageReader.infer(VALUES[..., :2])[0].read([tmp_path / "0.png"])


def test_equal_images_have_equal_hashes() -> None:
    data = ImageData(np.ascontiguousarray(VALUES[[0, 1, 0]]))
    first, second, third = data.hashes().tolist()
    assert first == third != second
    assert data.concat(data.rows(np.array([1]))).hashes().tolist() == [first, second, third, second]
    assert (data.nbytes, data.n_columns, len(data)) == (180, 60, 3)

"""Open image files: no filter of warnings is changed, pixels are counted, metadata may be damaged, palettes gray."""

import os
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autonet.core.errors import InvalidData
from autonet.data.images.files import read_images
from autonet.data.images.opening import open_image, read_header, turn

RED = np.zeros((6, 4, 3), np.uint8)
RED[..., 0] = 200
RAMP = np.arange(24, dtype=np.uint8).reshape(6, 4) * 10


class Watched(os.PathLike[str]):
    """A path that keeps the filters of warnings that there are while its file is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filters: list[Any] = []

    def __fspath__(self) -> str:
        self.filters.append(list(warnings.filters))
        return str(self.path)


def test_no_filter_of_warnings_is_changed(tmp_path: Path) -> None:
    Image.fromarray(RED).save(tmp_path / "red.png")
    paths, before = [Watched(tmp_path / "red.png") for _ in range(8)], list(warnings.filters)
    read_images(paths)
    assert all(filters == before for path in paths for filters in path.filters)
    assert min(len(path.filters) for path in paths) > 0
    assert warnings.filters == before


@pytest.mark.parametrize("action", ["ignore", "always", "error"])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_pixels_are_counted_whatever_the_filters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: Any) -> None:
    Image.new("L", (40, 40)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1600)
    assert len(read_images([tmp_path / "large.png"]).values) == 1
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1599)
    with warnings.catch_warnings(record=action == "always"):
        warnings.simplefilter(action, Image.DecompressionBombWarning)
        many = "more pixels" if action == "error" else "1600 pixels, more"
        with pytest.raises(InvalidData, match=rf"\({many} than PIL.Image.MAX_IMAGE_PIXELS = 1599\)"):
            read_images([tmp_path / "large.png"])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert len(read_images([tmp_path / "large.png"]).values) == 1


def damage(content: bytes) -> bytes:
    """Make the description in EXIF longer than the file."""
    start = content.index(b"\x01\x0e\x00\x02") + 4
    return content[:start] + b"\x00\x00\xff\x00" + content[start + 4 :]


@pytest.mark.parametrize("format_", ["JPEG", "WEBP"])
def test_damaged_metadata_are_warned_of_by_pillow_and_no_reason_to_refuse(format_: str) -> None:
    exif, file = Image.Exif(), BytesIO()
    exif[0x0112], exif[0x010E] = 6, "a long description of this picture"
    Image.fromarray(RED).save(file, format_, exif=exif, quality=95)
    content = damage(file.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # metadata are given up then
        strict = read_images([content], size=(6, 4)).values
    assert abs(strict[0].astype(int) - RED.transpose(2, 0, 1)).max() < 6
    with pytest.warns(UserWarning, match="Tag data larger than file"):
        turned = read_images([content]).values
    assert turned.shape == (1, 3, 4, 6)


def test_a_broken_file_whose_metadata_are_damaged_is_refused() -> None:
    exif, file = Image.Exif(), BytesIO()
    exif[0x010E] = "a long description of this picture"
    Image.fromarray(RED).save(file, "JPEG", exif=exif)
    with pytest.raises(InvalidData, match=r"1 of 1 files cannot be read: image 0"):
        read_images([damage(file.getvalue())[:150]])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation: int) -> None:
    exif, file = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(RAMP).save(file, "PNG", exif=exif)
    expected = {
        1: RAMP,
        2: RAMP[:, ::-1],
        3: RAMP[::-1, ::-1],
        4: RAMP[::-1],
        5: RAMP.T,
        6: RAMP[::-1].T,
        7: RAMP[::-1, ::-1].T,
        8: RAMP.T[::-1],
    }[orientation]
    with open_image(file.getvalue()) as picture:
        np.testing.assert_array_equal(np.asarray(turn(picture)), expected)
    assert read_header(file.getvalue()).size == expected.shape


@pytest.mark.parametrize("format_", ["GIF", "PNG", "BMP"])
def test_a_gray_palette_is_gray(format_: str) -> None:
    gray, colour = Image.fromarray(RAMP), Image.fromarray(RED)
    contents = []
    for picture in (gray.convert("P"), colour.quantize(4)):
        if format_ != "GIF" and picture.mode == "P" and not contents:
            picture.putpalette([255 - i // 3 for i in range(768)])  # no ramp, which Pillow takes for gray itself
        file = BytesIO()
        picture.save(file, format_)
        contents.append(file.getvalue())
    assert [Image.open(BytesIO(content)).mode for content in contents] == ["P", "P"]
    found = read_images(contents[:1]).values
    expected = RAMP if format_ == "GIF" else 255 - RAMP
    np.testing.assert_array_equal(found[0, 0], expected)
    assert found.shape == (1, 1, 6, 4)
    assert read_images(contents).values.shape == (2, 3, 6, 4)

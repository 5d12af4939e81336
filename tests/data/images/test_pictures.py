"""Files and pictures to arrays."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.images.pictures import MAX_SIDE, read_pictures

RED = np.zeros((6, 4, 3), np.uint8)
RED[..., 0] = 200


def write(folder: Path, name: str, picture: Image.Image, **options: object) -> Path:
    picture.save(folder / name, **options)
    return folder / name


def test_gray_files_have_one_channel_and_colour_three(tmp_path: Path) -> None:
    gray = write(tmp_path, "gray.png", Image.fromarray(RED[..., 0]))
    colour = write(tmp_path, "colour.png", Image.fromarray(RED))
    values, form = read_pictures([gray, str(gray)])
    assert (values.shape, values.dtype, form.is_bytes) == ((2, 1, 6, 4), np.uint8, True)
    assert (values == 200).all()
    values, _ = read_pictures([gray, colour, Image.fromarray(RED)])
    assert values.shape == (3, 3, 6, 4)
    np.testing.assert_array_equal(values[1], RED.transpose(2, 0, 1))
    np.testing.assert_array_equal(values[2], values[1])
    assert (values[0] == 200).all()


def test_alpha_is_blended_with_white(tmp_path: Path) -> None:
    rgba = np.dstack([RED, np.full((6, 4), 51, np.uint8)])  # a fifth
    values, _ = read_pictures([write(tmp_path, "alpha.png", Image.fromarray(rgba))])
    assert values[0, :, 0, 0].tolist() == [244, 204, 204]
    palette = Image.fromarray(RED).convert("P")
    assert read_pictures([write(tmp_path, "palette.png", palette)])[0].shape == (1, 3, 6, 4)


def test_other_depths_and_orientations(tmp_path: Path) -> None:
    deep = np.arange(24, dtype=np.uint16).reshape(6, 4) * 257 + 128
    values, form = read_pictures([write(tmp_path, "deep.png", Image.fromarray(deep))])
    assert not form.is_bytes
    np.testing.assert_allclose(values[0, 0], deep / 257, rtol=1e-6)
    bits = Image.fromarray(RED[..., 0] > 100)
    assert read_pictures([write(tmp_path, "bits.png", bits)])[0].max() == 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    turned = write(tmp_path, "turned.png", Image.fromarray(RED), exif=exif)
    assert read_pictures([turned])[0].shape == (1, 3, 4, 6)


def test_sizes_become_their_median_or_the_one_given(tmp_path: Path) -> None:
    sizes = [(10, 20), (10, 24), (30, 40)]
    files = [write(tmp_path, f"{h}.{w}.png", Image.new("L", (w, h), 9)) for h, w in sizes]
    assert read_pictures(files)[0].shape == (3, 1, 10, 24)
    assert read_pictures(files, size=(5, 6))[0].shape == (3, 1, 5, 6)
    large = write(tmp_path, "large.png", Image.new("L", (400, 200), 9))
    values, form = read_pictures([large])
    assert form.size == (MAX_SIDE // 2, MAX_SIDE)
    assert (values == 9).all()
    again, _ = read_pictures(files, form)
    assert again.shape == (3, 1, *form.size)


def test_unreadable_files_are_listed_with_the_reason(tmp_path: Path) -> None:
    good = write(tmp_path, "good.png", Image.effect_noise((64, 64), 50))
    truncated = tmp_path / "truncated.png"
    truncated.write_bytes(good.read_bytes()[:1500])
    text = tmp_path / "text.png"
    text.write_text("no image", encoding="utf-8")
    with pytest.raises(InvalidData) as error:
        read_pictures([good, text, tmp_path / "gone.png"])
    assert str(error.value) == (
        f"2 of 3 files cannot be read: '{text}' (not an image), '{tmp_path / 'gone.png'}' (missing); repair them or "
        "leave them out."
    )
    with pytest.raises(InvalidData, match=r"1 of 2 files.*truncated.png' \(truncated or corrupt\)"):
        read_pictures([good, truncated])


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for name, side in (("warning", 40), ("error", 60)):
        with pytest.raises(InvalidData, match=r"\(too many pixels\)"):
            read_pictures([write(tmp_path, f"{name}.png", Image.new("L", (side, side)))])


def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("L", (5, 5), level) for level in (10, 200)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.warns(DataWarning, match="first picture is taken: '.*moving.gif'"):
        values, _ = read_pictures([path])
    assert (abs(values.astype(int) - 10) < 3).all()

"""Image files and PIL images as arrays."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.images.files import MAX_DEFAULT_SIDE, ImageFormat, read_images

RED = np.zeros((6, 4, 3), np.uint8)
RED[..., 0] = 200


def write(folder: Path, name: str, picture: Image.Image, **options: object) -> Path:
    picture.save(folder / name, **options)
    return folder / name


def read(pictures: list[Any], *arguments: Any, **options: Any) -> tuple[Any, ImageFormat]:
    found = read_images(pictures, *arguments, **options)
    assert found.kept is None
    return found.values, found.form


def test_gray_files_have_one_channel_and_colour_three(tmp_path: Path) -> None:
    gray = write(tmp_path, "gray.png", Image.fromarray(RED[..., 0]))
    colour = write(tmp_path, "colour.png", Image.fromarray(RED))
    values, form = read([gray, str(gray)])
    assert (values.shape, values.dtype, form.is_bytes) == ((2, 1, 6, 4), np.uint8, True)
    assert (values == 200).all()
    values, _ = read([gray, colour, Image.fromarray(RED)])
    assert values.shape == (3, 3, 6, 4)
    np.testing.assert_array_equal(values[1], RED.transpose(2, 0, 1))
    np.testing.assert_array_equal(values[2], values[1])
    assert (values[0] == 200).all()


def test_alpha_is_blended_with_white(tmp_path: Path) -> None:
    rgba = np.dstack([RED, np.full((6, 4), 51, np.uint8)])  # a fifth
    values, _ = read([write(tmp_path, "alpha.png", Image.fromarray(rgba))])
    assert values[0, :, 0, 0].tolist() == [244, 204, 204]
    palette = Image.fromarray(RED).convert("P")
    assert read([write(tmp_path, "palette.png", palette)])[0].shape == (1, 3, 6, 4)


def test_other_depths_and_orientations(tmp_path: Path) -> None:
    deep = np.arange(24, dtype=np.uint16).reshape(6, 4) * 257 + 128
    values, form = read([write(tmp_path, "deep.png", Image.fromarray(deep))])
    assert not form.is_bytes
    np.testing.assert_allclose(values[0, 0], deep / 257, rtol=1e-6)
    bits = Image.fromarray(RED[..., 0] > 100)
    assert read([write(tmp_path, "bits.png", bits)])[0].max() == 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    turned = write(tmp_path, "turned.png", Image.fromarray(RED), exif=exif)
    assert read([turned])[0].shape == (1, 3, 4, 6)


def test_sizes_become_their_median_or_the_one_given(tmp_path: Path) -> None:
    sizes = [(10, 20), (10, 24), (30, 40)]
    files = [write(tmp_path, f"{h}.{w}.png", Image.new("L", (w, h), 9)) for h, w in sizes]
    assert read(files)[0].shape == (3, 1, 10, 24)
    assert read(files, size=(5, 6))[0].shape == (3, 1, 5, 6)
    large = write(tmp_path, "large.png", Image.new("L", (400, 200), 9))
    values, form = read([large])
    assert form.size == (MAX_DEFAULT_SIDE // 2, MAX_DEFAULT_SIDE)
    assert (values == 9).all()
    again, _ = read(files, form)
    assert again.shape == (3, 1, *form.size)


@pytest.fixture
def bad(tmp_path: Path) -> dict[str, Path]:
    """Files that are not images, with the reasons."""
    names = ("not an image", "missing", "truncated or corrupt", "a folder", "not a file", "NaN or infinity", "program")
    files = {name: tmp_path / f"{name}.png" for name in names}
    files["not an image"].touch()
    whole = write(tmp_path, "whole.png", Image.effect_noise((64, 64), 50)).read_bytes()
    files["truncated or corrupt"].write_bytes(whole[:1500])
    files["a folder"].mkdir()
    os.mkfifo(files["not a file"])
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(files["NaN or infinity"], "TIFF")
    files["program"].write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    return files


def test_unreadable_files_are_listed_with_the_reason(tmp_path: Path, bad: dict[str, Path]) -> None:
    good = write(tmp_path, "good.png", Image.fromarray(RED))
    with pytest.raises(InvalidData) as error:
        read_images([good, *bad.values()])
    reasons = {name: "not an image" if name == "program" else name for name in bad}
    listed = ", ".join(f"'{path}' ({reasons[name]})" for name, path in bad.items())
    start = f"7 of 8 files cannot be read: {listed}; repair them, or leave them out"
    assert str(error.value) == f"{start} with on_bad_files='skip'."
    with pytest.raises(InvalidData) as error:  # as `predict`, which has no such option
        read_images([good, *bad.values()], on_bad_files="refuse")
    assert str(error.value) == f"{start}."


def test_a_png_with_a_wrong_checksum_is_corrupt(tmp_path: Path) -> None:
    path = write(tmp_path, "flipped.png", Image.effect_noise((64, 64), 50))
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    for picture in (path, bytes(content), content):
        with pytest.raises(InvalidData, match=r"1 of 1 files cannot be read: .* \(truncated or corrupt\)"):
            read_images([picture])


def test_a_picture_may_be_in_the_list_several_times(tmp_path: Path) -> None:
    path = write(tmp_path, "large.jpg", Image.effect_noise((700, 700), 50))
    with Image.open(path) as picture:  # decoded by the first thread that needs its pixels
        values, _ = read([picture] * 40, size=(8, 8))
    assert (values == values[0]).all()


def test_unreadable_files_are_left_out_if_asked_for(tmp_path: Path, bad: dict[str, Path]) -> None:
    good = [write(tmp_path, f"{level}.png", Image.new("L", (5, 5), level)) for level in (7, 9)]
    truncated, gone = bad["truncated or corrupt"], bad["missing"]
    with pytest.warns(DataWarning) as caught:
        found = read_images([truncated, good[0], gone, good[1]], on_bad_files="skip")
    assert [str(warning.message) for warning in caught] == [
        f"2 of 4 files cannot be read and are left out: '{truncated}' (truncated or corrupt), '{gone}' (missing)."
    ]
    assert found.values[:, 0, 0, 0].tolist() == [7, 9]
    assert found.kept is not None
    assert found.kept.tolist() == [False, True, False, True]
    for how in ("skip", "raise", "refuse"):
        with pytest.raises(InvalidData, match=r"^1 of 1 files cannot be read: '.*' \(missing\); repair them\.$"):
            read_images([gone], on_bad_files=how)  # type: ignore[arg-type]


def test_the_content_of_files_is_read_as_the_files(tmp_path: Path) -> None:
    large = write(tmp_path, "large.jpg", Image.effect_mandelbrot((900, 700), (-2, -1.5, 1, 1.5), 100))
    values, _ = read([large, large.read_bytes()])
    np.testing.assert_array_equal(values[0], values[1])
    with Image.open(large) as whole:  # of a file, only a fraction of the pixels is decoded
        assert abs(read([whole])[0].astype(int) - values[0]).mean() < 3


def test_damaged_metadata_are_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = write(tmp_path, "turned.jpg", Image.fromarray(RED), exif=exif).read_bytes()
    start = content.index(b"Exif") + 6
    assert read([content])[0].shape == (1, 3, 4, 6)
    assert read([content[:start] + b"\xff" * 8 + content[start + 8 :]])[0].shape == (1, 3, 6, 4)


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for name, side in (("warning", 40), ("error", 60)):
        message = (
            rf"{name}.png' \(more pixels than PIL.Image.MAX_IMAGE_PIXELS = 1000\); raise the limit, or scale them "
            r"down\.$"
        )
        with pytest.raises(InvalidData, match=message):
            read_images([write(tmp_path, f"{name}.png", Image.new("L", (side, side)))])


def test_files_of_formats_that_need_a_plugin(tmp_path: Path) -> None:
    heic, broken = tmp_path / "photo.HEIC", tmp_path / "broken.png"
    for path in (heic, broken):
        path.write_bytes(b"....ftypheic")
    reason = r"photo.HEIC' \(Pillow needs a plugin, such as pillow-heif\)"
    plugin = "install and register the plugin"
    with pytest.raises(InvalidData, match=rf"{reason}; {plugin}, or convert them\.$"):
        read_images([heic])
    with pytest.raises(InvalidData, match=rf"{reason}, .* \(not an image\); {plugin}, convert them, or repair them\.$"):
        read_images([heic, broken])
    good = write(tmp_path, "good.png", Image.fromarray(RED))
    with pytest.raises(InvalidData, match=rf"{reason}; {plugin}, convert them, or leave them out with on_bad_files='s"):
        read_images([good, heic])


def test_a_picture_with_a_preview_is_no_animation(tmp_path: Path) -> None:
    picture, preview = Image.new("RGB", (8, 6), "red"), Image.new("RGB", (4, 3), "blue")
    path = tmp_path / "camera.jpg"
    picture.save(path, "MPO", save_all=True, append_images=[preview])
    with Image.open(path) as opened:
        assert (opened.format, getattr(opened, "is_animated", False)) == ("MPO", True)
    values, _ = read([path])
    assert values[0, :, 0, 0].tolist() == [254, 0, 0]


def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("L", (5, 5), level) for level in (10, 200)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.warns(DataWarning, match="first image is taken: '.*moving.gif'"):
        values, _ = read([path])
    assert (abs(values.astype(int) - 10) < 3).all()

"""Open image files and read their headers."""

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from autonet.core.errors import MissingPackage

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "DEEP_MODES",
    "FLOAT_MODE",
    "GRAY_MODES",
    "Header",
    "TooManyPixels",
    "import_pillow",
    "open_image",
    "read_header",
    "turn",
]

# Formats that Pillow reads with another program.
PROGRAMS = ("EPS", "WMF")
ORIENTATION = 0x0112  # tag of EXIF
# Where Pillow keeps metadata that say an orientation.
METADATA = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
# Several threads must not decode one PIL image at a time.
DECODING = Lock()
# Formats that are animated to Pillow: images of cameras that hold a preview beside the image.
STILL = ("MPO",)
FLOAT_MODE = "F"
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", FLOAT_MODE)
GRAY_MODES = ("1", "L", "LA", "La", *DEEP_MODES)
# Bytes of an entry of a palette, by its raw mode: red, green and blue are the first three in some order.
ENTRIES = {"RGB": 3, "BGR": 3, "RGBA": 4, "RGBX": 4, "BGRX": 4, "BGRA": 4}
# First bytes of a JPEG, and the marker of its pixels.
JPEG, PIXELS = b"\xff\xd8", 0xDA
# Markers of metadata in a JPEG: all of applications except JFIF (0xE0) and Adobe (0xEE), which say how to decode it.
APPLICATIONS = range(0xE1, 0xEE)


@dataclass(frozen=True)
class Header:
    """What is known of an image before it is decoded.

    Attributes
    ----------
    mode : str
        Of Pillow; "L" for a palette that is gray.
    size : tuple of int
        Height and width, upright.
    is_animated : bool
    """

    mode: str
    size: tuple[int, int]
    is_animated: bool


class TooManyPixels(Exception):
    """Image of more pixels than Pillow allows.

    Parameters
    ----------
    pixels : int, optional
        Their number, if it is known.
    """

    def __init__(self, pixels: int | None = None) -> None:
        many = "more pixels" if pixels is None else f"{pixels} pixels, more"
        super().__init__(f"{many} than PIL.Image.MAX_IMAGE_PIXELS = {import_pillow().MAX_IMAGE_PIXELS}")


def import_pillow() -> Any:
    """Return the module ``PIL.Image``.

    Raises
    ------
    MissingPackage
        If Pillow is not installed.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingPackage("reading image files", "Pillow", "images") from None
    return Image


def open_image(source: Any) -> "Image":
    """Open a file, or the content of one, without decoding it; return a PIL image, decoded, as it is.

    No filter of warnings is changed, since they are those of all threads.

    Raises
    ------
    TooManyPixels
    Exception
        Of Pillow, if it cannot be opened.
    """
    if isinstance(source, str | os.PathLike):
        if not os.fspath(source):
            raise OSError(None, "an empty path")
        mode = Path(source).stat().st_mode
        if not stat.S_ISREG(mode):  # a pipe would block
            raise OSError(None, "a folder" if stat.S_ISDIR(mode) else "not a file")
    elif not isinstance(source, bytes | bytearray):
        image: Image = source
        with DECODING:  # a list may hold an image several times
            image.load()
        return image
    pillow = import_pillow()
    pillow.preinit()  # the common formats are tried first
    pillow.init()
    try:
        opened = _open(source)
    except Warning:  # the user's filter makes an error of it
        content = source if isinstance(source, bytes | bytearray) else Path(source).read_bytes()
        if not content.startswith(JPEG):
            raise
        opened = _open(_cut_metadata(bytes(content)))
    return _check_pixels(opened)


def _open(source: Any) -> "Image":
    pillow = import_pillow()
    file = io.BytesIO(source) if isinstance(source, bytes | bytearray) else source
    try:
        opened: Image = pillow.open(file, formats=[name for name in pillow.OPEN if name not in PROGRAMS])
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning) as error:
        raise TooManyPixels from error
    return opened


def _cut_metadata(content: bytes) -> bytes:
    """Return a JPEG without its metadata: where they are damaged, Pillow warns already when it opens the file."""
    parts, i = [JPEG], len(JPEG)
    while i + 4 <= len(content) and content[i + 1] != PIXELS:
        end = i + 2 + int.from_bytes(content[i + 2 : i + 4])
        if content[i + 1] not in APPLICATIONS:
            parts.append(content[i:end])
        i = end
    return b"".join([*parts, content[i:]])


def _check_pixels(image: "Image") -> "Image":
    """Refuse what Pillow only warns of."""
    pixels, limit = image.size[0] * image.size[1], import_pillow().MAX_IMAGE_PIXELS
    if limit is not None and pixels > limit:
        image.close()
        raise TooManyPixels(pixels)
    return image


def read_header(source: Any) -> Header:
    """Read mode and size, and check the checksums of a PNG, which no decoder compares."""
    image = open_image(source)
    try:
        width, height = image.size
        turned = _is_described(image) and _orientation(image) >= 5  # those that swap the sides
        size = (width, height) if turned else (height, width)
        mode = "L" if image.mode == "P" and _has_gray_palette(image) else image.mode
        header = Header(mode, size, image.format not in STILL and getattr(image, "is_animated", False))
        if image is not source and image.format == "PNG":
            image.verify()
        return header
    finally:
        if image is not source:
            image.close()


def turn(image: "Image") -> "Image":
    """Return an image upright, as its metadata say."""
    orientation = _orientation(image)
    methods = import_pillow().Transpose
    method = {
        2: methods.FLIP_LEFT_RIGHT,
        3: methods.ROTATE_180,
        4: methods.FLIP_TOP_BOTTOM,
        5: methods.TRANSPOSE,
        6: methods.ROTATE_270,
        7: methods.TRANSVERSE,
        8: methods.ROTATE_90,
    }.get(orientation)
    return image if method is None else image.transpose(method)


def _is_described(image: "Image") -> bool:
    """Return whether metadata are at hand: Pillow decodes a PNG to look for some behind its pixels."""
    return image.format != "PNG" or any(key in image.info for key in METADATA)


def _orientation(image: "Image") -> int:
    """Return the orientation of an image; 1, upright, if its metadata are damaged."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - parsers of metadata raise anything
        return 1


def _has_gray_palette(image: "Image") -> bool:
    """Return whether red, green and blue of a palette are equal throughout; False of one in a rarer layout."""
    palette: Any = image.palette
    size = 0 if palette is None else ENTRIES.get(palette.rawmode or palette.mode, 0)
    if not size:
        return False
    values = np.frombuffer(bytes(palette.palette), np.uint8)
    entries = values[: len(values) // size * size].reshape(-1, size)
    return bool(len(entries) and (entries[:, :3] == entries[:, :1]).all())

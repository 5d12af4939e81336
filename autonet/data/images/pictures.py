"""Files and pictures of Pillow to arrays; needs the extra ``images``."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.cores import available_cores
from autonet.core.errors import DataWarning, InvalidData, MissingPackage
from autonet.core.warn import join_first, warn
from autonet.data.images.resize import resize

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MAX_SIDE", "PictureFormat", "read_pictures"]

# Longer side, in pixels, to which files are scaled down unless a size is given: larger images take long to train on.
MAX_SIDE = 96
# What the bytes of 16-bit images are divided by.
BYTES_OF_16_BITS = 257
GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


@dataclass(frozen=True)
class PictureFormat:
    """Format that pictures are converted to.

    Attributes
    ----------
    channels : int
        1 if all pictures are gray, else 3.
    size : tuple of int
        Height and width.
    is_bytes : bool
        False if a picture has more than 8 bits per value.
    """

    channels: int
    size: tuple[int, int]
    is_bytes: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.channels, *self.size


@dataclass(frozen=True)
class _Header:
    mode: str
    size: tuple[int, int]
    is_animated: bool


def read_pictures(
    pictures: Sequence[Any], form: PictureFormat | None = None, size: tuple[int, int] | None = None
) -> tuple[NDArray[Any], PictureFormat]:
    """Read files, or pictures of Pillow, as one array.

    Alpha is blended with white, other colour spaces become RGB, orientations of cameras are applied, the first picture
    of an animation is taken, 16 bits are divided by 257.

    Parameters
    ----------
    pictures : sequence of path-like or Image
    form : PictureFormat, optional
        Default: gray if all are, else RGB; 8 bits if all are.
    size : tuple of int, optional
        Height and width, unless there is a format.  Default: the medians of all heights and widths, scaled down so that
        no side is longer than `MAX_SIDE`.

    Returns
    -------
    ndarray of shape (n, channels, h, w), uint8 or float32
    PictureFormat

    Raises
    ------
    InvalidData
        If files cannot be read; it lists them with the reason.
    MissingPackage
        If Pillow is not installed.
    """
    _import_pillow()
    headers = _for_each(pictures, _read_header)
    animated = [_name(picture) for picture, header in zip(pictures, headers, strict=True) if header.is_animated]
    if animated:
        warn(f"Of animations the first picture is taken: {join_first(animated)}.", DataWarning)
    form = form or _infer_format(headers, size)
    values = np.empty((len(pictures), *form.shape), np.uint8 if form.is_bytes else np.float32)

    def read(picture: Any, i: int) -> None:
        values[i] = _decode(picture, form)

    _for_each(pictures, read, range(len(pictures)))
    return values, form


def _import_pillow() -> Any:
    try:
        from PIL import Image, ImageOps  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingPackage("reading image files", "Pillow", "images") from None
    return Image, ImageOps


def _for_each(pictures: Sequence[Any], read: Callable[..., Any], *more: Iterable[Any]) -> list[Any]:
    """Call a function for each picture, in threads; raise one error for all that fail."""

    def attempt(picture: Any, *arguments: Any) -> tuple[Any, str]:
        try:
            return read(picture, *arguments), ""
        except Exception as error:  # noqa: BLE001 - decoders of broken files raise anything
            return None, _describe(error)

    with warnings.catch_warnings():  # for all threads
        warnings.simplefilter("error", _import_pillow()[0].DecompressionBombWarning)
        with ThreadPoolExecutor(available_cores()) as pool:
            results = list(pool.map(attempt, pictures, *more))
    failed = [f"{_name(p)} ({why})" for p, (_, why) in zip(pictures, results, strict=True) if why]
    if failed:
        raise InvalidData(
            f"{len(failed)} of {len(pictures)} files cannot be read: {join_first(failed)}; repair them or leave them "
            "out."
        )
    return [result for result, _ in results]


def _describe(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "missing"
    if type(error).__name__ == "UnidentifiedImageError":
        return "not an image"
    if "DecompressionBomb" in type(error).__name__:
        return "too many pixels"
    if "truncated" in str(error) or isinstance(error, SyntaxError):
        return "truncated or corrupt"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _name(picture: Any) -> str:
    return repr(str(picture)) if isinstance(picture, str | os.PathLike) else "a picture of Pillow"


def _open(picture: Any) -> "Image":
    image: Image = _import_pillow()[0].open(Path(picture)) if isinstance(picture, str | os.PathLike) else picture
    return image


def _read_header(picture: Any) -> _Header:
    image = _open(picture)
    try:
        width, height = image.size
        turned = image.getexif().get(0x0112, 1) >= 5  # orientations that swap the sides
        return _Header(image.mode, (width, height) if turned else (height, width), getattr(image, "n_frames", 1) > 1)
    finally:
        if image is not picture:
            image.close()


def _infer_format(headers: Sequence[_Header], size: tuple[int, int] | None) -> PictureFormat:
    if size is None:
        height, width = (float(np.median([header.size[i] for header in headers])) for i in (0, 1))
        shrink = min(MAX_SIDE / max(height, width), 1.0)
        size = max(round(height * shrink), 1), max(round(width * shrink), 1)
    is_gray = all(header.mode in GRAY_MODES for header in headers)
    is_bytes = not any(header.mode in DEEP_MODES for header in headers)
    return PictureFormat(1 if is_gray else 3, size, is_bytes)


def _decode(picture: Any, form: PictureFormat) -> NDArray[Any]:
    """Return a picture as an array (channels, h, w) of a format."""
    pillow, operations = _import_pillow()
    opened = _open(picture)
    try:
        image = operations.exif_transpose(opened)
        if image.mode in DEEP_MODES:
            gray = np.asarray(image, np.float32) / (1 if image.mode == "F" else BYTES_OF_16_BITS)
            values = np.repeat(gray[None], form.channels, 0)
        else:
            if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
                white = pillow.new("RGBA", image.size, "white")
                image = pillow.alpha_composite(white, image.convert("RGBA"))
            values = np.atleast_3d(np.asarray(image.convert("L" if form.channels == 1 else "RGB"))).transpose(2, 0, 1)
    finally:
        if opened is not picture:
            opened.close()
    values = np.rint(values.clip(0, 255)).astype(np.uint8) if form.is_bytes else values.astype(np.float32)
    return np.asarray(resize(values[None], form.size)[0])

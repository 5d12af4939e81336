"""Read image files and PIL images as arrays; needs the extra ``images``."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from autonet.core.cores import available_cores
from autonet.core.errors import DataWarning, InvalidData
from autonet.core.warn import join_first, warn
from autonet.data.images.memory import allocate
from autonet.data.images.opening import (
    DEEP_MODES,
    FLOAT_MODE,
    GRAY_MODES,
    Header,
    TooManyPixels,
    import_pillow,
    open_image,
    read_header,
    turn,
)
from autonet.data.images.resize import resize
from autonet.data.images.units import FileValues

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["BYTES_OF_16_BITS", "MAX_DEFAULT_SIDE", "BadFiles", "DecodedImages", "ImageFormat", "read_images"]

BadFiles = Literal["raise", "skip", "refuse"]
"""Files that cannot be read are an error, left out with a warning, or an error where there is no such option."""

# Longer side, in pixels, to which files are scaled down unless a size is given: larger images take long to train on.
MAX_DEFAULT_SIDE = 96
# Images of more than so many times the size are averaged in blocks before they are resized, which takes less memory.
REDUCING_GAP = 3
SHOWN_FILES = 20  # in a message; the log has all
# Endings of formats that Pillow reads with plugins, which must be registered.
PLUGINS = {".heic": "pillow-heif", ".heif": "pillow-heif", ".avif": "pillow-avif-plugin"}
# What the values of 16-bit images are divided by.
BYTES_OF_16_BITS = 257


class Reason(Enum):
    """Why a file cannot be read."""

    NO_PLUGIN = auto()
    TOO_LARGE = auto()
    BROKEN = auto()


# What to do about files that cannot be read.
ADVICE: Mapping[Reason, Sequence[str]] = {
    Reason.NO_PLUGIN: ("install and register the plugin", "convert them"),
    Reason.TOO_LARGE: ("raise the limit", "scale them down"),
    Reason.BROKEN: ("repair them",),
}


@dataclass(frozen=True)
class BadFile:
    """File that cannot be read.

    Attributes
    ----------
    name : str
    reason : Reason
    detail : str
        The reason in words.
    """

    name: str
    reason: Reason
    detail: str

    def __str__(self) -> str:
        """Return the name with the reason in words."""
        return f"{self.name} ({self.detail})"


@dataclass(frozen=True)
class ImageFormat:
    """Format that images are converted to.

    Attributes
    ----------
    channels : int
        1 if all images are gray, else 3.
    size : tuple of int
        Height and width.
    is_bytes : bool
        False if an image has more than 8 bits per value.
    values : {"whole numbers", "floats", "either"}
        What all files must hold.
    """

    channels: int
    size: tuple[int, int]
    is_bytes: bool
    values: FileValues = "either"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.channels, *self.size


@dataclass(frozen=True, eq=False)
class DecodedImages:
    """Images as an array.

    Attributes
    ----------
    values : ndarray of shape (n, channels, h, w), uint8 or float32
    form : ImageFormat
    kept : ndarray of shape (n_all,), bool, or None
        Which of all images these are; None: all.
    """

    values: NDArray[Any]
    form: ImageFormat
    kept: NDArray[np.bool_] | None = None


def read_images(
    images: Sequence[Any],
    form: ImageFormat | None = None,
    size: tuple[int, int] | None = None,
    on_bad_files: BadFiles = "raise",
) -> DecodedImages:
    """Read image files, or PIL images, as one array.

    Alpha is blended with white, other colour spaces become RGB, orientations of cameras are applied, the first image of
    an animation is taken, 16 bits are divided by 257.

    Parameters
    ----------
    images : sequence of path-like, Image or bytes
        Bytes are the content of a file.
    form : ImageFormat, optional
        Default: gray if all are, else RGB; 8 bits if all are.
    size : tuple of int, optional
        Height and width, unless there is a format.  Default: the medians of all heights and widths, scaled down so that
        no side is longer than `MAX_DEFAULT_SIDE`.
    on_bad_files : {"raise", "skip", "refuse"}
        Whether files that cannot be read are an error, or left out with a warning; "refuse" is "raise" where there is
        no such option, which the message does not name then.

    Returns
    -------
    DecodedImages

    Raises
    ------
    InvalidData
        If files cannot be read, all of them or `on_bad_files` is not "skip"; it lists them with the reason.  If some
        hold floats and others whole numbers, or they are others than those of the format.
    MissingPackage
        If Pillow is not installed.
    """
    import_pillow()
    headers = _for_each(images, read_header)
    readable = [header for header, _ in headers if header is not None]
    if not readable:
        _report_bad([bad for _, bad in headers if bad], len(images), on_bad_files)
    common = form or _infer_format(readable, size)
    values = allocate((len(images), *common.shape), np.uint8 if common.is_bytes else np.float32)

    def read(image: Any, i: int) -> None:
        if headers[i][0] is not None:
            values[i] = _decode(image, common)

    results = _for_each(images, read, range(len(images)))
    bad = [first or second for (_, first), (_, second) in zip(headers, results, strict=True)]
    if any(bad):
        _report_bad([file for file in bad if file], len(images), on_bad_files)
    found = {
        _name(image, i): header
        for i, (image, (header, _)) in enumerate(zip(images, headers, strict=True))
        if header and not bad[i]
    }
    common = replace(common, values=_check_modes({name: header.mode for name, header in found.items()}, common.values))
    _report_animated([name for name, header in found.items() if header.is_animated])
    if not any(bad):
        return DecodedImages(values, common)
    kept = np.array([not file for file in bad])
    for i, row in enumerate(np.flatnonzero(kept)):
        values[i] = values[row]
    return DecodedImages(values[: np.count_nonzero(kept)], common, kept)


def _for_each(
    images: Sequence[Any], read: Callable[..., Any], *more: Iterable[Any]
) -> list[tuple[Any | None, BadFile | None]]:
    """Call a function for each image, in threads; return what it returns, or why it has failed."""

    def attempt(i: int, image: Any, *arguments: Any) -> tuple[Any, BadFile | None]:
        try:
            return read(image, *arguments), None
        except Exception as error:  # noqa: BLE001 - decoders of broken files raise anything
            return None, BadFile(_name(image, i), *_explain(error, image))

    with ThreadPoolExecutor(available_cores()) as pool:
        return list(pool.map(attempt, range(len(images)), images, *more))


def _report_bad(bad: Sequence[BadFile], n_files: int, on_bad_files: BadFiles) -> None:
    """Raise, or warn, with the names of files that cannot be read."""
    logger, count = logging.getLogger("autonet"), f"{len(bad)} of {n_files} files"
    for file in bad:
        logger.info("cannot be read: %s", file)
    listed = join_first(list(map(str, bad)), SHOWN_FILES)
    if on_bad_files == "skip" and len(bad) < n_files:
        warn(f"{count} cannot be read and are left out: {listed}.", DataWarning)
        return
    reasons = {file.reason for file in bad}
    advice = [how for reason, hows in ADVICE.items() if reason in reasons for how in hows]
    if len(bad) < n_files:
        advice.append("leave them out" if on_bad_files == "refuse" else "leave them out with on_bad_files='skip'")
    ways = advice[0] if len(advice) == 1 else f"{', '.join(advice[:-1])}, or {advice[-1]}"
    raise InvalidData(f"{count} cannot be read: {listed}; {ways}.")


def _check_modes(modes: Mapping[str, str], expected: FileValues) -> FileValues:
    """Return what files, modes by name, hold; refuse a mixture, and others than are expected."""
    floats, others = ([name for name, mode in modes.items() if (mode == FLOAT_MODE) is kind] for kind in (True, False))
    if floats and others:
        raise InvalidData(
            f"X has files of floats, such as {floats[0]}, and of whole numbers, such as {others[0]}, which may be of "
            "different units; convert them to one format."
        )
    if floats and expected == "whole numbers":
        raise InvalidData(
            f"X has files of floats, such as {floats[0]}, but the model was fitted to whole numbers from 0 to 255, as "
            "other files have; convert them to 8 or 16 bits."
        )
    if others and expected == "floats":
        raise InvalidData(
            f"X has files of whole numbers, such as {others[0]}, but the model was fitted to files of floats, which "
            "may be of another unit; convert them to that format."
        )
    return "floats" if floats else "whole numbers"


def _report_animated(names: Sequence[str]) -> None:
    if names:
        warn(f"Of animations the first image is taken: {join_first(names, SHOWN_FILES)}.", DataWarning)


def _explain(error: Exception, image: Any) -> tuple[Reason, str]:
    """Return why a file cannot be read, and the same in words."""
    if isinstance(error, TooManyPixels):
        return Reason.TOO_LARGE, str(error)
    if isinstance(error, import_pillow().UnidentifiedImageError):
        plugin = _find_plugin(image)
        if plugin:
            return Reason.NO_PLUGIN, f"Pillow needs a plugin, such as {plugin}"
        return Reason.BROKEN, "not an image"
    if isinstance(error, FileNotFoundError):
        return Reason.BROKEN, "missing"
    if "truncated" in str(error).lower() or isinstance(error, SyntaxError):
        return Reason.BROKEN, "truncated or corrupt"
    return Reason.BROKEN, getattr(error, "strerror", None) or str(error) or type(error).__name__


def _find_plugin(image: Any) -> str | None:
    """Return the plugin of Pillow that a file needs by its ending, if it is not there."""
    ending = Path(image).suffix.lower() if isinstance(image, str | os.PathLike) else ""
    return None if ending in import_pillow().registered_extensions() else PLUGINS.get(ending)


def _name(image: Any, i: int) -> str:
    return f"{str(image)!r:.200}" if isinstance(image, str | os.PathLike) else f"image {i}"


def _infer_format(headers: Sequence[Header], size: tuple[int, int] | None) -> ImageFormat:
    if size is None:
        height, width = (float(np.median([header.size[i] for header in headers])) for i in (0, 1))
        shrink = min(MAX_DEFAULT_SIDE / max(height, width), 1.0)
        size = max(round(height * shrink), 1), max(round(width * shrink), 1)
    is_gray = all(header.mode in GRAY_MODES for header in headers)
    is_bytes = not any(header.mode in DEEP_MODES for header in headers)
    return ImageFormat(1 if is_gray else 3, size, is_bytes)


def _decode(source: Any, form: ImageFormat) -> NDArray[Any]:
    """Return an image as an array (channels, h, w) of a format."""
    opened = open_image(source)
    try:
        if opened is not source:
            side = REDUCING_GAP * max(form.size)
            opened.draft(None, (side, side))  # a JPEG is decoded at a fraction of its size
        image = turn(opened)
        if image.mode in DEEP_MODES:
            values = _read_deep(image, form)
        else:
            values = np.atleast_3d(np.asarray(_shrink(_flatten(image, form), form.size))).transpose(2, 0, 1)
    finally:
        if opened is not source:
            opened.close()
    values = np.rint(values.clip(0, 255)).astype(np.uint8) if form.is_bytes else values.astype(np.float32)
    return np.asarray(resize(values[None], form.size)[0])


def _read_deep(image: "Image", form: ImageFormat) -> NDArray[Any]:
    gray = np.asarray(image, np.float32) / (1 if image.mode == "F" else BYTES_OF_16_BITS)
    if not np.isfinite(gray).all():
        raise ValueError("NaN or infinity")
    return np.repeat(gray[None], form.channels, 0)


def _flatten(image: "Image", form: ImageFormat) -> "Image":
    """Convert an image to gray or RGB, on white where it is transparent."""
    if image.mode in ("La", "RGBa"):
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    if "A" in image.getbands() or "transparency" in image.info:
        white = import_pillow().new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return image.convert("L" if form.channels == 1 else "RGB")


def _shrink(image: "Image", size: tuple[int, int]) -> "Image":
    """Average an image that is much larger than a size in blocks."""
    factor = min(image.height // size[0], image.width // size[1]) // REDUCING_GAP
    return image.reduce(factor) if factor > 1 else image

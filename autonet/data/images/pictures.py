"""Files and pictures of Pillow to arrays; needs the extra ``images``."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
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
    import_pillow,
    open_picture,
    read_header,
    turn,
)
from autonet.data.images.resize import resize

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["BYTES_OF_16_BITS", "MAX_SIDE", "BadFiles", "PictureFormat", "Pictures", "read_pictures"]

BadFiles = Literal["raise", "skip"]
"""What happens to files that cannot be read."""

# Longer side, in pixels, to which files are scaled down unless a size is given: larger images take long to train on.
MAX_SIDE = 96
# Pictures of more than so many times the size are averaged in blocks before they are resized, which takes less memory.
REDUCING_GAP = 3
SHOWN_FILES = 20  # in a message; the log has all
# Endings of formats that Pillow reads with plugins, which must be registered.
PLUGINS = {".heic": "pillow-heif", ".heif": "pillow-heif", ".avif": "pillow-avif-plugin"}
NO_PLUGIN, TOO_LARGE = "Pillow needs a plugin, such as", "more than PIL.Image.MAX_IMAGE_PIXELS ="
# What to do about files that are no broken ones, by a part of the reason.
ADVICE = {
    NO_PLUGIN: ("install and register the plugin", "convert them"),
    TOO_LARGE: ("raise the limit", "scale them down"),
}
# What the bytes of 16-bit images are divided by.
BYTES_OF_16_BITS = 257


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
    is_float : bool or None
        Whether pictures hold floats, which are taken as they are, or whole numbers, which become values from 0 to 255;
        None: either, but all the same.
    """

    channels: int
    size: tuple[int, int]
    is_bytes: bool
    is_float: bool | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.channels, *self.size


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures as an array.

    Attributes
    ----------
    values : ndarray of shape (n, channels, h, w), uint8 or float32
    form : PictureFormat
    kept : ndarray of shape (n_all,), bool, or None
        Which of all pictures these are; None: all.
    """

    values: NDArray[Any]
    form: PictureFormat
    kept: NDArray[np.bool_] | None = None


def read_pictures(
    pictures: Sequence[Any],
    form: PictureFormat | None = None,
    size: tuple[int, int] | None = None,
    on_bad_files: BadFiles | None = "raise",
) -> Pictures:
    """Read files, or pictures of Pillow, as one array, one after the other.

    Alpha is blended with white, other colour spaces become RGB, orientations of cameras are applied, the first picture
    of an animation is taken, 16 bits are divided by 257.

    Parameters
    ----------
    pictures : sequence of path-like, Image or bytes
        Bytes are the content of a file.
    form : PictureFormat, optional
        Default: gray if all are, else RGB; 8 bits if all are.
    size : tuple of int, optional
        Height and width, unless there is a format.  Default: the medians of all heights and widths, scaled down so that
        no side is longer than `MAX_SIDE`.
    on_bad_files : {"raise", "skip"} or None
        Whether files that cannot be read are an error, or left out with a warning; None: an error, without a choice.

    Returns
    -------
    Pictures

    Raises
    ------
    InvalidData
        If files cannot be read, all of them or `on_bad_files` is not "skip"; it lists them with the reason.  If some
        hold floats and others whole numbers, or they are others than those of the format.
    MissingPackage
        If Pillow is not installed.
    """
    import_pillow()
    headers = _for_each(pictures, read_header)
    readable = [header for header, _ in headers if header is not None]
    if not readable:
        _report_bad(pictures, [why for _, why in headers], on_bad_files)
    common = form or _infer_format(readable, size)
    values = allocate((len(pictures), *common.shape), np.uint8 if common.is_bytes else np.float32)

    def read(picture: Any, i: int) -> None:
        if headers[i][0] is not None:
            values[i] = _decode(picture, common)

    results = _for_each(pictures, read, range(len(pictures)))
    whys = [first or second for (_, first), (_, second) in zip(headers, results, strict=True)]
    if any(whys):
        _report_bad(pictures, whys, on_bad_files)
    modes = {
        _name(p, i): header.mode
        for i, (p, (header, _)) in enumerate(zip(pictures, headers, strict=True))
        if header and not whys[i]
    }
    common = replace(common, is_float=_find_unit(modes, common.is_float))
    is_animated = [header is not None and header.is_animated for header, _ in headers]
    _report_animated([_name(p, i) for i, p in enumerate(pictures) if is_animated[i] and not whys[i]])
    if not any(whys):
        return Pictures(values, common)
    kept = np.array([not why for why in whys])
    for i, row in enumerate(np.flatnonzero(kept)):
        values[i] = values[row]
    return Pictures(values[: np.count_nonzero(kept)], common, kept)


def _for_each(pictures: Sequence[Any], read: Callable[..., Any], *more: Iterable[Any]) -> list[tuple[Any | None, str]]:
    """Call a function for each picture, in threads; return what it returns, or why it has failed."""

    def attempt(picture: Any, *arguments: Any) -> tuple[Any, str]:
        try:
            return read(picture, *arguments), ""
        except Exception as error:  # noqa: BLE001 - decoders of broken files raise anything
            return None, _describe(error, picture)

    with ThreadPoolExecutor(available_cores()) as pool:
        return list(pool.map(attempt, pictures, *more))


def _report_bad(pictures: Sequence[Any], whys: Sequence[str], on_bad_files: BadFiles | None) -> None:
    """Raise, or warn, with the names of files that cannot be read."""
    failed = [f"{_name(p, i)} ({why})" for i, (p, why) in enumerate(zip(pictures, whys, strict=True)) if why]
    logger, count = logging.getLogger("autonet"), f"{len(failed)} of {len(pictures)} files"
    for line in failed:
        logger.info("cannot be read: %s", line)
    if on_bad_files == "skip" and len(failed) < len(pictures):
        warn(f"{count} cannot be read and are left out: {join_first(failed, SHOWN_FILES)}.", DataWarning)
        return
    advice = [how for what, hows in ADVICE.items() for how in hows if any(what in why for why in whys)]
    if not advice or any(why and not any(what in why for what in ADVICE) for why in whys):
        advice.append("repair them")
    if len(failed) < len(pictures):
        advice.append("leave them out" if on_bad_files is None else "leave them out with on_bad_files='skip'")
    ways = advice[0] if len(advice) == 1 else f"{', '.join(advice[:-1])}, or {advice[-1]}"
    raise InvalidData(f"{count} cannot be read: {join_first(failed, SHOWN_FILES)}; {ways}.")


def _find_unit(modes: Mapping[str, str], is_float: bool | None) -> bool:
    """Return whether files, modes by name, hold floats; refuse a mixture, and others than in fit."""
    floats, others = ([name for name, mode in modes.items() if (mode == FLOAT_MODE) is kind] for kind in (True, False))
    if floats and others:
        raise InvalidData(
            f"X has files of floats, such as {floats[0]}, and of whole numbers, such as {others[0]}, which may be of "
            "different units; convert them to one format."
        )
    if floats and is_float is False:
        raise InvalidData(
            f"X has files of floats, such as {floats[0]}, but the model was fitted to whole numbers from 0 to 255, as "
            "other files have; convert them to 8 or 16 bits."
        )
    if others and is_float:
        raise InvalidData(
            f"X has files of whole numbers, such as {others[0]}, but the model was fitted to files of floats, which "
            "may be of another unit; convert them to that format."
        )
    return bool(floats)


def _report_animated(names: Sequence[str]) -> None:
    if names:
        warn(f"Of animations the first picture is taken: {join_first(names, SHOWN_FILES)}.", DataWarning)


def _describe(error: BaseException, picture: Any) -> str:
    if isinstance(error, FileNotFoundError):
        return "missing"
    if type(error).__name__ == "UnidentifiedImageError":
        plugin = _find_plugin(picture)
        return f"{NO_PLUGIN} {plugin}" if plugin else "not an image"
    if "DecompressionBomb" in type(error).__name__:
        [pixels] = re.findall(r"\((\d+) pixels\)", str(error)) or ["many"]
        return f"{pixels} pixels, {TOO_LARGE} {import_pillow().MAX_IMAGE_PIXELS}"
    if "truncated" in str(error).lower() or isinstance(error, SyntaxError):
        return "truncated or corrupt"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _find_plugin(picture: Any) -> str | None:
    """Return the plugin of Pillow that a file needs by its ending, if it is not there."""
    ending = Path(picture).suffix.lower() if isinstance(picture, str | os.PathLike) else ""
    return None if ending in import_pillow().registered_extensions() else PLUGINS.get(ending)


def _name(picture: Any, i: int) -> str:
    return f"{str(picture)!r:.200}" if isinstance(picture, str | os.PathLike) else f"image {i}"


def _infer_format(headers: Sequence[Header], size: tuple[int, int] | None) -> PictureFormat:
    if size is None:
        height, width = (float(np.median([header.size[i] for header in headers])) for i in (0, 1))
        shrink = min(MAX_SIDE / max(height, width), 1.0)
        size = max(round(height * shrink), 1), max(round(width * shrink), 1)
    is_gray = all(header.mode in GRAY_MODES for header in headers)
    is_bytes = not any(header.mode in DEEP_MODES for header in headers)
    return PictureFormat(1 if is_gray else 3, size, is_bytes)


def _decode(picture: Any, form: PictureFormat) -> NDArray[Any]:
    """Return a picture as an array (channels, h, w) of a format."""
    opened = open_picture(picture)
    try:
        if opened is not picture:
            side = REDUCING_GAP * max(form.size)
            opened.draft(None, (side, side))  # a JPEG is decoded at a fraction of its size
        image = turn(opened)
        if image.mode in DEEP_MODES:
            values = _read_deep(image, form)
        else:
            values = np.atleast_3d(np.asarray(_shrink(_flatten(image, form), form.size))).transpose(2, 0, 1)
    finally:
        if opened is not picture:
            opened.close()
    values = np.rint(values.clip(0, 255)).astype(np.uint8) if form.is_bytes else values.astype(np.float32)
    return np.asarray(resize(values[None], form.size)[0])


def _read_deep(image: "Image", form: PictureFormat) -> NDArray[Any]:
    gray = np.asarray(image, np.float32) / (1 if image.mode == "F" else BYTES_OF_16_BITS)
    if not np.isfinite(gray).all():
        raise ValueError("NaN or infinity")
    return np.repeat(gray[None], form.channels, 0)


def _flatten(image: "Image", form: PictureFormat) -> "Image":
    """Convert a picture to gray or RGB, on white where it is transparent."""
    if image.mode in ("La", "RGBa"):
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    if "A" in image.getbands() or "transparency" in image.info:
        white = import_pillow().new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return image.convert("L" if form.channels == 1 else "RGB")


def _shrink(image: "Image", size: tuple[int, int]) -> "Image":
    """Average a picture that is much larger than a size in blocks."""
    factor = min(image.height // size[0], image.width // size[1]) // REDUCING_GAP
    return image.reduce(factor) if factor > 1 else image

"""Images in the format seen in `fit`, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.spec import describable
from autonet.core.warn import warn
from autonet.data.images.arrays import (
    MOST_CHANNELS,
    Channels,
    as_array,
    as_arrays,
    find_channels,
    to_channels_first,
    to_values,
)
from autonet.data.images.memory import allocate
from autonet.data.images.pictures import BYTES_OF_16_BITS, BadFiles, PictureFormat, read_pictures
from autonet.data.images.ranges import are_whole, differ, is_other_unit
from autonet.data.images.resize import resize
from autonet.data.images.sources import list_pictures

__all__ = ["ImageData", "ImageReader"]

# Largest value that images from 0 to 255 have at least: those of digits, counts or classes have smaller ones.
BRIGHT = 32.0
WHITE = 255.0
# Values of files, 0 to 255, exceed those of arrays of another unit by more than this factor.
BRIGHTER = 2.0


@dataclass(frozen=True, eq=False)
class ImageData:
    """Images of one shape.

    Attributes
    ----------
    values : ndarray of shape (n, channels, h, w), uint8 or float32
        Of any layout in memory, and perhaps read-only, or in a file that is mapped into memory.
    kept : ndarray of shape (n_all,), bool, or None
        Which of all images these are, where files were left out.
    """

    values: NDArray[Any]
    kept: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        """Count the images."""
        return len(self.values)

    @property
    def nbytes(self) -> int:
        """Size in memory, in bytes."""
        return self.values.nbytes

    @property
    def n_columns(self) -> int:
        """Number of values of an image."""
        return int(np.prod(self.values.shape[1:]))

    def rows(self, index: NDArray[np.intp] | slice) -> Self:
        """Return the images of an index array (n,) or a slice."""
        return type(self)(self.values[index])

    def concat(self, other: Self) -> Self:
        """Append images read by the same reader."""
        instead = "pass the images of X_valid within X, with cross_validator=PredefinedSplit(...)"
        values = allocate((len(self) + len(other), *self.values.shape[1:]), self.values.dtype, instead)
        np.concatenate([self.values, other.values], out=values)
        return type(self)(values)

    def hashes(self) -> NDArray[np.uint64]:
        """Return a hash per image, shape (n,); equal images have equal hashes."""
        digests = (blake2b(image.tobytes(), digest_size=8).digest() for image in self.values)
        return np.frombuffer(b"".join(digests), np.uint64)


@describable
@dataclass(frozen=True)
class ImageReader:
    """Reads images of one shape.

    Attributes
    ----------
    n_channels, height, width : int
        Shape of an image.
    is_bytes : bool
        Whether values are whole numbers from 0 to 255.
    channels : {"first", "last"}
        Layout of arrays with four dimensions; later arrays of the other one are recognized by their shape.
    is_resized : bool
        Whether arrays of another size are resized; files and pictures always are.
    is_unit : bool
        Whether values of arrays are in another unit than those of files, 0 to 255: zeros and ones, floats from 0 to 1,
        or standardized; whole numbers up to 255, and files, are refused then.
    low, high : float or None
        Range of the values of fit; None for bytes of files.
    is_bool : bool
        Whether arrays were booleans; other zeros and ones are refused then.
    is_files : bool
        Whether fit got files or pictures.
    is_float : bool
        Whether these held floats, which are taken as they are, in a unit of their own.
    """

    n_channels: int
    height: int
    width: int
    is_bytes: bool
    channels: Channels = "last"
    is_resized: bool = False
    is_unit: bool = False
    low: float | None = None
    high: float | None = None
    is_bool: bool = False
    is_files: bool = False
    is_float: bool = False

    # Images have no names of features.
    names: ClassVar[None] = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.n_channels, self.height, self.width

    @property
    def n_features(self) -> int:
        """Number of values of an image."""
        return int(np.prod(self.shape))

    @property
    def unit(self) -> str:
        """What values of arrays are."""
        if self.is_bytes:
            return "zeros and ones" if self.is_unit else "whole numbers from 0 to 255"
        if not self.is_unit:
            return "floats"
        return "floats from 0 to 1" if not self.low or self.low >= 0 else f"floats from {self.low:g} to {self.high:g}"

    @property
    def takes_files(self) -> bool:
        """Whether files and pictures have the unit and channels of the images of fit."""
        if self.is_unit or self.n_channels not in (1, 3):
            return False
        if self.is_files or self.is_bool or self.low is None or self.high is None:
            return True
        return self.low >= 0 and BRIGHT <= self.high <= WHITE

    @property
    def white(self) -> float:
        """Value of bytes that is shown as white: that of files, or the largest of dark arrays, such as masks."""
        if self.is_files or self.high is None or self.high >= BRIGHT:
            return WHITE
        return max(self.high, 1.0)

    def describe_files(self) -> dict[str, Any] | None:
        """Say, in plain values, how files become images, step by step; None if they are refused.

        Where files of fit held floats, these are taken as they are: they have no range, and others are refused.
        """
        if not self.takes_files:
            return None
        gray = "F" if self.is_float else "L"
        return {
            "exif_orientation": "applied",
            "background": "white",
            "mode": gray if self.n_channels == 1 else "RGB",
            "resampling": "bilinear with antialiasing",
            "range": None if self.is_float else [0, 255],
            "divisor_of_16_bits": None if self.is_float else BYTES_OF_16_BITS,
        }

    @classmethod
    def infer(
        cls,
        X: Any,
        channels: Channels | None = None,
        size: tuple[int, int] | None = None,
        on_bad_files: BadFiles = "raise",
    ) -> tuple["ImageReader", ImageData]:
        """Infer the shape of images, and read them.

        Parameters
        ----------
        X : array-like or Tensor of shape (n, h, w), (n, h, w, channels) or (n, channels, h, w), or paths
            Paths of files: a sequence, a data frame with one column, or a folder.
        channels : {"first", "last"}, optional
            Layout of four dimensions.
        size : tuple of int, optional
            Height and width to resize to.  Default: that of arrays; see `read_pictures` for files.
        on_bad_files : {"raise", "skip"}
            See `read_pictures`.

        Raises
        ------
        InvalidData
            If they are no images, or cannot be read.
        """
        arrays = _open_arrays(X, is_resized=size is not None)
        kept = None
        is_unit = is_float = False
        if arrays is None:
            pictures = read_pictures(list_pictures(X), size=size, on_bad_files=on_bad_files)
            values, kept, is_float = pictures.values, pictures.kept, bool(pictures.form.is_float)
        else:
            channels = find_channels(arrays[0].shape, channels)
            parts = _convert([to_channels_first(array, channels) for array in arrays])
            is_unit = is_other_unit(_join(parts))
            values = _resize(parts, size)
        n_channels, height, width = values.shape[1:]
        is_bytes, is_files = values.dtype == np.uint8, arrays is None
        has_range = not (is_bytes and is_files)
        reader = cls(
            n_channels,
            height,
            width,
            is_bytes,
            channels=channels or "last",
            is_resized=size is not None,
            is_unit=is_unit,
            low=float(values.min()) if has_range else None,
            high=float(values.max()) if has_range else None,
            is_bool=arrays is not None and arrays[0].dtype == np.bool_,
            is_files=is_files,
            is_float=is_float,
        )
        return reader, ImageData(values, kept)

    def read(self, X: Any, owner: str = "", on_bad_files: BadFiles | None = None) -> ImageData:
        """Read images as those of fit.

        Parameters
        ----------
        X : as in `infer`
        owner : str, optional
            Name of an estimator, for error messages.
        on_bad_files : {"raise", "skip"} or None
            See `read_pictures`; only `fit` has a choice.

        Raises
        ------
        InvalidData
            If they have another shape or other values.
        """
        arrays, fitted = _open_arrays(X, self.is_resized), f"{owner or 'the model'} was fitted to"
        if arrays is None:
            return self._read_pictures(list_pictures(X), fitted, on_bad_files)
        if len(arrays) == 1:
            self._check_dimensions(arrays[0].shape)
        parts = [to_channels_first(array, self._find_channels(array)) for array in arrays]
        parts = _convert(parts, white=1 if self.is_unit else 255)
        self._check_values(_join(parts), arrays[0].dtype, sum(map(len, parts)), fitted)
        values = _resize(parts, (self.height, self.width) if self.is_resized else None)
        if values.shape[1:] != self.shape:
            raise InvalidData(
                f"X has images of shape {values.shape[1:]} (channels, height, width), but {fitted} {self.shape}."
            )
        return ImageData(values if self.is_bytes else values.astype(np.float32, copy=False))

    def _check_dimensions(self, shape: tuple[int, ...]) -> None:
        """Refuse a single image in place of several ones."""
        if len(shape) != 3:
            is_single = shape == (self.height, self.width)
        elif self.n_channels > 1:
            is_single = self.n_channels in (shape[0], shape[2])
        else:
            is_single = shape[2] <= MOST_CHANNELS < self.width and shape[1] > 2 * shape[2]  # too narrow for several
        if is_single:
            raise InvalidData(
                f"X has shape {shape}, that of a single image; pass several ones, or this one as X[None]."
            )

    def _check_values(self, values: NDArray[Any], dtype: np.dtype[Any], n_images: int, fitted: str) -> None:
        """Refuse values of another unit, and warn of those that could be."""
        low, high = float(values.min()), float(values.max())
        got = f"{'floats' if dtype.kind == 'f' else 'whole numbers'} from {low:g} to {high:g}"
        is_other = self.is_unit and high > max(1.0, self.high or 0.0) and are_whole(values)
        is_scaled = self.is_bool and dtype != np.bool_ and high == 1
        if (self.is_bytes and values.dtype != np.uint8) or is_other or is_scaled:
            unit = "booleans" if is_scaled else self.unit
            how = ", of an integer dtype" if self.is_bytes and dtype.kind == "f" else ""
            raise InvalidData(f"X has {got}, but {fitted} {unit}; pass images in that unit{how}.")
        if differ(self._range, (low, high), n_images):
            self._warn_of_range(low, high, fitted)

    @property
    def _range(self) -> tuple[float, float]:
        """Range of the values of fit; of files that of their unit."""
        return (0.0, WHITE) if self.low is None or self.high is None else (self.low, self.high)

    def _warn_of_range(self, low: float, high: float, fitted: str) -> None:
        seen_low, seen_high = self._range
        warn(
            f"X has values from {low:g} to {high:g}, but {fitted} values from {seen_low:g} to {seen_high:g}; check "
            "that they are in the same unit.",
            DataWarning,
        )

    def _read_pictures(self, pictures: Sequence[Any], fitted: str, on_bad_files: BadFiles | None) -> ImageData:
        if not self.takes_files:
            what = f"{self.n_channels} channels"
            if self.is_unit:
                what = self.unit
            elif self.n_channels in (1, 3):
                what = f"values from {self.low:g} to {self.high:g}"
            raise InvalidData(
                "X has files or pictures, which are read as 1 or 3 channels with values from 0 to 255, but "
                f"{fitted} arrays of {what}; pass such arrays."
            )
        # Arrays of floats may have any unit: only their range tells.
        is_float = self.is_float if self.is_files or self.is_bytes else None
        form = PictureFormat(self.n_channels, (self.height, self.width), self.is_bytes, is_float)
        found = read_pictures(pictures, form, on_bad_files=on_bad_files)
        low, high = float(found.values.min()), float(found.values.max())
        seen = np.inf if self.is_files or self.is_bool or self.high is None else self.high
        is_far = not self.is_bytes and differ(self._range, (low, high), len(found.values))
        if high > BRIGHTER * seen or is_far:  # bytes of files have one unit, however dark they are
            self._warn_of_range(low, high, fitted)
        return ImageData(found.values, found.kept)

    def _find_channels(self, array: NDArray[Any]) -> Channels:
        """Return the layout of fit, or the other one if only that has the shape of fit."""
        other: Channels = "first" if self.channels == "last" else "last"
        for channels in (self.channels, other):
            shape = to_channels_first(array, channels).shape[1:]
            if shape == self.shape or (self.is_resized and shape[0] == self.n_channels):
                return channels
        return self.channels

    def missing_row(self) -> ImageData:
        """Return a black image: loaded models are checked with it."""
        return ImageData(np.zeros((1, *self.shape), np.uint8 if self.is_bytes else np.float32))


def _open_arrays(X: Any, is_resized: bool) -> list[NDArray[Any]] | None:
    """Return images as one array, or, where they are resized, as several of different sizes; None if they are files."""
    array = as_array(X)
    if array is not None:
        return [array]
    return as_arrays(X) if is_resized else None


def _convert(parts: Sequence[NDArray[Any]], white: int = 255) -> list[NDArray[Any]]:
    """Convert arrays (n, channels, h, w) to bytes, or all of them to float32; see `to_values`."""
    if len({part.shape[1] for part in parts}) > 1:
        found = " and ".join(map(str, sorted({part.shape[1] for part in parts})))
        raise InvalidData(f"X has images of {found} channels; convert them to one number of channels.")
    values = [_check_size(to_values(part, f"X[{i}]" if len(parts) > 1 else "X", white)) for i, part in enumerate(parts)]
    dtype = np.result_type(*{part.dtype for part in values})
    return [part.astype(dtype, copy=False) for part in values]


def _join(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return all values, in one array."""
    return parts[0] if len(parts) == 1 else np.concatenate([part.ravel() for part in parts])


def _resize(parts: Sequence[NDArray[Any]], size: tuple[int, int] | None) -> NDArray[Any]:
    """Resize arrays (n, channels, h, w) to one; without a size there is one array, which stays as it is."""
    if size is None or len(parts) == 1:
        return parts[0] if size is None else resize(parts[0], size)
    values = allocate((len(parts), parts[0].shape[1], *size), parts[0].dtype)
    for i, part in enumerate(parts):
        values[i] = resize(part, size)[0]
    return values


def _check_size(values: NDArray[Any]) -> NDArray[Any]:
    if not values.size:
        raise InvalidData(f"X has no images or no pixels: shape {values.shape}.")
    return values

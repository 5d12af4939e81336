"""Images in the format seen in `fit`, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.spec import register
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
from autonet.data.images.files import BYTES_OF_16_BITS, BadFiles, ImageFormat, read_images
from autonet.data.images.memory import allocate
from autonet.data.images.resize import resize
from autonet.data.images.sources import collect_images
from autonet.data.images.units import BRIGHT, WHITE, Unit, differ

__all__ = ["ImageData", "ImageReader"]

PREDICTED_VALUES = 2**17  # that a thread predicts at a time; smaller parts are shared more evenly among threads
PREDICTED_IMAGES = (16, 1024)  # fewest and most of them
# Fields of older versions that said the unit.
OLD_FLAGS = ("is_bytes", "is_unit", "is_bool", "is_files", "is_float")


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

    @property
    def prediction_rows(self) -> int:
        """Number of images that a thread predicts at a time."""
        return int(np.clip(PREDICTED_VALUES // self.n_columns, *PREDICTED_IMAGES))

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


@dataclass(frozen=True)
class ImageReader:
    """Reads images of one shape.

    Attributes
    ----------
    n_channels, height, width : int
        Shape of an image.
    unit : Unit
    channels : {"first", "last"}
        Layout of arrays with four dimensions; later arrays of the other one are recognized by their shape.
    is_resized : bool
        Whether arrays of another size are resized; files and PIL images always are.
    low, high : float
        Range of the values of fit; 0 and 255 of files of 8 bits.
    """

    n_channels: int
    height: int
    width: int
    unit: Unit
    channels: Channels = "last"
    is_resized: bool = False
    low: float = 0.0
    high: float = WHITE

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
    def dtype(self) -> type[np.uint8 | np.float32]:
        """Dtype of the values that are kept."""
        return np.uint8 if self.unit.is_bytes else np.float32

    @property
    def takes_files(self) -> bool:
        """Whether files and PIL images have the unit and channels of the images of fit."""
        return self.n_channels in (1, 3) and self.unit.takes_files(self.low, self.high)

    def describe_values(self) -> str:
        """Return the unit of the values in words."""
        return self.unit.describe(self.low, self.high)

    @property
    def shown_white(self) -> float:
        """Value of bytes that displays show as white: that of files, or the largest of dark arrays, such as masks."""
        return WHITE if self.unit is Unit.FILES or self.high >= BRIGHT else max(self.high, 1.0)

    def describe_files(self) -> dict[str, Any] | None:
        """Say, in plain values, how files become images, step by step; None if they are refused.

        Where files of fit held floats, these are taken as they are: they have no range, and others are refused.
        """
        if not self.takes_files:
            return None
        are_floats = self.unit is Unit.FLOAT_FILES
        gray = "F" if are_floats else "L"
        return {
            "exif_orientation": "applied",
            "background": "white",
            "mode": gray if self.n_channels == 1 else "RGB",
            "resampling": "bilinear with antialiasing",
            "range": None if are_floats else [0, 255],
            "divisor_of_16_bits": None if are_floats else BYTES_OF_16_BITS,
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
            Height and width to resize to.  Default: that of arrays; see `read_images` for files.
        on_bad_files : {"raise", "skip"}
            See `read_images`.

        Raises
        ------
        InvalidData
            If they are not images, or cannot be read.
        """
        arrays = _open_arrays(X, is_resized=size is not None)
        kept = None
        if arrays is None:
            images = read_images(collect_images(X), size=size, on_bad_files=on_bad_files)
            values, kept = images.values, images.kept
            unit = Unit.infer_from_files(values, images.form.values)
        else:
            channels = find_channels(arrays[0].shape, channels)
            parts = _convert([to_channels_first(array, channels) for array in arrays])
            unit = Unit.infer(_join(parts), arrays[0].dtype)
            values = _resize(parts, size)
        low, high = (0.0, WHITE) if unit is Unit.FILES else _find_range(values)
        n_channels, height, width = values.shape[1:]
        reader = cls(n_channels, height, width, unit, channels or "last", size is not None, low, high)
        return reader, ImageData(values, kept)

    def read(self, X: Any, owner: str = "", on_bad_files: BadFiles = "refuse") -> ImageData:
        """Read images as those of fit.

        Parameters
        ----------
        X : as in `infer`
        owner : str, optional
            Name of an estimator, for error messages.
        on_bad_files : {"raise", "skip", "refuse"}
            See `read_images`; only `fit` has the option.

        Raises
        ------
        InvalidData
            If they have another shape or other values.
        """
        arrays, fitted = _open_arrays(X, self.is_resized), f"{owner or 'the model'} was fitted to"
        if arrays is None:
            return self._read_images(collect_images(X), fitted, on_bad_files)
        if len(arrays) == 1:
            self._check_dimensions(arrays[0].shape)
        parts = [to_channels_first(array, self._find_channels(array)) for array in arrays]
        parts = _convert(parts, self.unit.white)
        self._check_values(_join(parts), arrays[0].dtype, sum(map(len, parts)), fitted)
        values = _resize(parts, (self.height, self.width) if self.is_resized else None)
        if values.shape[1:] != self.shape:
            raise InvalidData(
                f"X has images of shape {values.shape[1:]} (channels, height, width), but {fitted} {self.shape}."
            )
        return ImageData(values.astype(self.dtype, copy=False))

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
        low, high = _find_range(values)
        if self.unit.refuses(values, dtype, self.high):
            got = f"{'floats' if dtype.kind == 'f' else 'whole numbers'} from {low:g} to {high:g}"
            is_of_floats = self.unit.is_bytes and self.unit is not Unit.BOOLEANS and dtype.kind == "f"
            how = ", of an integer dtype" if is_of_floats else ""
            raise InvalidData(f"X has {got}, but {fitted} {self.describe_values()}; pass images in that unit{how}.")
        if differ((self.low, self.high), (low, high), n_images):
            self._warn_of_range(low, high, fitted)

    def _warn_of_range(self, low: float, high: float, fitted: str) -> None:
        warn(
            f"X has values from {low:g} to {high:g}, but {fitted} values from {self.low:g} to {self.high:g}; check "
            "that they are in the same unit.",
            DataWarning,
        )

    def _read_images(self, images: Sequence[Any], fitted: str, on_bad_files: BadFiles) -> ImageData:
        if not self.takes_files:
            what = self.describe_values()
            if self.n_channels not in (1, 3):
                what = f"{self.n_channels} channels"
            elif self.unit in (Unit.BYTES, Unit.FLOATS):
                what = f"values from {self.low:g} to {self.high:g}"
            raise InvalidData(
                "X has files or PIL images, which are read as 1 or 3 channels with values from 0 to 255, but "
                f"{fitted} arrays of {what}; pass such arrays."
            )
        form = ImageFormat(self.n_channels, (self.height, self.width), self.unit.is_bytes, self.unit.file_values)
        found = read_images(images, form, on_bad_files=on_bad_files)
        low, high = _find_range(found.values)
        if self.unit.doubts_files((self.low, self.high), (low, high), len(found.values)):
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
        return ImageData(np.zeros((1, *self.shape), self.dtype))


def _describe(reader: ImageReader) -> dict[str, Any]:
    """Return the fields of a reader for a spec."""
    return {**vars(reader), "unit": reader.unit.value}


def _rebuild(cls: type[ImageReader], state: dict[str, Any]) -> ImageReader:
    """Return the reader of a spec."""
    if "unit" not in state:
        state = _translate_flags(state)
    return cls(**{**state, "unit": Unit(state["unit"])})


def _translate_flags(state: dict[str, Any]) -> dict[str, Any]:
    """Translate the fields of older versions."""
    is_bytes, is_unit, is_bool, is_files, is_float = (state.get(name, False) for name in OLD_FLAGS)
    others = {name: value for name, value in state.items() if name not in OLD_FLAGS}
    if others.get("low") is None or others.get("high") is None:
        others |= {"low": 0.0, "high": 1.0 if is_unit else WHITE}
    if is_files:
        unit = Unit.FILES if is_bytes else Unit.FLOAT_FILES if is_float else Unit.DEEP_FILES
    elif is_bytes:
        unit = Unit.BOOLEANS if is_bool else Unit.BINARY if is_unit else Unit.BYTES
    elif is_unit:
        unit = Unit.FRACTIONS if others["low"] >= 0 else Unit.STANDARDIZED
    else:
        unit = Unit.FLOATS
    return {**others, "unit": unit.value}


register(ImageReader, _describe, _rebuild)


def _find_range(values: NDArray[Any]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


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

"""Images in the format seen in `fit`, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.core.spec import describable
from autonet.data.images.arrays import Channels, as_array, find_channels, to_channels_first, to_values
from autonet.data.images.memory import allocate
from autonet.data.images.pictures import BadFiles, PictureFormat, read_pictures
from autonet.data.images.resize import resize
from autonet.data.images.sources import list_pictures

__all__ = ["ImageData", "ImageReader"]


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
        values = allocate((len(self) + len(other), *self.values.shape[1:]), self.values.dtype)
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
        Whether values of arrays are floats from 0 to 1; those of files, from 0 to 255, are refused then.
    """

    n_channels: int
    height: int
    width: int
    is_bytes: bool
    channels: Channels = "last"
    is_resized: bool = False
    is_unit: bool = False

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
    def takes_files(self) -> bool:
        """Whether files and pictures have the unit and channels of the images of fit."""
        return not self.is_unit and self.n_channels in (1, 3)

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
        array = as_array(X)
        kept = None
        is_unit = False
        if array is None:
            pictures = read_pictures(list_pictures(X), size=size, on_bad_files=on_bad_files)
            values, kept = pictures.values, pictures.kept
        else:
            channels = find_channels(array.shape, channels)
            values = _check_size(to_values(to_channels_first(array, channels)))
            is_unit = values.dtype != np.uint8 and values.min() >= 0 and values.max() <= 1
            values = values if size is None else resize(values, size)
        n_channels, height, width = values.shape[1:]
        is_bytes, is_resized = values.dtype == np.uint8, size is not None
        reader = cls(n_channels, height, width, is_bytes, channels or "last", is_resized, bool(is_unit))
        return reader, ImageData(values, kept)

    def read(self, X: Any, owner: str = "", on_bad_files: BadFiles = "raise") -> ImageData:
        """Read images as those of fit.

        Parameters
        ----------
        X : as in `infer`
        owner : str, optional
            Name of an estimator, for error messages.
        on_bad_files : {"raise", "skip"}
            See `read_pictures`.

        Raises
        ------
        InvalidData
            If they have another shape or other values.
        """
        array, fitted = as_array(X), f"{owner or 'the model'} was fitted to"
        if array is None:
            return self._read_pictures(list_pictures(X), fitted, on_bad_files)
        values = _check_size(to_values(to_channels_first(array, self._find_channels(array))))
        if self.is_bytes and values.dtype != np.uint8:
            kind = "floats" if array.dtype.kind == "f" else "values"
            raise InvalidData(
                f"X has {kind} from {values.min():g} to {values.max():g}, but {fitted} whole numbers from 0 to 255; "
                "pass images in that unit."
            )
        if self.is_unit and values.max() > 1 and (values == np.rint(values)).all():
            raise InvalidData(
                f"X has whole numbers up to {values.max():g}, but {fitted} values from 0 to 1; pass images in that "
                "unit."
            )
        if self.is_resized:
            values = resize(values, (self.height, self.width))
        if values.shape[1:] != self.shape:
            raise InvalidData(
                f"X has images of shape {values.shape[1:]} (channels, height, width), but {fitted} {self.shape}."
            )
        return ImageData(values if self.is_bytes else values.astype(np.float32, copy=False))

    def _read_pictures(self, pictures: Sequence[Any], fitted: str, on_bad_files: BadFiles) -> ImageData:
        if not self.takes_files:
            what = "values from 0 to 1" if self.is_unit else f"{self.n_channels} channels"
            raise InvalidData(
                "X has files or pictures, which are read as 1 or 3 channels with values from 0 to 255, but "
                f"{fitted} arrays of {what}; pass such arrays."
            )
        form = PictureFormat(self.n_channels, (self.height, self.width), self.is_bytes)
        found = read_pictures(pictures, form, on_bad_files=on_bad_files)
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


def _check_size(values: NDArray[Any]) -> NDArray[Any]:
    if not values.size:
        raise InvalidData(f"X has no images or no pixels: shape {values.shape}.")
    return values

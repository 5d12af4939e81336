"""Images in the format seen in `fit`, as arrays."""

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
    """

    n_channels: int
    height: int
    width: int
    is_bytes: bool
    channels: Channels = "last"
    is_resized: bool = False

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
        if array is None:
            pictures = read_pictures(list_pictures(X), size=size, on_bad_files=on_bad_files)
            values, kept = pictures.values, pictures.kept
        else:
            channels = find_channels(array.shape, channels)
            values = _check_size(to_values(to_channels_first(array, channels)))
            values = values if size is None else resize(values, size)
        n_channels, height, width = values.shape[1:]
        reader = cls(n_channels, height, width, values.dtype == np.uint8, channels or "last", size is not None)
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
        array = as_array(X)
        if array is None:
            form = PictureFormat(self.n_channels, (self.height, self.width), self.is_bytes)
            pictures = read_pictures(list_pictures(X), form, on_bad_files=on_bad_files)
            return ImageData(pictures.values, pictures.kept)
        values = _check_size(to_values(to_channels_first(array, self._find_channels(array))))
        if self.is_resized:
            values = resize(values, (self.height, self.width))
        if values.shape[1:] != self.shape:
            raise InvalidData(
                f"X has images of shape {values.shape[1:]} (channels, height, width), but {owner or 'the model'} was "
                f"fitted to {self.shape}."
            )
        if self.is_bytes and values.dtype != np.uint8:
            low, high = (float(f(values)) for f in (np.min, np.max))
            raise InvalidData(
                f"X has values from {low:g} to {high:g}, but {owner or 'the model'} was fitted to whole numbers from 0 "
                "to 255; pass images in that unit."
            )
        return ImageData(values if self.is_bytes else values.astype(np.float32, copy=False))

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

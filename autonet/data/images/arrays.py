"""Arrays of images in any layout to arrays of shape (n, channels, h, w)."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.core.tensors import to_numpy
from autonet.data.images.memory import allocate, slices

__all__ = [
    "MOST_CHANNELS",
    "Channels",
    "as_array",
    "as_arrays",
    "find_channels",
    "say_reshaping",
    "to_channels_first",
    "to_values",
]

Channels = Literal["first", "last"]
"""Whether the channels of an image come before or after height and width."""

# Channels by which a layout is recognized, at most: gray, gray with alpha, colour, colour with alpha.
MOST_CHANNELS = 4
# Sequences that are the name or the content of a file.
TEXTS = (str, bytes, bytearray, memoryview)


def as_array(X: Any, name: str = "X") -> NDArray[Any] | None:
    """Return images as one array, (n, h, w) or (n, ., ., .); None if they are neither an array nor equal arrays.

    Parameters
    ----------
    X : array-like, Tensor, or sequence or column of either
    name : str
        For error messages.

    Raises
    ------
    InvalidData
        If an array holds no real numbers, or masked ones, or arrays of one list are of different kinds: booleans, whole
        numbers of 8 bits, of 16, or of more, and floats.
    """
    X = _open_column(to_numpy(X, name))
    if isinstance(X, Sequence) and not isinstance(X, TEXTS) and len(X) and hasattr(X[0], "shape"):
        return _stack([as_array(part, name) for part in X], name)
    if isinstance(X, Sequence) and len(X) and isinstance(X[0], Sequence) and not isinstance(X[0], TEXTS):
        try:
            X = np.asarray(X)
        except ValueError:  # rows of different lengths
            return None
    if not isinstance(X, np.ndarray) or (X.dtype.kind in "OSU" and X.ndim < 3):
        return None
    if X.dtype.kind not in "biuf":
        raise InvalidData(f"{name} is an array of {X.dtype}; images are arrays of whole numbers or floats.")
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise InvalidData(f"{name} has masked values; replace them, as X.filled(0) does.")
    return X.data if isinstance(X, np.ma.MaskedArray) else X


def as_arrays(X: Any) -> list[NDArray[Any]] | None:
    """Return images of different sizes as arrays of one image each, (1, h, w) or (1, ., ., .); None if they are others.

    Parameters
    ----------
    X : sequence or column of array-likes and Tensors

    Raises
    ------
    InvalidData
        As `as_array`.
    """
    X = _open_column(X)
    if not isinstance(X, Sequence) or isinstance(X, TEXTS) or not len(X):
        return None
    parts = [as_array(part) for part in X]
    arrays = [part[None] for part in parts if part is not None and part.ndim in (2, 3)]
    if len(arrays) < len(parts):
        return None
    _check_kinds(arrays, "X")
    return arrays


def _open_column(X: Any) -> Any:
    """Return the entries of a column or frame of objects, such as arrays, as a list, and other arrays as arrays."""
    if hasattr(X, "columns") and len(X.columns) == 1:
        X = np.asarray(X)[:, 0]
    elif hasattr(X, "__array__") and not hasattr(X, "columns") and not isinstance(X, np.ndarray | Sequence):
        X = np.asarray(X)
    if isinstance(X, np.ndarray) and X.dtype == object:
        return X.tolist() if X.ndim != 1 else list(X)
    return X


def _stack(parts: list[NDArray[Any] | None], name: str) -> NDArray[Any] | None:
    arrays = [part for part in parts if part is not None]
    if len(arrays) < len(parts) or len({array.shape for array in arrays}) > 1:
        return None
    _check_kinds(arrays, name)
    return np.stack(arrays)


def _check_kinds(arrays: Sequence[NDArray[Any]], name: str) -> None:
    kinds = {_name_kind(array.dtype): array.dtype for array in arrays}
    if len(kinds) > 1:
        found = " and ".join(map(str, kinds.values()))
        raise InvalidData(f"{name} has images of {found}, which may be of different units; convert them to one dtype.")


def _name_kind(dtype: np.dtype[Any]) -> str:
    """Return what tells units: 8 and 16 bits are full at different values, wider numbers hold any."""
    return dtype.name if dtype.kind in "iu" and dtype.itemsize <= 2 else dtype.kind.replace("u", "i")


def find_channels(shape: tuple[int, ...], channels: Channels | None, name: str = "X") -> Channels:
    """Find the layout of an array of images.

    Parameters
    ----------
    shape : tuple of int
        Of the array: (n, h, w), (n, h, w, channels) or (n, channels, h, w).
    channels : {"first", "last"} or None
        Layout of four dimensions; None: the side of 1 to 4 is the channels.
    name : str
        For error messages.

    Raises
    ------
    InvalidData
        If the layout is ambiguous, or these are not images.
    """
    if len(shape) not in (3, 4):
        how = f"; {say_reshaping(shape[1], name)}" if len(shape) == 2 and shape[1] > 1 else ""
        raise InvalidData(
            f"{name} must be images of shape (n, height, width), (n, height, width, channels) or (n, channels, height, "
            f"width); got shape {shape}{how}."
        )
    if channels is not None or len(shape) == 3:
        return channels or "last"
    first, last = (1 <= shape[i] <= MOST_CHANNELS for i in (1, 3))
    if first == last:
        why = "both the second and the last side" if first else "neither the second nor the last side"
        raise InvalidData(
            f"{name} has shape {shape}, of which {why} may be the channels (1 to 4); pass channels='first' or "
            "channels='last'."
        )
    return "first" if first else "last"


def say_reshaping(n_columns: int, array: str) -> str:
    """Say how an array in which rows are images, of a number of values each, becomes an array of images."""
    side = math.isqrt(n_columns)
    sides = f"{side}, {side}" if side**2 == n_columns else "height, width"
    return f"if its columns are pixels, pass {array}.reshape(-1, {sides})"


def to_channels_first(values: NDArray[Any], channels: Channels, name: str = "X") -> NDArray[Any]:
    """Bring an array of images, (n, h, w) or four dimensions of this layout, to shape (n, channels, h, w)."""
    find_channels(values.shape, channels, name)
    if values.ndim == 3:
        return values[:, None]
    return values if channels == "first" else np.moveaxis(values, 3, 1)


def to_values(values: NDArray[Any], name: str = "X", white: int = 255) -> NDArray[Any]:
    """Return numbers as the dtype that is kept: uint8 as they are, whole numbers up to 255 as uint8, others as float32.

    Parameters
    ----------
    values : ndarray
    name : str
        For error messages.
    white : int
        What True is.

    Raises
    ------
    InvalidData
        If a number is not finite.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        result = _convert(values, np.dtype(np.uint8), name)
        result *= np.uint8(white)
        return result
    if values.dtype.kind in "iu" and values.size and values.min() >= 0 and values.max() <= np.iinfo(np.uint8).max:
        return _convert(values, np.dtype(np.uint8), name)
    return _convert(values, np.dtype(np.float32), name)


def _convert(values: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    """Convert images to a dtype, some at a time; those that have it are not copied."""
    result = values if values.dtype == dtype else allocate(values.shape, dtype)
    for part in slices(values.shape):
        if result is not values:
            with np.errstate(over="ignore"):  # infinity is refused below
                result[part] = values[part]
        if dtype.kind == "f" and not np.isfinite(result[part]).all():
            bad = part.start + int(np.flatnonzero(~np.isfinite(result[part].reshape(len(result[part]), -1)).all(1))[0])
            raise InvalidData(f"{name} has NaN or infinity in image {bad}; replace it, or leave the image out.")
    return result

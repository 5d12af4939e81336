"""Arrays of images in any layout to arrays of shape (n, channels, h, w)."""

import sys
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.data.images.memory import allocate, slices

__all__ = ["Channels", "as_array", "find_channels", "to_channels_first", "to_values"]

Channels = Literal["first", "last"]
"""Whether the channels of an image come before or after height and width."""

# Numbers of channels by which a layout is recognized: gray, gray with alpha, colour, colour with alpha.
USUAL_CHANNELS = (1, 2, 3, 4)


def as_array(X: Any) -> NDArray[Any] | None:
    """Return images as one array, (n, h, w) or (n, ., ., .); None if they are neither an array nor equal arrays.

    Parameters
    ----------
    X : ndarray, Tensor or sequence of either
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(X, torch.Tensor):
        X = X.detach().cpu().numpy()
    if isinstance(X, Sequence) and not isinstance(X, str | bytes) and len(X) and hasattr(X[0], "shape"):
        parts = [as_array(part) for part in X]
        shapes = {None if part is None else part.shape for part in parts}
        is_array = len(shapes) == 1 and None not in shapes
        return np.stack(parts) if is_array else None  # type: ignore[arg-type]  # no part is None
    if isinstance(X, Sequence) and len(X) and isinstance(X[0], Sequence) and not isinstance(X[0], str | bytes):
        try:
            X = np.asarray(X)
        except ValueError:  # rows of different lengths
            return None
    is_numeric = isinstance(X, np.ndarray) and X.dtype.kind in "biuf"
    return X if is_numeric else None


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
        If the layout is ambiguous, or these are no images.
    """
    if len(shape) not in (3, 4):
        raise InvalidData(
            f"{name} must be images of shape (n, height, width), (n, height, width, channels) or (n, channels, height, "
            f"width); got shape {shape}."
        )
    if channels is not None or len(shape) == 3:
        return channels or "last"
    first, last = (shape[i] in USUAL_CHANNELS for i in (1, 3))
    if first == last:
        why = "both the second and the last side" if first else "neither the second nor the last side"
        raise InvalidData(
            f"{name} has shape {shape}, of which {why} may be the channels (1 to 4); pass channels='first' or "
            "channels='last'."
        )
    return "first" if first else "last"


def to_channels_first(values: NDArray[Any], channels: Channels, name: str = "X") -> NDArray[Any]:
    """Bring an array of images, (n, h, w) or four dimensions of this layout, to shape (n, channels, h, w)."""
    find_channels(values.shape, channels, name)
    if values.ndim == 3:
        return values[:, None]
    return values if channels == "first" else np.moveaxis(values, 3, 1)


def to_values(values: NDArray[Any], name: str = "X") -> NDArray[Any]:
    """Return numbers as the dtype that is kept: uint8 as they are, all others as float32.

    Raises
    ------
    InvalidData
        If a number is not finite.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        result = _convert(values, np.dtype(np.uint8), name)
        result *= np.uint8(255)
        return result
    if values.dtype.kind in "iu" and values.size and values.min() >= 0 and values.max() <= np.iinfo(np.uint8).max:
        return _convert(values, np.dtype(np.uint8), name)
    return _convert(values, np.dtype(np.float32), name)


def _convert(values: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    """Convert images to a dtype, some at a time; those that have it are not copied."""
    result = values if values.dtype == dtype else allocate(values.shape, dtype)
    for part in slices(values.shape):
        if result is not values:
            result[part] = values[part]
        if dtype.kind == "f" and not np.isfinite(result[part]).all():
            bad = part.start + int(np.flatnonzero(~np.isfinite(result[part].reshape(len(result[part]), -1)).all(1))[0])
            raise InvalidData(f"{name} has NaN or infinity in image {bad}; replace it, or leave the image out.")
    return result

"""Memory of images: arrays in RAM, or in a file that vanishes with them."""

import os
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from autonet.core.errors import InvalidData

__all__ = ["MAPPED_BYTES", "allocate", "slices"]

# Bytes of images from which they are kept in a file that is mapped into memory.
MAPPED_BYTES = 2**30
# Values that are converted, or summed up, at a time.
CHUNK_VALUES = 2**20


def allocate(shape: tuple[int, ...], dtype: DTypeLike, instead: str = "") -> NDArray[Any]:
    """Allocate an array of arbitrary content; a large one in a file without a name, in the folder of temporary files.

    The system removes the file with the last process that maps it, also if that is killed.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    instead : str, optional
        What else the user can do if the file does not fit, for the error message.

    Returns
    -------
    ndarray or memmap

    Raises
    ------
    InvalidData
        If the file does not fit into the folder.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size < MAPPED_BYTES:
        return np.empty(shape, dtype)
    try:
        with tempfile.TemporaryFile(prefix="autonet-") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)  # on a full disk, a write to the mapping would be a crash
            return np.memmap(file, dtype, "w+", shape=shape)
    except OSError as error:
        others = f", or {instead}" if instead else ""
        raise InvalidData(
            f"Images of {size / 2**30:.1f} GiB do not fit into {tempfile.gettempdir()} ({error.strerror}); set TMPDIR "
            f"to a folder with more space, or image_size to fewer pixels{others}."
        ) from error


def slices(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield slices of images of this shape (n, ...), each of some million values."""
    step = max(CHUNK_VALUES // max(int(np.prod(shape[1:])), 1), 1)
    for first in range(0, shape[0], step):
        yield slice(first, first + step)

"""Units of the values of images: whether further images are in the unit of those of fit."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from autonet.data.images.memory import slices

__all__ = ["BRIGHT", "WHITE", "FileValues", "Unit", "are_whole", "differ"]

FileValues = Literal["whole numbers", "floats", "either"]
"""What files hold: whole numbers, which become values from 0 to 255, or floats, which are taken as they are."""

WHITE = 255.0
# Arrays whose largest value is smaller are in another unit than files: digits, counts or classes.
BRIGHT = 32.0
# Values that are not whole numbers, some of them negative, are standardized if none is further from zero.
STANDARDIZED_REACH = 16.0
# Units differ by factors of 16 (4 bits and 8), 255 and 257: images exceed all of fit by a lesser one at most.
BRIGHTER_ARRAYS = 4.0
# Values of files, 0 to 255, exceed those of arrays of another unit by more than this factor.
BRIGHTER_FILES = 2.0
# Some images may be dark; many that all are darker than the brightest of fit by this factor are in another unit.
DARKER = 4.0
# Images from which on they are many.
MANY = 16
# Factor for fewer images: one of them is as dark as this only if it shows nothing.
FAR_DARKER = 32.0


class Unit(Enum):
    """Unit of the values of the images of fit; values are the names in model files.

    ============  ============================  ================================================
    unit          images of fit                 refused later
    ============  ============================  ================================================
    BYTES         whole numbers from 0 to 255   floats; files, if all values are below 32
    BINARY        zeros and ones                floats, larger whole numbers, files
    BOOLEANS      booleans                      floats, zeros and ones, files of floats
    FRACTIONS     floats from 0 to 1            larger whole numbers, files
    STANDARDIZED  floats about 0                larger whole numbers, files
    FLOATS        other numbers                 files, if values are below 0, above 255 or all below 32
    FILES         files of 8 bits               floats, files of floats
    DEEP_FILES    files of 16 bits              files of floats
    FLOAT_FILES   files of floats               files of whole numbers
    ============  ============================  ================================================
    """

    BYTES = "bytes"
    BINARY = "binary"
    BOOLEANS = "booleans"
    FRACTIONS = "fractions"
    STANDARDIZED = "standardized"
    FLOATS = "floats"
    FILES = "files"
    DEEP_FILES = "deep files"
    FLOAT_FILES = "float files"

    @classmethod
    def infer(cls, values: NDArray[Any], dtype: np.dtype[Any]) -> Self:
        """Infer the unit of arrays, given their values, uint8 or float32, and their dtype."""
        low, high = values.min(), values.max()
        if dtype == np.bool_:
            return cls.BOOLEANS
        if values.dtype == np.uint8:
            return cls.BINARY if high == 1 else cls.BYTES
        if low >= 0 and high <= 1:
            return cls.FRACTIONS
        is_standardized = low < 0 and max(-low, high) <= STANDARDIZED_REACH and not are_whole(values)
        return cls.STANDARDIZED if is_standardized else cls.FLOATS

    @classmethod
    def infer_from_files(cls, values: NDArray[Any], file_values: FileValues) -> Self:
        """Infer the unit of files, given their values, uint8 or float32, and what they hold."""
        if file_values == "floats":
            return cls.FLOAT_FILES
        return cls.FILES if values.dtype == np.uint8 else cls.DEEP_FILES

    @property
    def is_bytes(self) -> bool:
        """Whether values are kept as whole numbers from 0 to 255."""
        return self in _BYTES

    @property
    def white(self) -> int:
        """What True becomes in further arrays."""
        return 1 if self in _UNLIKE_FILES else int(WHITE)

    @property
    def file_values(self) -> FileValues:
        """What further files must hold; of arrays of floats only the range tells."""
        if self is Unit.FLOATS:
            return "either"
        return "floats" if self is Unit.FLOAT_FILES else "whole numbers"

    def describe(self, low: float, high: float) -> str:
        """Return the unit in words, given the range of fit."""
        return f"floats from {low:g} to {high:g}" if self is Unit.STANDARDIZED else _WORDS[self]

    def refuses(self, values: NDArray[Any], dtype: np.dtype[Any], high: float) -> bool:
        """Return whether further arrays are in another unit.

        Parameters
        ----------
        values : ndarray, uint8 or float32
        dtype : dtype
            Of the arrays.
        high : float
            Largest value of fit.
        """
        if self.is_bytes and values.dtype != np.uint8:
            return True
        if self is Unit.BOOLEANS:
            return dtype != np.bool_ and bool(values.max() == 1)
        return self in _UNLIKE_FILES and bool(values.max() > max(1.0, high)) and are_whole(values)

    def takes_files(self, low: float, high: float) -> bool:
        """Return whether further images may be files, given the range of fit."""
        if self in (Unit.BYTES, Unit.FLOATS):
            return low >= 0 and BRIGHT <= high <= WHITE
        return self not in _UNLIKE_FILES

    def doubts_files(self, seen: tuple[float, float], found: tuple[float, float], n_images: int) -> bool:
        """Return whether files may be in another unit; arguments as of `differ`.

        Bytes of files have one unit, however dark they are.
        """
        is_bright = self in (Unit.BYTES, Unit.FLOATS) and found[1] > BRIGHTER_FILES * seen[1]
        return is_bright or (not self.is_bytes and differ(seen, found, n_images))


_BYTES = frozenset({Unit.BYTES, Unit.BINARY, Unit.BOOLEANS, Unit.FILES})
# Files, with values from 0 to 255, are in another unit.
_UNLIKE_FILES = frozenset({Unit.BINARY, Unit.FRACTIONS, Unit.STANDARDIZED})
_WORDS: Mapping[Unit, str] = {
    Unit.BYTES: "whole numbers from 0 to 255",
    Unit.BINARY: "zeros and ones",
    Unit.BOOLEANS: "booleans",
    Unit.FRACTIONS: "floats from 0 to 1",
    Unit.FLOATS: "floats",
    Unit.FILES: "whole numbers from 0 to 255",
    Unit.DEEP_FILES: "floats from 0 to 255",
    Unit.FLOAT_FILES: "floats",
}


def differ(seen: tuple[float, float], found: tuple[float, float], n_images: int) -> bool:
    """Return whether a range of values is so far from that of fit that they may be in another unit.

    Black images have no unit.

    Parameters
    ----------
    seen, found : tuple of float
        Smallest and largest value of fit, and of further images.
    n_images : int
        Number of the further images.
    """
    (low, high), (new_low, new_high) = seen, found
    reach, new_reach = max(-low, high), max(-new_low, new_high)
    if not reach or not new_reach:
        return False
    if new_reach > reach * BRIGHTER_ARRAYS or new_low < low - (high - low) / 2:
        return True
    if n_images < MANY:
        return new_reach < reach / FAR_DARKER
    lost_sign = low < -high / DARKER and new_low >= 0  # those of fit were about zero
    return new_reach < reach / DARKER or lost_sign


def are_whole(values: NDArray[Any]) -> bool:
    """Return whether all values are whole numbers."""
    return all((values[part] == np.rint(values[part])).all() for part in slices(values.shape))

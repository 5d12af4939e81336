"""Ranges of values: their unit, and whether further values are in that of fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.data.images.memory import slices

__all__ = ["are_whole", "differ", "is_other_unit"]

# Values that are no whole numbers, some of them negative, are standardized if none is further from zero.
STANDARDIZED = 16.0
# Units differ by factors of 16 (4 bits and 8), 255 and 257: images exceed all of fit by a lesser one at most.
BRIGHTER = 4.0
# Some images may be dark; many that all are darker than the brightest of fit by this factor are in another unit.
DARKER = 4.0
# Images from which on they are many.
MANY = 16
# Factor for fewer images: one of them is as dark as this only if it shows nothing.
FAR_DARKER = 32.0


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
    if new_reach > reach * BRIGHTER or new_low < low - (high - low) / 2:
        return True
    if n_images < MANY:
        return new_reach < reach / FAR_DARKER
    lost_sign = low < -high / DARKER and new_low >= 0  # those of fit were about zero
    return new_reach < reach / DARKER or lost_sign


def are_whole(values: NDArray[Any]) -> bool:
    """Return whether all values are whole numbers."""
    return all((values[part] == np.rint(values[part])).all() for part in slices(values.shape))


def is_other_unit(values: NDArray[Any]) -> bool:
    """Return whether values are zeros and ones, floats from 0 to 1, or standardized."""
    low, high = values.min(), values.max()
    if values.dtype == np.uint8:
        return bool(high == 1)
    return bool(low >= 0 and high <= 1) or bool(low < 0 and max(-low, high) <= STANDARDIZED and not are_whole(values))

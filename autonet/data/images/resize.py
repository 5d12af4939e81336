"""Resize images."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from autonet.data.images.memory import allocate, slices

__all__ = ["resize"]


def resize(values: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Resize images bilinearly, with antialiasing; whole numbers are rounded.

    Parameters
    ----------
    values : ndarray of shape (n, channels, h, w), uint8 or float32
    size : tuple of int
        New height and width.

    Returns
    -------
    ndarray of shape (n, channels, *size), in the dtype of `values`
    """
    if values.shape[2:] == tuple(size):
        return values
    result = allocate((*values.shape[:2], *size), values.dtype)
    for chunk in slices(values.shape):
        part = torch.from_numpy(np.array(values[chunk])).float()
        resized = functional.interpolate(part, size, mode="bilinear", antialias=True, align_corners=False)
        if values.dtype == np.uint8:
            resized = resized.round_().clamp_(0, 255)
        result[chunk] = resized.numpy()
    return result

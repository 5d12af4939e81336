"""Torch tensors as NumPy arrays; torch is not imported."""

import sys
from typing import Any

import numpy as np

from autonet.core.errors import InvalidData

__all__ = ["to_numpy"]


def to_numpy(value: Any, name: str = "X") -> Any:
    """Return a tensor as an array, and other values unchanged.

    Parameters
    ----------
    value : Tensor or object
        On any device, with or without a gradient.  Floats of 16 or 8 bits become float32.
    name : str
        For messages.

    Raises
    ------
    InvalidData
        If it is a sparse or quantized tensor, or has no values.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return value
    if value.dtype.is_floating_point and value.dtype.itemsize <= 2:  # bfloat16 is not a dtype of NumPy
        value = value.float()
    try:
        return np.asarray(value.numpy(force=True))
    except (TypeError, RuntimeError) as error:
        raise InvalidData(f"{name} is a tensor that cannot become an array ({error}); pass a dense one.") from error

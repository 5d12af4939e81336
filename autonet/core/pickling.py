"""Pickling of objects with large arrays or tensors, for other processes."""

import io
import pickle
import sys
from collections.abc import Callable
from typing import Any

import cloudpickle
import numpy as np

__all__ = ["pickle_arrays"]

PLAIN_DTYPES = frozenset({"torch.float32", "torch.float64", "torch.int64", "torch.uint8", "torch.bool"})


def pickle_arrays(value: Any, keep: Callable[[pickle.PickleBuffer], Any] | None = None) -> bytes:
    """Pickle an object, functions and classes by value; ``pickle.loads`` reads it.

    Tensors become arrays: several times faster than torch, which writes an archive per tensor.  Tensors that share
    memory do not share it after loading.

    Parameters
    ----------
    value : object
    keep : callable, optional
        Called with the memory of each array; if it returns a false value, the array is left out, and its memory must be
        passed to ``pickle.loads``.
    """
    file = io.BytesIO()
    _Pickler(file, protocol=5, buffer_callback=keep).dump(value)
    return file.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles plain CPU tensors, and arrays of any layout, as contiguous memory.

    Arrays with permuted axes, such as images with their channels last, stay as they lie in memory.
    """

    def reducer_override(self, obj: Any) -> Any:
        """Reduce tensors and arrays; leave everything else to cloudpickle."""
        torch: Any = sys.modules.get("torch")
        if torch is not None and type(obj) is getattr(torch, "Tensor", None):
            plain = obj.is_cpu and obj.layout is torch.strided and str(obj.dtype) in PLAIN_DTYPES
            if plain and not (obj.requires_grad or obj.is_neg()):
                return torch.from_numpy, (obj.numpy(),)
        elif type(obj) in (np.ndarray, np.memmap) and not obj.dtype.hasobject:
            contiguous = obj.flags.c_contiguous or obj.flags.f_contiguous
            if not contiguous:
                axes = np.argsort([-stride for stride in obj.strides], kind="stable")
                if obj.transpose(axes).flags.c_contiguous:
                    return np.transpose, (np.asarray(obj.transpose(axes)), np.argsort(axes).tolist())
            if type(obj) is np.memmap or not contiguous:
                return (np.asarray(obj) if contiguous else np.ascontiguousarray(obj)).__reduce_ex__(5)
        return super().reducer_override(obj)

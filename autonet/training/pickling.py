"""Tensors on their way between processes."""

import io
from typing import Any

import cloudpickle
import torch
from torch import Tensor

__all__ = ["pickled"]

PLAIN = frozenset({torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool})


def pickled(value: Any) -> bytes:
    """Pickle a value whose tensors are many; ``pickle.loads`` undoes it.

    Parameters
    ----------
    value : object
        Such as a checkpoint.  Its tensors no longer share memory afterwards.
    """
    file = io.BytesIO()
    _Pickler(file, protocol=5).dump(value)
    return file.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles tensors as arrays: torch makes an archive of the memory of each, which takes several times as long."""

    def reducer_override(self, obj: Any) -> Any:
        """Take over the tensors that checkpoints are made of; torch knows how to treat the rarer ones."""
        plain = type(obj) is Tensor and obj.is_cpu and obj.layout is torch.strided and obj.dtype in PLAIN
        if plain and not (obj.requires_grad or obj.is_neg()):
            return torch.from_numpy, (obj.numpy(),)
        return super().reducer_override(obj)

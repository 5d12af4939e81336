"""Torch tensors as NumPy arrays."""

import numpy as np
import pytest
import torch

from autonet.core.errors import InvalidData
from autonet.core.tensors import to_numpy


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.int64, torch.bool])
def test_dense_tensors_become_arrays(dtype: torch.dtype) -> None:
    tensor = torch.tensor([[0, 1], [1, 0]], dtype=dtype)
    if tensor.is_floating_point():
        tensor.requires_grad_()
    np.testing.assert_array_equal(to_numpy(tensor), [[0, 1], [1, 0]])


def test_other_values_are_unchanged() -> None:
    for value in ([1, 2], np.arange(3), None, "a"):
        assert to_numpy(value) is value


def test_tensors_without_dense_values_are_refused() -> None:
    for tensor in (torch.eye(3).to_sparse(), torch.ones(2, device="meta")):
        with pytest.raises(InvalidData, match=r"y is a tensor that cannot become an array .*; pass a dense one"):
            to_numpy(tensor, "y")

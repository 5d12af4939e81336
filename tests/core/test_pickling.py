import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autonet.core.pickling import pickle_arrays

TENSORS = [
    torch.randn(3, 4),
    torch.randn(3, 4).T,
    torch.tensor(7),
    torch.zeros(0, 2),
    torch.arange(3),
    torch.tensor([True, False]),
    torch.randn(2, dtype=torch.float64),
    torch.randn(2).to(torch.float16),
    torch.randn(2).to(torch.bfloat16),
    torch.randn(2, dtype=torch.complex64),
    torch.randn(3, requires_grad=True),
    torch.randn(3)[::2],
    torch.eye(2).to_sparse(),
    torch.randn(2, dtype=torch.complex64).conj(),
    torch._neg_view(torch.randn(2)),
    torch.empty(2, device="meta"),
]


@pytest.mark.parametrize("tensor", TENSORS, ids=lambda tensor: str(tensor.dtype))
def test_tensors_of_every_kind_come_back(tensor: torch.Tensor) -> None:
    again = pickle.loads(pickle_arrays({"a": tensor}))["a"]
    assert (again.dtype, again.shape, again.layout) == (tensor.dtype, tensor.shape, tensor.layout)
    assert again.requires_grad == tensor.requires_grad
    if not tensor.is_meta:
        assert repr(again.detach()) == repr(tensor.detach())


ARRAYS = [
    np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3),
    np.arange(24.0).reshape(2, 3, 4)[:, ::2],
    np.arange(24.0).reshape(2, 3, 4)[::-1],
    np.arange(6).reshape(2, 3).T,
    np.float32(3).reshape(()),
    np.empty((0, 3)),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.strides))
@pytest.mark.parametrize("moved", [False, True])
def test_arrays_of_any_layout_come_back(array: Any, moved: bool) -> None:
    array = np.moveaxis(array, -1, min(1, array.ndim - 1)) if moved and array.ndim else array
    again = pickle.loads(pickle_arrays(array))
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(again, array)


def test_channels_last_are_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3))
    images = np.moveaxis(np.load(tmp_path / "x.npy", mmap_mode="r"), 3, 1)
    kept: list[pickle.PickleBuffer] = []
    data = pickle_arrays(images, kept.append)
    [memory] = kept
    assert np.shares_memory(np.frombuffer(memory.raw(), np.uint8), np.asarray(images))
    again = pickle.loads(data, buffers=[memory])
    assert np.shares_memory(again, np.asarray(images))
    np.testing.assert_array_equal(again, images)


def test_what_is_one_object_stays_one() -> None:
    tensor = torch.randn(3)
    first, second, parameter = pickle.loads(pickle_arrays((tensor, tensor, torch.nn.Parameter(tensor))))
    assert first is second
    assert isinstance(parameter, torch.nn.Parameter)
    first.add_(1)  # what comes back can be trained on
    np.testing.assert_allclose(first, tensor + 1)


def test_classes_of_a_notebook_go_by_value() -> None:
    class Here:
        def __init__(self, value: Any) -> None:
            self.value = value

    assert torch.equal(pickle.loads(pickle_arrays(Here(torch.ones(2)))).value, torch.ones(2))

"""The encoder of images."""

import numpy as np
import pytest
import torch

from autonet.core.spec import from_spec, to_spec
from autonet.data.images.encoder import ImageEncoder
from autonet.data.images.reader import ImageData

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
VALUES = np.random.default_rng(0).integers(256, size=(20, 3, 4, 5), dtype=np.uint8)


def test_images_are_standardized_by_channel_of_the_training_rows() -> None:
    rows = np.arange(12)
    encoder = ImageEncoder.fit(ImageData(VALUES), rows, seed=0)
    mean, std = VALUES[:12].mean((0, 2, 3)), VALUES[:12].std((0, 2, 3))
    inputs = encoder.inputs(ImageData(VALUES), torch.device("cpu"), np.array([15, 3, 4]))
    assert inputs.shape == (3, 3, 4, 5)
    assert encoder.layout.shape == (3, 4, 5)
    assert encoder.layout.n_in == 60
    expected = (VALUES[[15, 3, 4]] - mean[:, None, None]) / std[:, None, None]
    for taken, like in ((inputs[:], expected), (inputs[torch.tensor([2, 0])], expected[[2, 0]])):
        np.testing.assert_allclose(taken.numpy(), like, rtol=1e-4, atol=1e-5)
        assert taken.is_contiguous(memory_format=torch.channels_last)


def test_floats_are_not_changed_in_place() -> None:
    values = VALUES.astype(np.float32)
    encoder = ImageEncoder.fit(ImageData(values), np.arange(20), seed=0)
    encoder.inputs(ImageData(values), torch.device("cpu"))[:]
    np.testing.assert_array_equal(values, VALUES)


def test_a_constant_channel_is_zero() -> None:
    values = VALUES.copy()
    values[:, 1] = 7
    inputs = ImageEncoder.fit(ImageData(values), np.arange(20), seed=0).inputs(ImageData(values), torch.device("cpu"))
    assert (inputs[:][:, 1] == 0).all()
    floats = np.full((1000, 1, 3, 3), 0.1, np.float32)
    assert ImageEncoder.fit(ImageData(floats), np.arange(1000), seed=0).std.tolist() == [1]


def test_it_comes_back_from_its_description() -> None:
    encoder = ImageEncoder.fit(ImageData(VALUES), np.arange(20), seed=0)
    back = from_spec(to_spec(encoder))
    assert back.layout == encoder.layout
    np.testing.assert_array_equal(back.mean, encoder.mean)


def test_selected_images_are_standardized_as_they_are_taken() -> None:
    data = ImageData(VALUES)
    encoder = ImageEncoder.fit(data, np.arange(20), seed=0)
    for rows in (None, np.arange(20)[::-1]):
        inputs = encoder.inputs(data, torch.device("cpu"), rows)
        chosen = inputs.subset(torch.tensor([4, 0, 7]))
        assert np.shares_memory(chosen.values, VALUES)
        assert torch.equal(chosen[torch.tensor([2, 0])], inputs[torch.tensor([7, 4])])
        assert torch.equal(chosen[1:], inputs[torch.tensor([0, 7])])


@pytest.mark.parametrize("kind", ["meta", pytest.param("cuda", marks=[pytest.mark.gpu, NEEDS_GPU])])
def test_encoders_share_a_copy_on_another_device(kind: str) -> None:
    device, data = torch.device(kind), ImageData(VALUES)
    first, second = (ImageEncoder.fit(data, rows, seed=0) for rows in (np.arange(9), np.arange(9, 20)))
    inputs = first.inputs(data, device, np.array([3, 1, 9]))
    assert (inputs.device.type, inputs.shape, inputs.values.dtype) == (kind, (3, 3, 4, 5), torch.uint8)
    assert inputs.nbytes == 3 * 8  # the images belong to the data
    for other in (first.inputs(data, device), second.inputs(data, device, np.arange(20)[::-1])):
        assert other.values is inputs.values
    assert first.inputs(ImageData(VALUES), device).values is not inputs.values
    on_cpu = first.inputs(data, torch.device("cpu"), np.array([3, 1, 9]))
    for index in (torch.tensor([2, 1]), slice(1, 3)):
        expected, moved = on_cpu[index], index.to(device) if isinstance(index, torch.Tensor) else index
        assert inputs[moved].shape == expected.shape
        if kind == "cuda":
            torch.testing.assert_close(inputs[moved].cpu(), expected)
    chosen = inputs.subset(torch.tensor([2], device=device))
    assert (chosen.shape, chosen.nbytes) == ((1, 3, 4, 5), 8)
    assert chosen.values is inputs.values


def test_a_gpu_predicts_more_images_at_once() -> None:
    data = ImageData(np.zeros((9, 3, 64, 64), np.uint8))
    encoder = ImageEncoder.fit(data, np.arange(9), seed=0)
    on_cpu, other = (encoder.inputs(data, torch.device(kind)).prediction_rows for kind in ("cpu", "meta"))
    assert (on_cpu, other) == (85, 341)  # a million values, and four

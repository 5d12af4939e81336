"""Memory of images."""

import resource
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from autonet.core.errors import InvalidData
from autonet.data.images import memory
from autonet.data.images.encoder import ImageEncoder
from autonet.data.images.memory import allocate, slices
from autonet.data.images.reader import ImageData, ImageReader


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, in which images of 1000 bytes are kept."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(memory, "MAPPED_BYTES", 1000)
    return tmp_path


def test_large_images_are_in_a_file_that_nobody_has_to_remove(folder: Path) -> None:
    assert type(allocate((9, 1, 10, 10), np.uint8)) is np.ndarray
    values = allocate((10, 1, 10, 10), np.uint8)
    assert isinstance(values, np.memmap)
    values[:] = 7
    assert values.sum() == 7000
    assert not list(folder.iterdir())


@pytest.fixture
def full_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_a_sentence(folder: Path) -> None:
    with pytest.raises(InvalidData, match=r"Images of 0\.0 GiB do not fit into .*; set TMPDIR to a folder with more"):
        allocate((3000,), np.uint8)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_for_images_with_validation_images_is_a_sentence(folder: Path) -> None:
    data = ImageData(np.zeros((20, 1, 8, 8), np.uint8))
    why = r"or image_size to fewer pixels, or pass the images of X_valid within X, with cross_validator=PredefinedSplit"
    with pytest.raises(InvalidData, match=why):
        data.concat(ImageData(np.zeros((20, 1, 8, 8), np.uint8)))


def test_slices_cover_all_images() -> None:
    parts = list(slices((3000, 1, 28, 28)))
    assert len(parts) == 3
    np.testing.assert_array_equal(np.concatenate([np.arange(3000)[part] for part in parts]), np.arange(3000))


def test_large_images_are_never_copied_as_a_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CHUNK_VALUES", 2**16)
    values = np.memmap(folder / "images", np.uint8, "w+", shape=(300, 64, 64, 3))
    values[::7] = 200
    values.flush()
    values = np.memmap(folder / "images", np.uint8, "r", shape=(300, 64, 64, 3))
    rows = np.random.default_rng(0).permutation(300)[:200]
    tracemalloc.start()
    try:
        _, data = ImageReader.infer(values)
        data.hashes()
        encoder = ImageEncoder.fit(data, rows, seed=0)
        inputs = encoder.inputs(data, torch.device("cpu"), rows)
        batch = inputs[torch.arange(10)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < values.nbytes
    assert np.shares_memory(data.values, values)
    expected = (values[rows[:10]].transpose(0, 3, 1, 2) - encoder.mean[:, None, None]) / encoder.std[:, None, None]
    np.testing.assert_allclose(batch.numpy(), expected, rtol=1e-4, atol=1e-5)

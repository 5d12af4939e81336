"""Encoder of images: pixels standardized by channel, batch by batch."""

import threading
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.modality import Allocate
from autonet.core.spec import describable
from autonet.core.task import InputLayout
from autonet.data.images.memory import slices
from autonet.data.images.reader import ImageData

__all__ = ["ImageEncoder", "ImageInputs", "ImageLayout", "Standardize"]

# Images that means and standard deviations are computed from, at most.
MAX_FITTED = 2_000
# Values of the images of a forward pass in prediction, on the CPU and on a GPU, which small batches leave idle.
PREDICTED_VALUES, PREDICTED_VALUES_GPU = 2**20, 2**22

# Copies of images on devices other than the CPU, which encoders of several folds share, as long as the images exist.
_COPIES: WeakKeyDictionary[ImageData, dict[torch.device, Tensor]] = WeakKeyDictionary()
_COPYING = threading.Lock()


@describable
@dataclass(frozen=True)
class ImageLayout(InputLayout):
    """Shape of an encoded image.

    Attributes
    ----------
    shape : tuple of int
        Channels, height and width.
    """

    shape: tuple[int, ...] = ()


class Standardize(nn.Module):
    """Standardize images by channel.

    Parameters
    ----------
    mean, std : ndarray of shape (channels,), float32
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean.reshape(-1, 1, 1)))
        self.register_buffer("std", torch.from_numpy(std.reshape(-1, 1, 1)))

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, channels, h, w), uint8 or float32, to float32, in new memory."""
        return (images.float() - self.mean) / self.std


@dataclass(frozen=True, eq=False)
class ImageInputs:
    """Images that are standardized as they are taken, without a copy of all.

    Attributes
    ----------
    values : ndarray or Tensor of shape (n_images, channels, h, w), uint8 or float32
        An array is read on demand, also from a mapped file.
    rows : ndarray or Tensor of shape (n,), int, or None
        Those of the images that are inputs, in their order; None: all.  A tensor on the device of a tensor `values`.
    module : Standardize
    """

    values: NDArray[Any] | Tensor
    rows: NDArray[np.intp] | Tensor | None
    module: Standardize

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of images, followed by the shape of one."""
        return len(self), *self.values.shape[1:]

    @property
    def device(self) -> torch.device:
        """Device of the images."""
        return self.module.mean.device

    @property
    def nbytes(self) -> int:
        """Size in memory, in bytes, without the images, which belong to the data."""
        return 0 if self.rows is None else self.rows.nbytes

    def __len__(self) -> int:
        """Count the images."""
        return len(self.values if self.rows is None else self.rows)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return images as float32, channels last in memory, which convolutions on a CPU are faster with."""
        chosen = self._choose(rows)
        taken = self.values[chosen] if isinstance(self.values, Tensor) else _take(self.values, chosen)
        images: Tensor = self.module(taken.to(torch.float32, memory_format=torch.channels_last))
        return images

    def subset(self, rows: Tensor) -> "ImageInputs":
        """Return the images of an index tensor (n,), standardized as they are taken."""
        return replace(self, rows=self._choose(rows))

    def _choose(self, rows: Tensor | slice) -> Any:
        """Return an index into the images for one into the inputs: a tensor, an array or a slice."""
        index = rows.numpy() if isinstance(rows, Tensor) and not isinstance(self.values, Tensor) else rows
        return index if self.rows is None else self.rows[index]

    @property
    def prediction_rows(self) -> int:
        """Number of images per forward pass in prediction, so that their maps fit into memory."""
        n_values = PREDICTED_VALUES if self.device.type == "cpu" else PREDICTED_VALUES_GPU
        return max(n_values // max(int(np.prod(self.values.shape[1:])), 1), 1) if len(self) else 1


@describable
@dataclass(frozen=True, eq=False)
class ImageEncoder:
    """Encoder of images, fitted on training images.

    Attributes
    ----------
    mean, std : ndarray of shape (channels,), float32
        Of the training images; a channel of one value has a standard deviation of 1.
    layout : ImageLayout
    """

    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    layout: ImageLayout

    @classmethod
    def fit(cls, data: ImageData, rows: NDArray[np.intp], seed: int) -> "ImageEncoder":
        """Fit an encoder on training images (n,), of which up to 2,000 are sampled."""
        if len(rows) > MAX_FITTED:
            rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_FITTED, replace=False))
        mean = _average(data, rows, np.zeros(data.values.shape[1]), power=1)
        std = np.sqrt(_average(data, rows, mean, power=2))
        varies = std > np.finfo(np.float32).eps * np.abs(mean)  # less is rounding
        layout = ImageLayout(data.n_columns, shape=tuple(map(int, data.values.shape[1:])))
        return cls(mean.astype(np.float32), np.where(varies, std, 1).astype(np.float32), layout)

    def inputs(
        self,
        data: ImageData,
        device: torch.device,
        rows: NDArray[np.intp] | None = None,
        allocate: Allocate | None = None,
    ) -> ImageInputs:
        """Encode images (n,) of data, by default all, for a network.

        A device other than the CPU gets a copy of all images of the data, which further encoders share.
        """
        if device.type == "cpu":
            return ImageInputs(data.values, rows, self.module)
        chosen = None if rows is None else torch.from_numpy(np.array(rows)).to(device)
        return ImageInputs(_copy_to(device, data), chosen, self.module.to(device))

    @property
    def module(self) -> Standardize:
        """The arithmetic, on the CPU."""
        return Standardize(self.mean, self.std)


def _copy_to(device: torch.device, data: ImageData) -> Tensor:
    """Return all images on a device, copied there some at a time, once."""
    with _COPYING:
        copies = _COPIES.setdefault(data, {})
        if device not in copies:
            dtype = torch.uint8 if data.values.dtype == np.uint8 else torch.float32
            values = torch.empty(data.values.shape, dtype=dtype, device=device)
            for part in slices(data.values.shape):
                values[part] = _take(data.values, part)
            copies[device] = values
        return copies[device]


def _take(values: NDArray[Any], rows: NDArray[np.intp] | slice) -> Tensor:
    """Copy images to a tensor: arrays may be read-only, or have negative strides."""
    taken = values[rows]
    return torch.from_numpy(np.array(taken) if isinstance(rows, slice) else taken)


def _average(data: ImageData, rows: NDArray[np.intp], center: NDArray[np.float64], power: int) -> NDArray[np.float64]:
    """Average powers of the distances of pixels from a center (channels,), by channel, some images at a time."""
    total = np.zeros(len(center))
    for part in slices((len(rows), *data.values.shape[1:])):
        images = data.values[rows[part]]
        total += ((images - center[:, None, None]) ** power).sum((0, 2, 3))
    return np.asarray(total / (len(rows) * np.prod(data.values.shape[2:])))

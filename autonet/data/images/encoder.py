"""Encoder of images: pixels standardized by channel, batch by batch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.modality import Allocate
from autonet.core.spec import describable
from autonet.core.task import InputLayout
from autonet.data.images.reader import ImageData

__all__ = ["ImageEncoder", "ImageInputs", "ImageLayout", "Standardize"]

# Images that means and standard deviations are computed from, at most.
MAX_FITTED = 10_000
# Values of the images of a forward pass in prediction.
PREDICTED_VALUES = 2**20


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
    """Images on a device, standardized as they are taken: a quarter of the memory of floats.

    Attributes
    ----------
    values : Tensor of shape (n, channels, h, w), uint8 or float32
    module : Standardize
    """

    values: Tensor
    module: Standardize

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of images, followed by the shape of one."""
        return tuple(self.values.shape)

    @property
    def device(self) -> torch.device:
        """Device of the images."""
        return self.values.device

    def __len__(self) -> int:
        """Count the images."""
        return len(self.values)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return images as float32, channels last in memory, which convolutions on a CPU are faster with."""
        images: Tensor = self.module(self.values[rows].to(torch.float32, memory_format=torch.channels_last))
        return images

    @property
    def prediction_rows(self) -> int:
        """Number of images per forward pass in prediction, so that their maps fit into memory."""
        return max(PREDICTED_VALUES // self.values[:1].numel(), 1) if len(self) else 1


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
        """Fit an encoder on training images (n,), of which up to 10,000 are sampled."""
        if len(rows) > MAX_FITTED:
            rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_FITTED, replace=False))
        values = data.values[rows]
        mean = np.asarray(values.mean((0, 2, 3), np.float64), np.float32)
        std = np.asarray(values.std((0, 2, 3), np.float64), np.float32)
        layout = ImageLayout(data.n_columns, shape=tuple(map(int, values.shape[1:])))
        return cls(mean, np.where(std > 0, std, np.float32(1)), layout)

    def inputs(
        self,
        data: ImageData,
        device: torch.device,
        rows: NDArray[np.intp] | None = None,
        allocate: Allocate | None = None,
    ) -> ImageInputs:
        """Encode images (n,) of data, by default all, for a network."""
        values = torch.from_numpy(np.ascontiguousarray(data.values if rows is None else data.values[rows]))
        return ImageInputs(values.to(device), self.module.to(device))

    @property
    def module(self) -> Standardize:
        """The arithmetic, on the CPU."""
        return Standardize(self.mean, self.std)

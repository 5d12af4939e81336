"""Images as a modality: arrays of one shape, standardized by channel, augmented on the device."""

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.component import Components, Node
from autonet.core.modality import Augmentation, Holdout, Inputs, Modality, RefitShares
from autonet.core.task import InputLayout, Task
from autonet.data.images.arrays import Channels
from autonet.data.images.encoder import ImageEncoder, ImageLayout
from autonet.data.images.files import BadFiles
from autonet.data.images.reader import ImageData, ImageReader
from autonet.models.image_network import build_image_network
from autonet.models.network import build_linear
from autonet.nets.images.registry import IMAGE_NETWORKS, make_custom_image_network, try_image_network
from autonet.pipeline.nodes import nodes_around
from autonet.training.augmentation import AUGMENTATIONS
from autonet.training.augmentation_registry import make_custom_augmentation
from autonet.training.batches import IMAGE_BATCH_LOSSES
from autonet.training.loss_registry import make_custom_image_technique

__all__ = ["IMAGES", "Images"]


class Images(Modality):
    """Images of one shape."""

    presets = "images"
    uses_threads = True
    limits_memory = True
    # Comparisons after fewer epochs favour networks that overfit later (docs/benchmarks/log.md).
    compared_epochs = 20.0
    # Few: where there is no time for a refit, these images are not learned, and validation takes a part of an epoch.
    # Folds take the time that few images need most (docs/benchmarks/log.md).
    holdout = Holdout(rows=500, min_share=0.02, max_cv_rows=500)
    selects_by_loss = True
    # Two networks, trained for most of the time on nearly all images, are better than one, or many trained for less
    # (docs/benchmarks/log.md).
    refit = RefitShares(runtime=0.6, further_epochs=4.0, weight=0.8, checked_rows=300)
    testing_seconds = 1e-3  # eight networks take as long for 32 x 32 pixels, on two cores
    copies = False
    nodes: Mapping[str, Node[Any]] = nodes_around((AUGMENTATIONS,), IMAGE_NETWORKS, IMAGE_BATCH_LOSSES)
    makers = MappingProxyType(
        {
            AUGMENTATIONS.name: make_custom_augmentation,
            IMAGE_NETWORKS.name: make_custom_image_network,
            IMAGE_BATCH_LOSSES.name: make_custom_image_technique,
        }
    )

    def read(
        self,
        X: Any,
        channels: Channels | None = None,
        image_size: tuple[int, int] | None = None,
        on_bad_files: BadFiles = "raise",
        **options: Any,
    ) -> tuple[ImageReader, ImageData]:
        """Infer the shape of the images, and read them.

        Parameters
        ----------
        X : array-like, Tensor or paths
        channels : {"first", "last"}, optional
        image_size : tuple of int, optional
            Height and width to resize to.
        on_bad_files : {"raise", "skip"}
            Whether files that cannot be read are an error, or left out with a warning.
        **options
            Further options of the estimator; ignored.
        """
        return ImageReader.infer(X, channels, image_size, on_bad_files)

    def read_more(
        self, reader: ImageReader, X: Any, owner: str, on_bad_files: BadFiles = "raise", **options: Any
    ) -> ImageData:
        """Read further images of a fit as the first ones, with the same options."""
        return reader.read(X, owner, on_bad_files)

    def kept(self, data: ImageData) -> NDArray[np.bool_] | None:
        """Return which images were read, shape (n_all,), if files were left out."""
        return data.kept

    def encoder_key(self, components: Components) -> Hashable:
        """Return a constant: the encoder depends on no choice."""
        return ()

    def fit_encoder(
        self,
        data: ImageData,
        rows: NDArray[np.intp],
        components: Components,
        seed: int,
        y: NDArray[Any] | None = None,
    ) -> ImageEncoder:
        """Fit an encoder on training images (n,)."""
        return ImageEncoder.fit(data, rows, seed)

    def build_network(
        self,
        task: Task,
        components: Components,
        layout: InputLayout,
        rows: Inputs | None = None,
        y: Tensor | None = None,
    ) -> nn.Module:
        """Build and initialize a network, on the CPU; see `build_image_network`."""
        assert isinstance(layout, ImageLayout)  # noqa: S101 - for mypy
        return build_image_network(task, components, layout)

    def try_network(self, task: Task, components: Components, data: ImageData) -> None:
        """Raise `InvalidNetwork` unless the network of a configuration maps images of this shape to outputs."""
        channels, height, width = data.values.shape[1:]
        shape, choice = (channels, height, width), components[IMAGE_NETWORKS]
        try_image_network(
            choice.name,
            lambda: choice.build(shape=shape, n_out=task.n_outputs),
            shape,
            task.n_outputs,
            f"images of shape {shape}",
        )

    def build_linear(self, task: Task, layout: InputLayout) -> nn.Module:
        """Build the linear network of the baseline, on the CPU."""
        return build_linear(task, layout)

    def augmentation(self, components: Components) -> Augmentation | None:
        """Return the augmentation of training batches."""
        return components[AUGMENTATIONS].build()


IMAGES = Images()

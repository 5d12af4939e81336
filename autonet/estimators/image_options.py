"""The options of a fit to images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from autonet.core.modality import Modality
from autonet.estimators.image_params import ImageParams
from autonet.estimators.options import Options
from autonet.pipeline.images import IMAGES

__all__ = ["ImageOptions"]


@dataclass(frozen=True)
class ImageOptions(Options, ImageParams):
    """Parameters of a fit to images, checked, with what follows from them."""

    modality: ClassVar[Modality] = IMAGES

    @property
    def reading(self) -> dict[str, Any]:
        """Options of the modality's `read`."""
        size = self.image_size
        return {
            "channels": self.channels,
            "image_size": tuple(size) if isinstance(size, Sequence) else size and (size, size),
        }

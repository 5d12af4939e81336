"""The options of a fit to images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from autonet.core.component import ComponentList, Node
from autonet.core.modality import Modality
from autonet.estimators.autopytorch.image_names import check_networks, translate_config, translate_update
from autonet.estimators.image_params import ImageParams
from autonet.estimators.options import Options
from autonet.models.initial_weights import read_weights
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.pipeline.images import IMAGES
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["ImageOptions"]


@dataclass(frozen=True)
class ImageOptions(ImageParams, Options):  # in this order, so that defaults and meanings are those of images
    """Parameters of a fit to images, checked, with what follows from them."""

    modality: ClassVar[Modality] = IMAGES

    @property
    def reading(self) -> dict[str, Any]:
        """Options of the modality's `read`."""
        size = self.image_size
        return {
            "channels": self.channels,
            "image_size": tuple(size) if isinstance(size, Sequence) else size and (size, size),
            "on_bad_files": self.on_bad_files,
        }

    def read_initial_weights(self) -> Mapping[str, Tensor] | None:
        """Return the weights that networks begin with, if there is a checkpoint."""
        return None if self.initial_weights is None else read_weights(self.initial_weights, "initial_weights")

    def list_updates(self) -> list[HyperparameterSearchSpaceUpdate]:
        """Return the user's updates of the search space; those of Auto-PyTorch 0.0.2 are translated."""
        return list(map(translate_update, super().list_updates()))

    @staticmethod
    def translate_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a configuration of the user's, of which names of Auto-PyTorch 0.0.2 are translated."""
        return translate_config(config)

    def list_components(self, nodes: Mapping[str, Node[Any]]) -> dict[str, ComponentList]:
        """Return the components that options and `include` choose, by node."""
        chosen = super().list_components(nodes)
        network = IMAGE_NETWORKS.name
        check_networks(chosen.get(network, ()), nodes[network].components if network in nodes else ())
        return chosen

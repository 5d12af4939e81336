"""Networks of images: build one from its configuration."""

import torch
from torch import nn

from autonet.core.component import Components
from autonet.core.task import Task
from autonet.data.images.encoder import ImageLayout
from autonet.nets.images.flips import average_flips
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.nets.initialization import INITIALIZATION, initialize

__all__ = ["build_image_network"]


def build_image_network(task: Task, components: Components, layout: ImageLayout) -> nn.Module:
    """Build and initialize the network of a configuration, on the CPU, with channels last in memory.

    Parameters
    ----------
    task : Task
    components : Components
        Network and initialization; others are not used.
    layout : ImageLayout
        Shape of the images.
    """
    chosen = components[IMAGE_NETWORKS]
    network = chosen.build(shape=layout.shape, n_out=task.n_outputs)
    if chosen.settings.get("average_flips", False):
        network = average_flips(network)
    initialization = components[INITIALIZATION]
    initialize(network, initialization.build(), initialization.settings["initializer:initialize_bias"])
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

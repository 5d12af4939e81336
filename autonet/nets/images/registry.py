"""Networks for images that configurations can choose."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs
from autonet.nets.images.convnet import CONVNET
from autonet.nets.images.densenet import DENSENET, DENSENET_FLEXIBLE
from autonet.nets.images.layers import Shape
from autonet.nets.images.mobilenet import CONVNEXT, MOBILENET
from autonet.nets.images.resnet import RESNET
from autonet.nets.registry import LINEAR, NETWORKS
from autonet.nets.resnet import SHAPEDRESNET

__all__ = ["IMAGE_NETWORKS"]


def _on_pixels(component: Component[nn.Module]) -> Component[nn.Module]:
    """Return a network of tables that takes the pixels of an image as columns."""

    def build(*, shape: Shape, n_out: int, **params: Any) -> nn.Module:
        network = component.build(n_in=math.prod(shape), n_out=n_out, **params)
        return nn.Sequential(nn.Flatten(), *network) if isinstance(network, nn.Sequential) else network

    return Component(component.name, build, component.space, component.tasks)


BUILT_IN = (RESNET, CONVNET, MOBILENET, CONVNEXT, DENSENET, DENSENET_FLEXIBLE, _on_pixels(SHAPEDRESNET))

IMAGE_NETWORKS: Node[nn.Module] = Node.from_components(
    NETWORKS.name,
    BUILT_IN,
    selector=NETWORKS.selector,
    option=NETWORKS.option,
    reserved=[LINEAR],
    space=make_space(lambda: cs.Categorical("average_flips", [True, False], default=False)),
)

"""Networks for images that configurations can choose, and custom ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from autonet.core.component import Component, Node, make_space
from autonet.core.errors import InvalidNetwork
from autonet.core.lazy import configspace as cs
from autonet.core.registration import Space, check_name, default_params, find_space, parameter_names, trying
from autonet.core.task import Task
from autonet.nets.images.convnet import CONVNET
from autonet.nets.images.densenet import DENSENET, DENSENET_FLEXIBLE
from autonet.nets.images.layers import Shape, stem_stride
from autonet.nets.images.mobilenet import CONVNEXT, MOBILENET
from autonet.nets.images.resnet import RESNET
from autonet.nets.registry import LINEAR, NETWORKS, try_outputs
from autonet.nets.resnet import SHAPEDRESNET

__all__ = ["IMAGE_NETWORKS", "make_custom_image_network", "try_image_network"]

# Of toy images; many networks need some pixels.
TOY_SHAPE: Shape = (3, 64, 64)
# Longer side of an image whose pixels are columns, in pixels; a layer of 256 units on 224 x 224 has 39 M weights.
MAX_POOLED_SIDE = 32


def _on_pixels(component: Component[nn.Module]) -> Component[nn.Module]:
    """Return a network of tables that takes the pixels of an image as columns.

    Images of more than `MAX_POOLED_SIDE` pixels a side are pooled first, to the means of squares, as small as
    that allows.
    """

    def build(*, shape: Shape, n_out: int, **params: Any) -> nn.Module:
        stride = stem_stride(shape, MAX_POOLED_SIDE)
        pixels = math.prod((shape[0], -(-shape[1] // stride), -(-shape[2] // stride)))
        pooling = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
        network = component.build(n_in=pixels, n_out=n_out, **params)
        layers = network if isinstance(network, nn.Sequential) else [network]
        return nn.Sequential(*pooling, nn.Flatten(), *layers)

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


def make_custom_image_network(name: str, builder: Any, space: Space | None = None) -> Component[nn.Module]:
    """Make a component of a network, after a try on toy images; see `autonet.register_network`."""
    check_name(IMAGE_NETWORKS, name, "network")
    space, names = find_space(builder, space), parameter_names(builder)
    if "n_in" in names and "shape" not in names:
        raise InvalidNetwork(
            f"Network {name!r} is for tables: its builder takes n_in, and for images shape, the channels, height and "
            "width of an image."
        )
    component: Component[nn.Module] = Component(name, builder, space)

    def build() -> nn.Module:
        params = default_params(space, Task("classification"))
        return component.build(shape=TOY_SHAPE, n_out=3, **params)

    try_image_network(name, build, TOY_SHAPE, 3, f"toy images of shape {TOY_SHAPE}")
    return component


def try_image_network(name: str, build: Callable[[], nn.Module], shape: Shape, n_out: int, on: str) -> None:
    """Raise unless a network maps images (n, *shape), channels last in memory, to (n, n_out), and has gradients.

    Parameters
    ----------
    name : str
    build : callable
    shape : tuple of int
    n_out : int
    on : str
        What it is tried on, for the error message.

    Raises
    ------
    InvalidNetwork
    """
    with trying("network", name, on, InvalidNetwork) as expect, torch.random.fork_rng(devices=[]):
        toy = torch.zeros(2, *shape).to(memory_format=torch.channels_last)
        try_outputs(build(), toy, n_out, expect)

"""All networks for images take images of any size, and are drawn; tests/nets/test_conformance.py has the rest."""

import pytest
import torch
from torch import nn

from autonet.core.task import Task
from autonet.inspection.architecture import draw_architecture, summary
from autonet.nets.images.registry import IMAGE_NETWORKS

SHAPE = (3, 13, 10)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 17), (1, 3, 3), (5, 9, 7), (3, 224, 224)], ids=str)
@pytest.mark.parametrize("name", IMAGE_NETWORKS.components)
def test_images_of_any_size_and_number_of_channels_fit_a_sequential(name: str, shape: tuple[int, int, int]) -> None:
    component = IMAGE_NETWORKS.components[name]
    config = component.space(Task("classification")).get_default_configuration()
    network = component.build(shape=shape, n_out=2, **dict(config))
    assert isinstance(network, nn.Sequential)
    with torch.no_grad():
        assert network(torch.zeros(2, *shape)).shape == (2, 2)
        assert network.eval()(torch.zeros(1, *shape)).shape == (1, 2)


@pytest.mark.parametrize("shape", [(3, 224, 224), (3, 512, 300), (13, 64, 64)], ids=str)
@pytest.mark.parametrize("name", IMAGE_NETWORKS.components)
def test_large_images_need_neither_a_large_network_nor_much_memory(name: str, shape: tuple[int, int, int]) -> None:
    component = IMAGE_NETWORKS.components[name]
    config = component.space(Task("classification")).get_default_configuration()
    kept: dict[int, torch.Tensor] = {}
    with torch.device("meta"):
        network = component.build(shape=shape, n_out=10, **dict(config))
        with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.setdefault(id(t), t), lambda t: t):
            network(torch.empty(128, *shape))
    assert sum(p.numel() for p in network.parameters()) < 4_000_000
    assert sum(t.nbytes for t in kept.values()) < 2**30


def test_pixels_of_large_images_are_pooled_before_they_are_columns() -> None:
    component = IMAGE_NETWORKS.components["shapedresnet"]
    config = dict(component.space(Task("classification")).get_default_configuration())
    small, large = (component.build(shape=shape, n_out=2, **config) for shape in ((1, 32, 20), (3, 34, 91)))
    assert isinstance(small[0], nn.Flatten)
    assert small[1].in_features == 32 * 20
    x = torch.arange(3 * 34 * 91.0).view(1, 3, 34, 91)
    assert large[:2](x).shape == (1, large[2].in_features) == (1, 3 * 12 * 31)
    assert large[:2](x)[0, 0] == x[0, 0, :3, :3].mean()
    assert large[:2](x)[0, -1] == x[0, -1, 33:, 90:].mean()


@pytest.mark.parametrize("name", IMAGE_NETWORKS.components)
def test_drawings_and_summaries_show_every_layer(name: str) -> None:
    component = IMAGE_NETWORKS.components[name]
    config = component.space(Task("classification")).get_default_configuration()
    network, x = component.build(shape=SHAPE, n_out=4, **dict(config)), torch.zeros(2, *SHAPE)
    table = summary(network, example_input=x)
    assert None not in table.column("output")
    assert f"(n, {', '.join(map(str, SHAPE))}) -> (n, 4)" in table.caption
    assert "</svg>" in draw_architecture(network, example_input=x).svg


def test_the_networks_of_auto_pytorch_have_their_names() -> None:
    assert {"resnet", "densenet", "mobilenet", "densenet_flexible"} <= set(IMAGE_NETWORKS.components)

"""All networks for images behave as networks do, in their default and in drawn configurations."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from autonet.core.task import Task
from autonet.inspection.architecture import draw_architecture, summary
from autonet.nets.images.registry import IMAGE_NETWORKS

SHAPE = (3, 13, 10)


@pytest.mark.parametrize("name", IMAGE_NETWORKS.components)
def test_a_network_maps_images_to_outputs_and_learns(name: str) -> None:
    component = IMAGE_NETWORKS.components[name]
    space = component.space(Task("classification"))
    space.seed(3)
    for config in (space.get_default_configuration(), space.sample_configuration()):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = component.build(shape=SHAPE, n_out=4, **dict(config))
            x, y = torch.randn(8, *SHAPE), torch.arange(8) % 4
            output = network(x)
        assert output.shape == (8, 4)
        before = functional.cross_entropy(output, y)
        before.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
        network.eval()
        with torch.inference_mode():
            whole = network(x)
            torch.testing.assert_close(network(x[:1]), whole[:1], atol=1e-4, rtol=1e-3)
            by_channel = network.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
            torch.testing.assert_close(by_channel, whole, atol=1e-4, rtol=1e-3)


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

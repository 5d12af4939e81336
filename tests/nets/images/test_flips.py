"""Averages over an image and its mirror image."""

from collections import OrderedDict

import torch
from torch import nn

from autonet.nets.images.flips import average_flips


def test_evaluation_averages_the_outputs_of_an_image_and_its_mirror_image() -> None:
    layers = nn.Sequential(OrderedDict(flat=nn.Flatten(), last=nn.Linear(2 * 3 * 4, 5)))
    network, x = average_flips(layers), torch.randn(6, 2, 3, 4)
    assert isinstance(network, nn.Sequential)
    assert list(network.state_dict()) == ["last.weight", "last.bias"]
    torch.testing.assert_close(network.train()(x), layers(x))
    mirrored = x[..., [3, 2, 1, 0]]
    torch.testing.assert_close(network.eval()(x), (layers(x) + layers(mirrored)) / 2)
    torch.testing.assert_close(network(mirrored), network(x))


def test_a_network_that_is_not_sequential_is_one_layer() -> None:
    class Sum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x * torch.arange(x.shape[-1])).sum((1, 2, 3))[:, None]

    class Sums(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return Sum()(x)

    for kind in (Sum, Sums):
        network = average_flips(kind()).eval()
        torch.testing.assert_close(network(torch.ones(2, 1, 1, 3) * torch.tensor([1.0, 0, 0])), torch.ones(2, 1))


def test_a_slice_computes_its_layers_and_nothing_else() -> None:
    network = average_flips(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 2))).eval()
    x = torch.randn(4, 1, 5, 5)
    features = network[:2]
    assert type(features) is nn.Sequential
    torch.testing.assert_close(features(x), network[0](x).relu())
    torch.testing.assert_close(network[2:](features(x)), network[3](network[0](x).relu().flatten(1)))

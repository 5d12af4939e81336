"""The plain convolutional network."""

import torch
from torch import nn

from autonet.core.task import Task
from autonet.nets.images.convnet import CONVNET


def test_convolutions_with_pooling_come_before_linear_layers() -> None:
    network = CONVNET.build(
        shape=(1, 28, 28),
        n_out=10,
        conv_layers=2,
        linear_layers=1,
        kernel_size=3,
        use_batch_norm=False,
        activation="relu",
        conv_dropout=0.2,
        filters_0=16,
        filters_1=24,
        units_0=40,
        dropout_0=0.3,
    )
    names = "Conv2d ReLU MaxPool2d Conv2d ReLU MaxPool2d Flatten Dropout Linear ReLU Dropout Linear"
    assert [type(m).__name__ for m in network] == names.split()
    assert (network[3].in_channels, network[3].out_channels, network[8].in_features) == (16, 24, 24 * 7 * 7)
    assert (network[7].p, network[10].p) == (0.2, 0.3)
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_only_layers_that_exist_have_hyperparameters() -> None:
    space = CONVNET.space(Task("classification"))
    space.seed(0)
    for config in map(dict, space.sample_configuration(20)):
        assert {k for k in config if k.startswith("filters_")} == {f"filters_{i}" for i in range(config["conv_layers"])}
        assert {k for k in config if k.startswith("units_")} == {f"units_{i}" for i in range(config["linear_layers"])}
        network = CONVNET.build(shape=(3, 9, 7), n_out=3, **config)
        n_convolutions = sum(isinstance(m, nn.Conv2d) for m in network)
        assert n_convolutions == config["conv_layers"]


def test_the_first_convolution_of_large_images_has_a_stride() -> None:
    config = dict(CONVNET.space(Task("classification")).get_default_configuration())
    for shape, kernel, stride in (((3, 64, 40), 3, 1), ((3, 65, 65), 3, 2), ((3, 224, 200), 7, 4)):
        network = CONVNET.build(shape=shape, n_out=2, **config)
        assert (network[0].kernel_size, network[0].stride) == ((kernel, kernel), (stride, stride))
        assert network.eval()(torch.zeros(1, *shape)).shape == (1, 2)

"""Networks of images from their configurations."""

import torch
from ConfigSpace import ConfigurationSpace

from autonet.core.component import Components
from autonet.core.task import Task
from autonet.data.images.encoder import ImageLayout
from autonet.models.image_network import build_image_network
from autonet.models.network import build_linear
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.nets.initialization import INITIALIZATION


def test_a_network_is_built_for_the_shape_of_the_images_with_channels_last() -> None:
    task, layout = Task("classification", n_outputs=3), ImageLayout(3 * 9 * 7, shape=(3, 9, 7))
    space: ConfigurationSpace = IMAGE_NETWORKS.components["resnet"].space(task)
    config = {f"NetworkSelector:resnet:{name}": value for name, value in space.get_default_configuration().items()}
    config |= {
        "NetworkSelector:network": "resnet",
        "InitializationSelector:initialization_method": "default",
        "InitializationSelector:initializer:initialize_bias": "Zero",
    }
    network = build_image_network(task, Components.resolve([IMAGE_NETWORKS, INITIALIZATION], config), layout)
    assert network(torch.zeros(2, 3, 9, 7)).shape == (2, 3)
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert (network[-1].bias == 0).all()
    assert [type(layer).__name__ for layer in build_linear(task, layout)] == ["Flatten", "Linear"]

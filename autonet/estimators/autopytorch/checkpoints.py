"""Networks of images from a configuration and a checkpoint, as Auto-PyTorch 0.0.2 builds them."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from autonet.core.component import Components, Node
from autonet.core.errors import InvalidOption
from autonet.core.files import read_text
from autonet.core.task import Task
from autonet.core.validation import is_integer
from autonet.data.images.encoder import ImageLayout
from autonet.estimators.autopytorch.image_names import translate_config
from autonet.models.image_network import build_image_network
from autonet.models.initial_weights import load_matching, name_matching, read_weights
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.nets.initialization import UNINITIALIZED

__all__ = ["build_from_checkpoint"]


def build_from_checkpoint(
    nodes: Mapping[str, Node[Any]],
    hyperparameter_config: Mapping[str, Any] | str | Path,
    checkpoint: str | Path,
    in_features: Sequence[int],
    out_features: int,
) -> nn.Module:
    """Build a network with the weights that match; see `initialize_from_checkpoint` of the estimators.

    Raises
    ------
    InvalidOption
    """
    config = hyperparameter_config
    if not isinstance(config, Mapping):
        try:
            content = json.loads(read_text(config, "hyperparameter_config"))
        except json.JSONDecodeError as error:
            raise InvalidOption(f"hyperparameter_config={str(config)!r:.200} is not a JSON file: {error}.") from error
        config = content[1] if isinstance(content, list) and len(content) > 1 else content
    config = translate_config(config) if isinstance(config, Mapping) else config
    if not isinstance(config, Mapping) or IMAGE_NETWORKS.key not in config:
        raise InvalidOption(f"hyperparameter_config must have {IMAGE_NETWORKS.key!r}; got {config!r:.100}.")
    shape = tuple(in_features) if isinstance(in_features, Iterable) else ()
    if len(shape) != 3 or not all(is_integer(side) and side > 0 for side in shape):
        raise InvalidOption(
            f"in_features must be the channels, height and width of an image, such as (3, 32, 32); got "
            f"{in_features!r:.60}."
        )
    weights = read_weights(checkpoint, "checkpoint")
    task = Task("classification", n_outputs=out_features)
    components = Components.resolve([nodes[IMAGE_NETWORKS.name]], config).replace([UNINITIALIZED])
    network = build_image_network(task, components, ImageLayout(math.prod(shape), shape=shape))
    if not name_matching(network, weights):
        raise InvalidOption(f"No tensor of checkpoint={str(checkpoint)!r:.200} matches the network in name and shape.")
    load_matching(network, weights)
    return network.eval()

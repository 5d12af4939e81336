"""Networks of a fitted model: build one from its configuration, restore it with its weights."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autonet.core.component import Components, Node
from autonet.core.errors import InvalidModelFile
from autonet.core.modality import Inputs
from autonet.core.task import InputLayout, Task
from autonet.data.encoding.preprocessors import EMBEDDING, NORMALIZATION, PREPROCESSORS
from autonet.data.images.encoder import ImageLayout
from autonet.models.embedding_registry import build_category_embedding
from autonet.models.image_network import build_image_network
from autonet.nets.embedding import prepend_embeddings
from autonet.nets.initialization import INITIALIZATION, UNINITIALIZED, initialize
from autonet.nets.numeric import MAX_EMBEDDED_NUMBERS, NUMERIC_EMBEDDING
from autonet.nets.registry import LINEAR, NETWORKS
from autonet.training.random import SkipValues, draw_from

__all__ = [
    "LINEAR_CONFIG",
    "PREDICTING",
    "build_linear",
    "build_network",
    "find_custom",
    "rebuild_network",
    "restore_checked",
    "restore_network",
]

LINEAR_CONFIG = {NETWORKS.key: LINEAR}  # of the linear baseline

# Nodes whose components take part in predictions.
PREDICTING: Mapping[str, Node[Any]] = {
    node.name: node for node in (NORMALIZATION, PREPROCESSORS, EMBEDDING, NUMERIC_EMBEDDING, NETWORKS)
}

# Hyperparameters that count layers: their product is at most the number of weight tensors.
LAYER_COUNTS = ("num_layers", "num_groups", "blocks_per_group", "num_blocks", "conv_layers", "blocks")
# Hyperparameters that count the layers of one block each: their sum is at most the number of weight tensors.
LAYERS_OF_BLOCKS = "layer_in_block_"


def build_network(
    task: Task,
    components: Components,
    layout: InputLayout,
    rows: Inputs | None = None,
    y: Tensor | None = None,
) -> nn.Module:
    """Build and initialize the network of a configuration, on the CPU.

    Parameters
    ----------
    task : Task
    components : Components
        Embeddings, network and initialization; others are not used.
    layout : InputLayout
        Of the encoded rows.
    rows : Tensor or Inputs of shape (n, n_in), optional
        Encoded training rows, by whose quantiles numbers may be embedded; not needed where a state dict follows.
    y : Tensor of shape (n,) or (n, n_targets), optional
        Their encoded targets, by which the thresholds of numbers are found.
    """
    embeddings: list[Any] = []
    n_in = layout.n_in
    if 0 < layout.n_numbers <= MAX_EMBEDDED_NUMBERS:
        numeric = components[NUMERIC_EMBEDDING].build(n_in=n_in, n_numbers=layout.n_numbers)
        if numeric is not None:
            if rows is not None:
                numeric.fit(rows, y)
            embeddings.append(numeric)
            n_in = numeric.out_features
    if layout.vocabularies:
        embeddings.append(build_category_embedding(components[EMBEDDING], n_in, layout.vocabularies))
        n_in = embeddings[-1].out_features
    network = components[NETWORKS].build(n_in=n_in, n_out=task.n_outputs)
    initialization = components[INITIALIZATION]
    initialize(network, initialization.build(), initialization.settings["initializer:initialize_bias"])
    return prepend_embeddings(embeddings, network)


def find_custom(config: Mapping[str, Any], nodes: Mapping[str, Node[Any]] = PREDICTING) -> dict[str, str]:
    """Return the custom components that take part in the predictions of a configuration, by node."""
    found = {name: nodes.get(name, node) for name, node in PREDICTING.items()}
    chosen = {name: str(config[node.key]) for name, node in found.items() if node.key in config}
    return {name: component for name, component in chosen.items() if component not in found[name].reserved}


def build_linear(task: Task, layout: InputLayout) -> nn.Module:
    """Build the linear network of the baseline, on the CPU."""
    flatten = [nn.Flatten()] if isinstance(layout, ImageLayout) else []
    return nn.Sequential(*flatten, nn.Linear(layout.n_in, task.n_outputs))


def rebuild_network(
    task: Task, config: Mapping[str, Any], layout: InputLayout, nodes: Mapping[str, Node[Any]] = PREDICTING
) -> nn.Module:
    """Build the network of a configuration, or of `LINEAR_CONFIG`, for a state dict that follows."""
    if config == LINEAR_CONFIG:
        return build_linear(task, layout)
    components = Components.resolve([nodes.get(name, node) for name, node in PREDICTING.items()], config)
    components = components.replace([UNINITIALIZED])
    if isinstance(layout, ImageLayout):
        return build_image_network(task, components, layout)
    return build_network(task, components, layout)


def restore_network(build: Callable[[], nn.Module], weights: Mapping[str, Tensor]) -> nn.Module:
    """Rebuild a network with the weights of its training, on the CPU, in evaluation mode.

    Parameters
    ----------
    build : callable
        Builds the network; what it draws is overwritten and changes no generator.
    weights : mapping of str to Tensor
        State dict; tensors of the shapes that the network has.
    """
    with draw_from(torch.Generator()):
        network = build()
    network.load_state_dict({name: tensor.cpu() for name, tensor in weights.items()})
    return network.eval()


def restore_checked(
    build: Callable[[], nn.Module],
    config: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    nodes: Mapping[str, Node[Any]] = PREDICTING,
) -> nn.Module:
    """Rebuild a built-in network from a file, after a check that its shapes are those of its weights.

    It is built without memory and without initial values, which take long for some methods.

    Parameters
    ----------
    build : callable
        Builds the network.
    config : mapping
        Its configuration.
    weights : mapping of str to Tensor
        State dict; not copied.  Floats of another precision are converted.
    nodes : mapping of str to Node
        Has the node of the network.

    Raises
    ------
    InvalidModelFile
        If it has more layers, or other shapes.
    """
    params = {} if config == LINEAR_CONFIG else nodes[NETWORKS.name].resolve(config).params
    counts = [params.get(name, 1) for name in LAYER_COUNTS]
    counts.append(sum(count for name, count in params.items() if name.startswith(LAYERS_OF_BLOCKS)))
    if math.prod(max(count, 1) for count in counts) > len(weights):
        raise InvalidModelFile(f"a network of {counts} layers has only {len(weights)} weights")
    with torch.device("meta"), SkipValues():  # type: ignore[no-untyped-call]
        network = build()
    expected = network.state_dict()
    if {k: v.shape for k, v in expected.items()} != {k: v.shape for k, v in weights.items()}:
        raise InvalidModelFile("the weights of a network have other shapes than the network")
    network.load_state_dict({name: weights[name].to(like.dtype) for name, like in expected.items()}, assign=True)
    return network.eval()

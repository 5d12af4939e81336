"""Custom components at all nodes: their names, classes given as options, and their removal."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autonet.core.component import Component, CustomComponents, Node
from autonet.core.errors import InvalidOption
from autonet.core.modality import Modality
from autonet.core.registration import unregister
from autonet.core.validation import check_choice
from autonet.data.encoding.preprocessors import EMBEDDING, NORMALIZATION, PREPROCESSORS
from autonet.data.encoding.transformers import (
    CustomNormalization,
    CustomPreprocessor,
    make_custom_normalization,
    make_custom_preprocessor,
)
from autonet.metrics.metric import METRICS
from autonet.metrics.registry import make_custom_metric
from autonet.models.embedding_registry import (
    CustomCategoryEmbedding,
    CustomNumericEmbedding,
    make_custom_embedding,
    make_custom_numeric_embedding,
)
from autonet.nets.initialization import INITIALIZATION
from autonet.nets.numeric import NUMERIC_EMBEDDING
from autonet.nets.registry import NETWORKS, make_custom_initialization, make_custom_network
from autonet.pipeline.images import IMAGES
from autonet.pipeline.tabular import TABLES
from autonet.training.batches import BATCH_LOSSES
from autonet.training.loss_registry import make_custom_batch_technique, make_custom_loss
from autonet.training.losses import LOSSES
from autonet.training.optimizers import OPTIMIZERS
from autonet.training.registry import make_custom_lr_scheduler, make_custom_optimizer
from autonet.training.schedules import SCHEDULES

__all__ = [
    "MAKERS",
    "adopt",
    "find_node",
    "list_makers",
    "list_nodes",
    "name_component",
    "rebuild_component",
    "unregister_component",
]

MAKERS: Mapping[str, Callable[..., Component[Any]]] = {
    NORMALIZATION.name: make_custom_normalization,
    PREPROCESSORS.name: make_custom_preprocessor,
    EMBEDDING.name: make_custom_embedding,
    NUMERIC_EMBEDDING.name: make_custom_numeric_embedding,
    NETWORKS.name: make_custom_network,
    INITIALIZATION.name: make_custom_initialization,
    OPTIMIZERS.name: make_custom_optimizer,
    SCHEDULES.name: make_custom_lr_scheduler,
    LOSSES.name: make_custom_loss,
    BATCH_LOSSES.name: make_custom_batch_technique,
    METRICS.name: make_custom_metric,
}
"""Maps nodes that take components of the user's to what makes one of its name, builder and space, after a try."""


# What calls a builder that a loaded model needs, at nodes whose components are not the builders themselves.
ADAPTERS: Mapping[str, Callable[[Any, str], Any]] = {
    NORMALIZATION.name: CustomNormalization,
    PREPROCESSORS.name: CustomPreprocessor,
    EMBEDDING.name: lambda builder, name: CustomCategoryEmbedding(builder),
    NUMERIC_EMBEDDING.name: lambda builder, name: CustomNumericEmbedding(builder),
}


def rebuild_component(node: str, name: str, builder: Any) -> Component[Any]:
    """Make a component of the builder that a loaded model needs, without a space, and without a try."""
    return Component(name, ADAPTERS[node](builder, name) if node in ADAPTERS else builder)


def list_nodes(modality: Modality = TABLES) -> dict[str, Node[Any]]:
    """Return the nodes of a modality, and that of metrics, by name."""
    return {**modality.nodes, METRICS.name: METRICS}


def list_makers(modality: Modality = TABLES) -> dict[str, Callable[..., Component[Any]]]:
    """Return what makes custom components for a modality, by node."""
    return {**MAKERS, **modality.makers}


def find_node(name: str, nodes: Mapping[str, Node[Any]], what: str = "node") -> Node[Any]:
    """Return the node with a name, an option or a selector of this name, such as "networks".

    Raises
    ------
    UnknownName
    """
    names = {key: node for node in nodes.values() for key in (node.selector, node.option, node.name) if key}
    return names[check_choice(what, name, names)]


def name_component(value: Any) -> str:
    """Return the name of a component: the string, or the name of the class or function that builds it.

    Raises
    ------
    InvalidOption
        If it has no name that Python code could give it.
    """
    if isinstance(value, str):
        return str(value)  # of an array, it is a string of NumPy
    name = getattr(value, "__name__", "")
    if not (callable(value) and name.isidentifier()):
        hint = f", such as {type(value).__name__}" if not callable(value) or not name else ""
        raise InvalidOption(
            f"A component must be a name, a class or a named function; got {value!r:.60}. Pass the class{hint}, or "
            "register a builder under a name."
        )
    return str(name)


def adopt(
    nodes: Mapping[str, Node[Any]],
    chosen: Mapping[str, Iterable[Any] | None],
    makers: Mapping[str, Callable[..., Component[Any]]] = MAKERS,
) -> CustomComponents:
    """Make components of the classes and functions among those chosen, named after them, each after a try.

    Parameters
    ----------
    nodes : mapping of str to Node
    chosen : mapping of str to iterable of str or callable
        Components by the name of their node, or None.
    makers : mapping of str to callable
        Make a component, by the name of its node.

    Raises
    ------
    InvalidOption, InvalidNetwork
        If one fails, or its node takes none, or the name is that of a component of autonet.
    """
    adopted: dict[str, dict[str, Component[Any]]] = {}
    for node, values in chosen.items():
        for builder in values or ():
            if isinstance(builder, str):
                continue
            if node not in makers or node not in nodes:
                raise InvalidOption(f"{node} takes no custom components; got {builder!r:.60}. Use names.")
            name = name_component(builder)
            adopted.setdefault(node, {})[name] = makers[node](name, builder)
    return adopted


def unregister_component(option: str, name: str) -> None:
    """Remove a component that one of the functions ``register_...`` added, for tables and for images.

    Parameters
    ----------
    option : str
        The option that chooses it, such as "networks", "optimizer" or "optimize_metric", or the name of its node.
    name : str

    Raises
    ------
    UnknownName
        If there is no such option, or no component of this name is registered.
    InvalidOption
        If the component is built in.

    Examples
    --------
    >>> from torch import nn
    >>> from autonet import register_network
    >>> register_network("one_layer", lambda n_in, n_out: nn.Linear(n_in, n_out))
    >>> unregister_component("networks", "one_layer")
    """
    kinds = [
        {key: node for key, node in list_nodes(modality).items() if key in list_makers(modality)}
        for modality in (TABLES, IMAGES)
    ]
    node = find_node(option, {key: node for nodes in kinds for key, node in nodes.items()}, "option").name
    unregister([nodes[node] for nodes in kinds if node in nodes], name, what=f"component of {node}")

"""The networks that a configuration can choose, and how to add one."""

from collections.abc import Callable
from typing import Any

import torch
from ConfigSpace import ConfigurationSpace
from torch import nn

from autonet.core.component import Component, Node
from autonet.core.errors import InvalidNetwork
from autonet.core.task import Task
from autonet.nets.mlp import MLPNET, SHAPEDMLPNET
from autonet.nets.realmlp import REALMLP
from autonet.nets.resnet import RESNET, SHAPEDRESNET
from autonet.nets.tabm import TABM

__all__ = ["NETWORKS", "register_network"]

NETWORKS: Node[nn.Module] = Node.of(
    "NetworkSelector",
    [MLPNET, SHAPEDMLPNET, RESNET, SHAPEDRESNET, REALMLP, TABM],
    selector="network",
    option="networks",
)


def register_network(
    name: str, builder: Callable[..., nn.Module], space: Callable[[Task], ConfigurationSpace] | None = None
) -> None:
    """Add a network to those that every estimator can choose (``networks=[name]``, preset ``full_cs``).

    The default configuration is built once and trained on a toy batch, so that a network that cannot work fails
    here, with its name.

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(n_in=..., n_out=..., **hyperparameters)`` returns a module that maps (n, n_in) to (n, n_out), while
        it is trained also to (n, k, n_out): outputs of k members, the mean of whose losses is minimized.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.

    Raises
    ------
    InvalidNetwork
        If the network cannot be built, or its output or gradients are not what training needs.

    Examples
    --------
    >>> from torch import nn
    >>> register_network("perceptron", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, n_out)))
    >>> _ = NETWORKS.components.pop("perceptron")
    """
    task = Task("classification")
    try:
        values: dict[str, Any] = dict(space(task).get_default_configuration()) if space else {}
        network = builder(n_in=5, n_out=3, **values)
        toy = torch.zeros(4, 5)
        trained, judged = network.train()(toy), network.eval()(toy)
        for output, dimensions in ((trained, (2, 3)), (judged, (2,))):
            if output.ndim not in dimensions or (len(output), output.shape[-1]) != (4, 3):
                raise InvalidNetwork(
                    f"its output for a batch of shape (4, 5) and n_out=3 has shape {tuple(output.shape)}"
                )
        trained.sum().backward()
    except Exception as error:
        raise InvalidNetwork(f"Network {name!r} fails on a toy batch of shape (4, 5): {error}") from error
    NETWORKS.components[name] = Component(name, builder, space)

"""Networks that configurations can choose, and their registration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from autonet.core.component import SEPARATOR, Component, Node
from autonet.core.errors import InvalidNetwork, InvalidOption
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.nets.mlp import MLPNET, SHAPEDMLPNET
from autonet.nets.modernnca import MODERNNCA
from autonet.nets.realmlp import REALMLP
from autonet.nets.resnet import RESNET, SHAPEDRESNET
from autonet.nets.tabm import TABM

__all__ = ["LINEAR", "NETWORKS", "register_network", "registered_networks", "unregister_network"]

# Name of the baseline among networks.
LINEAR = "linear"

BUILT_IN = (MLPNET, SHAPEDMLPNET, RESNET, SHAPEDRESNET, REALMLP, TABM, MODERNNCA)
RESERVED = frozenset({LINEAR, *(component.name for component in BUILT_IN)})

# A fit copies this at its start, and sends its copy to worker processes.
NETWORKS: Node[nn.Module] = Node.from_components("NetworkSelector", BUILT_IN, selector="network", option="networks")


def register_network(
    name: str,
    builder: Callable[..., nn.Module],
    space: Callable[[Task], cs.ConfigurationSpace] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Add a network to those that every estimator can choose (``networks=[name]``, preset ``full_cs``).

    Its default configuration is built and trained on a toy batch once, so that a broken network fails here.

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(n_in=..., n_out=..., **hyperparameters)`` returns a module that maps (n, n_in) to (n, n_out).  In
        training it may return (n, k, n_out): the outputs of k members, whose mean loss is minimized.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.
    overwrite : bool, default=False
        Whether to replace a registered network of this name.

    Raises
    ------
    InvalidNetwork
        If the network cannot be built, or has a wrong output shape or no gradients.
    InvalidOption
        If the name is taken or invalid.

    See Also
    --------
    unregister_network : Remove a registered network.

    Notes
    -----
    Fits send registered networks to worker processes, and pickled estimators contain them.  Functions and classes of a
    script or notebook (``__main__``), lambdas and local functions are pickled by value; those of a module by reference,
    so that the module must be importable on the other side.  An unpickled estimator keeps its networks.

    Examples
    --------
    >>> from torch import nn
    >>> register_network("perceptron", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, n_out)))
    >>> unregister_network("perceptron")
    """
    _check_name(name)
    if name in NETWORKS.components and not overwrite:
        raise InvalidOption(
            f"A network {name!r} is already registered; use another name, or overwrite=True to replace it."
        )
    task = Task("classification")
    try:
        values: dict[str, Any] = dict(space(task).get_default_configuration()) if space else {}
        network = builder(n_in=5, n_out=3, **values)
        toy = torch.zeros(4, 5)
        in_training, in_evaluation = network.train()(toy), network.eval()(toy)
        for output, dimensions in ((in_training, (2, 3)), (in_evaluation, (2,))):
            if output.ndim not in dimensions or (len(output), output.shape[-1]) != (4, 3):
                raise InvalidNetwork(
                    f"its output for a batch of shape (4, 5) and n_out=3 has shape {tuple(output.shape)}"
                )
        in_training.sum().backward()
    except Exception as error:
        raise InvalidNetwork(f"Network {name!r} fails on a toy batch of shape (4, 5): {error}") from error
    NETWORKS.components[name] = Component(name, builder, space)


def unregister_network(name: str) -> None:
    """Remove a network that `register_network` added.

    Parameters
    ----------
    name : str

    Raises
    ------
    UnknownName
        If no network of this name is registered.
    InvalidOption
        If the network is built in.

    Examples
    --------
    >>> from torch import nn
    >>> register_network("one_layer", lambda n_in, n_out: nn.Linear(n_in, n_out))
    >>> unregister_network("one_layer")
    """
    _check_name(name)
    del NETWORKS.components[check_choice("registered network", name, registered_networks())]


def registered_networks() -> dict[str, Component[nn.Module]]:
    """Return the networks that `register_network` added, by name."""
    return {name: component for name, component in NETWORKS.components.items() if name not in RESERVED}


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not name or SEPARATOR in name:
        raise InvalidOption(f"name must be a non-empty string without {SEPARATOR!r}; got {name!r:.60}.")
    if name in RESERVED:
        raise InvalidOption(f"{name!r} is a built-in network; use another name.")

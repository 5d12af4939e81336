"""The networks that a configuration can choose, and how to add one."""

from collections.abc import Callable
from typing import Any

import torch
from ConfigSpace import ConfigurationSpace
from torch import nn

from autonet.core.component import Component, Node
from autonet.core.errors import InvalidNetwork, InvalidOption
from autonet.core.names import SEPARATOR
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.nets.mlp import MLPNET, SHAPEDMLPNET
from autonet.nets.realmlp import REALMLP
from autonet.nets.resnet import RESNET, SHAPEDRESNET
from autonet.nets.tabm import TABM

__all__ = ["LINEAR", "NETWORKS", "register_network", "registered_networks", "unregister_network"]

LINEAR = "linear"  # what the baseline is called among networks

BUILT_IN = (MLPNET, SHAPEDMLPNET, RESNET, SHAPEDRESNET, REALMLP, TABM)
RESERVED = frozenset({LINEAR, *(component.name for component in BUILT_IN)})

# What a fit looks at when it begins; from then on its own copy travels with it, also to other processes.
NETWORKS: Node[nn.Module] = Node.of("NetworkSelector", BUILT_IN, selector="network", option="networks")


def register_network(
    name: str,
    builder: Callable[..., nn.Module],
    space: Callable[[Task], ConfigurationSpace] | None = None,
    *,
    overwrite: bool = False,
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
    overwrite : bool, default=False
        Whether to replace a network that was registered under this name before.

    Raises
    ------
    InvalidNetwork
        If the network cannot be built, or its output or gradients are not what training needs.
    InvalidOption
        If the name is taken, or cannot be one.

    See Also
    --------
    unregister_network : The reverse.

    Notes
    -----
    A fit, and a pickled estimator, take the registered networks along, to worker processes and other machines.
    Functions and classes of a script or a notebook (``__main__``), lambdas and local ones are pickled by value; those
    of a module by reference: it must be importable where they arrive.  An estimator that was unpickled keeps the
    networks that came with it.

    Examples
    --------
    >>> from torch import nn
    >>> register_network("perceptron", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, n_out)))
    >>> unregister_network("perceptron")
    """
    _check_name(name)
    if name in NETWORKS.components and not overwrite:
        raise InvalidOption(
            f"A network {name!r} is registered already; give another name, or overwrite=True to replace it."
        )
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


def unregister_network(name: str) -> None:
    """Remove a network that was added by `register_network`.

    Parameters
    ----------
    name : str

    Raises
    ------
    UnknownName
        If there is no such network.
    InvalidOption
        If the network is one of autonet's own.

    Examples
    --------
    >>> from torch import nn
    >>> register_network("one_layer", lambda n_in, n_out: nn.Linear(n_in, n_out))
    >>> unregister_network("one_layer")
    """
    _check_name(name)
    del NETWORKS.components[check_choice("registered network", name, registered_networks())]


def registered_networks() -> dict[str, Component[nn.Module]]:
    """Return the networks that were added by `register_network`."""
    return {name: component for name, component in NETWORKS.components.items() if name not in RESERVED}


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not name or SEPARATOR in name:
        raise InvalidOption(f"The name of a network must be a string without {SEPARATOR!r}; got {name!r:.60}.")
    if name in RESERVED:
        raise InvalidOption(f"{name!r} is a network of autonet, which stays as it is; give yours another name.")

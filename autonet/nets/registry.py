"""Networks that configurations can choose, and the registration of custom networks and initializations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from autonet.core.component import Component, Node
from autonet.core.errors import InvalidNetwork
from autonet.core.lazy import configspace as cs
from autonet.core.registration import (
    Space,
    check_name,
    default_params,
    find_space,
    parameter_names,
    register,
    trying,
    unregister,
)
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.nets.initialization import INITIALIZATION, as_matrix
from autonet.nets.mlp import MLPNET, SHAPEDMLPNET
from autonet.nets.modernnca import MODERNNCA
from autonet.nets.realmlp import REALMLP
from autonet.nets.resnet import RESNET, SHAPEDRESNET
from autonet.nets.tabm import TABM

__all__ = [
    "LINEAR",
    "NETWORKS",
    "make_custom_initialization",
    "make_custom_network",
    "register_initialization",
    "register_network",
    "try_outputs",
    "unregister_network",
]

# Name of the baseline among networks.
LINEAR = "linear"

BUILT_IN = (MLPNET, SHAPEDMLPNET, RESNET, SHAPEDRESNET, REALMLP, TABM, MODERNNCA)

NETWORKS: Node[nn.Module] = Node.from_components(
    "NetworkSelector", BUILT_IN, selector="network", option="networks", reserved=[LINEAR]
)


def register_network(
    name: str,
    builder: Callable[..., nn.Module],
    space: Callable[[Task], cs.ConfigurationSpace] | None = None,
    *,
    modality: Literal["tables", "images"] = "tables",
    overwrite: bool = False,
) -> None:
    """Add a network to those that every estimator of a kind of data can choose (``networks=[name]``, ``full_cs``).

    Its default configuration is built and trained on a toy batch once, so that a broken network fails here.

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(n_in=..., n_out=..., **hyperparameters)`` returns a module that maps (n, n_in) to (n, n_out); for
        images ``builder(shape=..., n_out=..., **hyperparameters)``, with the channels, height and width of an image,
        returns one that maps (n, channels, height, width) to (n, n_out).  In training it may return (n, k, n_out): the
        outputs of k members, whose mean loss is minimized.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters.
    modality : {"tables", "images"}, default="tables"
        Kind of data.
    overwrite : bool, default=False
        Whether to replace a registered network of this name.

    Raises
    ------
    InvalidNetwork
        If the network cannot be built, or has a wrong output shape or no gradients, or is for another kind of data.
    InvalidOption
        If the name is taken or invalid.

    See Also
    --------
    unregister_network : Remove a registered network.
    autonet.testing.networks.check_network : Check what a network promises.

    Notes
    -----
    Fits send registered networks to worker processes, and pickled estimators contain them.  Functions and classes of a
    script or notebook (``__main__``), lambdas and local functions are pickled by value; those of a module by reference,
    so that the module must be importable on the other side.  An unpickled estimator keeps its networks.

    Images come with the channels last in memory, which ``view`` cannot flatten: use ``flatten`` or ``reshape``.

    Examples
    --------
    >>> from torch import nn
    >>> register_network("perceptron", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, n_out)))
    >>> unregister_network("perceptron")
    """
    node, make = NETWORKS, make_custom_network
    if check_choice("modality", modality, ("tables", "images")) == "images":
        from autonet.nets.images.registry import IMAGE_NETWORKS, make_custom_image_network  # noqa: PLC0415 - imports this module

        node, make = IMAGE_NETWORKS, make_custom_image_network
    register(node, make(name, builder, space), what="network", overwrite=overwrite)


def make_custom_network(
    name: str, builder: Callable[..., nn.Module], space: Space | None = None
) -> Component[nn.Module]:
    """Make a component of a network, after a try on a toy batch; see `register_network`."""
    check_name(NETWORKS, name, "network")
    space = find_space(builder, space)
    names = parameter_names(builder)
    if "shape" in names and "n_in" not in names:
        raise InvalidNetwork(
            f"Network {name!r} is for images: its builder takes shape, and for tables n_in. Use it with "
            "AutoNetImageClassification or AutoNetImageRegression; register_network needs modality='images'."
        )
    with trying("network", name, "a toy batch of shape (4, 5)", InvalidNetwork) as expect:
        network = builder(n_in=5, n_out=3, **default_params(space, Task("classification")))
        try_outputs(network, torch.zeros(4, 5), 3, expect)
    return Component(name, builder, space)


def try_outputs(network: nn.Module, toy: Tensor, n_out: int, expect: Callable[[bool, str], None]) -> None:
    """Expect outputs (n, n_out) for toy inputs (n, ...), in training also (n, k, n_out), and gradients."""
    in_training, in_evaluation = network.train()(toy), network.eval()(toy)
    for output, dimensions in ((in_training, (2, 3)), (in_evaluation, (2,))):
        shape = tuple(output.shape) if isinstance(output, Tensor) else ()
        fits = len(shape) in dimensions and (shape[0], shape[-1]) == (len(toy), n_out)
        found = f"shape {shape}" if isinstance(output, Tensor) else f"type {type(output).__name__}"
        expect(fits, f"its output for a batch of shape {tuple(toy.shape)} and n_out={n_out} has {found}")
    in_training.sum().backward()


def unregister_network(name: str) -> None:
    """Remove a network that `register_network` added, whether for tables or for images.

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
    from autonet.nets.images.registry import IMAGE_NETWORKS  # noqa: PLC0415 - imports this module

    unregister([NETWORKS, IMAGE_NETWORKS], name, what="network")


@dataclass(frozen=True)
class CustomInitialization:
    """Builds an initialization of the user's, which sees the weights of all layers as matrices."""

    builder: Callable[..., Callable[[Tensor], object]]

    def __call__(self, **params: Any) -> object:
        """Build the function that initializes a weight in place."""
        initialize_matrix = self.builder(**params)
        return lambda weight: initialize_matrix(as_matrix(weight))


def register_initialization(
    name: str,
    builder: Callable[..., Callable[[Tensor], object]],
    space: Space | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Add an initialization of weights to those that every estimator can choose (``initialization_methods=[name]``).

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(**hyperparameters)`` returns a function that initializes the weight (n_out, n_in) of a linear layer
        in place, with numbers that it draws with torch.  Of a convolution it gets the weight as such a matrix: n_in is
        the number of channels of a group times the pixels of the kernel.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters.
    overwrite : bool, default=False
        Whether to replace a registered initialization of this name.

    Raises
    ------
    InvalidOption
        If it fails on a weight, or leaves values that are not finite, or if the name is taken or invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Examples
    --------
    >>> from torch import nn
    >>> from autonet import unregister_component
    >>> register_initialization("narrow", lambda: lambda weight: nn.init.normal_(weight, std=0.01))
    >>> unregister_component("initialization_methods", "narrow")
    """
    component = make_custom_initialization(name, builder, space)
    register(INITIALIZATION, component, what="initialization", overwrite=overwrite)


def make_custom_initialization(name: str, builder: Any, space: Space | None = None) -> Component[object]:
    """Make a component of an initialization, after a try on a weight; see `register_initialization`."""
    check_name(INITIALIZATION, name, "initialization")
    space = find_space(builder, space)
    with trying("initialization", name, "a weight of shape (3, 5)") as expect, torch.random.fork_rng(devices=[]):
        weight = torch.full((3, 5), torch.nan)
        with torch.no_grad():
            builder(**default_params(space, Task("classification")))(weight)
        expect(bool(torch.isfinite(weight).all()), "it leaves values that are not finite")
    return Component(name, CustomInitialization(builder), space)

"""Initialization of linear layers."""

import math

import torch
from ConfigSpace import Categorical, ConfigurationSpace, Float
from torch import Tensor, nn

from autonet.core.component import Component, Node
from autonet.core.modality import Inputs
from autonet.core.task import Task

__all__ = ["INITIALIZATION", "initialize", "initialize_from_rows"]

SAMPLE = 1000  # training rows that layers are initialized from


def _default() -> None:
    return None


def _sparse(*, sparsity: float) -> object:
    def init(weight: Tensor) -> None:
        n_out, n_in = weight.shape
        held = min(sparsity, 1 - 1 / n_out)  # of every column at least one weight is left
        nn.init.sparse_(weight, sparsity=held, std=1 / math.sqrt(max(n_in * (1 - held), 1)))

    return init


def _sparse_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Float("sparsity", (0.5, 0.95), default=0.9, meta={"limits": (0.0, 0.999)}))
    return space


def _own_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Categorical("initializer:initialize_bias", ["Yes", "No", "Zero"], default="No"))
    return space


def _kaiming() -> object:
    return lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu")


INITIALIZATION: Node[object] = Node.of(
    "InitializationSelector",
    [
        Component("default", _default),
        Component("kaiming", _kaiming),
        Component("xavier", lambda: nn.init.xavier_uniform_),
        Component("orthogonal", lambda: nn.init.orthogonal_),
        Component("sparse", _sparse, _sparse_space),
    ],
    selector="initialization_method",
    option="initialization_methods",
    space=_own_space,
)


def initialize(network: nn.Module, method: object, bias: str) -> None:
    """Initialize the linear layers of a network in place.

    Parameters
    ----------
    network : nn.Module
    method : callable or None
        Fills a weight tensor; None leaves torch's own initialization.
    bias : {"Yes", "No", "Zero"}
        Draw biases from N(0, 1/n_in), leave torch's, or set them to zero.
    """
    for layer in network.modules():
        if not isinstance(layer, nn.Linear):
            continue
        if callable(method):
            method(layer.weight)
        if layer.bias is not None and bias == "Zero":
            nn.init.zeros_(layer.bias)
        elif layer.bias is not None and bias == "Yes":
            nn.init.normal_(layer.bias, std=1 / math.sqrt(layer.in_features))


@torch.no_grad()
def initialize_from_rows(network: nn.Module, rows: Inputs) -> None:
    """Let the layers of a network that initialize themselves from data see their input for some training rows.

    Such a layer has a method ``initialize_from(x)``, which is called with what the layers before it, initialized
    already, make of the rows in evaluation mode.  It comes after `initialize` and has the last word.  Networks
    without such layers are left as they are, and no random number is drawn for them.

    Parameters
    ----------
    network : nn.Module
        Layers are looked for in nested Sequentials.
    rows : Tensor or Inputs of shape (n, n_in)
        Training rows; up to 1000 of them are drawn.
    """
    if any(hasattr(layer, "initialize_from") for layer in network.modules()):
        network.eval()
        _initialized(network, rows[torch.randperm(len(rows))[:SAMPLE]])


def _initialized(network: nn.Module, x: Tensor) -> Tensor:
    """Initialize from the input x and return the output."""
    if isinstance(network, nn.Sequential):
        for layer in network:
            x = _initialized(layer, x)
        return x
    initialize_layer = getattr(network, "initialize_from", None)
    if initialize_layer is not None:
        initialize_layer(x)
    output: Tensor = network(x)
    return output

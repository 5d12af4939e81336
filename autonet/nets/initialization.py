"""Initialization of networks."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs
from autonet.core.modality import Inputs

__all__ = ["INITIALIZATION", "UNINITIALIZED", "as_matrix", "initialize", "initialize_from_rows"]

# Number of training rows that layers are initialized from.
N_ROWS = 1000


def as_matrix(weight: Tensor) -> Tensor:
    """View the weight of a layer as a matrix (n_out, n_in), whose rows are its outputs.

    For a convolution, n_in is the number of channels of a group times the pixels of the kernel.
    """
    return weight.view(len(weight), -1)


def _sparse(*, sparsity: float) -> object:
    def init(weight: Tensor) -> None:
        weight = as_matrix(weight)
        n_out, n_in = weight.shape
        limited = min(sparsity, 1 - 1 / n_out)  # leave at least one weight per column
        nn.init.sparse_(weight, sparsity=limited, std=1 / math.sqrt(max(n_in * (1 - limited), 1)))

    return init


INITIALIZATION: Node[object] = Node.from_components(
    "InitializationSelector",
    [
        Component("default", lambda: None),
        Component("kaiming", lambda: partial(nn.init.kaiming_normal_, nonlinearity="relu")),
        Component("xavier", lambda: nn.init.xavier_uniform_),
        Component("orthogonal", lambda: nn.init.orthogonal_),
        Component(
            "sparse",
            _sparse,
            make_space(lambda: cs.Float("sparsity", (0.5, 0.95), default=0.9, meta={"limits": (0.0, 0.999)})),
        ),
    ],
    selector="initialization_method",
    option="initialization_methods",
    space=make_space(lambda: cs.Categorical("initializer:initialize_bias", ["Yes", "No", "Zero"], default="No")),
)


# For networks whose weights are known: other methods can take longer than an epoch.
UNINITIALIZED = replace(INITIALIZATION.choose("default"), settings={"initializer:initialize_bias": "No"})


def initialize(network: nn.Module, method: object, bias: str) -> None:
    """Initialize the linear layers and convolutions of a network in place.

    Parameters
    ----------
    network : nn.Module
    method : callable or None
        Initializes a weight tensor in place; None keeps torch's initialization.
    bias : {"Yes", "No", "Zero"}
        Whether to draw biases from N(0, 1/n_in), where n_in is the number of inputs of an output, keep torch's
        initialization, or set them to zero.
    """
    for layer in network.modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d):
            continue
        if callable(method):
            with torch.no_grad():
                weight = layer.weight.contiguous()  # not a matrix with the channels last in memory; see `as_matrix`
                method(weight)
                layer.weight.copy_(weight)
        if layer.bias is not None and bias == "Zero":
            nn.init.zeros_(layer.bias)
        elif layer.bias is not None and bias == "Yes":
            nn.init.normal_(layer.bias, std=1 / math.sqrt(layer.weight[0].numel()))


@torch.no_grad()
def initialize_from_rows(network: nn.Module, rows: Inputs) -> None:
    """Initialize the layers of a network that depend on training data, after `initialize`.

    Such a layer has a method ``initialize_from(x)``.  It is called with the layer's inputs for training rows: outputs
    of the previous layers, already initialized, in evaluation mode.  Networks without such layers are left unchanged,
    and no random number is drawn.

    Parameters
    ----------
    network : nn.Module
        Nested Sequentials are searched for such layers.
    rows : Tensor or Inputs of shape (n, n_in)
        Training rows, of which up to 1000 are sampled.
    """
    if any(hasattr(layer, "initialize_from") for layer in network.modules()):
        network.eval()
        _initialize_layers(network, rows[torch.randperm(len(rows))[:N_ROWS]])


def _initialize_layers(network: nn.Module, x: Tensor) -> Tensor:
    """Initialize layers from the input x and return the output."""
    if isinstance(network, nn.Sequential):
        for layer in network:
            x = _initialize_layers(layer, x)
        return x
    initialize_layer = getattr(network, "initialize_from", None)
    if initialize_layer is not None:
        initialize_layer(x)
    output: Tensor = network(x)
    return output

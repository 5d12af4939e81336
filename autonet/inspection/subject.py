"""The network that is inspected, of a module or of a fitted estimator, and an input that it runs on."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from sklearn.exceptions import NotFittedError
from torch import Tensor, nn

from autonet.core.errors import InvalidNetwork, InvalidOption
from autonet.models.model import FittedModel

__all__ = ["N_ROWS", "Subject", "copy_network", "find_subject"]

# Rows of an example: shapes that begin with it are those of a batch.
N_ROWS = 2


@dataclass(frozen=True)
class Subject:
    """A network with inputs that it runs on.

    Attributes
    ----------
    network : nn.Module
    inputs : tuple of Tensor
        Its positional arguments.
    title : str
        Class of the estimator, or of the module.
    """

    network: nn.Module
    inputs: tuple[Tensor, ...]
    title: str


def find_subject(model: Any, example_input: Any = None) -> Subject:
    """Find the network of a module or of a fitted estimator, and an input for it.

    Parameters
    ----------
    model : nn.Module, FittedModel or fitted estimator
        For a fitted model or an estimator, the network of the best configuration.
    example_input : Tensor, array-like or tuple of them, optional
        Positional arguments of the network.  By default two rows of zeros: as wide as the encoded rows of a fitted
        model, or as the first layer of a module that has a width.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    InvalidOption
        If there is no network, the example is not an array, or no layer has a width and no example is given.
    """
    title, fitted = type(model).__name__, model
    if not isinstance(model, nn.Module | FittedModel):
        fitted = getattr(model, "model_", None)
        if fitted is None and hasattr(model, "fit"):
            raise NotFittedError(f"This {title} has no network yet; call fit first.")
    if not isinstance(fitted, nn.Module | FittedModel):
        raise InvalidOption(f"A network is drawn of an nn.Module or of a fitted estimator of autonet; got {title}.")
    network = fitted if isinstance(fitted, nn.Module) else fitted.network
    if example_input is not None:
        arrays = example_input if isinstance(example_input, tuple) else (example_input,)
        try:
            return Subject(network, tuple(map(torch.as_tensor, arrays)), title)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InvalidOption(
                f"example_input must be a tensor or an array that the network takes, or a tuple of them ({error})."
            ) from error
    if isinstance(fitted, FittedModel):
        row = fitted.best[0].encoder.inputs(fitted.schema.missing_row(), torch.device("cpu"))[:]
        shape: Sequence[int] = row.shape[1:]
    else:
        shape = (_find_width(network),)
    parameter = next((p for p in network.parameters() if p.is_floating_point()), torch.zeros(0))
    return Subject(network, (torch.zeros(N_ROWS, *shape, dtype=parameter.dtype, device=parameter.device),), title)


def _find_width(network: nn.Module) -> int:
    """Return the number of columns that the first layer with a width takes."""
    for layer in network.modules():
        shape = getattr(layer, "normalized_shape", None)  # of a LayerNorm
        widths = [getattr(layer, "in_features", None), getattr(layer, "num_features", None), shape and shape[-1]]
        for width in widths:
            if isinstance(width, int) and width > 0:
                return width
    raise InvalidOption(
        f"No layer of this {type(network).__name__} has in_features, so the width of its input is unknown; give "
        "example_input, a tensor that the network takes."
    )


@contextmanager
def copy_network(subject: Subject) -> Iterator[nn.Module]:
    """Copy a network in evaluation mode, to run it here without a change to the network or to random numbers.

    Raises
    ------
    InvalidNetwork
        If it cannot be copied, or fails in the block.
    """
    try:
        # With gradients: without, torch's transformers run fused and call none of their layers.
        with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
            yield copy.deepcopy(subject.network).eval()
    except Exception as error:
        shapes = ", ".join(str(tuple(x.shape)) for x in subject.inputs)
        raise InvalidNetwork(
            f"{subject.title} fails on an example of shape {shapes}: {error}. Give example_input, a tensor that the "
            "network takes, or a tuple of its arguments."
        ) from error

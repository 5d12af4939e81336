"""Weights of another network as initial ones: those whose names and shapes match."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autonet.core.errors import InvalidOption
from autonet.core.specfile import read_spec

__all__ = ["load_matching", "name_matching", "read_weights"]

# Entries of checkpoints that hold the state dict: Auto-PyTorch's, Lightning's, and others.
NESTED = ("state", "state_dict", "model_state_dict", "model")
PARALLEL = "module."  # in front of all names of a `torch.nn.DataParallel`
LAYER = "0."  # in front of all names of a network that is the only layer of another, as `average_flips` may make it
PICKLED = (b"PK", b"\x80")  # first bytes of what torch.save writes


def read_weights(path: str | os.PathLike[str], option: str) -> dict[str, Tensor]:
    """Read the weights in a checkpoint of torch, or of the best network in a model file of autonet.

    Parameters
    ----------
    path : path-like
        Of a state dict that ``torch.save`` wrote, by itself or as ``state``, ``state_dict`` or the like of a
        dictionary; or of what `save` of an estimator wrote.  Nothing in the file is executed.
    option : str
        Name of the option or argument, for error messages.

    Raises
    ------
    InvalidOption
        If the file cannot be read, or holds no weights.
    """
    try:
        data = Path(path).read_bytes()
        found = _unpickle(data) if data.startswith(PICKLED) else _from_model_file(data)
    except Exception as error:
        # That of torch for a module in place of its state dict has pages.
        why = "it holds objects" if isinstance(error, UnpicklingError) else f"{type(error).__name__}: {error!s:.120}"
        raise InvalidOption(
            f"{option}={str(path)!r:.200} cannot be read ({why}); pass the path of a state dict, as "
            "torch.save(network.state_dict(), path) writes, or of a model file of autonet."
        ) from error
    weights = {str(name): tensor for name, tensor in found.items() if isinstance(tensor, Tensor)}
    if not weights:
        raise InvalidOption(f"{option}={str(path)!r:.200} has no tensors; pass the path of a state dict.")
    if all(name.startswith(PARALLEL) for name in weights):
        return {name.removeprefix(PARALLEL): tensor for name, tensor in weights.items()}
    return weights


def _unpickle(data: bytes) -> Mapping[Any, Any]:
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(content, Mapping):
        raise TypeError(f"it holds a {type(content).__name__}")
    nested = (content[key] for key in NESTED if isinstance(content.get(key), Mapping))
    return next(nested, content)


def _from_model_file(data: bytes) -> dict[str, Tensor]:
    model = read_spec(data)["model"]
    weights = model["members"][model["best"][0]]["weights"]
    return {name: torch.from_numpy(np.array(array)) for name, array in weights.items()}


def name_matching(network: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, str]:
    """Return the names of the weights that match, with those of the tensors of the network, of the same shape.

    Names are the same, except those of a network that is the only layer of another.
    """
    state = network.state_dict()

    def match(rename: Callable[[str], str]) -> dict[str, str]:
        names = ((name, rename(name)) for name in weights)
        return {name: own for name, own in names if own in state and state[own].shape == weights[name].shape}

    return max(match(str), match(LAYER.__add__), match(lambda name: name.removeprefix(LAYER)), key=len)


@torch.no_grad()
def load_matching(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy the weights that match into a network, in place."""
    state = network.state_dict()
    for name, own in name_matching(network, weights).items():
        state[own].copy_(weights[name])

"""Specs of encoder modules: their buffers, their other attributes and the modules in them."""

from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from autonet.core.spec import register

__all__ = ["describable_module"]

M = TypeVar("M", bound=nn.Module)

# Integers of modules are numbers of columns; a larger one, from a manipulated file, would exhaust the memory.
MAX_SIZE = 2**22

# Buffers of two dimensions; others have one: broadcasting must not make matrices that the file does not have.
MATRICES = frozenset({"factors", "matrix", "middle", "quantiles", "rows", "whitening"})

MODULE_ATTRIBUTES = frozenset(vars(nn.Module()))  # those of every module


def describable_module(cls: type[M]) -> type[M]:
    """Declare that modules of a class have specs: their state is buffers, plain values and such modules."""
    register(cls, _describe, _rebuild)
    return cls


def _describe(module: nn.Module) -> dict[str, Any]:
    return {
        "values": {name: value for name, value in vars(module).items() if name not in MODULE_ATTRIBUTES},
        "buffers": {name: buffer.cpu().numpy() for name, buffer in module.named_buffers(recurse=False)},
        "modules": dict(module.named_children()),
    }


def _rebuild(cls: type[M], state: dict[str, Any]) -> M:
    for name, value in state["values"].items():
        if isinstance(value, int) and value > MAX_SIZE:
            raise ValueError(f"{cls.__name__}.{name} is {value}; expected at most {MAX_SIZE}")
    module = cls.__new__(cls)
    nn.Module.__init__(module)
    vars(module).update(state["values"])
    for name, array in state["buffers"].items():
        if np.ndim(array) != 1 + (name in MATRICES):
            raise ValueError(f"{cls.__name__}.{name} has shape {np.shape(array)}")
        module.register_buffer(name, torch.from_numpy(np.array(array)))
    for name, child in state["modules"].items():
        module.add_module(name, child)
    return module


for _kind in (nn.Hardtanh, nn.Identity, nn.ModuleList, nn.Sequential):
    describable_module(_kind)

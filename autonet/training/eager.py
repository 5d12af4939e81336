"""torch's optimizers without `torch.compile`, whose import takes longer than a short fit."""

import inspect
from typing import Any, TypeVar

import torch

__all__ = ["eager"]

T = TypeVar("T", bound=type[torch.optim.Optimizer])

# Methods that torch keeps out of compiled graphs.  The first call of each imports torch._dynamo: 800 modules with
# sympy, one to three seconds of CPU time.
GUARDED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def eager(optimizer: T) -> T:
    """Derive an optimizer that computes the same, but never imports `torch._dynamo`.

    Its steps cannot be part of a compiled graph.

    >>> eager(torch.optim.AdamW)
    <class 'autonet.training.eager.AdamW'>
    """
    methods: dict[str, Any] = {name: inspect.unwrap(getattr(optimizer, name)) for name in GUARDED}
    methods["step"] = torch.no_grad()(inspect.unwrap(optimizer.step))
    methods["__doc__"] = optimizer.__doc__
    return type(optimizer.__name__, (optimizer,), methods)  # type: ignore[return-value]

"""Global modes of torch around a fit."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["training_modes"]


@contextmanager
def training_modes() -> Iterator[None]:
    """Let gradients be computed, also where the caller has turned them off, and put the caller's modes back.

    A network of the user's own may leave others behind, and so may an exception that comes at any moment.
    """
    dtype, autocast = torch.get_default_dtype(), {d: torch.is_autocast_enabled(d) for d in ("cpu", "cuda")}
    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)
        for device, enabled in autocast.items():
            torch.set_autocast_enabled(device, enabled)

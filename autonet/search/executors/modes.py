"""Global modes of torch, which an exception at any moment may leave changed."""

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["save_torch_modes"]


def save_torch_modes() -> Callable[[], None]:
    """Note whether torch computes gradients, its autocast, default dtype and threads; return what puts them back.

    torch is not imported: where nobody has loaded it there is nothing to note.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_num_threads"):  # not there, or about to be imported
        return lambda: None
    grad, dtype, threads = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads()
    autocast = {device: torch.is_autocast_enabled(device) for device in ("cpu", "cuda")}

    def restore() -> None:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
        for device, enabled in autocast.items():
            torch.set_autocast_enabled(device, enabled)

    return restore

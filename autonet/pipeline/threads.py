"""Number of threads that torch trains on."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from autonet.models.model import one_thread

__all__ = ["torch_threads"]


@contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Run torch on some threads inside a ``with`` block, and restore the previous number at its end."""
    with one_thread():
        if n_threads == 1:
            yield
            return
        torch.set_num_threads(n_threads)
        try:
            yield
        finally:
            torch.set_num_threads(1)

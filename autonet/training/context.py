"""Global settings of torch during a fit: threads and modes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread", "training_modes"]

_LOCK = threading.Lock()
# Number of `one_thread` blocks that are active in this process.
_ACTIVE = [0]
# Number of threads before the first of them.
_PREVIOUS = [1]


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside a ``with`` block, and restore the previous number of threads at its end.

    The matrices of tabular networks are small.  With several threads every operation ends in a barrier, where all
    threads wait as soon as another process occupies one core: a training step can become hundreds of times slower.
    One thread also makes sums independent of the number of cores, so that a seed gives the same bits everywhere.

    Blocks of several threads may overlap: each restores the setting from before the first one.
    """
    with _LOCK:
        if not _ACTIVE[0]:
            _PREVIOUS[0] = torch.get_num_threads()
        _ACTIVE[0] += 1
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _LOCK:
            _ACTIVE[0] -= 1
            torch.set_num_threads(_PREVIOUS[0])


@contextmanager
def training_modes() -> Iterator[None]:
    """Enable gradients inside a ``with`` block, and restore the global modes of torch at its end.

    A registered network, or an exception at any moment, may leave other modes behind.
    """
    dtype, autocast = torch.get_default_dtype(), {d: torch.is_autocast_enabled(d) for d in ("cpu", "cuda")}
    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)
        for device, enabled in autocast.items():
            torch.set_autocast_enabled(device, enabled)

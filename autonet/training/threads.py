"""How many threads a training step uses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]

_LOCK = threading.Lock()
_INSIDE = [0]  # bodies of `one_thread` that run in this process
_BEFORE = [1]  # threads before the first of them


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread.

    The matrices of tabular networks are small.  With several threads every operation ends in a barrier, and when
    other work takes one of the cores for a moment, all threads wait there: measured, a step of a 68 unit network
    fell from 1,150 to 2 per second.  One thread also makes sums independent of the number of cores, so that a seed
    gives the same bits everywhere.

    Several threads may be inside at once: what was set before the first of them is put back for each.
    """
    with _LOCK:
        if not _INSIDE[0]:
            _BEFORE[0] = torch.get_num_threads()
        _INSIDE[0] += 1
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE[0] -= 1
            torch.set_num_threads(_BEFORE[0])

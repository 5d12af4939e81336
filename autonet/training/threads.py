"""How many threads a training step uses."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread.

    The matrices of tabular networks are small.  With several threads every operation ends in a barrier, and when
    other work takes one of the cores for a moment, all threads wait there: measured, a step of a 68 unit network
    fell from 1,150 to 2 per second.  One thread also makes sums independent of the number of cores, so that a seed
    gives the same bits everywhere.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

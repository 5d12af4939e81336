"""Limits on the threads of BLAS and OpenMP."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread", "one_native_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run linear algebra on one thread inside a ``with`` block.

    Threads of small products wait for each other on a busy machine, and their number changes the last bits of sums.
    """
    with _pools("blas").limit(limits=1):
        yield


@contextmanager
def one_native_thread() -> Iterator[None]:
    """Run BLAS and OpenMP, hence scikit-learn, on one thread inside a ``with`` block."""
    with _pools(None).limit(limits=1):
        yield


@cache
def _pools(user_api: str | None) -> ThreadpoolController:
    """Return the thread pools that are loaded at the first call."""
    pools = ThreadpoolController()
    return pools if user_api is None else pools.select(user_api=user_api)

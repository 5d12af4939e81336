"""How many cores this process may use for workers and threads of its own."""

import multiprocessing
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from joblib import cpu_count
from joblib.parallel import get_active_backend

__all__ = ["available_cores", "in_daemon", "occupying_cores"]

_LOCK = threading.Lock()
_FITS = [0]  # running in this process


def available_cores() -> int:
    """Return how many cores may be used; one where this process or thread is one of several that share the machine.

    The cores of the machine are those that the scheduler, a container's quota and ``LOKY_MAX_CPU_COUNT`` allow.  They
    are shared in worker processes of multiprocessing, `concurrent.futures`, loky and dask, in threads of joblib and
    dask, and between fits in several threads of a process.
    """
    return 1 if _is_one_of_several() else int(cpu_count())


def in_daemon() -> bool:
    """Whether this process may not start others: a worker of `multiprocessing.Pool`, or of dask by default."""
    return bool(multiprocessing.current_process().daemon)


@contextmanager
def occupying_cores() -> Iterator[None]:
    """Let other threads know that a fit is running."""
    with _LOCK:
        _FITS[0] += 1
    try:
        yield
    finally:
        with _LOCK:
            _FITS[0] -= 1


def _is_one_of_several() -> bool:
    if _FITS[0] > 1 or in_daemon() or multiprocessing.parent_process() is not None:
        return True
    backend, _ = get_active_backend()
    return bool(backend.nesting_level) or _in_dask_worker()


def _in_dask_worker() -> bool:
    distributed: Any = sys.modules.get("distributed")
    if distributed is None:  # then no worker of it has called us
        return False
    try:
        distributed.get_worker()
    except (AttributeError, ValueError):  # half imported; outside of a worker
        return False
    return True

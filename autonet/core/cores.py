"""Number of cores available to workers and threads of this process."""

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
# Number of fits that are running in this process.
_FITS = [0]


def available_cores() -> int:
    """Return the number of cores to use; 1 in a process or thread that shares the machine with others like it.

    The number respects the scheduler's affinity, a container's quota and ``LOKY_MAX_CPU_COUNT``.  It is 1 in worker
    processes of multiprocessing, `concurrent.futures`, loky and dask, in threads of joblib and dask, and while several
    threads of the process fit.
    """
    return 1 if _is_one_of_several() else int(cpu_count())


def in_daemon() -> bool:
    """Return whether this process must not start others: a worker of `multiprocessing.Pool`, or of dask by default."""
    return bool(multiprocessing.current_process().daemon)


@contextmanager
def occupying_cores() -> Iterator[None]:
    """Count a running fit inside a ``with`` block, for `available_cores` of other threads."""
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
    if distributed is None:  # not imported: this is not a worker of it
        return False
    try:
        distributed.get_worker()
    except (AttributeError, ValueError):  # partially imported, or not in a worker
        return False
    return True

"""Executors that users pass: ours, pools of `concurrent.futures`, clients of dask, addresses of dask schedulers."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor as Pool
from contextlib import contextmanager
from typing import Any

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.validation import is_integer
from autonet.search.executors.base import Executor
from autonet.search.executors.futures import Futures

__all__ = ["adopt_executor", "check_executor_type"]

METHODS = ("prepare", "submit", "wait", "cancel", "close")
ADDRESS = re.compile(r"(\w+://.+|[\w.-]+:\d+)")
CONNECT_SECONDS = 10

EXPECTED = (
    "a dask.distributed.Client, the address of a dask scheduler such as 'tcp://host:8786', a pool of "
    "concurrent.futures, or an executor of autonet.search"
)
# Classes that cannot run trials, by module and name, with what to pass instead.
REFUSED = {
    ("multiprocessing.pool", "Pool"): "concurrent.futures.ProcessPoolExecutor",
    ("multiprocessing.pool", "ThreadPool"): "concurrent.futures.ThreadPoolExecutor",
    ("joblib.parallel", "Parallel"): "n_jobs",
    ("distributed.deploy.cluster", "Cluster"): "distributed.Client(cluster)",
    ("distributed.cfexecutor", "ClientExecutor"): "the client itself",
}


def check_executor_type(value: Any) -> None:
    """Raise unless a value is something that `adopt_executor` takes; nothing is started or connected.

    Raises
    ------
    InvalidOption
    """
    for kind in type(value).__mro__:
        instead = REFUSED.get((kind.__module__, kind.__name__))
        if instead is not None:
            raise InvalidOption(
                f"executor: {kind.__module__}.{kind.__name__} cannot run trials; pass {instead} instead."
            )
    if isinstance(value, str):
        valid = ADDRESS.fullmatch(value) is not None
    elif _is_client(value):
        if value.asynchronous:
            raise InvalidOption("executor: an asynchronous dask client cannot run trials; make one without that.")
        valid = True
    else:
        valid = value is None or isinstance(value, Pool) or _is_ours(value)
    if not valid:
        raise InvalidOption(f"executor must be {EXPECTED}; got {value!r:.60}.")


@contextmanager
def adopt_executor(value: Any, n_slots: int | None = None, imports: Sequence[str] = ()) -> Iterator[Executor]:
    """Wrap an executor inside a ``with`` block; at its end the user's executor is as before, and open.

    Parameters
    ----------
    value : object
        See `check_executor_type`.
    n_slots : int, optional
        Number of jobs at once; an executor of ours has its own.  Default: the number of workers of a pool, or of
        threads of all workers of dask.
    imports : sequence of str
        Modules that workers of pools and of dask import at once.

    Raises
    ------
    InvalidOption
        If the executor cannot run jobs, or does not say how many at once.
    MissingPackage
        If `value` is an address, and dask.distributed is not installed.
    """
    check_executor_type(value)
    if isinstance(value, str):
        with _connect(value) as client, adopt_executor(client, n_slots, imports) as executor:
            yield executor
        return
    if _is_ours(value):
        try:
            yield value
        finally:
            value.cancel()
        return
    wrapped = _wrap_client(value, n_slots) if _is_client(value) else Futures(value, _check_pool(value, n_slots))
    try:
        if imports:
            wrapped.start(imports)
        yield wrapped
    finally:
        wrapped.close()


def _is_client(value: Any) -> bool:
    return any(
        kind.__name__ == "Client" and kind.__module__.partition(".")[0] == "distributed" for kind in type(value).__mro__
    )


def _is_ours(value: Any) -> bool:
    methods = all(callable(getattr(value, name, None)) for name in METHODS)
    return methods and not isinstance(value, type) and is_integer(getattr(value, "n_slots", None))


def _wrap_client(client: Any, n_slots: int | None) -> Futures:
    from autonet.search.executors.dask import Dask  # noqa: PLC0415 - needs the extra

    return Dask(client, n_slots)


@contextmanager
def _connect(address: str) -> Iterator[Any]:
    """Connect to a dask scheduler."""
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError as problem:
        raise MissingPackage("An address as executor", "distributed", "dask") from problem
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise InvalidOption(f"executor: no dask scheduler answers at {address!r} ({error!s:.80}).") from error
    with client:
        yield client


def _check_pool(pool: Pool, n_slots: int | None) -> int:
    """Return the number of slots of a pool that accepts jobs."""
    try:
        pool.submit(int).cancel()
    except RuntimeError as error:  # it was shut down, or is broken
        raise InvalidOption(f"executor: the {type(pool).__name__} accepts no jobs: {error}.") from error
    if n_slots is not None:
        return n_slots
    workers: Any = getattr(pool, "_max_workers", None)
    if not is_integer(workers):
        raise InvalidOption(
            f"executor: {type(pool).__name__} does not say how many workers it has; give n_jobs, the number of trials "
            "at once."
        )
    return int(workers)

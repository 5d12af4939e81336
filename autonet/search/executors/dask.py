"""Run jobs on the workers of a dask cluster; needs the extra ``dask``."""

import functools
import uuid
from typing import Any

from autonet.core.errors import MissingPackage
from autonet.search.evaluation import Objective, Outcome
from autonet.search.executors.futures import Futures, PendingJob, run_with_timeout
from autonet.search.executors.pickling import SentObjective, SentOutcome, pickle_objective, unpickle
from autonet.search.records import Job

try:
    from distributed import Event, WorkerPlugin, get_worker
except ImportError as problem:
    raise MissingPackage("The dask executor", "distributed", "dask") from problem

__all__ = ["Dask"]


class Dask(Futures):
    """Run jobs on the workers of a dask cluster, on one machine or many.

    A job whose worker dies is a crashed trial; it is not run again on another worker, as dask would do.  Past its
    deadline a job is interrupted at its next line of Python, or given up (see `Futures`).  With a run directory, all
    workers must see it.

    Parameters
    ----------
    client : distributed.Client
        Whoever made it closes it.
    n_slots : int, optional
        Jobs at once; default: the threads of all workers that there are now.

    Examples
    --------
    >>> from distributed import Client  # doctest: +SKIP
    >>> study.optimize(objective, max_trials=100, executor=Dask(Client("scheduler:8786")))  # doctest: +SKIP
    """

    def __init__(self, client: Any, n_slots: int | None = None) -> None:
        self._client = client
        super().__init__(client, sum(client.nthreads().values()) if n_slots is None else n_slots)
        self._plugin, self._data = "", b""
        self._given_up: set[str] = set()

    def prepare(self, objective: Objective) -> None:
        """Bring the objective to all workers, and to those that will come; see `Executor`."""
        data = pickle_objective(objective)
        self._sent = SentObjective(objective)
        if data != self._data:
            self._forget()
            self._data, self._plugin = data, _unique()
            self._client.register_plugin(_Objective(data), name=self._plugin)

    def close(self) -> None:
        """Cancel, and take the objective away from the workers; see `Executor`."""
        super().close()
        while self._given_up:
            self._clear(self._given_up.pop())
        self._forget()

    def _forget(self) -> None:
        if self._plugin and self._client.status == "running":
            self._client.unregister_worker_plugin(self._plugin)
        self._plugin, self._data = "", b""

    def _begin(self, job: Job, seconds: float) -> Any:
        key = _unique()
        return self._client.submit(_run_once, self._plugin, key, job, seconds, key=key, pure=False, retries=0)

    def _outcome(self, future: Any, running: PendingJob) -> Outcome:
        outcome = super()._outcome(future, running)
        self._drop(future)
        return outcome

    def _drop(self, future: Any) -> None:
        if not future.done():
            future.cancel()
            self._given_up.add(future.key)  # perhaps it is only just begun
        self._clear(future.key)

    def _clear(self, key: str) -> None:
        if self._client.status == "running":
            _event(key, self._client).clear()


class _Objective(WorkerPlugin):
    """The objective, where the workers find it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @functools.cached_property
    def sent(self) -> SentObjective:
        return SentObjective(unpickle(self._data))


def _run_once(plugin: str, key: str, job: Job, seconds: float) -> SentOutcome | None:
    """Run a job, but not after a worker has died of it: dask would go on to kill one worker after another."""
    begun = _event(key)
    if begun.is_set():
        return None
    begun.set()
    plugins: Any = get_worker().plugins
    return run_with_timeout(plugins[plugin].sent, job, seconds)


def _unique() -> str:
    return f"autonet-{uuid.uuid4().hex}"


def _event(key: str, client: Any = None) -> Any:
    """Return the mark that a job was begun, which the scheduler keeps."""
    return Event(key, client)  # type: ignore[no-untyped-call]

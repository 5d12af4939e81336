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

    If a worker dies, its trial counts as crashed; unlike dask, it does not rerun the job on another worker.  A job
    past its time limit is interrupted at its next line of Python, or abandoned (see `Futures`).  A run directory must
    be accessible to all workers.

    Parameters
    ----------
    client : distributed.Client
        Not closed by this object.
    n_slots : int, optional
        Number of jobs at once; by default the number of threads of all present workers.

    Examples
    --------
    >>> from distributed import Client  # doctest: +SKIP
    >>> study.optimize(objective, max_trials=100, executor=Dask(Client("scheduler:8786")))  # doctest: +SKIP
    """

    def __init__(self, client: Any, n_slots: int | None = None) -> None:
        self._client = client
        super().__init__(client, sum(client.nthreads().values()) if n_slots is None else n_slots)
        self._plugin, self._data = "", b""
        self._abandoned: set[str] = set()

    def prepare(self, objective: Objective) -> None:
        """Send the objective to all workers, present and future; see `Executor`."""
        data = pickle_objective(objective)
        self._sent = SentObjective(objective)
        if data != self._data:
            self._remove_plugin()
            self._data, self._plugin = data, _make_name()
            self._client.register_plugin(_Objective(data), name=self._plugin)

    def close(self) -> None:
        """Cancel all jobs, and remove the objective from the workers; see `Executor`."""
        super().close()
        while self._abandoned:
            self._clear(self._abandoned.pop())
        self._remove_plugin()

    def _remove_plugin(self) -> None:
        if self._plugin and self._client.status == "running":
            self._client.unregister_worker_plugin(self._plugin)
        self._plugin, self._data = "", b""

    def _begin(self, job: Job, seconds: float) -> Any:
        key = _make_name()
        return self._client.submit(_run_once, self._plugin, key, job, seconds, key=key, pure=False, retries=0)

    def _get_outcome(self, future: Any, running: PendingJob) -> Outcome:
        outcome = super()._get_outcome(future, running)
        self._drop(future)
        return outcome

    def _drop(self, future: Any) -> None:
        if not future.done():
            future.cancel()
            self._abandoned.add(future.key)  # a worker may be about to run it
        self._clear(future.key)

    def _clear(self, key: str) -> None:
        if self._client.status == "running":
            _get_event(key, self._client).clear()


class _Objective(WorkerPlugin):
    """Worker plugin that holds the objective."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @functools.cached_property
    def sent(self) -> SentObjective:
        return SentObjective(unpickle(self._data))


def _run_once(plugin: str, key: str, job: Job, seconds: float) -> SentOutcome | None:
    """Run a job; return None if a worker has already died of it, since dask would rerun it on every worker."""
    begun = _get_event(key)
    if begun.is_set():
        return None
    begun.set()
    plugins: Any = get_worker().plugins
    return run_with_timeout(plugins[plugin].sent, job, seconds)


def _make_name() -> str:
    return f"autonet-{uuid.uuid4().hex}"


def _get_event(key: str, client: Any = None) -> Any:
    """Return the event of dask's scheduler that marks a job as begun."""
    return Event(key, client)  # type: ignore[no-untyped-call]

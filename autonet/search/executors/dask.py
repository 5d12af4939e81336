"""Run jobs on the workers of a dask cluster; needs the extra ``dask``."""

import functools
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.search.evaluation import Objective, Outcome
from autonet.search.executors.futures import Futures, PendingJob, make_name
from autonet.search.executors.pickling import SentObjective, pickle_objective, unpickle
from autonet.search.executors.tasks import Missing, Returned, Task, run_task
from autonet.search.executors.worker import import_all

try:
    from distributed import Event, WorkerPlugin, get_worker
except ImportError as problem:
    raise MissingPackage("The dask executor", "distributed", "dask") from problem

__all__ = ["Dask"]


class Dask(Futures):
    """Run jobs on the workers of a dask cluster, on one machine or many.

    If a worker dies, its trial counts as crashed; unlike dask, it does not rerun the job on another worker.  A job
    past its time limit is interrupted at its next line of Python, or abandoned (see `Futures`).  The objective is sent
    to each worker once.  Workers need not see a run directory; if they do, a trial whose worker dies resumes from the
    checkpoints that it has saved there.

    Parameters
    ----------
    client : distributed.Client
        Not closed by this object.
    n_slots : int, optional
        Number of jobs at once; by default the number of threads of all present workers.

    Raises
    ------
    InvalidOption
        If the client is not connected, there are no workers, or a worker has another version of autonet.

    Examples
    --------
    >>> from distributed import Client  # doctest: +SKIP
    >>> study.optimize(objective, max_trials=100, executor=Dask(Client("scheduler:8786")))  # doctest: +SKIP
    """

    def __init__(self, client: Any, n_slots: int | None = None) -> None:
        self._client = client
        super().__init__(client, _count_slots(client) if n_slots is None else n_slots)
        _check_versions(client)
        self._plugin, self._data = "", b""
        self._abandoned: set[str] = set()
        self._imports: list[Any] = []  # futures, which dask cancels when nobody holds them

    def start(self, imports: Sequence[str]) -> None:
        """Let the workers import modules before there is a job."""
        self._imports = [
            self._client.submit(import_all, imports, workers=[worker], key=make_name(), pure=False)
            for worker in self._client.nthreads()
        ]

    def prepare(self, objective: Objective) -> None:
        """Send the objective to all workers, present and future; see `Executor`."""
        data = pickle_objective(objective)
        self._sent = SentObjective(objective)
        if data != self._data:
            self._remove_plugin()
            self._data, self._plugin = data, make_name()
            self._client.register_plugin(_Objective(data), name=self._plugin)

    def close(self) -> None:
        """Cancel all jobs, and remove the objective from the workers; see `Executor`."""
        super().close()
        self._imports.clear()
        while self._abandoned:
            self._clear(self._abandoned.pop())
        self._remove_plugin()

    def _remove_plugin(self) -> None:
        if self._plugin and self._client.status == "running":
            self._client.unregister_worker_plugin(self._plugin)
        self._plugin, self._data = "", b""

    def _begin(self, sent: SentObjective, task: Task, *, with_objective: bool) -> Any:
        if self._client.status in ("closing", "closed"):
            raise RuntimeError("the client has lost its scheduler")
        key = make_name()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # a job has the checkpoint of its trial
            return self._client.submit(_run_once, self._plugin, key, task, key=key, pure=False, retries=0)

    def _get_outcome(self, future: Any, running: PendingJob) -> Outcome | None:
        outcome = super()._get_outcome(future, running)
        self._drop(future)
        return outcome

    def _drop(self, future: Any) -> None:
        if not future.done() and self._client.status == "running":
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


def _run_once(plugin: str, key: str, task: Task) -> Returned | Missing | None:
    """Run a task; return None if a worker has already died of it, since dask would rerun it on every worker."""
    begun = _get_event(key)
    if begun.is_set():
        return None
    begun.set()
    plugins: Any = get_worker().plugins
    return run_task(plugins[plugin].sent, task)


def _count_slots(client: Any) -> int:
    """Count the threads of all workers."""
    if client.status != "running":
        raise InvalidOption(f"The dask client is not connected: its status is {client.status!r}; make another one.")
    n_slots = int(sum(client.nthreads().values()))
    if not n_slots:
        raise InvalidOption(
            f"The dask scheduler {client.scheduler.address} has no workers; start some, or wait for them with "
            "client.wait_for_workers(1)."
        )
    return n_slots


def _check_versions(client: Any) -> None:
    """Raise if a worker has another version of autonet, or none."""

    def find_version() -> str:  # sent by value, because a worker may be unable to import this module
        from importlib.metadata import version  # noqa: PLC0415

        return version("autonet-torch")

    ours = version("autonet-torch")
    for worker, theirs in client.run(find_version, on_error="return").items():
        if theirs != ours:
            found = "no autonet" if isinstance(theirs, Exception) else f"autonet {theirs}"
            raise InvalidOption(
                f"The dask worker {worker} has {found}, and this process autonet {ours}; install the same version of "
                "autonet-torch everywhere."
            )


def _get_event(key: str, client: Any = None) -> Any:
    """Return the event of dask's scheduler that marks a job as begun."""
    return Event(key, client)  # type: ignore[no-untyped-call]

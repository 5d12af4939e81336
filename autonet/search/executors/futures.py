"""Run jobs in a pool of ``concurrent.futures``."""

import queue
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from autonet.core.clock import TimeLimit
from autonet.core.errors import SearchFailed
from autonet.core.interrupts import current_interrupt
from autonet.search.evaluation import Objective, Outcome, make_failure
from autonet.search.executors.base import extend_limit
from autonet.search.executors.pickling import SentObjective, unpickle
from autonet.search.executors.tasks import Missing, Returned, Task, run_task, take_outcome
from autonet.search.executors.worker import import_all
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer

__all__ = ["Futures", "PendingJob", "make_name"]

POLL_SECONDS = 0.2  # interval of checks for Ctrl-C
SMALL_BYTES = 2**16  # an objective that goes with every job


@dataclass(frozen=True)
class PendingJob:
    """Job in the pool, with its objective, its start and the time limit after which it is abandoned."""

    job: Job
    sent: SentObjective
    began: float
    limit: TimeLimit

    def fail(self, status: Status, reason: str) -> Outcome:
        """Make the outcome of a job that did not return one."""
        return make_failure(self.job, status, reason, time.monotonic() - self.began)


class Futures:
    """Run jobs in a pool of threads or processes, or any other object with ``submit``.

    A job past its time limit is interrupted at its next line of Python.  If that fails, it is abandoned: it counts as
    timed out, and its result is ignored.  Cancelled jobs are abandoned too; only `Processes` can kill a job.

    A large objective is sent to each worker process once.  Workers that do not have the run directory return
    checkpoints as bytes, which are written there by this process.  If the pool takes no more jobs, `SearchFailed` ends
    the search.

    Parameters
    ----------
    pool : concurrent.futures.Executor
        Not closed by this object.
    n_slots : int
        Number of jobs at once.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from autonet.search import Study
    >>> study = Study({"x": (-1.0, 1.0)}, random_state=0)
    >>> with ThreadPoolExecutor(2) as pool:
    ...     _ = study.optimize(lambda trial: trial["x"] ** 2, max_trials=4, executor=Futures(pool, n_slots=2))
    >>> len(study.trials)
    4
    """

    def __init__(self, pool: Pool, n_slots: int) -> None:
        self.n_slots = n_slots
        self.isolated = not isinstance(pool, ThreadPoolExecutor)
        self._pool = pool
        self._running: dict[Any, PendingJob] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._sent: SentObjective | None = None
        self._key = ""  # of the objective, in the workers
        self._sends_files = False  # because a worker did not have the directory of a job

    def start(self, imports: Sequence[str]) -> None:
        """Let worker processes import modules before there is a job."""
        if not isinstance(self._pool, ThreadPoolExecutor):
            for _ in range(self.n_slots):
                self._pool.submit(import_all, imports)

    def prepare(self, objective: Objective) -> None:
        """Pickle the objective if the pool has processes; see `Executor`."""
        self._sent, self._key = SentObjective(objective), make_name()
        if not isinstance(self._pool, ThreadPoolExecutor):
            _ = self._sent.data

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Submit the job to the pool; see `Executor`."""
        if self._sent is None or self._sent.objective is not objective:
            self.prepare(objective)
        assert self._sent is not None  # noqa: S101 - for the type checker
        self._start(PendingJob(job, self._sent, time.monotonic(), extend_limit(job)))

    def _start(self, running: PendingJob, *, with_objective: bool = False) -> None:
        task = Task.of(running.job, with_files=self._sends_files)
        try:
            future = self._begin(running.sent, task, with_objective=with_objective)
        except RuntimeError as error:  # it was shut down, or a process that died has broken it
            raise SearchFailed(f"The {type(self._pool).__name__} takes no more trials: {error}.") from error
        self._running[future] = running
        future.add_done_callback(self._done.put)

    def wait(self) -> list[Outcome]:
        """Wait for a future or a time limit; see `Executor`."""
        outcomes: list[Outcome] = []
        interrupt = current_interrupt()
        while self._running and not outcomes:
            left = min(running.limit for running in self._running.values()).left()
            for future in self._collect_done(min(max(left, 0.0), POLL_SECONDS)):
                running = self._running.pop(future, None)
                outcome = None if running is None else self._get_outcome(future, running)
                if outcome is not None:
                    outcomes.append(outcome)
            for future, running in list(self._running.items()):
                if running.limit.passed() or interrupt.requested:
                    del self._running[future]
                    self._drop(future)
                    outcomes.append(running.fail(Status.TIMEOUT, "timed out"))
        return outcomes

    def cancel(self) -> None:
        """Cancel the futures, and abandon those that are running; see `Executor`."""
        while self._running:
            self._drop(self._running.popitem()[0])

    def close(self) -> None:
        """Cancel all jobs; the pool stays open; see `Executor`."""
        self.cancel()

    def _begin(self, sent: SentObjective, task: Task, *, with_objective: bool) -> Any:
        """Return a future of what `run_task` returns, or of None if the worker died."""
        if isinstance(self._pool, ThreadPoolExecutor):
            return self._pool.submit(run_task, sent, task)
        data = sent.data if with_objective or len(sent.data) <= SMALL_BYTES else None
        return self._pool.submit(_run_with_cache, self._key, data, task)

    def _drop(self, future: Any) -> None:
        """Cancel or abandon a future."""
        future.cancel()

    def _get_outcome(self, future: Any, running: PendingJob) -> Outcome | None:
        """Return the outcome of a future that is done; None if its job was sent again."""
        try:
            returned: Returned | Missing | None = future.result()
            if isinstance(returned, Missing):
                self._sends_files |= returned is Missing.DIRECTORY
                self._start(running, with_objective=returned is Missing.OBJECTIVE)
                return None
            if returned is None:
                return replace(running.fail(Status.CRASHED, "the worker process died"), died=True)
            return replace(take_outcome(returned, running.job).outcome, job=running.job)
        except SearchFailed:
            raise
        except Exception as error:  # noqa: BLE001 - of the pool or the run directory, instead of a result
            lines = f"{type(error).__name__}: {error}".splitlines()
            return replace(running.fail(Status.CRASHED, lines[0]), error=str(error), exception=error)

    def _collect_done(self, seconds: float) -> list[Any]:
        """Wait for a future; return all that are done."""
        ended = []
        try:
            ended.append(self._done.get(timeout=seconds))
            while True:
                ended.append(self._done.get_nowait())
        except queue.Empty:
            return ended


def make_name() -> str:
    """Make a name that is used once."""
    return f"autonet-{uuid.uuid4().hex}"


_LOADED: dict[str, SentObjective] = {}  # the latest objective of this worker, by key


def _run_with_cache(key: str, data: bytes | None, task: Task) -> Returned | Missing:
    """Run a task in a worker process, with the objective that it has kept if none comes with the task."""
    if key not in _LOADED:
        if data is None:
            return Missing.OBJECTIVE
        loaded = SentObjective(unpickle(data))
        _LOADED.clear()
        _LOADED[key] = loaded
    return run_task(_LOADED[key], task)

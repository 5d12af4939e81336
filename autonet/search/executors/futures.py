"""Run jobs in a pool of ``concurrent.futures``."""

import queue
import time
from concurrent.futures import Executor as Pool
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.search.evaluation import Objective, Outcome, make_failure
from autonet.search.executors.base import extend_limit
from autonet.search.executors.pickling import SentObjective, SentOutcome
from autonet.search.executors.worker import run_job
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer

__all__ = ["Futures", "PendingJob", "run_with_timeout"]

POLL_SECONDS = 0.2  # interval of checks for Ctrl-C


@dataclass(frozen=True)
class PendingJob:
    """Job in the pool, with its start and the time limit after which it is abandoned."""

    job: Job
    began: float
    limit: TimeLimit

    def fail(self, status: Status, reason: str) -> Outcome:
        """Make the outcome of a job that did not return one."""
        return make_failure(self.job, status, reason, time.monotonic() - self.began)


class Futures:
    """Run jobs in a pool of threads or processes, or any other object with ``submit``.

    A job past its time limit is interrupted at its next line of Python.  If that fails, it is abandoned: it counts as
    timed out, and its result is ignored.  Cancelled jobs are abandoned too; only `Processes` can kill a job.

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

    def prepare(self, objective: Objective) -> None:
        """Pickle the objective if the pool has processes; see `Executor`."""
        self._sent = SentObjective(objective)
        if not isinstance(self._pool, ThreadPoolExecutor):
            _ = self._sent.data

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Submit the job to the pool; see `Executor`."""
        if self._sent is None or self._sent.objective is not objective:
            self.prepare(objective)
        future = self._begin(job, job.limit.left())
        self._running[future] = PendingJob(job, time.monotonic(), extend_limit(job))
        future.add_done_callback(self._done.put)

    def wait(self) -> list[Outcome]:
        """Wait for a future or a time limit; see `Executor`."""
        outcomes: list[Outcome] = []
        interrupt = current_interrupt()
        while self._running and not outcomes:
            left = min(running.limit for running in self._running.values()).left()
            for future in self._collect_done(min(max(left, 0.0), POLL_SECONDS)):
                running = self._running.pop(future, None)
                if running is not None:
                    outcomes.append(self._get_outcome(future, running))
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

    def _begin(self, job: Job, seconds: float) -> Any:
        """Return a future of a `SentOutcome`, or of None if the worker died."""
        assert self._sent is not None  # noqa: S101 - for the type checker
        return self._pool.submit(run_with_timeout, self._sent, job, seconds)

    def _drop(self, future: Any) -> None:
        """Cancel or abandon a future."""
        future.cancel()

    def _get_outcome(self, future: Any, running: PendingJob) -> Outcome:
        """Return the outcome of a future that is done."""
        try:
            sent: SentOutcome | None = future.result()
        except Exception as error:  # noqa: BLE001 - of the pool, instead of a result
            lines = f"{type(error).__name__}: {error}".splitlines()
            return replace(running.fail(Status.CRASHED, lines[0]), error=str(error), exception=error)
        if sent is None:
            return replace(running.fail(Status.CRASHED, "the worker process died"), died=True)
        return replace(sent.outcome, job=running.job)

    def _collect_done(self, seconds: float) -> list[Any]:
        """Wait for a future; return all that are done."""
        ended = []
        try:
            ended.append(self._done.get(timeout=seconds))
            while True:
                ended.append(self._done.get_nowait())
        except queue.Empty:
            return ended


def run_with_timeout(sent: SentObjective, job: Job, seconds: float) -> SentOutcome:
    """Run a job for `seconds`, on a machine whose clock may differ."""
    return SentOutcome(run_job(sent.objective, replace(job, deadline=TimeLimit.after(seconds).at)))

"""Run jobs in any pool of ``concurrent.futures``."""

import queue
import time
from concurrent.futures import Executor as Pool
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from autonet.core.interrupts import current_interrupt
from autonet.search.evaluation import Objective, Outcome, make_failure
from autonet.search.executors.base import hard_deadline
from autonet.search.executors.pickling import SentObjective, SentOutcome
from autonet.search.executors.worker import run_job
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer

__all__ = ["Futures", "PendingJob", "run_with_timeout"]

# Seconds after which to look whether the user has interrupted.
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class PendingJob:
    """A job that was handed to the pool, when that was, and when it is given up."""

    job: Job
    began: float
    limit: float

    def failed(self, status: Status, reason: str) -> Outcome:
        """Make the outcome of a job that brings none itself."""
        return make_failure(self.job, status, reason, time.monotonic() - self.began)


class Futures:
    """Run jobs in a pool: threads, processes, or anything else that has ``submit``.

    A job past its deadline is interrupted at its next line of Python.  One that is not interrupted then is given up:
    it is reported as timed out, and what comes of it later is ignored; so it is with jobs that are cancelled.  Only
    `Processes` ends them.

    Parameters
    ----------
    pool : concurrent.futures.Executor
        Whoever made it closes it.
    n_slots : int
        Jobs at once.

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
        """Pickle the objective if it goes to other processes; see `Executor`."""
        self._sent = SentObjective(objective)
        if not isinstance(self._pool, ThreadPoolExecutor):
            _ = self._sent.data

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Hand the job to the pool; see `Executor`."""
        if self._sent is None or self._sent.objective is not objective:
            self.prepare(objective)
        now = time.monotonic()
        future = self._begin(job, job.deadline - now)
        self._running[future] = PendingJob(job, now, hard_deadline(job.deadline))
        future.add_done_callback(self._done.put)

    def wait(self) -> list[Outcome]:
        """Wait for futures and deadlines; see `Executor`."""
        outcomes: list[Outcome] = []
        interrupt = current_interrupt()
        while self._running and not outcomes:
            left = min(running.limit for running in self._running.values()) - time.monotonic()
            for future in self._collect_done(min(max(left, 0.0), POLL_SECONDS)):
                running = self._running.pop(future, None)
                if running is not None:
                    outcomes.append(self._outcome(future, running))
            for future, running in list(self._running.items()):
                if time.monotonic() >= running.limit or interrupt.requested:
                    del self._running[future]
                    self._drop(future)
                    outcomes.append(running.failed(Status.TIMEOUT, "timed out"))
        return outcomes

    def cancel(self) -> None:
        """Cancel the futures, and ignore those that are running; see `Executor`."""
        while self._running:
            self._drop(self._running.popitem()[0])

    def close(self) -> None:
        """Cancel; see `Executor`."""
        self.cancel()

    def _begin(self, job: Job, seconds: float) -> Any:
        """Return a future of a `SentOutcome`, or of None if what ran the job died."""
        assert self._sent is not None  # noqa: S101 - for the type checker
        return self._pool.submit(run_with_timeout, self._sent, job, seconds)

    def _drop(self, future: Any) -> None:
        """Have no more interest in a future."""
        future.cancel()

    def _outcome(self, future: Any, running: PendingJob) -> Outcome:
        """Understand a future that is done."""
        try:
            sent: SentOutcome | None = future.result()
        except Exception as error:  # noqa: BLE001 - what the pool says instead of a result
            lines = f"{type(error).__name__}: {error}".splitlines()
            return replace(running.failed(Status.CRASHED, lines[0]), error=str(error), exception=error)
        if sent is None:
            return replace(running.failed(Status.CRASHED, "the worker process died"), died=True)
        return replace(sent.outcome, job=running.job)

    def _collect_done(self, seconds: float) -> list[Any]:
        """Return the futures that are done, waiting for the first."""
        ended = []
        try:
            ended.append(self._done.get(timeout=seconds))
            while True:
                ended.append(self._done.get_nowait())
        except queue.Empty:
            return ended


def run_with_timeout(sent: SentObjective, job: Job, seconds: float) -> SentOutcome:
    """Run a job where another clock may go: its deadline is `seconds` from now."""
    return SentOutcome(run_job(sent.objective, replace(job, deadline=time.monotonic() + seconds)))

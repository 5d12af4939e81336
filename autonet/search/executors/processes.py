"""Run jobs in worker processes; a process that dies fails only its job."""

from collections.abc import Sequence
from multiprocessing import connection, util
from typing import Any, Literal

import cloudpickle

from autonet.core.clock import TimeLimit
from autonet.core.cores import available_cores, in_daemon
from autonet.core.errors import InvalidOption
from autonet.core.interrupts import current_interrupt
from autonet.core.validation import check_choice, is_integer
from autonet.search.evaluation import Objective, Outcome, make_failure
from autonet.search.executors.remote import RemoteWorker
from autonet.search.executors.sharing import SharedObjective
from autonet.search.executors.starting import (
    CAN_FORK,
    ForkStarter,
    LokyStarter,
    Starter,
    block_sigint,
    check_memory_limit,
)
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer

__all__ = ["Processes"]

POLL_SECONDS = 0.2  # interval of checks for Ctrl-C
EXIT_SECONDS = 1.0  # seconds that idle processes have to exit
EXIT_SECONDS_INTERRUPTED = 0.1  # seconds that idle processes have to exit after Ctrl-C


class Processes:
    """Run jobs in worker processes with one thread each.

    No ``__main__`` guard is needed, and functions, lambdas and closures, also those of notebooks, are pickled by value.
    On Linux, all processes share one copy of the objective's large arrays and tensors.  A process that crashes, hangs
    or exceeds its memory fails only its trial, and is replaced.  Values are received as they are reported, so that they
    count even if the trial hangs later.

    Parameters
    ----------
    n_jobs : int
        Number of processes, which are started on demand; -1 means one per core.
    memory_limit_mb : float, optional
        Memory in MiB that a trial may allocate in addition to that of the process with objective and data loaded;
        Linux only.
    imports : sequence of str
        Modules to import before the first job, such as ``["torch"]``; with ``start_method="fork"`` only once.
    start_method : {"fork", "loky"}, optional
        "fork", the default on Linux and not available elsewhere: processes are forked, each in milliseconds, by a
        server process that runs nothing but imports.  "loky" starts every process as a new interpreter.

    Raises
    ------
    InvalidOption
        If an option is invalid, or if this process is daemonic.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> study = minimize(lambda trial: trial["x"], {"x": (0, 9)}, max_trials=4, executor=Processes(2))
    >>> len(study.trials)
    4
    """

    isolated = True

    def __init__(
        self,
        n_jobs: int,
        *,
        memory_limit_mb: float | None = None,
        imports: Sequence[str] = (),
        start_method: Literal["fork", "loky"] | None = None,
    ) -> None:
        self.n_slots = _check_n_jobs(n_jobs)
        self._memory_limit = None if memory_limit_mb is None else check_memory_limit(memory_limit_mb)
        method = start_method or ("fork" if CAN_FORK else "loky")
        check_choice("start_method", method, ("fork", "loky") if CAN_FORK else ("loky",))
        self._starter: Starter = ForkStarter(imports) if method == "fork" else LokyStarter(imports)
        self._workers: list[RemoteWorker] = []
        self._objective: SharedObjective | None = None
        self._unsent: list[Outcome] = []
        # Before multiprocessing joins its processes at the exit of the interpreter.
        util.Finalize(self, _end, args=(self._workers, self._starter), exitpriority=20)

    def start(self) -> None:
        """Start all processes now instead of on demand."""
        while len(self._workers) < self.n_slots:
            self._start_one()

    def prepare(self, objective: Objective) -> None:
        """Pickle the objective; see `Executor`."""
        self._objective = SharedObjective(objective)

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Send the job to an idle process, or start one; see `Executor`."""
        if self._objective is None or self._objective.objective is not objective:
            self.prepare(objective)
        assert self._objective is not None  # noqa: S101 - for the type checker
        try:
            task = bytes(cloudpickle.dumps(job))
        except Exception as error:  # noqa: BLE001 - a checkpoint may hold any object
            self._unsent.append(make_failure(job, Status.CRASHED, f"the checkpoint cannot be pickled: {error}", 0.0))
            return
        self._idle_worker().begin(job, task, self._objective, observe)

    def wait(self) -> list[Outcome]:
        """Wait for messages, deaths and time limits; see `Executor`."""
        outcomes, self._unsent = self._unsent, []
        interrupt = current_interrupt()
        while not outcomes and (busy := [worker for worker in self._workers if worker.job]):
            if interrupt.requested:
                for worker in busy:
                    worker.stop(interrupt.limit)
            left = min(worker.limit for worker in busy).left()
            sources = [source for worker in busy for source in (worker.connection, worker.process.sentinel)]
            connection.wait(sources, max(min(left, POLL_SECONDS), 0.0))
            for worker in busy:
                outcome = worker.poll()
                if outcome is not None:
                    outcomes.append(outcome)
                    if outcome.result.status is Status.MEMOUT:  # its leftovers would count against the next job
                        worker.kill()
        self._remove_dead_workers()
        return outcomes

    def cancel(self) -> None:
        """Kill the processes that run jobs; see `Executor`."""
        self._unsent.clear()
        _kill([worker for worker in self._workers if worker.job])
        self._remove_dead_workers()

    def close(self) -> None:
        """Kill the processes that run jobs, and let the others exit; see `Executor`."""
        self.cancel()
        for worker in self._workers:
            worker.dismiss()
        limit = TimeLimit.after(EXIT_SECONDS_INTERRUPTED if current_interrupt().requested else EXIT_SECONDS)
        for worker in self._workers:
            if worker.ready:
                worker.process.join(max(limit.left(), 0.0))
        _end(self._workers, self._starter)
        self._objective = None

    def _idle_worker(self) -> RemoteWorker:
        self._remove_dead_workers()
        for worker in self._workers:
            if not worker.job:
                return worker
        return self._start_one()

    def _start_one(self) -> RemoteWorker:
        with block_sigint():
            self._workers.append(RemoteWorker(self._starter, self._memory_limit))
        return self._workers[-1]

    def _remove_dead_workers(self) -> None:
        """Remove dead workers."""
        for worker in [w for w in self._workers if not w.job and w.process.exitcode is not None]:
            worker.kill()  # its children may be alive
            self._workers.remove(worker)


def _check_n_jobs(n_jobs: Any) -> int:
    number = int(n_jobs) if is_integer(n_jobs) else 0
    if number < 1 and number != -1:
        raise InvalidOption(f"n_jobs must be an integer of at least 1, or -1 for one per core; got {n_jobs!r}.")
    number = available_cores() if number == -1 else number
    if in_daemon():
        raise InvalidOption(
            f"n_jobs={n_jobs!r} requires worker processes, which a daemonic process (a worker of multiprocessing.Pool "
            "or of dask) cannot start; use n_jobs=1."
        )
    return number


def _kill(workers: list[RemoteWorker]) -> None:
    for worker in workers:
        worker.kill()


def _end(workers: list[RemoteWorker], starter: Starter) -> None:
    _kill(workers)
    workers.clear()
    starter.close()

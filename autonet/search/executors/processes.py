"""Run jobs in worker processes; a process that dies fails only its job."""

import math
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import connection, util
from typing import Any

import cloudpickle
from joblib.externals.loky.backend import get_context

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.cores import available_cores, in_daemon
from autonet.core.errors import InvalidOption
from autonet.core.interrupts import current_interrupt
from autonet.core.validation import is_integer, is_real
from autonet.search.evaluation import Objective, Outcome, evaluate, make_failure
from autonet.search.executors.base import extend_limit
from autonet.search.executors.pickling import pickle_objective, unpickle
from autonet.search.executors.worker import serve
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer, RunningTrial

__all__ = ["Processes"]

# Environment of workers: several trials at once are faster with one thread each.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)

POLL_SECONDS = 0.2  # interval of checks for dead processes, whose pipes may be held open by their children
EXIT_SECONDS = 1.0  # seconds that idle processes have to exit
EXIT_SECONDS_INTERRUPTED = 0.1  # seconds that idle processes have to exit after Ctrl-C
STOPPING_SHARE = 0.6  # share of the time left after Ctrl-C that a job has to stop; the rest is for sending its outcome


class Processes:
    """Run jobs in worker processes with one thread each.

    Processes are started with loky: no ``__main__`` guard is needed, and functions, lambdas and closures, also those of
    notebooks, are pickled by value.  A process that crashes, hangs or exceeds its memory fails only its trial, and is
    replaced.  Values are received as they are reported, so that they count even if the trial hangs later.

    Parameters
    ----------
    n_jobs : int
        Number of processes, which are started on demand; -1 means one per core.
    memory_limit_mb : float, optional
        Memory in MiB that a trial may allocate in addition to that of the process with objective and data loaded;
        Linux only.
    imports : sequence of str
        Modules that a new process imports before its first job.

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

    def __init__(self, n_jobs: int, *, memory_limit_mb: float | None = None, imports: Sequence[str] = ()) -> None:
        self.n_slots = _check_n_jobs(n_jobs)
        self._memory_limit = None if memory_limit_mb is None else _to_bytes(memory_limit_mb)
        self._imports = tuple(imports)
        self._workers: list[_Worker] = []
        self._objective: tuple[Objective, bytes] | None = None
        self._unsent: list[Outcome] = []
        # Before multiprocessing joins its processes at the exit of the interpreter.
        util.Finalize(self, _kill, args=(self._workers,), exitpriority=20)

    def start(self) -> None:
        """Start all processes now instead of on demand."""
        while len(self._workers) < self.n_slots:
            self._start_one()

    def prepare(self, objective: Objective) -> None:
        """Pickle the objective; see `Executor`."""
        self._objective = objective, pickle_objective(objective)

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Send the job to an idle process, or start one; see `Executor`."""
        if self._objective is None or self._objective[0] is not objective:
            self.prepare(objective)
        assert self._objective is not None  # noqa: S101 - for the type checker
        try:
            task = bytes(cloudpickle.dumps(job))
        except Exception as error:  # noqa: BLE001 - a checkpoint may hold any object
            self._unsent.append(make_failure(job, Status.CRASHED, f"the checkpoint cannot be pickled: {error}", 0.0))
            return
        self._idle_worker().begin(job, task, self._objective[1], observe)

    def wait(self) -> list[Outcome]:
        """Wait for messages, deaths and time limits; see `Executor`."""
        outcomes, self._unsent = self._unsent, []
        interrupt = current_interrupt()
        while not outcomes and (busy := [worker for worker in self._workers if worker.job]):
            if interrupt.requested:
                for worker in busy:
                    worker.stop(interrupt.limit)
            left = min(worker.limit for worker in busy).left()
            connection.wait([worker.connection for worker in busy], max(min(left, POLL_SECONDS), 0.0))
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
            worker.process.join(max(limit.left(), 0.0))
        _kill(self._workers)
        self._workers.clear()

    def _idle_worker(self) -> "_Worker":
        self._remove_dead_workers()
        for worker in self._workers:
            if not worker.job:
                return worker
        return self._start_one()

    def _start_one(self) -> "_Worker":
        with _block_sigint():
            self._workers.append(_Worker(self._memory_limit, self._imports))
        return self._workers[-1]

    def _remove_dead_workers(self) -> None:
        """Remove dead workers."""
        for worker in [w for w in self._workers if not w.job and w.process.exitcode is not None]:
            worker.kill()  # its children may be alive
            self._workers.remove(worker)


class _Worker:
    """Handle of a worker process."""

    def __init__(self, memory_limit: int | None, imports: Sequence[str]) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        arguments = (theirs, memory_limit, imports)
        self.process = get_context("loky").Process(target=serve, args=arguments, env=ONE_THREAD, name="autonet-worker")
        try:
            self.process.start()
        finally:
            theirs.close()
        self.job: Job | None = None
        self.limit = TimeLimit()
        self._ready = self._stopping = False
        self._loaded: bytes | None = None  # objective of its last job
        self._task: tuple[bytes, bytes] | None = None
        self._observe: Observer | None = None
        self._curve: list[tuple[int, float]] = []
        self._began = 0.0

    def begin(self, job: Job, task: bytes, objective: bytes, observe: Observer | None) -> None:
        """Send a job to the process, once it is ready."""
        self.job, self._task, self._observe, self._curve = job, (objective, task), observe, []
        self._began, self.limit, self._stopping = time.monotonic(), extend_limit(job), False
        if self._ready:
            self._send()

    def stop(self, limit: TimeLimit) -> None:
        """Request the process to stop its job by a time limit; a job that has not begun is stopped at once."""
        if self._stopping:
            return
        self._stopping = True
        self.limit = min(self.limit, limit if self._task is None else TimeLimit.after(0.0))
        with suppress(OSError):
            self.connection.send(STOPPING_SHARE * max(limit.left(), 0.0))

    def _send(self) -> None:
        self._ready = True
        if self._task is None:
            return
        (objective, task), self._task = self._task, None
        new, self._loaded = (None if objective == self._loaded else objective), objective
        with suppress(OSError):  # it is dead; `poll` will report it
            self.connection.send((new, task))

    def poll(self) -> Outcome | None:
        """Receive messages; return the outcome of the job, None while it is running."""
        dead = self.process.exitcode is not None  # checked before the pipe is emptied: its last messages count
        try:
            while self.connection.poll():
                kind, *content = self.connection.recv()
                if kind == "ready":
                    self._send()
                elif kind == "observe":
                    self._record_report(*content)
                else:
                    return self._finish(*content)
        except (EOFError, OSError):
            dead = True
        if dead:
            return self._report_death()
        return self._time_out() if self.limit.passed() else None

    def _record_report(self, step: int, value: float) -> None:
        assert self.job is not None  # noqa: S101 - for the type checker
        self._curve.append((step, value))
        if self._observe:
            self._observe(self.job.trial, step, value)

    def _finish(self, data: bytes) -> Outcome:
        job = self._release_job()
        try:
            outcome: Outcome = unpickle(data)
        except Exception as error:  # noqa: BLE001 - for example a class that this process cannot import
            return make_failure(job, Status.CRASHED, f"the result cannot be unpickled: {error!r}", self._seconds)
        return replace(outcome, job=job, curve=self._unreported_curve)

    def _report_death(self) -> Outcome:
        self.process.join(EXIT_SECONDS)  # the pipe may close before the process has ended
        reason = _describe_exit(self.process.exitcode)
        if not self._ready:
            reason += " before it started the job"
        self.kill()
        failed = make_failure(self._release_job(), Status.CRASHED, reason, self._seconds)
        return replace(failed, curve=self._unreported_curve, died=True)

    def _time_out(self) -> Outcome:
        """Kill the process; its last reported value counts, as if the objective had been interrupted."""
        self.kill()

        def interrupted(trial: RunningTrial) -> None:
            trial.curve += self._curve
            raise TimedOut

        job = self._release_job()
        outcome, seconds = evaluate(interrupted, job), self._seconds
        began = time.time() - seconds
        return replace(outcome, config=job.config, curve=self._unreported_curve, seconds=seconds, began=began)

    def _release_job(self) -> Job:
        job, self.job, self.limit = self.job, None, TimeLimit()
        assert job is not None  # noqa: S101 - for the type checker
        return job

    @property
    def _unreported_curve(self) -> list[tuple[int, float]]:
        """Reported steps and values that were not passed to an observer."""
        return [] if self._observe else self._curve

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def dismiss(self) -> None:
        """Request the process to exit; its pipe stays open, since a closed one means that the parent has died."""
        with suppress(OSError):
            self.connection.send(None)

    def kill(self) -> None:
        """Kill the process and its children."""
        pid = self.process.pid
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            if self.process.exitcode is None:  # it has not started its process group yet
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            self.process.terminate()
        self.process.join()
        self.connection.close()


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


def _to_bytes(megabytes: Any) -> int:
    if not is_real(megabytes) or not 0 < megabytes < math.inf:
        raise InvalidOption(f"memory_limit_mb must be a positive number; got {megabytes!r}.")
    if not sys.platform.startswith("linux"):
        raise InvalidOption("memory_limit_mb is supported on Linux only; remove it.")
    return int(megabytes * 2**20)


def _kill(workers: "list[_Worker]") -> None:
    for worker in workers:
        worker.kill()
        worker.job = None


def _describe_exit(code: int | None) -> str:
    """Describe how a process ended."""
    if code is None:
        return "the worker process closed the connection"
    if code >= 0:
        return f"the worker process exited with code {code}"
    if code == -9:
        return "the worker process was killed by signal 9, probably out of memory"
    names = {number.value: f" ({number.name})" for number in signal.Signals}
    return f"the worker process was killed by signal {-code}{names.get(-code, '')}"


@contextmanager
def _block_sigint() -> Iterator[None]:
    """Block Ctrl-C inside a ``with`` block; processes started there inherit the mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

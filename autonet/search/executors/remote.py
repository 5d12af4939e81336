"""Handle of a worker process: sends it jobs, receives what it reports, and notices its end."""

import multiprocessing
import signal
import time
from contextlib import suppress
from dataclasses import replace

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.search.evaluation import Outcome, evaluate, make_failure
from autonet.search.executors.base import extend_limit
from autonet.search.executors.pickling import unpickle
from autonet.search.executors.sharing import SharedObjective
from autonet.search.executors.starting import Starter
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer, RunningTrial

__all__ = ["RemoteWorker"]

EXIT_SECONDS = 1.0  # seconds that a process whose pipe has closed has to end
STOPPING_SHARE = 0.6  # share of the time left after Ctrl-C that a job has to stop; the rest is for sending its outcome


class RemoteWorker:
    """Handle of a worker process."""

    def __init__(self, starter: Starter, memory_limit: int | None) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        with theirs:
            self.process = starter.start(theirs, memory_limit)
        self.job: Job | None = None
        self.limit = TimeLimit()
        self.ready = self._stopping = False
        self._loaded: SharedObjective | None = None  # objective of its last job
        self._task: tuple[SharedObjective, bytes] | None = None
        self._observe: Observer | None = None
        self._curve: list[tuple[int, float]] = []
        self._began = 0.0

    def begin(self, job: Job, task: bytes, objective: SharedObjective, observe: Observer | None) -> None:
        """Send a job to the process, once it is ready."""
        self.job, self._task, self._observe, self._curve = job, (objective, task), observe, []
        self._began, self.limit, self._stopping = time.monotonic(), extend_limit(job), False
        if self.ready:
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
        self.ready = True
        if self._task is None:
            return
        (objective, task), self._task = self._task, None
        known, self._loaded = objective.equals(self._loaded), objective
        with suppress(OSError):  # it is dead; `poll` will report it
            self.connection.send((None if known else objective.message, task))
            if not known:
                objective.send(self.connection)

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
        if not self.ready:
            reason += " before it started the job"
        failed = make_failure(self._release_job(), Status.CRASHED, reason, self._seconds)
        self.kill()
        return replace(failed, curve=self._unreported_curve, died=True)

    def _time_out(self) -> Outcome:
        """Kill the process; its last reported value counts, as if the objective had been interrupted."""
        job = self._release_job()
        self.kill()

        def interrupted(trial: RunningTrial) -> None:
            trial.curve += self._curve
            raise TimedOut

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
        """Kill the process and its children; its job has no outcome."""
        self.process.kill()
        self.connection.close()
        self.job = None


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

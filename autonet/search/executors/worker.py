"""What a worker process does: it takes jobs from a pipe and sends back what comes of them."""

import atexit
import contextlib
import faulthandler
import importlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from autonet.core.alarms import DeadlinePassed
from autonet.core.interrupts import Interrupt, current_interrupt, interruptible
from autonet.search.evaluation import Objective, Outcome, evaluate, make_failure
from autonet.search.executors.base import hard_deadline
from autonet.search.executors.in_process import interrupt_at
from autonet.search.executors.pickling import pickle_outcome, unpickle
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer

__all__ = ["run_job", "serve"]


def run_job(objective: Objective, job: Job, observe: Observer | None = None, memory: int | None = None) -> Outcome:
    """Run an objective where it may do what it likes: even KeyboardInterrupt ends nothing but its job.

    It is interrupted shortly after its deadline, before it is ended from outside.

    Parameters
    ----------
    objective : callable
    job : Job
    observe : callable, optional
    memory : int, optional
        Bytes that the process may have.
    """
    began = time.monotonic()
    try:
        return evaluate(objective, job, observe, _limit_resources(hard_deadline(job.deadline, share=0.5), memory))
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt, and what comes too late
        return _crash(job, repr(error), time.monotonic() - began)


def serve(connection: Any, memory_limit: int | None, imports: Sequence[str] = ()) -> None:
    """Run the jobs that come through a pipe, until None comes; a number of seconds is a request to end one by then.

    It sends ``("ready",)`` at the start, ``("observe", step, value)`` for each value reported, and ``("end", outcome)``
    for each job.

    Parameters
    ----------
    connection : multiprocessing.connection.Connection
    memory_limit : int or None
        Bytes that a job may have in addition to what the process has with the objective loaded.
    imports : sequence of str
        Modules to import while there is no job.
    """
    _detach_from_terminal()
    faulthandler.enable()  # tells on standard error where a segmentation fault was
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with interruptible(signals=()) as interrupt:
        threading.Thread(target=_receive, args=(connection, tasks, interrupt), daemon=True).start()
        _run_jobs(connection, tasks, interrupt, memory_limit, imports)
    _exit_fast()


def _run_jobs(
    connection: Any,
    tasks: "queue.SimpleQueue[Any]",
    interrupt: Interrupt,
    memory_limit: int | None,
    imports: Sequence[str],
) -> None:
    """Run jobs, each of which may be asked to stop."""

    def observe(_: int, step: int, value: float) -> None:
        _send(connection, ("observe", step, value))

    objective: Any = None
    memory = None
    _send(connection, ("ready",))
    for name in imports:
        with contextlib.suppress(Exception):  # it is the objective's matter, which says so when it is loaded
            importlib.import_module(name)
    while (task := tasks.get()) is not None:
        data, job = task[0], unpickle(task[1])
        interrupt.clear()
        try:
            if data is not None:
                objective = unpickle(data)
                memory = _data_segment_bytes() + memory_limit if memory_limit else None
        except BaseException as error:  # noqa: BLE001 - an import may raise anything
            outcome = _crash(job, f"the objective cannot be unpickled in the worker process: {error!r}", 0.0)
        else:
            outcome = run_job(objective, job, observe, memory)
        _send(connection, ("end", pickle_outcome(outcome)))
        del task, job, outcome  # a checkpoint may be large


def _exit_fast() -> NoReturn:
    """End the process without taking its modules apart, which takes torch a second; exit functions are called."""
    atexit._run_exitfuncs()  # noqa: SLF001 - what os._exit leaves out
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody listens
            stream.flush()
    os._exit(0)


def _crash(job: Job, reason: str, seconds: float) -> Outcome:
    return replace(make_failure(job, Status.CRASHED, reason, seconds), error=traceback.format_exc())


def _detach_from_terminal() -> None:
    """Let the parent alone decide what Ctrl-C means, and lead a group of processes that can be killed as one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # the parent held it back


def _receive(connection: Any, tasks: "queue.SimpleQueue[Any]", interrupt: Interrupt) -> None:
    """Hand on tasks and requests to stop; when the parent has died, go too, with all that the objective has started."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = connection.recv()
            if isinstance(message, float):
                interrupt.request(grace=message)
            else:
                tasks.put(message)
    _end_with_parent()


def _send(connection: Any, message: tuple[Any, ...]) -> None:
    """Send a message to the parent; if it has died, go too, without a word on its terminal."""
    try:
        connection.send(message)
    except OSError:
        _end_with_parent()


def _end_with_parent() -> NoReturn:
    """End this process and all that the objective has started."""
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


@contextmanager
def _limit_resources(moment: float, memory: int | None) -> Iterator[None]:
    """Limit time and memory; what comes after, such as a traceback, may have all there is."""
    with interrupt_at(moment), current_interrupt().raising(DeadlinePassed):
        if memory is None:
            yield
            return
        import resource  # noqa: PLC0415 - Unix has it

        before = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (memory, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_segment_bytes() -> int:
    """Return the bytes that RLIMIT_DATA limits; address space that is only reserved, as by CUDA, does not count."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmData:")[2].split()[0]) * 1024

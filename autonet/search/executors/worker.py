"""Main loop of a worker process: receive jobs from a pipe, run them, send their outcomes back."""

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

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.interrupts import Interrupt, current_interrupt, interruptible
from autonet.search.evaluation import Objective, Outcome, evaluate, make_failure
from autonet.search.executors.base import extend_limit
from autonet.search.executors.in_process import interrupt_at
from autonet.search.executors.pickling import pickle_outcome, unpickle
from autonet.search.executors.sharing import load_shared
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer

__all__ = ["detach_from_terminal", "import_all", "run_job", "serve"]


def run_job(objective: Objective, job: Job, observe: Observer | None = None, memory: int | None = None) -> Outcome:
    """Run an objective on a job in a worker; any exception, even KeyboardInterrupt, ends only the job.

    The job is interrupted shortly after its time limit, before it would be stopped from outside.  `memory` limits the
    process, in bytes.
    """
    began = time.monotonic()
    try:
        return evaluate(objective, job, observe, _limit_resources(extend_limit(job, share=0.5), memory))
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt, or an alarm that rang late
        return _crash(job, repr(error), time.monotonic() - began)


def serve(connection: Any, memory_limit: int | None, imports: Sequence[str] = ()) -> None:
    """Run jobs received from a pipe until None is received; a float requests the running job to end within seconds.

    Sends ``("ready",)`` at the start, ``("observe", step, value)`` for each reported value, and ``("end", outcome)``
    for each job.  A job may allocate `memory_limit` bytes in addition to those of the process with the objective
    loaded; `imports` are modules to import before the first job.
    """
    detach_from_terminal()
    faulthandler.enable()  # prints a traceback on segmentation faults
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
    """Run jobs one after the other; see `serve`."""

    def observe(_: int, step: int, value: float) -> None:
        _send(connection, ("observe", step, value))

    objective: Any = None
    memory = None
    _send(connection, ("ready",))
    import_all(imports)
    while (task := tasks.get()) is not None:
        unpack, job = task[0], unpickle(task[1])
        interrupt.clear()
        try:
            if unpack is not None:
                objective = unpack()
                memory = _data_segment_bytes() + memory_limit if memory_limit else None
        except BaseException as error:  # noqa: BLE001 - an import may raise anything
            outcome = _crash(job, f"the objective cannot be unpickled in the worker process: {error!r}", 0.0)
        else:
            outcome = run_job(objective, job, observe, memory)
        _send(connection, ("end", pickle_outcome(outcome)))
        del task, unpack, job, outcome  # a checkpoint may be large


def import_all(names: Sequence[str]) -> None:
    """Import modules; of one that fails, loading the objective will raise the exception again."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _exit_fast() -> NoReturn:
    """Call exit functions and end the process without unloading modules, which takes torch a second."""
    atexit._run_exitfuncs()  # noqa: SLF001 - os._exit does not call them
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed by the parent
            stream.flush()
    os._exit(0)


def _crash(job: Job, reason: str, seconds: float) -> Outcome:
    return replace(make_failure(job, Status.CRASHED, reason, seconds), error=traceback.format_exc())


def detach_from_terminal() -> None:
    """Ignore Ctrl-C, which the parent handles, and start a process group that can be killed as a whole."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked by the parent


def _receive(connection: Any, tasks: "queue.SimpleQueue[Any]", interrupt: Interrupt) -> None:
    """Receive tasks and requests to stop; end this process when the parent has died."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = connection.recv()
            if isinstance(message, float):
                interrupt.request(grace=message)
            elif message is None:
                tasks.put(None)
            else:
                objective, job = message
                tasks.put((objective and load_shared(objective, connection), job))
    _end_with_parent()


def _send(connection: Any, message: tuple[Any, ...]) -> None:
    """Send a message to the parent; end this process if it has died, without output on its terminal."""
    try:
        connection.send(message)
    except OSError:
        _end_with_parent()


def _end_with_parent() -> NoReturn:
    """End this process and the processes that the objective has started."""
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


@contextmanager
def _limit_resources(limit: TimeLimit, memory: int | None) -> Iterator[None]:
    """Limit time, and memory in bytes, inside a ``with`` block."""
    with interrupt_at(limit), current_interrupt().raising(TimedOut):
        if memory is None:
            yield
            return
        import resource  # noqa: PLC0415 - Unix only

        before = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (memory, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_segment_bytes() -> int:
    """Return the bytes that RLIMIT_DATA counts, which excludes reserved address space such as that of CUDA."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmData:")[2].split()[0]) * 1024

"""Start worker processes: as forks of a server that has imported their modules, or with loky."""

import math
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from joblib.externals.loky.backend import get_context

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_real
from autonet.search.executors.forkserver import ENDED, EXIT, KILL, REQUEST, START, serve_forks
from autonet.search.executors.worker import serve

__all__ = ["CAN_FORK", "ForkStarter", "LokyStarter", "Starter", "WorkerProcess", "block_sigint", "check_memory_limit"]

CAN_FORK = sys.platform.startswith("linux")

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
KILL_SECONDS = 5.0  # longest wait for a process that was killed


class WorkerProcess(Protocol):
    """A worker process, as its parent sees it."""

    @property
    def exitcode(self) -> int | None:
        """Exit code, negative for a signal; None while the process is starting or running."""

    @property
    def sentinel(self) -> int:
        """Descriptor that is readable when the process has ended."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end of the process."""

    def kill(self) -> None:
        """Kill the process and those that it has started, and release what belongs to it."""


class Starter(Protocol):
    """A way to start worker processes."""

    def start(self, connection: Any, memory_limit: int | None) -> WorkerProcess:
        """Start a process that runs `serve`; called inside `block_sigint`."""

    def close(self) -> None:
        """Release everything, after the processes have ended."""


class LokyStarter:
    """Start each worker as a new interpreter, which takes as long as its imports."""

    def __init__(self, imports: Sequence[str]) -> None:
        self._imports = tuple(imports)

    def start(self, connection: Any, memory_limit: int | None) -> "_LokyProcess":
        """Start a process; see `Starter`."""
        return _LokyProcess(_start_loky(serve, connection, memory_limit, self._imports))

    def close(self) -> None:
        """Do nothing: every process is on its own."""


class _LokyProcess:
    def __init__(self, process: Any) -> None:
        self._process = process
        self.sentinel: int = process.sentinel

    @property
    def exitcode(self) -> int | None:
        code: int | None = self._process.exitcode
        return code

    def join(self, timeout: float | None = None) -> None:
        self._process.join(timeout)

    def kill(self) -> None:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            if self.exitcode is None:  # it has not started its process group yet
                with suppress(ProcessLookupError):
                    os.kill(self._process.pid, signal.SIGKILL)
        else:
            self._process.terminate()
        self._process.join()


class ForkStarter:
    """Start workers as forks of a server, which is started by the first of them; see `serve_forks`."""

    def __init__(self, imports: Sequence[str]) -> None:
        self._imports = tuple(imports)
        self._server: Any = None
        self._control: socket.socket | None = None
        self._number = 0

    def start(self, connection: Any, memory_limit: int | None) -> "_ForkedProcess":
        """Request a process from the server; see `Starter`."""
        control = self._control or self._start_server()
        self._number += 1
        ours, theirs = os.pipe()
        try:
            request = REQUEST.pack(START, self._number, -1 if memory_limit is None else memory_limit)
            with suppress(OSError):  # it has died; then the worker is dead, too
                socket.send_fds(control, [request], [connection.fileno(), theirs])
        finally:
            os.close(theirs)
        return _ForkedProcess(self, control, self._number, ours)

    def drop(self, control: socket.socket) -> None:
        """Start another server for the next worker, since the one behind this socket was killed."""
        if control is self._control:
            self.close()

    def close(self) -> None:
        """End the server, and with it all workers."""
        server, self._server = self._server, None
        if self._control is not None:
            self._control.close()
            self._control = None
        if server is not None:
            if server.exitcode is None:
                os.kill(server.pid, signal.SIGKILL)
            server.join()

    def _start_server(self) -> socket.socket:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._server = _start_loky(serve_forks, theirs, self._imports)
        return self._control


class _ForkedProcess:
    """Worker that a server has forked, or will, once it is ready.

    The kernel kills it when the server ends.
    """

    def __init__(self, starter: ForkStarter, control: socket.socket, number: int, reports: int) -> None:
        self._starter, self._control, self._number, self.sentinel = starter, control, number, reports
        self._started = False
        self._exitcode: int | None = None

    @property
    def exitcode(self) -> int | None:
        self._receive(0.0)
        return self._exitcode

    def join(self, timeout: float | None = None) -> None:
        limit = None if timeout is None else time.monotonic() + timeout
        while self._exitcode is None and self._receive(None if limit is None else max(limit - time.monotonic(), 0.0)):
            pass

    def kill(self) -> None:
        if self.exitcode is None:
            with suppress(OSError):  # the server has ended
                self._control.send(REQUEST.pack(KILL, self._number, 0))
            if self._started:
                self.join(KILL_SECONDS)
        if self.sentinel >= 0:
            os.close(self.sentinel)
            self.sentinel, self._exitcode = -1, -signal.SIGKILL if self._exitcode is None else self._exitcode

    def _receive(self, timeout: float | None) -> bool:
        """Wait for a report of the server; return whether there was one."""
        if self._exitcode is not None or not _is_readable(self.sentinel, timeout):
            return False
        report = os.read(self.sentinel, EXIT.size)
        if not report:  # the server was killed, and the kernel killed its workers
            self._starter.drop(self._control)
        kind, value = EXIT.unpack(report) if report else (ENDED, -signal.SIGKILL)
        self._started = True
        if kind == ENDED:
            self._exitcode = value
        return True


def _start_loky(target: Any, *arguments: Any) -> Any:
    """Start a process, with one thread for computations."""
    process = get_context("loky").Process(target=target, args=arguments, env=ONE_THREAD, name="autonet-worker")
    process.start()
    return process


def _is_readable(descriptor: int, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


@contextmanager
def block_sigint() -> Iterator[None]:
    """Block Ctrl-C inside a ``with`` block; processes started there inherit the mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def check_memory_limit(megabytes: Any) -> int:
    """Return a memory limit in bytes; raise if it is not a positive number, or cannot be kept on this system."""
    if not is_real(megabytes) or not 0 < megabytes < math.inf:
        raise InvalidOption(f"memory_limit_mb must be a positive number; got {megabytes!r}.")
    if not sys.platform.startswith("linux"):
        raise InvalidOption("memory_limit_mb is supported on Linux only; remove it.")
    return int(megabytes * 2**20)

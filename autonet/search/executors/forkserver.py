"""Server process that imports modules once and forks worker processes, each of which starts in milliseconds.

It is started by loky, so that no ``__main__`` guard is needed, and runs nothing but imports: forks of a program that
has computed may hang.
"""

import ctypes
import gc
import os
import signal
import socket
import struct
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import connection, process
from pathlib import Path
from typing import Any, NoReturn

from joblib.externals.loky.backend import get_context

from autonet.search.executors.worker import detach_from_terminal, import_all, serve

__all__ = ["ENDED", "EXIT", "KILL", "REQUEST", "START", "STARTED", "serve_forks"]

# Request to the server: what to do, the number of the worker, its memory limit or -1.  A request to start comes with
# two descriptors: the worker's end of its pipe, and a pipe for what the server says of the worker.
REQUEST = struct.Struct("=cqq")
START, KILL = b"s", b"k"
# What the server says of a worker: its process id, and later its exit code.
EXIT = struct.Struct("=cq")
STARTED, ENDED = b"p", b"x"

PR_SET_PDEATHSIG = 1
# Threads of native libraries that survive a fork: that of jemalloc, which pyarrow brings, is stopped for it.
HARMLESS_THREADS = frozenset(["jemalloc_bg_thd"])


def serve_forks(control: socket.socket, imports: Sequence[str]) -> NoReturn:
    """Import modules, then start and kill workers as requested, until the parent has died or closed the socket."""
    detach_from_terminal()
    import_all(imports)
    gc.collect()
    gc.freeze()  # a collection in a worker would copy every page with objects of these modules
    _Server(control).run()
    os._exit(0)


class _Server:
    """Main loop of the server."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pids: dict[int, int] = {}  # by number of the worker
        self._reports: dict[int, int] = {}  # descriptors, by process id
        self._woken, self._waker = socket.socketpair()

    def run(self) -> None:
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        while True:
            ready = connection.wait([self._control, self._woken])
            if self._woken in ready:
                with suppress(BlockingIOError):
                    self._woken.recv(4096)
                self._reap()
            if self._control in ready and not self._obey():
                break
        for pid in self._reports:
            _kill_group(pid)

    def _obey(self) -> bool:
        """Receive a request; return False if there will be no further one."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, REQUEST.size, 2, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            return False
        if len(message) < REQUEST.size:
            return False
        kind, number, memory = REQUEST.unpack(message)
        if kind == START:
            pipe, report = descriptors
            self._start(number, pipe, report, None if memory < 0 else memory)
        elif number in self._pids:
            _kill_group(self._pids[number])
        return True

    def _start(self, number: int, pipe: int, report: int, memory: int | None) -> None:
        with connection.Connection(pipe) as theirs:
            try:
                pid = self._fork(theirs, report, memory) if _may_fork() else _spawn(theirs, memory)
            except OSError:  # there are too many processes
                traceback.print_exc()
                _say(report, ENDED, 1)
                os.close(report)
                return
        self._pids[number], self._reports[pid] = pid, report
        _say(report, STARTED, pid)

    def _fork(self, theirs: "connection.Connection[Any, Any]", report: int, memory: int | None) -> int:
        server = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: see HARMLESS_THREADS
            pid = os.fork()
        if pid == 0:
            try:
                self._become_worker(server, report)
                serve(theirs, memory)
            except BaseException:  # noqa: BLE001 - it must never return into the server's code
                traceback.print_exc()
            finally:
                os._exit(1)
        return pid

    def _become_worker(self, server: int, report: int) -> None:
        """Undo in the new process what belongs to the server."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:  # it died in between
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._control, self._woken, self._waker):
            end.close()
        for descriptor in (report, *self._reports.values()):
            os.close(descriptor)
        process.current_process().name = "autonet-worker"
        numpy: Any = sys.modules.get("numpy")
        if numpy is not None:
            numpy.random.seed()  # Python's own generator does it by itself

    def _reap(self) -> None:
        """Report workers that have ended, and end the processes that they have left."""
        while self._reports or self._pids:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            report = self._reports.pop(pid, None)
            if report is not None:
                _kill_group(pid)  # before its id is free for others
            _, status = os.waitpid(pid, 0)
            if report is not None:
                self._pids = {number: other for number, other in self._pids.items() if other != pid}
                _say(report, ENDED, os.waitstatus_to_exitcode(status))
                os.close(report)


def _may_fork() -> bool:
    """Return whether there is no thread that a fork would lose: an imported module may have started one."""
    tasks = [task for task in Path("/proc/self/task").iterdir() if int(task.name) != os.getpid()]
    return all((task / "comm").read_text(encoding="utf-8").strip() in HARMLESS_THREADS for task in tasks)


def _spawn(theirs: "connection.Connection[Any, Any]", memory: int | None) -> int:
    """Start a worker without a fork."""
    worker = get_context("loky").Process(target=serve, args=(theirs, memory), name="autonet-worker")
    worker.start()
    process._children.discard(worker)  # type: ignore[attr-defined]  # noqa: SLF001 - else it is waited for elsewhere
    return int(worker.pid)


def _say(report: int, kind: bytes, value: int) -> None:
    with suppress(OSError):  # nobody listens any more
        os.write(report, EXIT.pack(kind, value))


def _kill_group(pid: int) -> None:
    """Kill a child that has not been waited for, and the processes that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):  # it may not have started its group yet
        os.kill(pid, signal.SIGKILL)

"""Send an objective to worker processes: its large arrays once, in a file that all of them map into memory."""

import logging
import mmap
import os
import pickle
import sys
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import reduction
from typing import Any, NamedTuple

from autonet.core.memory import available_memory
from autonet.search.evaluation import Objective
from autonet.search.executors.pickling import pickle_objective, unpickle

__all__ = ["MEMORY_SHARE", "MIN_SHARED_BYTES", "Message", "SharedObjective", "load_shared"]

MIN_SHARED_BYTES = 2**16  # smaller arrays are pickled
ALIGNMENT = 64  # bytes
MEMORY_SHARE = 0.5  # of the available memory, up to which the file is kept in memory


class Message(NamedTuple):
    """Pickled objective, and where its large arrays lie in the file; the file itself is sent separately."""

    data: bytes
    spans: Sequence[tuple[int, int]]


class SharedObjective:
    """Objective pickled for worker processes of this machine.

    On Linux, its large arrays are written to a file without a name, in memory if there is enough, else in the folder of
    temporary files, which vanishes with the last process that holds it.

    Parameters
    ----------
    objective : callable

    Raises
    ------
    InvalidOption
        If the objective cannot be pickled.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        buffers: list[memoryview] = []

        def keep(buffer: pickle.PickleBuffer) -> bool:
            memory = buffer.raw()
            if memory.nbytes < MIN_SHARED_BYTES or not sys.platform.startswith("linux"):
                return True
            buffers.append(memory)
            return False

        data = pickle_objective(objective, keep)
        spans, end = [], 0
        for memory in buffers:
            begin = -(-end // ALIGNMENT) * ALIGNMENT
            end = begin + memory.nbytes
            spans.append((begin, end))
        self._message, self._file = Message(data, spans), None
        if buffers:
            self._file = _write_file(buffers, spans)
            if self._file is None:
                self._message = Message(pickle_objective(objective), [])
            else:
                weakref.finalize(self, os.close, self._file)

    def send(self, connection: Any) -> None:
        """Send the file, if there is one, after a message that contains `message`."""
        if self._file is not None:
            reduction.send_handle(connection, self._file, None)

    @property
    def message(self) -> Message:
        """What to pass to `load_shared`."""
        return self._message

    def equals(self, other: "SharedObjective | None") -> bool:
        """Return whether another one is known to be the same objective."""
        return other is self or (other is not None and self._file is None and self._message == other.message)


def load_shared(message: Message, connection: Any) -> Any:
    """Receive the file of a message, if it has one; return a function that loads the objective.

    Arrays are read from the file when they are used.  What is written to them stays in this process.
    """
    if not message.spans:
        return lambda: unpickle(message.data)
    descriptor = reduction.recv_handle(connection)
    mapped = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY))
    os.close(descriptor)
    memory = [mapped[begin:end] for begin, end in message.spans]
    return lambda: unpickle(message.data, memory)


def _write_file(buffers: Sequence[memoryview], spans: Sequence[tuple[int, int]]) -> int | None:
    """Write arrays to a file without a name; return its descriptor, or None if there is no space for it."""
    size, available = spans[-1][1], available_memory()
    # Where the system does not say what is available, the disk is tried first.
    fits = available is not None and size <= MEMORY_SHARE * available
    # On a full disk the file is in memory whatever it takes: a copy for each worker takes more.
    for create in (_create_in_memory, _create_on_disk) if fits else (_create_on_disk, _create_in_memory):
        with suppress(OSError):
            return _write(create(), buffers, spans)
    logging.getLogger("autonet.search").warning(
        "%.2g GiB of data fit neither into the folder of temporary files nor into memory that processes share: each "
        "worker process gets a copy; set TMPDIR to a folder with more space",
        size / 2**30,
    )
    return None


def _create_in_memory() -> int:
    return os.memfd_create("autonet")


def _create_on_disk() -> int:
    descriptor, path = tempfile.mkstemp(prefix="autonet-")
    os.unlink(path)  # noqa: PTH108 - a path of the system
    return descriptor


def _write(descriptor: int, buffers: Sequence[memoryview], spans: Sequence[tuple[int, int]]) -> int:
    """Write arrays to an open file, which is closed if that fails; return its descriptor."""
    try:
        with open(descriptor, "wb", closefd=False) as file:
            for memory, (begin, _) in zip(buffers, spans, strict=True):
                file.seek(begin)
                file.write(memory)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor

"""Encodings that worker processes of a machine share: one process encodes a fold, all of them map its memory."""

import errno
import fcntl
import hashlib
import mmap
import os
import pickle
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self, TypeVar
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from autonet.core.memory import available_memory
from autonet.core.modality import Allocate, Inputs
from autonet.core.pickling import pickle_arrays
from autonet.search.executors.pickling import unpickle
from autonet.search.executors.sharing import MEMORY_SHARE, MIN_SHARED_BYTES

__all__ = ["SharedEncodings"]

E = TypeVar("E")

SHARED_BYTES = 2**28  # of encodings that nobody needs any more, for later trials
SLOTS = 128  # encodings at a time
SLOT_BYTES = 2**40  # of the file for each; only what is written takes memory
POLL_SECONDS = 0.01  # interval of checks whether another process has encoded a fold

# Of a slot: hash of the key; time of the last use; bytes; where its pickle begins and ends, 0 until it is written.
RECORD = np.dtype([("key", "S64"), ("used", np.int64), ("size", np.int64), ("begin", np.int64), ("end", np.int64)])
FLOCK = struct.Struct("hhqqi4x")  # struct flock of Linux: type, whence, start, length, process


class SharedEncodings:
    """Cache of encodings in a file without a name, in memory, which vanishes with its owner and those who map it.

    Locks of the kernel guard the slots of the file, so that a process that is killed leaves none: the one that encodes
    holds a lock for writing, those whose mapping is alive hold one for reading, and what nobody maps may be dropped.

    Parameters
    ----------
    path : str
        Where processes of this user open the file.
    n_kept : int
        Number of encodings that are kept whatever their size: those of one configuration.
    """

    def __init__(self, path: str, n_kept: int) -> None:
        self._path, self._n_kept = path, n_kept
        # Others cache by encoder, too: each time it is loaded, it should be the same object.
        self._encoders = WeakValueDictionary[bytes, Any]()

    def __reduce__(self) -> tuple[Any, ...]:
        """Reduce to the path of the file."""
        return SharedEncodings, (self._path, self._n_kept)

    @classmethod
    @contextmanager
    def create(cls, n_kept: int) -> Iterator["SharedEncodings | None"]:
        """Create the file inside a ``with`` block; None if the system permits no such file."""
        descriptor, shared = -1, None
        try:
            with suppress(OSError):
                descriptor = os.memfd_create("autonet-encodings")
                os.ftruncate(descriptor, (SLOTS + 1) * SLOT_BYTES)
                shared = cls(f"/proc/{os.getpid()}/fd/{descriptor}", n_kept)
            yield shared
        finally:
            if shared is not None:
                with suppress(OSError), _File(shared._path) as file:  # a worker that is kept may have it open
                    file.shrink(0, 0)
            if descriptor >= 0:
                os.close(descriptor)

    def get(self, key: Any, encode: Callable[[Allocate], tuple[E, list[Inputs]]]) -> tuple[E, list[Inputs]] | None:
        """Load an encoding, after it was encoded here or by another process; None if there is no space for it.

        Parameters
        ----------
        key : object
            Equal keys have equal representations (``repr``) in all processes, others have others.
        encode : callable
            Gets a function that allocates arrays; returns an encoder, or None, and what it has encoded.
        """
        digest = hashlib.sha256(repr(key).encode()).hexdigest().encode()
        with suppress(OSError), _File(self._path) as file:
            number = file.claim(digest)
            if not file.records["end"][number]:
                file.write(number, encode, lambda size: file.shrink(SHARED_BYTES - size, self._n_kept, number))
            encoder, inputs = file.load(number)
            return encoder and self._encoders.setdefault(digest, encoder), inputs
        return None


class _File:
    """The file, open: `records` of its slots, which processes write while they lock the index, and the slots.

    Locks belong to what was opened: they are held until it is closed and its last mapping is gone.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR)
        index = mmap.mmap(self._descriptor, SLOTS * RECORD.itemsize)
        self.records: NDArray[Any] = np.frombuffer(index, RECORD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # its traceback may keep mappings alive
            self._command(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, 0, 0)
        os.close(self._descriptor)

    def claim(self, key: bytes) -> int:
        """Lock the slot of a key, for reading if it is written and else for writing; return its number."""
        while True:
            with self._index():
                known = np.flatnonzero(self.records["key"] == key)
                number = int(known[0]) if len(known) else self._take_slot(key)
                self.records["used"][number] = time.monotonic_ns()
                if self._lock(number, fcntl.F_RDLCK if self.records["end"][number] else fcntl.F_WRLCK):
                    return number
            time.sleep(POLL_SECONDS)  # another process writes it

    def _take_slot(self, key: bytes) -> int:
        for number in map(int, np.argsort(self.records["used"], kind="stable")):
            if self._lock(number, fcntl.F_WRLCK):
                self._clear(number)
                self.records["key"][number] = key
                return number
        raise OSError(errno.ENOSPC, "all slots are in use")

    def write(
        self, number: int, encode: Callable[[Allocate], tuple[Any, list[Inputs]]], make_room: Callable[[int], None]
    ) -> None:
        """Encode into a slot that is locked for writing; lock it for reading."""
        offset, size = (number + 1) * SLOT_BYTES, 0
        spans_by_address, spans = dict[int, tuple[int, int]](), list[tuple[int, int]]()

        def reserve(n_bytes: int) -> tuple[int, NDArray[np.uint8]]:
            nonlocal size
            make_room(n_bytes)
            available = available_memory()
            if available is None or n_bytes > MEMORY_SHARE * available:  # each process then encodes for itself
                raise OSError(errno.ENOSPC, "there is too little memory")
            begin = -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
            size = begin + n_bytes
            self.records["size"][number] = size
            os.posix_fallocate(self._descriptor, offset + begin, n_bytes)  # without memory, a write would be a crash
            return begin, np.frombuffer(mmap.mmap(self._descriptor, n_bytes, offset=offset + begin), np.uint8)

        def allocate(shape: tuple[int, ...]) -> NDArray[np.float32]:
            n_bytes = 4 * int(np.prod(shape))
            if n_bytes < MIN_SHARED_BYTES:
                return np.empty(shape, np.float32)
            begin, memory = reserve(n_bytes)
            spans_by_address[memory.ctypes.data] = begin, begin + n_bytes
            return memory.view(np.float32).reshape(shape)

        def copy(content: memoryview | bytes) -> tuple[int, int]:
            begin, memory = reserve(len(content))
            memory[:] = np.frombuffer(content, np.uint8)
            return begin, begin + len(content)

        def keep(buffer: pickle.PickleBuffer) -> bool:
            memory = buffer.raw()
            if memory.nbytes < MIN_SHARED_BYTES:
                return True
            span = spans_by_address.get(np.frombuffer(memory, np.uint8).ctypes.data)
            spans.append(span if span and span[1] - span[0] == memory.nbytes else copy(memory))
            return False

        encoder, inputs = encode(allocate)
        pickled = pickle_arrays(encoder), pickle_arrays(inputs, keep), spans  # encoders outlive a mapping
        self.records["begin"][number], end = copy(pickle.dumps(pickled))
        self.records["end"][number] = end
        self._lock(number, fcntl.F_RDLCK)

    def load(self, number: int) -> tuple[Any, list[Inputs]]:
        """Load the encoding of a slot that is locked for reading; what is written to it stays in this process."""
        _, _, _, begin, end = self.records[number].tolist()
        offset = (number + 1) * SLOT_BYTES
        mapped = memoryview(mmap.mmap(self._descriptor, end, access=mmap.ACCESS_COPY, offset=offset))
        encoder, inputs, spans = unpickle(bytes(mapped[begin:end]))
        return unpickle(encoder), unpickle(inputs, [mapped[first:last] for first, last in spans])

    def shrink(self, max_bytes: int, n_kept: int, own: int = -1) -> None:
        """Drop the oldest encodings that nobody maps, except some, until all together have so many bytes."""
        with self._index():
            for number in map(int, np.argsort(self.records["used"])):
                sizes = self.records["size"]
                if sizes.sum() <= max_bytes or np.count_nonzero(sizes) <= n_kept:
                    return
                if sizes[number] and number != own and self._lock(number, fcntl.F_WRLCK):
                    self._clear(number)
                    self._lock(number, fcntl.F_UNLCK)

    def _clear(self, number: int) -> None:
        """Drop what a slot holds, or what a process that was killed has left in it; it is locked for writing."""
        size = int(self.records["size"][number])
        self.records[number] = (b"", 0, size, 0, 0)
        if size:
            offset = (number + 1) * SLOT_BYTES
            mmap.mmap(self._descriptor, size, offset=offset).madvise(mmap.MADV_REMOVE)
        self.records["size"][number] = 0

    @contextmanager
    def _index(self) -> Iterator[None]:
        """Lock the index inside a ``with`` block."""
        self._command(fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, 0, 1)
        try:
            yield
        finally:
            self._command(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, 0, 1)

    def _lock(self, number: int, kind: int) -> bool:
        """Lock or unlock a slot; return False if another process has locked it."""
        try:
            self._command(fcntl.F_OFD_SETLK, kind, number + 1, 1)
        except BlockingIOError:
            return False
        return True

    def _command(self, command: int, kind: int, start: int, length: int) -> None:
        fcntl.fcntl(self._descriptor, command, FLOCK.pack(kind, os.SEEK_SET, start, length, 0))

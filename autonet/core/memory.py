"""Memory available to this process: what the system has left, within the limits of its control groups (containers)."""

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

__all__ = ["available_memory"]

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


class _Files(NamedTuple):
    """Names of a version of control groups."""

    limit: str
    usage: str
    cache: str  # in memory.stat: of files, which the kernel drops before it kills a process


V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
V2 = _Files("memory.max", "memory.current", "inactive_file")


def available_memory(proc: Path = PROC, cgroups: Path = CGROUPS) -> int | None:
    """Return the bytes of memory that are available to this process; None if the system does not say.

    Parameters
    ----------
    proc, cgroups : Path
        Where Linux mounts the files of processes and of control groups.
    """
    with suppress(OSError, ValueError, IndexError):
        status = (proc / "meminfo").read_text(encoding="ascii")
        left = int(status.partition("MemAvailable:")[2].split()[0]) * 1024
        in_groups = [_left_in(*group) for group in _list_groups(proc, cgroups)]
        return max(int(min([left, *in_groups])), 0)
    return None


def _list_groups(proc: Path, cgroups: Path) -> Iterator[tuple[Path, _Files]]:
    """Yield the folders of the control groups that limit this process, up to their root, which may be a container's."""
    with suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            root, names = (cgroups / "memory", V1) if controllers else (cgroups, V2)
            folder = root / path.lstrip("/")
            # In a container without a namespace of its own, the path is that of the host, and the root is its group.
            yield root, names
            while folder != root and root in folder.parents:
                yield folder, names
                folder = folder.parent


def _left_in(folder: Path, names: _Files) -> float:
    """Return the bytes left in a control group; infinity if it has no limit."""
    with suppress(OSError, ValueError):
        limit, used = (int((folder / name).read_text(encoding="ascii")) for name in (names.limit, names.usage))
        counts = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        return limit - used + int(counts.get(names.cache, 0))
    return math.inf

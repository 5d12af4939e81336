"""Files of a run directory: for their owner alone, and there whole or not at all."""

import os
from pathlib import Path

__all__ = ["create", "publish"]

# Where the system knows it: a link in the place of the file is an error, not a way out of the directory.
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def create(path: Path, content: bytes = b"") -> None:
    """Create a file that its owner alone may read, or empty the one that is there."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | NO_LINKS, 0o600), "wb") as file:
        file.write(content)


def publish(part: Path, path: Path) -> None:
    """Rename a complete file to its proper name; not even a loss of power leaves half of it there."""
    _sync(part, os.O_RDWR)
    part.replace(path)
    if os.name == "posix":  # elsewhere a directory cannot be opened
        _sync(path.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    """Wait until what was written has reached the disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

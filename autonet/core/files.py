"""Files: reading small texts of users, and writing that leaves a file complete or absent."""

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from autonet.core.errors import AutonetError, InvalidOption

__all__ = ["check_path", "describe_kind", "find_target", "publish", "read_text", "write_file"]

# Largest size of a preset or an updates file, in bytes; autonet's largest preset has 20 kB.
MAX_BYTES = 2**18
# Longest line, in characters: time and memory of parsing a dotted TOML key grow with the square of its length.
MAX_LINE_LENGTH = 4096


def check_path(path: str | os.PathLike[str], name: str, error: type[AutonetError] = InvalidOption) -> None:
    """Check that a file may have a path: one that is not empty, nor longer than the system allows.

    Parameters
    ----------
    path : path-like
    name : str
        Subject of the error message, such as ``"The path of X"``.
    error : type of AutonetError, default=InvalidOption

    Raises
    ------
    AutonetError
        Of the type `error`.
    """
    text = os.fspath(path)
    fault = ""
    if not text:  # which `Path` takes for the current folder
        fault = "is empty; name a file or folder, such as '.', the current one"
    elif "\0" in text:
        fault = "has a NUL character; leave it out"
    else:
        try:
            os.lstat(text)
        except OSError as found:
            if found.errno == errno.ENAMETOOLONG:
                fault = f"is longer than the system allows: {text!r:.60}...; shorten it"
    if fault:
        raise error(f"{name} {fault}.")


def read_text(path: str | Path, what: str) -> str:
    """Read a small text file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : str or Path
    what : str
        Kind of file for error messages, such as ``"Preset"``.

    Raises
    ------
    InvalidOption
        If it cannot be opened, is not a regular file (a directory, a pipe, a device), is too large, or is not text.
    """
    name = f"{what} {str(path)!r}"
    try:
        mode = Path(path).stat().st_mode
        if not stat.S_ISREG(mode):  # a pipe would block, a device may be endless
            raise InvalidOption(f"{name} cannot be read: expected a file; got {describe_kind(mode)}.")
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InvalidOption(f"{name} is larger than {MAX_BYTES // 1024} KiB; is it the right file?")
        text = data.decode("utf-8-sig")
    except InvalidOption:
        raise
    except UnicodeDecodeError as error:
        raise InvalidOption(f"{name} cannot be read: {error}; save it as UTF-8.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InvalidOption(f"{name} cannot be read: {error}.") from error
    if max(map(len, text.split("\n"))) > MAX_LINE_LENGTH:
        raise InvalidOption(f"{name} has a line of more than {MAX_LINE_LENGTH} characters; break it, or shorten it.")
    return text


def find_target(path: str | os.PathLike[str], what: str = "The model") -> Path:
    """Return the file that is to be written; of a symbolic link, its target.

    Parameters
    ----------
    path : path-like
    what : str
        What is to be saved, for error messages.

    Raises
    ------
    InvalidOption
        If there is no such directory, or the file is not a regular one, which would be replaced.
    """
    check_path(path, f"{what} cannot be saved: its path")
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise InvalidOption(f"{what} cannot be saved to {path}: there is no directory {target.parent}.")
    if target.exists() and not target.is_file():
        raise InvalidOption(f"{what} cannot be saved to {path}: it is {describe_kind(target.stat().st_mode)}.")
    return target


def write_file(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file beside `path`, then rename it: it is there whole or not at all.

    A file that is replaced keeps its permissions.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")  # a longer name may be too long
    try:
        with part.open("xb") as file:
            if path.exists():
                part.chmod(stat.S_IMODE(path.stat().st_mode))
            for content in parts:
                file.write(content)
        publish(part, path)
    finally:
        part.unlink(missing_ok=True)


def publish(part: Path, path: Path) -> None:
    """Rename a complete file to its final name, durably: after a power failure it is complete or absent."""
    _sync(part, os.O_RDWR)
    part.replace(path)
    if os.name == "posix":  # Windows cannot open a directory
        _sync(path.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    """Flush a file or directory to disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def describe_kind(mode: int) -> str:
    """Name the kind of a file, by its mode, for error messages."""
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFDIR: "a directory",
        stat.S_IFREG: "a file",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")

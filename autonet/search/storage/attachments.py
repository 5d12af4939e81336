"""Files of trials: a directory for each, and bytes that an objective attaches."""

from pathlib import Path

from autonet.core.errors import InvalidOption, RunCorrupted, RunUnavailable, UnknownName
from autonet.core.files import write_file
from autonet.search.spaces.values import safe_repr
from autonet.search.storage.files import check_plain

__all__ = ["TRIALS", "list_attachments", "make_directory", "read_attachment", "write_attachment"]

TRIALS = "trials"  # directory of the trials' directories in a run directory
MAX_NAME = 255  # bytes of the name of an attachment, as file systems allow


def make_directory(files: str | Path, trial: int) -> Path:
    """Return the directory of a trial in the directory of all; make both, accessible only to their owner."""
    path = Path(files) / str(trial)
    try:
        for directory in (path.parent, path):
            check_plain(directory, directory=True)
            directory.mkdir(exist_ok=True, mode=0o700)
    except ValueError as error:
        raise RunCorrupted(str(error)) from None
    except OSError as error:
        raise RunUnavailable(f"{path} cannot be made: {error}.") from error
    return path


def write_attachment(directory: Path, name: str, data: bytes) -> None:
    """Write bytes to a file in the directory of a trial: it is there whole or not at all.

    Raises
    ------
    InvalidOption, TypeError, RunUnavailable
        See `RunningTrial.attach`.
    """
    if not _is_file_name(name):
        raise InvalidOption(
            f"attach() expects the name of a file, without a directory, not hidden and of at most {MAX_NAME} bytes, "
            f"such as 'curve.npy'; got {safe_repr(name)}."
        )
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"attach() expects bytes; got {type(data).__name__}. Write to an io.BytesIO for arrays.")
    try:
        write_file(directory / name, [bytes(data)])
    except OSError as error:
        raise RunUnavailable(f"{directory / name} cannot be written: {error}.") from error


def _is_file_name(name: object) -> bool:
    """Return whether a name is that of a file, on any system."""
    if not isinstance(name, str) or not name or name.startswith(".") or set(name) & set("/\\:\0"):
        return False
    try:
        return len(name.encode()) <= MAX_NAME
    except UnicodeEncodeError:  # lone surrogates
        return False


def list_attachments(directory: Path) -> list[str]:
    """Return the names of the files in the directory of a trial, sorted; empty without a directory."""
    if not directory.is_dir():
        return []
    return sorted(path.name for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))


def read_attachment(directory: Path, name: str) -> bytes:
    """Read a file in the directory of a trial.

    Raises
    ------
    UnknownName
        If there is none of this name; the message has the nearest.
    RunUnavailable
        If it cannot be read.
    """
    names = list_attachments(directory)
    if name not in names:
        raise UnknownName("attachment", name, names)
    try:
        return (directory / name).read_bytes()
    except OSError as error:
        raise RunUnavailable(f"{directory / name} cannot be read: {error}.") from error

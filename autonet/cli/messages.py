"""What the command line says on standard error: errors with exit codes, and warnings."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["CLOSED_PIPE", "FAILED", "INTERRUPTED", "USAGE", "CommandFailed", "warnings_as_sentences"]

# Exit codes.
FAILED, USAGE = 1, 2
INTERRUPTED, CLOSED_PIPE = 130, 141  # 128 + SIGINT and 128 + SIGPIPE, as shells say


class CommandFailed(click.ClickException):
    """An error that ends the program with a sentence on standard error and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares one for the class


@contextmanager
def warnings_as_sentences() -> Iterator[list[type[Warning]]]:
    """Print warnings as lines on standard error; return the list of their categories."""
    categories: list[type[Warning]] = []

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        from tqdm.auto import tqdm  # noqa: PLC0415 - writes above the progress bar

        categories.append(category)
        tqdm.write(f"warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.simplefilter("always", UserWarning)
        yield categories

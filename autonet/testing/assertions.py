"""Assertions with a message, and checks that run them, for the conformance suites."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

__all__ = ["expect", "expect_no_error", "run_checks"]


def expect(condition: bool, message: str) -> None:
    """Raise AssertionError with `message`, capitalized, unless `condition` is true."""
    if not condition:
        raise AssertionError(message[0].upper() + message[1:])


@contextmanager
def expect_no_error(subject: str) -> Iterator[None]:
    """Raise AssertionError that names `subject` and the error if the ``with`` block raises another one."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{subject} raises {type(error).__name__}: {error}") from error


def run_checks(checks: Iterable[Callable[[], None]]) -> None:
    """Run checks up to the first that fails, whose AssertionError gets a note with its name."""
    for check in checks:
        try:
            check()
        except AssertionError as error:
            error.add_note(f"in the check: {check}")
            raise

"""Assertion with a message, for the conformance suites."""

__all__ = ["expect"]


def expect(condition: bool, message: str) -> None:
    """Raise AssertionError with `message`, capitalized, unless `condition` is true."""
    if not condition:
        raise AssertionError(message[0].upper() + message[1:])

"""Warnings as sentences on standard error."""

import warnings
from typing import Any

import pytest

from autonet.cli.messages import CommandFailed, warnings_as_sentences
from autonet.core.errors import DataWarning


def test_warnings_are_printed_every_time_and_remembered(capsys: Any) -> None:
    with warnings_as_sentences() as categories:
        for _ in range(2):
            warnings.warn("Column 'a': ambiguous.", DataWarning, stacklevel=1)
    assert capsys.readouterr().err == "warning: Column 'a': ambiguous.\n" * 2
    assert categories == [DataWarning, DataWarning]
    with pytest.raises(DataWarning):  # the filters of the caller are back
        warnings.warn("x", DataWarning, stacklevel=1)


def test_a_failure_is_a_sentence(capsys: Any) -> None:
    failure = CommandFailed("no luck.", 130)
    failure.show()
    assert (failure.exit_code, capsys.readouterr().err) == (130, "Error: no luck.\n")

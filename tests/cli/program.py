"""The command line in this process: arguments in, exit code and texts out."""

import contextlib
import io
import sys
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from autonet.cli.main import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def run(*arguments: Any, stdin: bytes = b"") -> Done:
    """Run a command."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
    ):
        try:
            main([str(argument) for argument in arguments], prog_name="autonet")
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())

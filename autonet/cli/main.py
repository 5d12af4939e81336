"""The program `autonet`: its commands, its errors in one sentence, its exit codes."""

import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from autonet import __version__
from autonet.cli.messages import CLOSED_PIPE, FAILED, INTERRUPTED, USAGE, CommandFailed
from autonet.cli.options import TRACEBACK
from autonet.core.errors import AutonetError, InvalidOption, UnknownName

__all__ = ["main"]

# Module and summary of each command: `autonet --help` imports none of them.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "fit": ("autonet.cli.fitting", "Find a model for a table, or for images, and write it to a file."),
    "resume": ("autonet.cli.fitting", "Go on with a fit in a run directory."),
    "predict": ("autonet.cli.predicting", "Predict rows or images."),
    "evaluate": ("autonet.cli.scoring", "Score a model on rows that it has not seen."),
    "leaderboard": ("autonet.cli.scoring", "List what was fitted, the best first."),
    "report": ("autonet.cli.reporting", "Write a report of a model as one HTML page."),
    "export": ("autonet.cli.exporting", "Write a model for services without autonet."),
    "presets": ("autonet.cli.spaces", "List the search spaces that come with autonet."),
    "show-space": ("autonet.cli.spaces", "List the hyperparameters that a fit would search."),
}

EPILOG = """\b
Examples:
  autonet fit train.csv --target price --max-runtime 300 --out price.autonet
  autonet evaluate price.autonet test.csv --target price
  autonet predict price.autonet rows.csv > predictions.csv
  cat rows.csv | autonet predict price.autonet - | head

\b
Exit codes:
  0    success
  1    the data, the model file or the run directory is invalid
  2    the command or an option is invalid
  130  interrupted; a fit has written the best model so far, if there was one
"""


class _Program(click.Group):
    """Commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(str(UnknownName("command", args[0], COMMANDS)))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with _failing_in_a_sentence(ctx):
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()  # a closed pipe shows here
            return result


@contextmanager
def _failing_in_a_sentence(ctx: click.Context) -> Iterator[None]:
    """Turn exceptions of a command into `CommandFailed`; with ``--traceback`` print the stack as well."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except BrokenPipeError:
        # The reader has closed the pipe: what is still buffered goes nowhere, also when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(CLOSED_PIPE) from None
    except KeyboardInterrupt as error:
        raise CommandFailed("interrupted; nothing was written.", INTERRUPTED) from error
    except Exception as error:
        if ctx.meta.get(TRACEBACK):
            traceback.print_exception(error)
        raise CommandFailed(_describe(error), USAGE if isinstance(error, InvalidOption) else FAILED) from error


def _describe(error: Exception) -> str:
    """Return the sentence of an error; of one that is nobody's, with its type."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    if isinstance(error, AutonetError | ValueError | TypeError) and str(error):  # also scikit-learn's sentences
        return str(error).strip()
    return f"{type(error).__name__}: {error}; --traceback shows where."


@click.group(
    "autonet",
    cls=_Program,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="autonet", message="%(prog)s %(version)s")
def main() -> None:
    """Find neural networks for tables and images.

    Results go to standard output, progress and warnings to standard error. `autonet COMMAND --help` has the options
    and examples of a command.
    """

"""Command that writes a report: `report`."""

from typing import Any

import click

from autonet.cli.messages import warnings_as_sentences
from autonet.cli.options import format_option, traceback_option

__all__ = ["report"]

EXAMPLES = """\b
Examples:
  autonet report price.autonet test.csv --target price
  autonet report run --out run.html --title "Prices, first try"
"""


@click.command(epilog=EXAMPLES)
@click.argument("model")
@click.argument("test", required=False)
@click.option("--target", "-t", "targets", multiple=True, metavar="COLUMN", help="Column to predict.")
@click.option("--out", "-o", default="report.html", show_default=True, metavar="PATH", help="File to write.")
@click.option("--title", metavar="TEXT", help="Heading of the page.  Default: the class of the estimator.")
@format_option
@traceback_option
def report(
    model: str, test: str | None, targets: tuple[str, ...], out: str, title: str | None, format_: str | None
) -> None:
    """Write a report of MODEL, a model file or run directory, as one HTML page.

    With a table TEST of rows that it has not seen, the page says how good the model is, and which columns matter. A
    model file has the history of the search if it was written with --with-history. Needs the extra `report`.
    """
    from autonet.cli.images import check_target  # noqa: PLC0415
    from autonet.cli.models import load_model, read_scored  # noqa: PLC0415 - imports scikit-learn

    check_target(test, targets, "TEST")
    with warnings_as_sentences():
        estimator = load_model(model)
        rows: tuple[Any, ...] = ()
        if test is not None:
            rows = read_scored(estimator, test, targets, None, format_)[:2]
        path = estimator.report(out, *rows, title=title)
    click.echo(f"report written to {path}", err=True)

"""Commands that score: `evaluate` and `leaderboard`."""

from typing import Any

import click

from autonet.cli.messages import warnings_as_sentences
from autonet.cli.options import format_option, json_option, traceback_option

__all__ = ["evaluate", "leaderboard"]

EVALUATE_EXAMPLES = """\b
Examples:
  autonet evaluate price.autonet test.csv --target price
  autonet evaluate churn.autonet test.csv --target churned --metric roc_auc --metric log_loss --json
"""

LEADERBOARD_EXAMPLES = """\b
Examples:
  autonet leaderboard run
  autonet leaderboard price.autonet test.csv --target price
"""


@click.command(epilog=EVALUATE_EXAMPLES)
@click.argument("model")
@click.argument("test")
@click.option("--target", "-t", "targets", multiple=True, metavar="COLUMN", help="Column to predict.")
@click.option("--sample-weight", metavar="COLUMN", help="Column of the weights of the rows.")
@click.option("--metric", "metrics", multiple=True, metavar="METRIC", help="Metric to compute.  Default: all.")
@format_option
@json_option
@traceback_option
def evaluate(
    model: str,
    test: str,
    targets: tuple[str, ...],
    sample_weight: str | None,
    metrics: tuple[str, ...],
    format_: str | None,
    as_json: bool,
) -> None:
    """Score MODEL, a model file or run directory, on the table TEST of rows, or the folder of images, not seen before.

    The ends of the 95 % intervals are those of a bootstrap of the rows.
    """
    from autonet.cli.images import check_target  # noqa: PLC0415
    from autonet.cli.models import load_model, read_scored  # noqa: PLC0415 - imports scikit-learn
    from autonet.cli.output import print_table  # noqa: PLC0415

    check_target(test, targets, "TEST")
    with warnings_as_sentences():
        estimator = load_model(model)
        X, y, weights = read_scored(estimator, test, targets, sample_weight, format_)
        table = estimator.evaluate(X, y, weights, metrics=list(metrics) or None)
    print_table(table, as_json=as_json)


@click.command(epilog=LEADERBOARD_EXAMPLES)
@click.argument("model")
@click.argument("test", required=False)
@click.option("--target", "-t", "targets", multiple=True, metavar="COLUMN", help="Column to predict.")
@format_option
@json_option
@traceback_option
def leaderboard(model: str, test: str | None, targets: tuple[str, ...], format_: str | None, as_json: bool) -> None:
    """List the trials, tree ensembles and baselines of MODEL, a model file or run directory, the best first.

    With a table TEST, members of the final model are scored on it as well. A model file has all trials if it was
    written with --with-history.
    """
    from autonet.cli.images import check_target  # noqa: PLC0415
    from autonet.cli.models import load_model, read_scored  # noqa: PLC0415 - imports scikit-learn
    from autonet.cli.output import print_table  # noqa: PLC0415

    check_target(test, targets, "TEST")
    with warnings_as_sentences():
        estimator = load_model(model)
        rows: tuple[Any, ...] = ()
        if test is not None:
            rows = read_scored(estimator, test, targets, None, format_)[:2]
        table = estimator.leaderboard(*rows)
    print_table(table, as_json=as_json)

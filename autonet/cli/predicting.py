"""The command `predict`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autonet.cli.messages import warnings_as_sentences
from autonet.cli.options import format_option, traceback_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autonet.core.typing import Array
    from autonet.estimators.base import AutoNet

__all__ = ["predict"]

EXAMPLES = """\b
Examples:
  autonet predict price.autonet rows.csv --interval 0.9 > predictions.csv
  autonet predict churn.autonet rows.parquet --proba --keep id --out predictions.jsonl
  zcat rows.csv.gz | autonet predict churn.autonet - | head
  autonet predict pictures.autonet new_pictures/ --proba
"""


@click.command(epilog=EXAMPLES)
@click.argument("model")
@click.argument("rows")
@click.option("--proba", is_flag=True, help="Probabilities of the classes as well.")
@click.option("--interval", type=float, metavar="COVERAGE", help="Intervals that hold this share of the targets, too.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Column of ROWS to copy; may be repeated.")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write, .csv or .jsonl.  Default: CSV on standard output.",
)
@format_option
@traceback_option
def predict(
    model: str, rows: str, proba: bool, interval: float | None, keep: tuple[str, ...], out: Path | None, format_: str
) -> None:
    """Predict ROWS (CSV, Parquet or JSON lines; - is standard input) with MODEL, a model file or run directory.

    Columns are found by name, in any order; further ones are ignored. For images, ROWS is a folder, an image, or a
    table with a column of paths, which is copied unless others are to be kept.
    """
    from autonet.cli.models import find_roots_of_fit, load_model, read_rows, reads_images  # noqa: PLC0415
    from autonet.cli.output import check_output, write_rows  # noqa: PLC0415
    from autonet.cli.pictures import choose_paths, resolve_paths  # noqa: PLC0415

    check_output(out)
    with warnings_as_sentences():
        estimator = load_model(model)
        _check_task(estimator, model, proba=proba, interval=interval)
        table = read_rows(estimator, rows, format_)
        X: Any = dict(table.columns)
        if reads_images(estimator):
            name = choose_paths(table, X)
            X, keep = resolve_paths(table, name, find_roots_of_fit(estimator)), keep or (name,)
        columns: dict[str, Any] = {name: table[name] for name in keep}
        columns |= _predict_columns(estimator, X, proba=proba, interval=interval)
    write_rows(columns, out)


def _check_task(estimator: "AutoNet", model: str, *, proba: bool, interval: float | None) -> None:
    regression = estimator.kind == "regression"
    if proba and regression:
        raise click.BadParameter(f"{model} is a regression; --interval is for those.", param_hint="--proba")
    if interval is not None and not regression:
        raise click.BadParameter(f"{model} is a classification; --proba is for those.", param_hint="--interval")


def _predict_columns(estimator: "AutoNet", X: Any, *, proba: bool, interval: float | None) -> "dict[str, Array]":
    """Return named columns of predictions."""
    model = estimator.model_  # takes columns by name
    names, quantiles = model.targets.names, model.targets.quantiles
    if proba:
        probabilities = model.predict_proba(X)
        columns = _name("prediction", model.decide(probabilities), names) | _name("probability", probabilities, names)
    elif len(quantiles) > 1:
        columns = _name("quantile", model.predict(X), [f"{level:g}" for level in quantiles])
    else:
        columns = _name("prediction", model.predict(X), names)
    if interval is not None:
        ends = model.predict_interval(X, interval)
        columns |= _name("lower", ends[..., 0], names) | _name("upper", ends[..., 1], names)
    return columns


def _name(name: str, values: "Array", outputs: "Sequence[object] | Array") -> "dict[str, Array]":
    """Name an array of shape (n,), or the columns of one of shape (n, p) by the names of the outputs."""
    if values.ndim == 1:
        return {name: values}
    return {f"{name}_{output}": column for output, column in zip(outputs, values.T, strict=True)}

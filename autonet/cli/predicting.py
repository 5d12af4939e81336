"""The command `predict`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autonet.cli.messages import warnings_as_sentences
from autonet.cli.options import format_option, traceback_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    from autonet.cli.images import choose_paths, resolve_paths  # noqa: PLC0415
    from autonet.cli.models import find_roots_of_fit, load_model, name_features, read_rows, reads_images  # noqa: PLC0415
    from autonet.cli.output import check_output, write_rows  # noqa: PLC0415

    check_output(out)
    with warnings_as_sentences():
        estimator = load_model(model)
        _check_task(estimator, model, proba=proba, interval=interval)
        table = read_rows(estimator, rows, format_)
        X: Any
        if reads_images(estimator):
            name = choose_paths(table, table.columns)
            X, keep = resolve_paths(table, name, find_roots_of_fit(estimator)), keep or (name,)
        else:
            X = name_features(estimator, table, table.columns)
        columns: dict[str, Any] = {name: table[name] for name in keep}
        names = _name_columns(estimator, proba=proba, interval=interval)
        _check_kept(keep, names)
        columns |= _predict_columns(estimator, X, names, interval)
    write_rows(columns, out)


def _check_task(estimator: "AutoNet", model: str, *, proba: bool, interval: float | None) -> None:
    regression = estimator.kind == "regression"
    if proba and regression:
        raise click.BadParameter(f"{model} is a regression; --interval is for those.", param_hint="--proba")
    if interval is not None and not regression:
        raise click.BadParameter(f"{model} is a classification; --proba is for those.", param_hint="--interval")


def _name_columns(estimator: "AutoNet", *, proba: bool, interval: float | None) -> dict[str, list[str]]:
    """Return the names of the columns of each kind of prediction."""
    targets = estimator.model_.targets
    levels, is_single = targets.quantiles, vars(targets).get("ndim") == 1 or targets.kind == "classification"
    several = [] if is_single else [f"_{output}" for output in targets.names]
    found = {"prediction": [f"prediction{end}" for end in several or [""]]}
    if len(levels) > 1:
        found = {"quantile": [f"quantile_{level:g}" for level in levels]}
    if proba:
        found["probability"] = [f"probability_{output}" for output in targets.names]
    if interval is not None:
        found |= {kind: [f"{kind}{end}" for end in several or [""]] for kind in ("lower", "upper")}
    return found


def _check_kept(keep: "Sequence[str]", names: "Mapping[str, Sequence[str]]") -> None:
    """Check that columns to copy are called otherwise than those of the predictions."""
    for name in keep:
        if any(name in columns for columns in names.values()):
            raise click.BadParameter(
                f"{name!r} is also the name of a column of predictions; rename the column of ROWS.", param_hint="--keep"
            )


def _predict_columns(
    estimator: "AutoNet", X: Any, names: "Mapping[str, Sequence[str]]", interval: float | None
) -> "dict[str, Array]":
    """Return named columns of predictions."""
    model, values = estimator.model_, dict[str, Any]()  # takes columns by name
    if "probability" in names:
        values["probability"] = model.predict_proba(X)
        values["prediction"] = model.decide(values["probability"])
    else:
        values["quantile" if "quantile" in names else "prediction"] = model.predict(X)
    if interval is not None:
        ends = model.predict_interval(X, interval)
        values["lower"], values["upper"] = ends[..., 0], ends[..., 1]
    return {
        name: column
        for kind, columns in names.items()
        for name, column in zip(columns, [values[kind]] if values[kind].ndim == 1 else values[kind].T, strict=True)
    }

"""Commands that fit: `fit` and `resume`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from autonet.cli.messages import INTERRUPTED, CommandFailed, warnings_as_sentences
from autonet.cli.options import (
    TASKS,
    estimator_options,
    format_option,
    name_classes,
    parse_class_weight,
    parse_settings,
    traceback_option,
)
from autonet.core.errors import SearchInterrupted

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["fit", "resume"]

FIT_EXAMPLES = """\b
Examples:
  autonet fit train.csv --target price --max-runtime 300 --out price.autonet
  autonet fit train.parquet --target churned --optimize-metric roc_auc --n-jobs auto
  autonet fit train.csv --target price --max-runtime 3600 --preset best_cs --run-dir run
  autonet fit train.csv --target price --set 'networks=["mlpnet"]' --set cross_validator=5
  autonet fit pictures/ --max-runtime 600 --out pictures.autonet
"""

RESUME_EXAMPLES = """\b
Examples:
  autonet resume run train.csv --target price
  autonet resume run train.csv --target price --max-runtime 7200 --out price.autonet
"""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _data_options(function: _Function) -> _Function:
    """Add the options that say what the columns are."""
    for option in (
        format_option,
        click.option("--drop", multiple=True, metavar="COLUMN", help="Column to leave out; may be repeated."),
        click.option("--groups", metavar="COLUMN", help="Column whose equal values stay on one side of each split."),
        click.option("--sample-weight", metavar="COLUMN", help="Column of the weights of the rows."),
        click.option("--test", metavar="FILE", help="Rows that are scored and nothing else."),
        click.option("--valid", metavar="FILE", help="Rows to validate on instead of held-out ones."),
        click.option(
            "--target",
            "-t",
            "targets",
            multiple=True,
            metavar="COLUMN",
            help="Column to predict; may be repeated.  A folder of images needs none.",
        ),
        click.option(
            "--images/--no-images",
            default=None,
            help="Whether the features are images in files.  Default: if TRAIN is a folder, or has a single column of "
            "features, with names of image files.",
        ),
    ):
        function = option(function)
    return function


def _output_options(function: _Function) -> _Function:
    """Add the options of the model file."""
    function = click.option(
        "--with-history", is_flag=True, help="Keep all trials and the search space in the model file."
    )(function)
    return click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path),
        default="model.autonet",
        show_default=True,
        metavar="FILE",
        help="Model file to write; replaced if it exists.",
    )(function)


@click.command(epilog=FIT_EXAMPLES)
@click.argument("train")
@_data_options
@_output_options
@click.option(
    "--task",
    type=click.Choice(TASKS),
    help="Kind of the task.  Default: regression for numbers with fractions or more than 20 distinct ones, else "
    "classification.",
)
@estimator_options(
    "max_runtime",
    "max_trials",
    "preset",
    "optimize_metric",
    "validation_split",
    "categorical_features",
    "class_weight",
    "ensemble_size",
    "tree_ensembles",
    "n_jobs",
    "run_dir",
    "device",
    "random_state",
    "log_level",
)
@traceback_option
def fit(train: str, task: str | None, out: Path, with_history: bool, **options: Any) -> None:
    """Find a model for the table TRAIN (CSV, Parquet or JSON lines; - is standard input), and write it to a file.

    For images, TRAIN is a folder with a sub-folder of images for each class, or a table with a column of their paths.

    Ctrl-C ends the search: the best model so far is written, and the exit code is 130.
    """
    from autonet.cli.training import construct  # noqa: PLC0415 - imports scikit-learn

    _check_out(out)
    data = _read_data(train, options, lambda given: construct(None, None, given, images=True))
    estimator = construct(data["y"], task, _parse_options(options, data["y"]), images=isinstance(data["X"], list))
    _fit_and_save(estimator, data, out, with_history=with_history)


@click.command(epilog=RESUME_EXAMPLES)
@click.argument("run_dir")
@click.argument("train")
@_data_options
@_output_options
@estimator_options("max_runtime", "max_trials", "ensemble_size", "n_jobs", "log_level")
@traceback_option
def resume(run_dir: str, train: str, out: Path, with_history: bool, **options: Any) -> None:
    """Go on with the fit in RUN_DIR, with the same table TRAIN and the same columns.

    Options are those that the fit had, unless others are given; limits are totals.
    """
    import autonet  # noqa: PLC0415 - its estimators import torch

    _check_out(out)
    run = autonet.open_run(run_dir)
    data = _read_data(train, options, lambda given: run.new_estimator().set_params(**given))
    estimator = run.new_estimator().set_params(**_parse_options(options, data["y"]))
    click.echo(repr(run), err=True)
    _fit_and_save(estimator, data, out, with_history=with_history)


def _check_out(out: Path) -> None:
    """Check that the model can be written, before hours are spent on it."""
    from autonet.core.files import find_target  # noqa: PLC0415

    find_target(out)


def _read_data(train: str, options: dict[str, Any], construct: Callable[[dict[str, Any]], "AutoNet"]) -> dict[str, Any]:
    """Read the tables of a fit, and take the options about them out of `options`.

    The estimator of the others, if these are images, says where their files are.
    """
    from autonet.cli.training import Roles, find_root_folders, read_data  # noqa: PLC0415 - imports scikit-learn

    roles = Roles(options.pop("targets"), options.pop("sample_weight"), options.pop("groups"), options.pop("drop"))
    how = {name: options.pop(name) for name in ("images", "valid", "test")}
    format_ = options.pop("format_")
    return read_data(
        train,
        roles,
        format_,
        find_roots=lambda: find_root_folders(construct(_parse_options(dict(options), None))),
        **how,
    )


def _parse_options(options: dict[str, Any], y: Any) -> dict[str, Any]:
    """Return the parameters of the estimator that are given, those of ``--set`` included.

    Weights of classes are matched with the targets, if there are any.
    """
    settings = parse_settings(options.pop("settings"))
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if "class_weight" in given:
        given["class_weight"] = parse_class_weight(given["class_weight"])
    if "categorical_features" in given:
        given["categorical_features"] = list(given["categorical_features"])
    given |= settings
    if isinstance(given.get("class_weight"), dict) and y is not None:
        given["class_weight"] = name_classes(given["class_weight"], y)
    return given


def _fit_and_save(estimator: "AutoNet", data: dict[str, Any], out: Path, *, with_history: bool) -> None:
    """Fit, write the model, and print what it is; raise if the fit was interrupted."""
    from autonet.estimators.description import describe_model  # noqa: PLC0415

    with warnings_as_sentences() as categories:
        try:
            estimator.fit(**data)
        except KeyboardInterrupt as error:
            hint = "" if estimator.run_dir is None else f" Go on with: autonet resume {estimator.run_dir} ..."
            raise CommandFailed(
                f"interrupted before there was a model; nothing was written.{hint}", INTERRUPTED
            ) from error
        estimator.save(out, with_history=with_history)
    click.echo(f"{out}: {type(estimator).__name__}")
    for line in describe_model(estimator.fit_result):
        click.echo(line)
    if SearchInterrupted in categories:
        raise CommandFailed(f"interrupted; {out} is the best model so far.", INTERRUPTED)

"""Commands about search spaces: `presets` and `show-space`."""

from typing import TYPE_CHECKING, Any

import click

from autonet.cli.messages import warnings_as_sentences
from autonet.cli.options import (
    TASKS,
    estimator_options,
    format_option,
    json_option,
    parse_settings,
    traceback_option,
)

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from autonet.core.resulttable import ResultTable

__all__ = ["presets", "show_space"]

SPACE_EXAMPLES = """\b
Examples:
  autonet show-space --preset tiny_cs
  autonet show-space train.csv --target price --set 'networks=["mlpnet"]'
"""


@click.command()
@json_option
@traceback_option
def presets(as_json: bool) -> None:
    """List the search spaces that come with autonet, for tables and for images: values of --preset."""
    from autonet.cli.output import print_table  # noqa: PLC0415
    from autonet.core.resulttable import ResultTable  # noqa: PLC0415
    from autonet.core.task import Task  # noqa: PLC0415
    from autonet.space.presets import list_presets, load_preset  # noqa: PLC0415

    task = Task("classification")
    rows = [
        {"data": data, "preset": name, "description": load_preset(name, task, folder).description}
        for data, folder in (("tables", ""), ("images", "images"))
        for name in list_presets(folder)
    ]
    if as_json:
        print_table(ResultTable(rows), as_json=True)
        return
    formatter = click.HelpFormatter(width=110)
    for data in ("tables", "images"):
        with formatter.section(f"For {data}"):
            formatter.write_dl([(row["preset"], row["description"]) for row in rows if row["data"] == data])
    click.echo(formatter.getvalue().rstrip())


@click.command("show-space", epilog=SPACE_EXAMPLES)
@click.argument("train", required=False)
@click.option("--target", "-t", "targets", multiple=True, metavar="COLUMN", help="Column to predict; may be repeated.")
@click.option("--drop", multiple=True, metavar="COLUMN", help="Column to leave out; may be repeated.")
@click.option("--task", type=click.Choice(TASKS), help="Kind of the task.  Default: as for `fit`.")
@estimator_options("preset")
@format_option
@json_option
@traceback_option
def show_space(
    train: str | None,
    targets: tuple[str, ...],
    drop: tuple[str, ...],
    task: str | None,
    preset: str | None,
    settings: tuple[str, ...],
    format_: str | None,
    as_json: bool,
) -> None:
    """List the hyperparameters that a fit on the table TRAIN would search; without it, on a table of common size."""
    from autonet.cli.images import check_target  # noqa: PLC0415
    from autonet.cli.output import print_table  # noqa: PLC0415
    from autonet.cli.training import Roles, construct, find_root_folders, read_data  # noqa: PLC0415 - imports scikit-learn

    check_target(train, targets, "TRAIN")
    options = parse_settings(settings) | ({} if preset is None else {"preset": preset})
    data: dict[str, Any] = {}
    if train is not None:
        data = read_data(
            train,
            Roles(targets, dropped=drop),
            format_,
            find_roots=lambda: find_root_folders(construct(None, None, options, images=True)),
        )
    estimator = construct(data.get("y"), task, options, images=isinstance(data.get("X"), list))
    with warnings_as_sentences():
        space = estimator.get_hyperparameter_search_space(data.get("X"), data.get("y"))
    print_table(_list_hyperparameters(space), as_json=as_json)


def _list_hyperparameters(space: "ConfigurationSpace") -> "ResultTable":
    """Return a row per hyperparameter: its values, its default, and when it is active."""
    from autonet.core.resulttable import ResultTable  # noqa: PLC0415
    from autonet.inspection.space import describe_condition, describe_values  # noqa: PLC0415

    rows = [
        {
            "hyperparameter": name,
            "values": f"{describe_values(hyperparameter)}{', log' if getattr(hyperparameter, 'log', False) else ''}",
            "default": hyperparameter.default_value,
            "if": " and ".join(describe_condition(condition) for condition in space.parent_conditions_of[name]) or None,
        }
        for name, hyperparameter in space.items()
        if hyperparameter.size > 1
    ]
    fixed = len(space) - len(rows)
    caption = f"{len(rows)} hyperparameters; {fixed} more have a single value"
    return ResultTable(rows, ["hyperparameter", "values", "default", "if"], caption)

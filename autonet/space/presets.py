"""Presets: TOML files that restrict the space and set its ranges, in the vocabulary of updates."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from autonet.core.errors import InvalidOption
from autonet.core.names import known
from autonet.core.task import Task, TaskKind
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["Preset", "list_presets", "load_preset"]

SCHEMA = 1
KEYS = {"schema", "description", "options", "components", "updates", "portfolio", *get_args(TaskKind)}
CONCERN_KEYS = {"task", "min_rows", "max_rows", "min_columns", "max_columns"}
UPDATE_KEYS = {"node", "hyperparameter", "values", "log", "default", *CONCERN_KEYS}
PORTFOLIO_KEYS = {"description", "values", *CONCERN_KEYS}


@dataclass(frozen=True)
class Preset:
    """A named, versioned restriction of the search space.

    Attributes
    ----------
    name, description : str
    options : dict
        Options of the estimators that the user leaves to the preset.
    components : dict of str to list of str
        For some nodes, the components to choose from.
    updates : tuple of HyperparameterSearchSpaceUpdate
    portfolio : tuple of dict
        Configurations to try first, in this order: values of some hyperparameters.
    """

    name: str
    description: str
    options: dict[str, Any]
    components: dict[str, list[str]]
    updates: tuple[HyperparameterSearchSpaceUpdate, ...]
    portfolio: tuple[dict[str, Any], ...]


def preset_folder() -> Path:
    """Return where the presets lie: inside the installed package, or at the top of a checkout."""
    installed = Path(str(files("autonet"))) / "presets"
    return installed if installed.is_dir() else installed.parents[1] / "presets"


def list_presets() -> list[str]:
    """Return the names of the presets that come with autonet."""
    return sorted(path.stem for path in preset_folder().glob("*.toml"))


def load_preset(preset: str | Path, task: Task) -> Preset:
    """Read a preset for a task.

    Parameters
    ----------
    preset : str or Path
        A name (``"tiny_cs"``), or the path of a TOML file.
    task : Task
        Updates and entries of the portfolio may be restricted to a kind of task, and to tables of so many rows and
        columns.

    Raises
    ------
    InvalidOption
        If there is no such preset, or the file cannot be understood.
    """
    path = Path(preset)
    if path.suffix != ".toml":
        path = preset_folder() / f"{known('preset', str(preset), list_presets())}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InvalidOption(f"Preset {str(path)!r} cannot be read: {error}.") from error
    if content.get("schema") != SCHEMA:
        raise InvalidOption(f"Preset {path.name} has schema {content.get('schema')!r}; this version reads {SCHEMA}.")
    where = f"preset {path.name}"
    _check(content, KEYS, where)
    for kind in get_args(TaskKind):
        _check(content.get(kind, {}), {"components"}, f"table [{kind}] of {where}")
    components = {**content.get("components", {}), **content.get(task.kind, {}).get("components", {})}
    for node, names in components.items():
        if not isinstance(names, list):
            raise InvalidOption(f"In {where}, the components of {node} must be a list; got {names!r}.")
    updates = tuple(_update(row, where) for row in content.get("updates", []) if _concerns(row, task, where))
    entries = [_entry(row, where) for row in content.get("portfolio", []) if _concerns(row, task, where)]
    text, options = content.get("description", ""), content.get("options", {})
    return Preset(path.stem, text, options, components, updates, tuple(entries))


def _check(table: dict[str, Any], allowed: Iterable[str], where: str) -> None:
    for key in table:
        known(f"key in {where}", key, allowed)


def _concerns(row: dict[str, Any], task: Task, where: str) -> bool:
    kind = known(f"task in {where}", row.get("task", task.kind), get_args(TaskKind))
    sizes = {"rows": task.n_rows, "columns": task.n_features}
    return kind == task.kind and all(
        row.get(f"min_{name}", size) <= size <= row.get(f"max_{name}", size) for name, size in sizes.items()
    )


def _update(row: dict[str, Any], where: str) -> HyperparameterSearchSpaceUpdate:
    _check(row, UPDATE_KEYS, f"an update of {where}")
    missing = [key for key in ("node", "hyperparameter", "values") if key not in row]
    if missing:
        raise InvalidOption(f"An update of {where} lacks {' and '.join(missing)}: {row}.")
    return HyperparameterSearchSpaceUpdate(
        row["node"], row["hyperparameter"], row["values"], row.get("log", False), row.get("default")
    )


def _entry(row: dict[str, Any], where: str) -> dict[str, Any]:
    _check(row, PORTFOLIO_KEYS, f"an entry of the portfolio of {where}")
    if not isinstance(row.get("values"), dict):
        raise InvalidOption(f"An entry of the portfolio of {where} lacks a table of values: {row}.")
    return dict(row["values"])

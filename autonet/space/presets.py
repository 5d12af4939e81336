"""Presets: TOML files that restrict the space and set its ranges, in the vocabulary of updates."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.names import known
from autonet.core.task import Task
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["Preset", "list_presets", "load_preset"]

SCHEMA = 1
KEYS = {"schema", "description", "components", "classification", "regression", "updates"}
UPDATE_KEYS = {"node", "hyperparameter", "values", "log", "default", "task", "min_rows", "max_rows"}


@dataclass(frozen=True)
class Preset:
    """A named, versioned restriction of the search space.

    Attributes
    ----------
    name, description : str
    components : dict of str to list of str
        For some nodes, the components to choose from.
    updates : tuple of HyperparameterSearchSpaceUpdate
    """

    name: str
    description: str
    components: dict[str, list[str]]
    updates: tuple[HyperparameterSearchSpaceUpdate, ...]


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
        Updates may be restricted to a kind of task, and to tables of so many rows.
    """
    path = Path(preset)
    if path.suffix != ".toml":
        path = preset_folder() / f"{known('preset', str(preset), list_presets())}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InvalidOption(f"Preset {str(path)!r} cannot be read: {error}") from error
    if content.get("schema") != SCHEMA:
        raise InvalidOption(f"Preset {path.name} has schema {content.get('schema')!r}; this version reads {SCHEMA}.")
    for key in content:
        known(f"key in preset {path.name}", key, KEYS)
    components = {**content.get("components", {}), **content.get(task.kind, {}).get("components", {})}
    updates = tuple(_update(row, path.name) for row in content.get("updates", []) if _concerns(row, task))
    return Preset(path.stem, content.get("description", ""), components, updates)


def _concerns(row: dict[str, Any], task: Task) -> bool:
    fits = row.get("min_rows", 0) <= task.n_rows <= row.get("max_rows", task.n_rows)
    return bool(fits and row.get("task", task.kind) == task.kind)


def _update(row: dict[str, Any], where: str) -> HyperparameterSearchSpaceUpdate:
    for key in row:
        known(f"key in an update of preset {where}", key, UPDATE_KEYS)
    return HyperparameterSearchSpaceUpdate(
        row["node"], row["hyperparameter"], tuple(row["values"]), row.get("log", False), row.get("default")
    )

"""Presets: TOML files that restrict the space and set its ranges, in the vocabulary of updates."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.names import known
from autonet.core.task import TaskKind
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["Preset", "list_presets", "load_preset"]

SCHEMA = 1
KEYS = {"schema", "description", "components", "classification", "regression", "updates"}
UPDATE_KEYS = {"node", "hyperparameter", "values", "log", "default", "task"}


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


def load_preset(preset: str | Path, kind: TaskKind) -> Preset:
    """Read a preset for one kind of task.

    Parameters
    ----------
    preset : str or Path
        A name (``"tiny_cs"``), or the path of a TOML file.
    kind : {"classification", "regression"}
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
    components = {**content.get("components", {}), **content.get(kind, {}).get("components", {})}
    updates = tuple(_update(row, path.name) for row in content.get("updates", []) if row.get("task", kind) == kind)
    return Preset(path.stem, content.get("description", ""), components, updates)


def _update(row: dict[str, Any], where: str) -> HyperparameterSearchSpaceUpdate:
    for key in row:
        known(f"key in an update of preset {where}", key, UPDATE_KEYS)
    return HyperparameterSearchSpaceUpdate(
        row["node"], row["hyperparameter"], tuple(row["values"]), row.get("log", False), row.get("default")
    )

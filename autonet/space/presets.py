"""Presets: TOML files that restrict the search space and set its ranges, in the terms of updates."""

import reprlib
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_args

from autonet.core.component import SEPARATOR
from autonet.core.errors import InvalidOption
from autonet.core.files import read_text
from autonet.core.task import Task, TaskKind
from autonet.core.validation import check_choice
from autonet.space.updates import HyperparameterSearchSpaceUpdate, is_plain
from autonet.training.losses import LOSSES

__all__ = ["Preset", "list_presets", "load_preset"]

SCHEMA = 1
KEYS = {"schema", "description", "base", "options", "components", "updates", "portfolio", *get_args(TaskKind)}
SCOPE_KEYS = {"task", "min_rows", "max_rows", "min_columns", "max_columns"}
UPDATE_KEYS = {"node", "hyperparameter", "values", "log", "default", "prior", *SCOPE_KEYS}
PORTFOLIO_KEYS = {"description", "values", *SCOPE_KEYS}
TYPES = {str: "a text", bool: "true or false", dict: "a table", list: "a list"}

_T = TypeVar("_T", str, bool, dict[str, Any], list[Any])


@dataclass(frozen=True)
class Preset:
    """A named, versioned restriction of the search space.

    Attributes
    ----------
    name, description : str
    options : dict
        Values of options that the user did not set.
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

    def extend(self, base: "Preset") -> "Preset":
        """Return a preset that begins with another.

        Values of this one come after, or instead of, those of the base; its portfolio comes before that of the base.
        """
        return replace(
            self,
            options={**base.options, **self.options},
            components={**base.components, **self.components},
            updates=(*base.updates, *self.updates),
            portfolio=(*self.portfolio, *base.portfolio),
        )

    def restrict(self, nodes: Collection[str]) -> "Preset":
        """Return the part for some nodes, without the portfolio, as configurations span all nodes."""
        components = {name: chosen for name, chosen in self.components.items() if name in nodes}
        updates = tuple(update for update in self.updates if update.node_name in nodes)
        return replace(self, components=components, updates=updates, portfolio=())

    def without(self, node: str) -> "Preset":
        """Return a copy that says nothing of a node."""
        prefix = f"{node}{SEPARATOR}"
        return replace(
            self,
            components={name: chosen for name, chosen in self.components.items() if name != node},
            updates=tuple(update for update in self.updates if update.node_name != node),
            portfolio=tuple({k: v for k, v in e.items() if not k.startswith(prefix)} for e in self.portfolio),
        )


def get_preset_folder() -> Path:
    """Return the folder of the presets: inside the installed package, or at the top of a checkout."""
    installed = Path(str(files("autonet"))) / "presets"
    return installed if installed.is_dir() else installed.parents[1] / "presets"


def list_presets(folder: str = "") -> list[str]:
    """Return the names of the presets that come with autonet.

    Parameters
    ----------
    folder : str
        "images" for those of images; default: of tables.

    Examples
    --------
    >>> list_presets()
    ['best_cs', 'full_cs', 'medium_cs', 'tiny_cs', 'tiny_cs_002']
    """
    return sorted(path.stem for path in (get_preset_folder() / folder).glob("*.toml"))


def load_preset(preset: str | Path | None, task: Task, folder: str = "") -> Preset:
    """Read a preset for a task.

    Parameters
    ----------
    preset : str, Path or None
        A name (``"tiny_cs"``), or the path of a TOML file.  None: no restriction, and no options of its own.
    task : Task
        Selects the updates and portfolio entries that are for its kind, number of rows and number of columns.
    folder : str
        Folder of the named presets; see `list_presets`.

    Raises
    ------
    InvalidOption
        If the preset does not exist, or its file is invalid.
    """
    if preset is None:
        return Preset("None", "Everything that is registered, at its full range.", {}, {}, (), ())
    path = Path(preset)
    if path.suffix != ".toml":
        path = _find_preset(str(preset), "preset", folder)
    found = _read_preset(path, task, folder)
    return found.without(LOSSES.name) if task.quantiles else found  # it chooses among losses of means


def _find_preset(name: str, what: str, folder: str) -> Path:
    """Return the path of a preset that comes with autonet."""
    known = list_presets(folder)
    if name in set(list_presets()).difference(known):
        raise InvalidOption(f"The {what} {name!r} is for tables; those for {folder} are {', '.join(map(repr, known))}.")
    return get_preset_folder() / folder / f"{check_choice(what, name, known)}.toml"


def _read_preset(path: Path, task: Task, folder: str) -> Preset:
    """Read the file of a preset, and those of its bases."""
    where, content = f"preset {path.name}", _parse_file(path)
    if content.get("schema") != SCHEMA:
        raise InvalidOption(
            f"Preset {path.name} has schema {content.get('schema')!r:.60}; this version reads {SCHEMA}."
        )
    _check_keys(content, KEYS, where)
    components: dict[str, list[str]] = {}
    for table, place in ((content, where), (_get(content, task.kind, dict, where), f"table [{task.kind}] of {where}")):
        components |= _get_components(table, place)
    for kind in get_args(TaskKind):
        _check_keys(_get(content, kind, dict, where), {"components"}, f"table [{kind}] of {where}")
    updates = [
        _parse_update(row, where) for row in _get_tables(content, "updates", where) if _applies_to(row, task, where)
    ]
    entries = [
        _parse_entry(row, where) for row in _get_tables(content, "portfolio", where) if _applies_to(row, task, where)
    ]
    description, options = _get(content, "description", str, where), _get(content, "options", dict, where)
    found = Preset(path.stem, description, options, components, tuple(updates), tuple(entries))
    base = _get(content, "base", str, where)
    return found.extend(_read_preset(_find_preset(base, f"base in {where}", folder), task, folder)) if base else found


def _parse_file(path: Path) -> dict[str, Any]:
    text = read_text(path, "Preset")
    try:
        return tomllib.loads(text)
    except RecursionError:  # its own message would be "maximum recursion depth exceeded"
        raise InvalidOption(f"Preset {str(path)!r} cannot be read: it is nested too deeply.") from None
    except ValueError as error:  # TOMLDecodeError, and a number of thousands of digits
        raise InvalidOption(f"Preset {str(path)!r} cannot be read: {error}.") from error


def _check_keys(table: dict[str, Any], allowed: Iterable[str], where: str) -> None:
    for key in table:
        check_choice(f"key in {where}", key, allowed)


def _get(table: dict[str, Any], key: str, kind: type[_T], where: str) -> _T:
    """Return the value of a key, empty if missing; raise for another type."""
    value = table.get(key, kind())
    if type(value) is not kind:
        raise InvalidOption(f"In {where}, {key} must be {TYPES[kind]}; got {reprlib.repr(value)}.")
    return value


def _get_tables(content: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    rows = _get(content, key, list, where)
    if not all(isinstance(row, dict) for row in rows):
        raise InvalidOption(f"In {where}, {key} must be tables, each under a line [[{key}]]; got {reprlib.repr(rows)}.")
    return rows


def _get_components(table: dict[str, Any], where: str) -> dict[str, list[str]]:
    components = _get(table, "components", dict, where)
    for node, names in components.items():
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise InvalidOption(
                f"In {where}, the components of {node} must be a list of names; got {reprlib.repr(names)}."
            )
    return components


def _applies_to(row: dict[str, Any], task: Task, where: str) -> bool:
    given = row.get("task", task.kind)
    kinds = [
        check_choice(f"task in {where}", kind, get_args(TaskKind))
        for kind in (given if isinstance(given, list) else [given])
    ]
    for key in ("min_rows", "max_rows", "min_columns", "max_columns"):
        if type(row.get(key, 0)) not in (int, float):
            raise InvalidOption(f"In {where}, {key} must be a number; got {reprlib.repr(row[key])}.")
    sizes = {"rows": task.n_rows, "columns": task.n_features}
    return task.kind in kinds and all(
        row.get(f"min_{name}", size) <= size <= row.get(f"max_{name}", size) for name, size in sizes.items()
    )


def _parse_update(row: dict[str, Any], where: str) -> HyperparameterSearchSpaceUpdate:
    place = f"an update of {where}"
    _check_keys(row, UPDATE_KEYS, place)
    missing = [key for key in ("node", "hyperparameter", "values") if key not in row]
    if missing:
        raise InvalidOption(f"An update of {where} lacks {' and '.join(missing)}: {reprlib.repr(row)}.")
    node, hyperparameter = _get(row, "node", str, place), _get(row, "hyperparameter", str, place)
    return HyperparameterSearchSpaceUpdate(
        node, hyperparameter, row["values"], _get(row, "log", bool, place), row.get("default"), row.get("prior")
    )


def _parse_entry(row: dict[str, Any], where: str) -> dict[str, Any]:
    place = f"an entry of the portfolio of {where}"
    _check_keys(row, PORTFOLIO_KEYS, place)
    if not isinstance(row.get("values"), dict):
        raise InvalidOption(f"An entry of the portfolio of {where} lacks a table of values: {reprlib.repr(row)}.")
    for name, value in row["values"].items():
        if not is_plain(value):
            raise InvalidOption(
                f"In {place}, {name} must be a name, a finite number, true or false; got {reprlib.repr(value)}."
            )
    return dict(row["values"])

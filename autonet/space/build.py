"""Build one ConfigurationSpace from nodes, restrictions and updates.

Every hyperparameter is listed under its full name with the conditions under which it is active; updates change the
hyperparameters; then the conditions are resolved against the values that the parents still have.
"""

import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from ConfigSpace import AndConjunction, Categorical, ConfigurationSpace, Constant, InCondition
from ConfigSpace.conditions import Condition, Conjunction
from ConfigSpace.hyperparameters import CategoricalHyperparameter, Hyperparameter, IntegerHyperparameter

from autonet.core.component import SEPARATOR, Node, join
from autonet.core.errors import InvalidOption
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.pipeline.tabular import NODES
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["build_space", "log_idle_updates"]

LAYER = r"_\d+"  # end of the name of a hyperparameter of a layer
NOTHING = "none"  # value of the hyperparameters of an optional step that does nothing


@dataclass(frozen=True)
class _Rule:
    """A hyperparameter is active only while `parent` has one of `values`."""

    parent: str
    values: tuple[Any, ...]


@dataclass
class _Entry:
    """A hyperparameter after updates, its rules, and the hyperparameter as its component declares it.

    Whether an update names it is known at the end.
    """

    hyperparameter: Hyperparameter[Any, Any]
    rules: list[_Rule]
    declared: Hyperparameter[Any, Any]
    is_named: bool = False


def build_space(
    task: Task,
    components: Mapping[str, Sequence[str]] | None = None,
    updates: Iterable[HyperparameterSearchSpaceUpdate] = (),
    nodes: Mapping[str, Node[Any]] = NODES,
    excluded: Mapping[str, Collection[str]] | None = None,
) -> ConfigurationSpace:
    """Build the search space of a task.

    Parameters
    ----------
    task : Task
    components : mapping, optional
        For some nodes, the names of the components to choose from; those that do not serve the task are left out,
        unless none remains.  Default: all that serve the task, without those on request.
    updates : iterable of HyperparameterSearchSpaceUpdate
        Later ones override earlier ones.
    nodes : mapping of str to Node
    excluded : mapping of str to collection of str, optional
        For some nodes, the names of components that must not be chosen.

    Raises
    ------
    UnknownName
        If a node, component or hyperparameter does not exist.
    InvalidOption
        If the values of an update do not fit the hyperparameter.
    """
    entries: dict[str, _Entry] = {}
    for node in nodes.values():
        entries |= _list_entries(node, task)
    for name, chosen in (components or {}).items():
        node = nodes[check_choice("node", name, nodes)]
        unfit = set(node.components) - set(node.names(task))
        serving = tuple(component for component in chosen if component not in unfit) or tuple(chosen)
        _apply_update(entries, HyperparameterSearchSpaceUpdate(name, node.selector, serving), task, nodes)
    for update in updates:
        _apply_update(entries, update, task, nodes)
    for name, left_out in (excluded or {}).items():
        _exclude(entries, nodes[check_choice("node", name, nodes)], left_out, task)
    for node in nodes.values():
        _leave_out_idle(entries, node)
    resolved: dict[str, _Entry] = {}
    for name, entry in _choose_optional(entries).items():
        rules = _resolve_rules(entry.rules, resolved)
        if rules is not None:
            resolved[name] = _Entry(entry.hyperparameter, rules, entry.declared)
    space = ConfigurationSpace(name=f"autonet {task.kind}")
    parts: list[Any] = [entry.hyperparameter for entry in resolved.values()]
    for entry in resolved.values():
        single = [
            InCondition(entry.hyperparameter, resolved[r.parent].hyperparameter, list(r.values)) for r in entry.rules
        ]
        parts += single if len(single) < 2 else [AndConjunction(*single)]
    space.add(*parts)  # at once: every call sorts the whole space anew
    return space


def log_idle_updates(space: ConfigurationSpace, updates: Iterable[HyperparameterSearchSpaceUpdate]) -> None:
    """Log which updates have no effect, for no configuration has their hyperparameters."""
    for update in updates:
        names = re.compile(f"{re.escape(update.name)}({LAYER})?")
        if not any(names.fullmatch(name) for name in space):
            logging.getLogger("autonet").info(
                "the update of %s has no effect: no configuration of the search space has it", update.name
            )


def _exclude(entries: dict[str, _Entry], node: Node[Any], left_out: Collection[str], task: Task) -> None:
    """Remove components from the choices that a node still has."""
    for name in left_out:
        check_choice(f"component of {node.name}", name, node.components)
    entry = entries.get(node.key)
    chosen = _list_values(entry.hyperparameter) if entry else []
    kept = tuple(name for name in chosen if name not in left_out)
    if entry is None or len(kept) == len(chosen):
        return
    if not kept:
        raise InvalidOption(
            f"exclude leaves no component of {node.name} for {task.title}: it had {', '.join(map(repr, chosen))}; keep "
            "one of them, or include others."
        )
    entry.hyperparameter = HyperparameterSearchSpaceUpdate(node.name, node.selector, kept).apply(entry.declared)


def _list_entries(node: Node[Any], task: Task) -> dict[str, _Entry]:
    """List the hyperparameters of a node, parents before children."""
    entries: dict[str, _Entry] = {}
    names, offered = node.names(task), node.offered(task)
    if names:
        declared = Categorical(node.key, names, default=names[0])
        choice = declared if names == offered else Categorical(node.key, offered, default=offered[0])
        entries[node.key] = _Entry(choice, [], declared)
    if node.space is not None:
        entries |= _mount(node.space(task), node.name, [])
    for name in node.optional:
        entry = entries[join(node.name, name)]
        entry.hyperparameter = HyperparameterSearchSpaceUpdate(node.name, name, (NOTHING,)).apply(entry.declared)
    for name in names:
        space = node.components[name].space
        if space is not None:
            entries |= _mount(space(task), join(node.name, name), [_Rule(node.key, (name,))])
    return entries


def _leave_out_idle(entries: dict[str, _Entry], node: Node[Any]) -> None:
    """Remove the hyperparameters of an optional step that does nothing."""
    if node.optional and all(
        _list_values(entries[join(node.name, name)].hyperparameter) == [NOTHING] for name in node.optional
    ):
        for name in [name for name in entries if name.startswith(node.name + SEPARATOR)]:
            del entries[name]


def _mount(space: ConfigurationSpace, prefix: str, rules: list[_Rule]) -> dict[str, _Entry]:
    """Rename the hyperparameters of a component's space; those without a parent of their own get `rules`."""
    if space.forbidden_clauses:
        raise InvalidOption(
            f"The space of {prefix} has forbidden clauses, which are not supported in the space of a component."
        )
    entries = {}
    own: dict[str, list[_Rule]] = {}
    for condition in space.conditions:
        for single in _split_condition(condition):
            parent = join(prefix, single.parent.name)
            own.setdefault(single.child.name, []).append(_Rule(parent, tuple(_list_satisfying(single))))
    for hyperparameter in space.values():
        name = join(prefix, hyperparameter.name)
        renamed = copy(hyperparameter)
        renamed.name = name
        entries[name] = _Entry(renamed, own.get(hyperparameter.name, list(rules)), renamed)
    return entries


def _split_condition(condition: Condition | Conjunction) -> Sequence[Condition]:
    if isinstance(condition, Condition):
        return [condition]
    if not isinstance(condition, AndConjunction):
        raise InvalidOption(f"A component's space may join conditions by AND only; got {condition}.")
    return [single for part in condition.dlcs for single in _split_condition(part)]


def _list_satisfying(condition: Condition) -> list[Any]:
    """Return the values of the parent that satisfy a condition, within the limits of updates."""
    parent = condition.parent
    candidates = _list_values(parent)
    if isinstance(parent, IntegerHyperparameter):
        low, high = (parent.meta or {}).get("limits", (parent.lower, parent.upper))
        candidates = list(range(int(low), int(high) + 1))
    return [v for v in candidates if condition.satisfied_by_value({parent.name: v})]


def _list_values(hyperparameter: Hyperparameter[Any, Any]) -> list[Any]:
    """Return every value of a discrete hyperparameter."""
    if isinstance(hyperparameter, Constant):
        return [hyperparameter.value]
    if isinstance(hyperparameter, CategoricalHyperparameter):
        return [c.item() if hasattr(c, "item") else c for c in hyperparameter.choices]
    if isinstance(hyperparameter, IntegerHyperparameter) or getattr(hyperparameter, "step", None) == 1:
        return list(range(hyperparameter.lower, hyperparameter.upper + 1))  # type: ignore[attr-defined]
    raise InvalidOption(f"Conditions on {hyperparameter.name} are not supported: it is continuous.")


def _apply_update(
    entries: dict[str, _Entry], update: HyperparameterSearchSpaceUpdate, task: Task, nodes: Mapping[str, Node[Any]]
) -> None:
    node = nodes[check_choice("node", update.node_name, nodes)]
    if update.hyperparameter == node.selector:
        for name in update.value_range:
            check_choice(f"component of {node.name} for {task.title}", name, node.names(task))
    hyperparameters = [n.removeprefix(f"{node.name}:") for n in entries if n.startswith(f"{node.name}:")]
    layers = re.compile(re.escape(update.hyperparameter) + LAYER)  # "mlpnet:num_units" stands for those of all layers
    names = [name for name in hyperparameters if layers.fullmatch(name)] or [
        check_choice(f"hyperparameter of {node.name}", update.hyperparameter, hyperparameters)
    ]
    for name in names:
        entry = entries[join(node.name, name)]
        # Applied to the declaration, so that a later update can widen what an earlier one narrowed.
        entry.hyperparameter, entry.is_named = replace(update, hyperparameter=name).apply(entry.declared), True


def _choose_optional(entries: Mapping[str, _Entry]) -> dict[str, _Entry]:
    """Leave out optional hyperparameters of whose group no update names one; and what the others replace."""

    def group(name: str) -> tuple[str, str] | None:
        optional = (entries[name].declared.meta or {}).get("optional")
        return None if optional is None else (name.rpartition(SEPARATOR)[0], optional)

    named = {group(name) for name, entry in entries.items() if entry.is_named}
    replaced = {
        join(name.rpartition(SEPARATOR)[0], other): name
        for name, entry in entries.items()
        if group(name) is not None and group(name) in named
        for other in (entry.declared.meta or {}).get("replaces", ())
    }
    for name, by in replaced.items():
        if entries[name].is_named:
            logging.getLogger("autonet").info("%s takes the place of %s, which is left out", by, name)
    return {n: e for n, e in entries.items() if n not in replaced and (group(n) is None or group(n) in named)}


def _resolve_rules(rules: list[_Rule], resolved: Mapping[str, _Entry]) -> list[_Rule] | None:
    """Replace rules that always hold by those of the parent; None if the rules contradict one another."""
    kept: dict[str, tuple[Any, ...]] = {}
    for rule in rules:
        if rule.parent not in resolved:
            return None
        parent = resolved[rule.parent]
        possible = _list_values(parent.hyperparameter)
        allowed = tuple(v for v in possible if _is_in(v, rule.values))
        inherited = parent.rules if len(allowed) == len(possible) else [_Rule(rule.parent, allowed)]
        for r in inherited:  # several rules on one parent must hold together
            kept[r.parent] = tuple(v for v in r.values if _is_in(v, kept.get(r.parent, r.values)))
    return [_Rule(name, values) for name, values in kept.items()] if all(kept.values()) else None


def _is_in(value: Any, values: Sequence[Any]) -> bool:
    return any(type(value) is type(v) and value == v for v in values)

"""From nodes, restrictions and updates to one ConfigurationSpace.

Every hyperparameter is written down under its full name with the conditions under which it is active; updates
change the hyperparameters; then the conditions are settled against what the parents can still be.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from ConfigSpace import AndConjunction, Categorical, ConfigurationSpace, Constant, InCondition
from ConfigSpace.conditions import Condition, Conjunction
from ConfigSpace.hyperparameters import CategoricalHyperparameter, Hyperparameter, IntegerHyperparameter

from autonet.core.component import Node
from autonet.core.errors import InvalidOption
from autonet.core.names import join
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.pipeline.tabular import NODES
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["build_space"]


@dataclass(frozen=True)
class _Rule:
    """A hyperparameter is active only while `parent` has one of `values`."""

    parent: str
    values: tuple[Any, ...]


@dataclass
class _Entry:
    """A hyperparameter as it is now, when it is active, and as its component declares it."""

    hyperparameter: Hyperparameter[Any, Any]
    rules: list[_Rule]
    declared: Hyperparameter[Any, Any]


def build_space(
    task: Task,
    components: Mapping[str, Sequence[str]] | None = None,
    updates: Iterable[HyperparameterSearchSpaceUpdate] = (),
    nodes: Mapping[str, Node[Any]] = NODES,
) -> ConfigurationSpace:
    """Build the search space of a task.

    Parameters
    ----------
    task : Task
    components : mapping, optional
        For some nodes, the names of the components to choose from; default: all that serve the task.
    updates : iterable of HyperparameterSearchSpaceUpdate
        Later ones win over earlier ones.
    nodes : mapping of str to Node

    Raises
    ------
    UnknownName
        If a node, component or hyperparameter does not exist; names the nearest ones.
    InvalidOption
        If the values of an update do not fit their hyperparameter.
    """
    entries: dict[str, _Entry] = {}
    for node in nodes.values():
        entries |= _entries(node, task)
    for name, chosen in (components or {}).items():
        node = nodes[check_choice("node", name, nodes)]
        _update(entries, HyperparameterSearchSpaceUpdate(name, node.selector, tuple(chosen)), task, nodes)
    for update in updates:
        _update(entries, update, task, nodes)
    settled: dict[str, _Entry] = {}
    for name, entry in entries.items():
        rules = _resolve_rules(entry.rules, settled)
        if rules is not None:
            settled[name] = _Entry(entry.hyperparameter, rules, entry.declared)
    space = ConfigurationSpace(name=f"autonet {task.kind}")
    parts: list[Any] = [entry.hyperparameter for entry in settled.values()]
    for entry in settled.values():
        single = [
            InCondition(entry.hyperparameter, settled[r.parent].hyperparameter, list(r.values)) for r in entry.rules
        ]
        parts += single if len(single) < 2 else [AndConjunction(*single)]
    space.add(*parts)  # at once: every call settles the order of the whole space anew
    return space


def _entries(node: Node[Any], task: Task) -> dict[str, _Entry]:
    """Write down the hyperparameters of a node, parents before children."""
    entries: dict[str, _Entry] = {}
    names = node.names(task)
    selector = join(node.name, node.selector)
    if names:
        choice = Categorical(selector, names, default=names[0])
        entries[selector] = _Entry(choice, [], choice)
    if node.space is not None:
        entries |= _mount(node.space(task), node.name, [])
    for name in names:
        space = node.components[name].space
        if space is not None:
            entries |= _mount(space(task), join(node.name, name), [_Rule(selector, (name,))])
    return entries


def _mount(space: ConfigurationSpace, prefix: str, rules: list[_Rule]) -> dict[str, _Entry]:
    """Rename the hyperparameters of a component's space; those without a parent of their own get `rules`."""
    if space.forbidden_clauses:
        raise InvalidOption(f"The space of {prefix} has forbidden clauses, which a component's space may not have.")
    entries = {}
    own: dict[str, list[_Rule]] = {}
    for condition in space.conditions:
        for single in _single(condition):
            parent = join(prefix, single.parent.name)
            own.setdefault(single.child.name, []).append(_Rule(parent, tuple(_satisfying(single))))
    for hyperparameter in space.values():
        name = join(prefix, hyperparameter.name)
        renamed = copy(hyperparameter)
        renamed.name = name
        entries[name] = _Entry(renamed, own.get(hyperparameter.name, list(rules)), renamed)
    return entries


def _single(condition: Condition | Conjunction) -> Sequence[Condition]:
    if isinstance(condition, Condition):
        return [condition]
    if not isinstance(condition, AndConjunction):
        raise InvalidOption(f"A component's space may join conditions by AND only; got {condition}.")
    return [single for part in condition.dlcs for single in _single(part)]


def _satisfying(condition: Condition) -> list[Any]:
    """Return the values of the parent, as wide as an update may make it, that satisfy a condition."""
    parent = condition.parent
    candidates = _possible(parent)
    if isinstance(parent, IntegerHyperparameter):
        low, high = (parent.meta or {}).get("limits", (parent.lower, parent.upper))
        candidates = list(range(int(low), int(high) + 1))
    return [v for v in candidates if condition.satisfied_by_value({parent.name: v})]


def _possible(hyperparameter: Hyperparameter[Any, Any]) -> list[Any]:
    """Return every value of a hyperparameter that conditions may look at."""
    if isinstance(hyperparameter, Constant):
        return [hyperparameter.value]
    if isinstance(hyperparameter, CategoricalHyperparameter):
        return [c.item() if hasattr(c, "item") else c for c in hyperparameter.choices]
    if isinstance(hyperparameter, IntegerHyperparameter):
        return list(range(hyperparameter.lower, hyperparameter.upper + 1))
    raise InvalidOption(f"Conditions on {hyperparameter.name} are not possible: it is continuous.")


def _update(
    entries: dict[str, _Entry], update: HyperparameterSearchSpaceUpdate, task: Task, nodes: Mapping[str, Node[Any]]
) -> None:
    node = nodes[check_choice("node", update.node_name, nodes)]
    if update.hyperparameter == node.selector:
        for name in update.value_range:
            check_choice(f"component of {node.name} for {task.kind}", name, node.names(task))
    of_node = [n.removeprefix(f"{node.name}:") for n in entries if n.startswith(f"{node.name}:")]
    check_choice(f"hyperparameter of {node.name}", update.hyperparameter, of_node)
    entry = entries[update.name]
    # Applied to the declaration, so that a later update can widen what an earlier one narrowed.
    entry.hyperparameter = update.apply(entry.declared)


def _resolve_rules(rules: list[_Rule], settled: Mapping[str, _Entry]) -> list[_Rule] | None:
    """Drop the rules that always hold and take over their parents' rules; None if the rules cannot all hold."""
    kept: dict[str, tuple[Any, ...]] = {}
    for rule in rules:
        if rule.parent not in settled:
            return None
        parent = settled[rule.parent]
        possible = _possible(parent.hyperparameter)
        allowed = tuple(v for v in possible if _is_among(v, rule.values))
        inherited = parent.rules if len(allowed) == len(possible) else [_Rule(rule.parent, allowed)]
        for r in inherited:  # several rules on one parent must hold together
            kept[r.parent] = tuple(v for v in r.values if _is_among(v, kept.get(r.parent, r.values)))
    return [_Rule(name, values) for name, values in kept.items()] if all(kept.values()) else None


def _is_among(value: Any, values: Sequence[Any]) -> bool:
    return any(type(value) is type(v) and value == v for v in values)

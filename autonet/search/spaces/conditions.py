"""Infer conditions between the hyperparameters of a define-by-run objective."""

from collections.abc import Mapping, Sequence
from typing import Any

from ConfigSpace import AndConjunction, Constant, GreaterThanCondition, InCondition, LessThanCondition
from ConfigSpace.hyperparameters import CategoricalHyperparameter

from autonet.search.spaces.values import find_index

__all__ = ["infer_conditions"]

Config = Mapping[str, Any]  # names in the order of their suggestion

MAX_LISTED = 20  # number of values of an integer up to which conditions list them; above, conditions are thresholds


def infer_conditions(
    hyperparameters: Mapping[str, Any], configs: Sequence[Config], complete: Sequence[Config]
) -> list[Any]:
    """Infer the condition of each hyperparameter on its parents, which were always suggested before it.

    A condition is a conjunction of value lists and thresholds that all configurations with the hyperparameter meet.
    Parents are added greedily, by the number of configurations without it that they exclude, categorical ones first,
    until all are excluded.

    Parameters
    ----------
    hyperparameters : mapping of str to hyperparameter of ConfigSpace
    configs : sequence of mapping
        Suggested values of all trials.
    complete : sequence of mapping
        Those of the trials that ran to their end, where an absent hyperparameter is inactive.

    Returns
    -------
    list of condition
        At most one per hyperparameter.
    """
    conditions = []
    for name, child in hyperparameters.items():
        absent = [config for config in complete if name not in config]
        present = [config for config in configs if name in config] if absent else []
        if present:
            parts = _explain_absences(
                child, [hyperparameters[p] for p in _find_parents(name, present)], present, absent
            )
            conditions += [AndConjunction(*parts) if len(parts) > 1 else parts[0]] if parts else []
    return conditions


def _find_parents(name: str, present: Sequence[Config]) -> list[str]:
    """Return the names that precede `name` in all configurations with it, in the order of the first one."""

    def before(config: Config) -> list[str]:
        names = list(config)
        return names[: names.index(name)]

    common = set(before(present[0])).intersection(*map(before, present[1:]))
    return [p for p in before(present[0]) if p in common]


def _explain_absences(
    child: Any, parents: Sequence[Any], present: Sequence[Config], absent: Sequence[Config]
) -> list[Any]:
    """Return conditions on parents that hold where the child is present and explain its absences."""
    parts, left, parents = [], list(absent), [p for p in parents if not isinstance(p, Constant)]
    while left and parents:
        found = [(_find_condition(child, parent, present, left), parent) for parent in parents]
        # Ties go to categorical parents, then to small ranges, then to the first suggested.
        (condition, unexplained), parent = min(found, key=lambda f: (len(f[0][1]), _rank(f[1])))
        if condition is None or (unexplained and parent.size == float("inf")):
            break  # a threshold may separate some by chance
        parts.append(condition)
        left, parents = unexplained, [p for p in parents if p is not parent]
    return parts


def _rank(parent: Any) -> tuple[bool, float]:
    return not isinstance(parent, CategoricalHyperparameter), float(parent.size)


def _find_condition(
    child: Any, parent: Any, present: Sequence[Config], absent: Sequence[Config]
) -> tuple[Any, list[Config]]:
    """Return the narrowest condition on `parent` or None, and the absences that it does not explain.

    Any condition explains absences where the parent is inactive.
    """
    there = [config[parent.name] for config in present]
    with_parent = [config for config in absent if parent.name in config]
    missing = [config[parent.name] for config in with_parent]
    options: list[tuple[Any, Any]] = []  # condition, and whether a value meets it
    if not isinstance(parent, CategoricalHyperparameter):
        below = [value for value in missing if value < min(there)]
        above = [value for value in missing if value > max(there)]
        if below:
            low = max(below)
            options.append((lambda: GreaterThanCondition(child, parent, low), lambda value: value > low))
        if above:
            high = min(above)
            options.append((lambda: LessThanCondition(child, parent, high), lambda value: value < high))
    if parent.size <= MAX_LISTED or isinstance(parent, CategoricalHyperparameter):
        listed = _deduplicate(there)
        if len(listed) < parent.size:
            options.append(
                (lambda: InCondition(child, parent, listed), lambda value: find_index(value, listed) is not None)
            )
    unexplained = [[c for c in with_parent if meets(c[parent.name])] for _, meets in options]
    if not options or min(map(len, unexplained)) == len(absent):
        return None, list(absent)
    best = min(range(len(options)), key=lambda k: len(unexplained[k]))
    return options[best][0](), unexplained[best]


def _deduplicate(values: Sequence[Any]) -> list[Any]:
    """Return the distinct values, sorted by their text."""
    distinct: list[Any] = []
    for value in values:
        if find_index(value, distinct) is None:
            distinct.append(value)
    return sorted(distinct, key=str)

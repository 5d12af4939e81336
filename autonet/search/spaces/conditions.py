"""Infer conditions between the hyperparameters of a define-by-run objective."""

from collections.abc import Mapping, Sequence
from typing import Any

from ConfigSpace import AndConjunction, Constant, GreaterThanCondition, InCondition, LessThanCondition
from ConfigSpace.hyperparameters import CategoricalHyperparameter

from autonet.search.spaces.values import find_index

__all__ = ["infer_conditions"]

Config = Mapping[str, Any]  # names in the order of their suggestion

# Values of a whole-number parent up to which conditions name them one by one; beyond, thresholds alone.
MAX_LISTED = 20


def infer_conditions(
    hyperparameters: Mapping[str, Any], configs: Sequence[Config], complete: Sequence[Config]
) -> list[Any]:
    """Infer when each hyperparameter is suggested, from its parents: those that were always suggested before it.

    The condition of a child is the conjunction of what all configurations with the child have in common and some
    without it have not: the values of a categorical, one side of a number.  Parents that tell most of the
    configurations apart come first; categories before numbers, for a number has a threshold between any two sets.

    Parameters
    ----------
    hyperparameters : mapping of str to hyperparameter of ConfigSpace
    configs : sequence of mapping
        What trials suggested.
    complete : sequence of mapping
        Those of trials that finished: what these lack was not asked for.

    Returns
    -------
    list of condition
        At most one for each hyperparameter.  Where nothing tells when one is suggested, it has none.
    """
    conditions = []
    for name, child in hyperparameters.items():
        absent = [config for config in complete if name not in config]
        present = [config for config in configs if name in config] if absent else []
        if present:
            parts = _explain(child, [hyperparameters[p] for p in _parents(name, present)], present, absent)
            conditions += [AndConjunction(*parts) if len(parts) > 1 else parts[0]] if parts else []
    return conditions


def _parents(name: str, present: Sequence[Config]) -> list[str]:
    """Return what was suggested before `name` in all configurations that have it, in the order of the first."""

    def before(config: Config) -> list[str]:
        names = list(config)
        return names[: names.index(name)]

    common = set(before(present[0])).intersection(*map(before, present[1:]))
    return [p for p in before(present[0]) if p in common]


def _explain(child: Any, parents: Sequence[Any], present: Sequence[Config], absent: Sequence[Config]) -> list[Any]:
    """Return conditions on parents that hold wherever the child is present, until all absences are explained."""
    parts, left, parents = [], list(absent), [p for p in parents if not isinstance(p, Constant)]
    while left and parents:
        found = [(_condition(child, parent, present, left), parent) for parent in parents]
        # The same number explained: categories first, then small ranges, then what was suggested first.
        (condition, unexplained), parent = min(found, key=lambda f: (len(f[0][1]), _rank(f[1])))
        if condition is None or (unexplained and parent.size == float("inf")):
            break  # a threshold that separates some by chance
        parts.append(condition)
        left, parents = unexplained, [p for p in parents if p is not parent]
    return parts


def _rank(parent: Any) -> tuple[bool, float]:
    return not isinstance(parent, CategoricalHyperparameter), float(parent.size)


def _condition(
    child: Any, parent: Any, present: Sequence[Config], absent: Sequence[Config]
) -> tuple[Any, list[Config]]:
    """Return the narrowest condition on `parent`, and the absences that it leaves unexplained; None for no condition.

    A parent that is inactive makes its children inactive: such absences are explained by any condition.
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
        listed = _distinct(there)
        if len(listed) < parent.size:
            options.append(
                (lambda: InCondition(child, parent, listed), lambda value: find_index(value, listed) is not None)
            )
    unexplained = [[c for c in with_parent if meets(c[parent.name])] for _, meets in options]
    if not options or min(map(len, unexplained)) == len(absent):
        return None, list(absent)
    best = min(range(len(options)), key=lambda k: len(unexplained[k]))
    return options[best][0](), unexplained[best]


def _distinct(values: Sequence[Any]) -> list[Any]:
    """Return the different values, in the order of their text."""
    distinct: list[Any] = []
    for value in values:
        if find_index(value, distinct) is None:
            distinct.append(value)
    return sorted(distinct, key=str)

"""The hyperparameters of a search space in words."""

from collections.abc import Iterable
from typing import Any

from ConfigSpace import ConfigurationSpace
from ConfigSpace.hyperparameters import Hyperparameter

from autonet.core.component import SEPARATOR
from autonet.core.resulttable import ResultTable

__all__ = ["describe_condition", "describe_values", "list_hyperparameters"]


def list_hyperparameters(space: ConfigurationSpace) -> ResultTable:
    """Return a row per hyperparameter.

    Parameters
    ----------
    space : ConfigurationSpace

    Returns
    -------
    ResultTable
        ``node`` and ``component``, parts of the name; ``hyperparameter``, its last part; ``range``, the ends, choices
        or single value; ``scale``, "log" or nothing; ``default``; ``if``, when it is active.  A node's choice among
        components is a row without a component.

    Examples
    --------
    >>> from autonet import AutoNetClassification
    >>> space = AutoNetClassification("tiny_cs").get_hyperparameter_search_space()
    >>> next(row for row in list_hyperparameters(space) if row["hyperparameter"] == "max_units")
    {'node': 'NetworkSelector', 'component': 'shapedresnet', 'hyperparameter': 'max_units', 'range': '64 to 512', \
'scale': 'log', 'default': 256, 'if': None}
    """
    rows = [_describe(name, hyperparameter, space.parent_conditions_of[name]) for name, hyperparameter in space.items()]
    free = sum(hyperparameter.size > 1 for hyperparameter in space.values())
    caption = f"{len(rows)} hyperparameters, of which {free} are searched; the others have a single value"
    return ResultTable(rows, ["node", "component", "hyperparameter", "range", "scale", "default", "if"], caption)


def _describe(name: str, hyperparameter: Hyperparameter[Any, Any], conditions: Iterable[Any]) -> dict[str, Any]:
    node, *middle, last = name.split(SEPARATOR, 2)
    scale = "log" if getattr(hyperparameter, "log", False) else None
    return {
        "node": node,
        "component": middle[0] if middle else None,
        "hyperparameter": last,
        "range": describe_values(hyperparameter),
        "scale": scale,
        "default": hyperparameter.default_value,
        "if": " and ".join(map(describe_condition, conditions)) or None,
    }


def describe_condition(condition: Any) -> str:
    """Return the parent of a condition and the values that make a hyperparameter active."""
    if hasattr(condition, "components"):
        joint = " and " if type(condition).__name__ == "AndConjunction" else " or "
        return joint.join(map(describe_condition, condition.components))
    values = condition.values if hasattr(condition, "values") else [condition.value]
    return f"{condition.parent.name} is {' or '.join(map(str, values))}"


def describe_values(hyperparameter: Hyperparameter[Any, Any]) -> str:
    """Return the range of a number, the choices, or the single value."""
    ends = [getattr(hyperparameter, end, None) for end in ("lower", "upper")]
    if None not in ends:
        return f"{ends[0]:g} to {ends[1]:g}"
    choices = getattr(hyperparameter, "choices", None) or getattr(hyperparameter, "sequence", None)
    return ", ".join(map(str, choices or (hyperparameter.default_value,)))

"""Values as other programs take them: scalars of JSON, text for everything else."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from autonet.core.jsonvalues import readable
from autonet.search.history import History
from autonet.search.records import Report, Trial
from autonet.search.reporting import escape_surrogates
from autonet.search.spaces.values import safe_repr

__all__ = ["list_names", "make_labels", "make_step_counter", "shorten_names", "to_json", "to_scalar", "value_of"]

MIN_DECIMALS = 3  # decimals of a budget that are kept in a step
MAX_DECIMALS = 12


def to_scalar(value: Any) -> str | int | float | None:
    """Return None, booleans, finite numbers and text as they are, everything else as text.

    Text can be encoded: lone surrogates are escaped.  A class or function becomes its name.

    >>> [to_scalar(value) for value in (None, 1.5, float("inf"), (1, 2), len)]
    [None, 1.5, 'inf', '(1, 2)', 'len']
    """
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str):
        return escape_surrogates(name)
    try:
        scalar = readable(value)
    except Exception:  # noqa: BLE001 - of the user's own class
        scalar = safe_repr(value)
    if isinstance(scalar, str):
        return escape_surrogates(scalar)
    return scalar if scalar is None or type(scalar) in (bool, int, float) else _to_builtin(scalar)


def _to_builtin(number: float) -> int | float:
    """Convert a number of a subclass, such as an ``IntEnum``."""
    return int(number) if isinstance(number, int) else float(number)


def to_json(value: Any) -> Any:
    """Return a value as JSON has it: lists and dicts of scalars; see `to_scalar`.

    >>> to_json({"units": (64, 32), 3: {"b"}, "loss": float("nan")})
    {'units': [64, 32], '3': ['b'], 'loss': 'nan'}
    """
    if isinstance(value, Mapping):
        return {str(to_scalar(key)): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((to_json(item) for item in value), key=str)
    return to_scalar(value)


def make_labels(choices: Sequence[Any]) -> list[str | int | float | None]:
    """Return the choices of a hyperparameter as different scalars.

    >>> make_labels([(1, 2), "(1, 2)", None])
    ['(1, 2)', '(1, 2) (2)', None]
    """
    labels: list[str | int | float | None] = []
    for choice in choices:
        label, count = to_scalar(choice), 1
        while label in labels:
            count += 1
            label = f"{to_scalar(choice)} ({count})"
        labels.append(label)
    return labels


def value_of(trial: Trial, report: Report) -> float | None:
    """Return the value of a report in the direction of the study; None if it has none."""
    if report.failed or not math.isfinite(report.loss):
        return None
    return -report.loss if trial.maximize else report.loss


def make_step_counter(history: History) -> tuple[Callable[[float], int], str]:
    """Return the function from budgets to integer steps, and the unit of a step.

    Integer budgets are steps themselves, a part of an epoch counts as one; other budgets are counted in thousandths,
    and in smaller parts if the lowest budget is small.
    """
    unit = {"time": "s", "epochs": "epoch", "subset": "of the rows", "none": "job"}[history.rungs.unit]
    if history.rungs.unit == "none" or history.rungs.whole:
        return math.ceil, f"1 {unit}"
    decimals = MIN_DECIMALS + max(-math.floor(math.log10(history.rungs.bottom)), 0)
    scale = 10 ** min(decimals, MAX_DECIMALS)
    return lambda budget: round(budget * scale), f"{1 / scale:g} {unit}"


def list_names(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names in mappings, in the order of their first appearance."""
    return list(dict.fromkeys(name for part in parts for name in part))


def shorten_names(names: Sequence[str]) -> dict[str, str]:
    """Return the last parts of each name that no other name ends with.

    >>> shorten_names(["optimizer", "optimizer:sgd:rate", "optimizer:adam:rate", "network:mlp:units"])
    {'optimizer': 'optimizer', 'optimizer:sgd:rate': 'sgd:rate', 'optimizer:adam:rate': 'adam:rate', ...: 'units'}
    """
    endings = {name: [name.split(":", i)[i] for i in reversed(range(name.count(":") + 1))] for name in names}
    counts = Counter(ending for listed in endings.values() for ending in listed)
    return {name: next((e for e in listed if counts[e] == 1), name) for name, listed in endings.items()}

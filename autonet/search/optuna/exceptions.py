"""Exceptions under Optuna's names, and what is said of names that are not offered."""

from collections.abc import Callable, Iterable
from typing import Any

from autonet.core.errors import AutonetError, InvalidOption, TrialPruned, UnknownName

__all__ = [
    "MULTI_OBJECTIVE",
    "DuplicatedStudyError",
    "ExperimentalWarning",
    "OptunaError",
    "TrialPruned",
    "check_single",
    "make_refusal",
]

OptunaError = AutonetError

MULTI_OBJECTIVE = "autonet optimizes a single objective; return one number, and keep others with trial.set_user_attr"

# Names of Optuna that serve several objectives.
OF_SEVERAL_OBJECTIVES = frozenset(
    {
        *("NSGAIISampler", "NSGAIIISampler", "MOTPESampler", "best_trials", "metric_names", "set_metric_names"),
        *("plot_pareto_front", "plot_hypervolume_history"),
    }
)


class ExperimentalWarning(Warning):
    """Warning of Optuna's experimental features, to be filtered; never warned here."""


class DuplicatedStudyError(AutonetError):
    """A study of this name is in the storage already."""


def make_refusal(where: str, valid: Iterable[str]) -> Callable[[str], Any]:
    """Return a ``__getattr__`` that says what to use instead of a name of Optuna that is not offered.

    Parameters
    ----------
    where : str
        What the name is looked for in, such as ``"optuna.samplers"``.
    valid : iterable of str
        The names that there are.
    """
    listed = [name for name in dict.fromkeys(valid) if not name.startswith("_")]

    def refuse(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{where} has no attribute {name!r}", name=name)
        if name in OF_SEVERAL_OBJECTIVES:
            raise AttributeError(f"{where}.{name} is not offered: {MULTI_OBJECTIVE}.", name=name)
        raise AttributeError(str(UnknownName(f"name in {where}", name, listed)), name=name)

    return refuse


def check_single(value: Any) -> Any:
    """Return the only value of a sequence, and anything else unchanged; refuse several values."""
    if not isinstance(value, list | tuple):
        return value
    if len(value) != 1:
        raise InvalidOption(f"Got {len(value)} values; {MULTI_OBJECTIVE}.")
    return value[0]


__getattr__ = make_refusal("optuna.exceptions", __all__)

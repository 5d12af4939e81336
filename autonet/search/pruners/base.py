"""Protocol of pruners: rules by which trials without budgets stop early.

A pruner holds settings only.  Before each trial it derives bounds from the history, and in the trial, perhaps in
another process, it compares the reported values with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_integer
from autonet.search.history import History
from autonet.search.running_trial import RunningTrial

__all__ = ["NopPruner", "Pruner", "check_integers", "check_pruner"]


class Pruner(Protocol):
    """Protocol of pruners; ``Study(pruner=...)`` takes any object with these methods.

    Examples
    --------
    >>> from autonet.search import Study
    >>> class Within:
    ...     def bounds(self, history, number):
    ...         return {} if history.best is None else {0: history.best.value + 1.0}
    ...
    ...     def should_prune(self, trial):
    ...         return trial.curve[-1][1] > trial.job.bounds.get(0, float("inf"))
    >>> study = Study({"x": (0.0, 1.0)}, pruner=Within())
    """

    def bounds(self, history: History, number: int) -> Mapping[int, float]:
        """Return what the trial of a number needs to know of the others: losses by step."""

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether to stop a trial that has just reported a value; ``trial.job.bounds`` are the bounds."""


@dataclass(frozen=True)
class NopPruner:
    """Prune no trial.

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study({"x": (0.0, 1.0)}, pruner=NopPruner())
    """

    def bounds(self, history: History, number: int) -> Mapping[int, float]:
        """Return no bounds; see `Pruner`."""
        del history, number
        return {}

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return False; see `Pruner`."""
        del trial
        return False


def check_pruner(pruner: Any) -> Any:
    """Return a pruner unchanged, or None; raise on anything that has not its methods."""
    if pruner is not None and (isinstance(pruner, type) or not callable(getattr(pruner, "should_prune", None))):
        raise InvalidOption(
            f"pruner must be one of autonet.search.pruners, or an object with bounds(history, number) and "
            f"should_prune(running_trial); got {pruner!r:.100}."
        )
    return pruner


def check_integers(pruner: Any, **lowest: int) -> None:
    """Raise if a setting is not an integer of at least a number."""
    for name, low in lowest.items():
        value = getattr(pruner, name)
        if not (is_integer(value) and value >= low):
            raise InvalidOption(
                f"{name} of {type(pruner).__name__} must be an integer of at least {low}; got {value!r}."
            )

"""Pruners under Optuna's names: the median rule of `RunningTrial.should_prune`, or none."""

import warnings
from dataclasses import dataclass
from typing import Any, Protocol

from autonet.core.errors import AutonetWarning, InvalidOption
from autonet.search.optuna.exceptions import make_refusal
from autonet.search.running_trial import RunningTrial

__all__ = ["BasePruner", "HyperbandPruner", "MedianPruner", "NopPruner", "SuccessiveHalvingPruner", "check_pruner"]


class BasePruner(Protocol):
    """Protocol of pruners."""

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether to stop a running trial now."""


@dataclass(frozen=True)
class MedianPruner:
    """Prune a trial whose best value so far is worse than the median of the others at the same step.

    Parameters
    ----------
    n_startup_trials : int
        Number of first trials that are not pruned; at least 5 are not.
    n_warmup_steps : int
        Step before which no trial is pruned.
    interval_steps : int
        Number of steps of which the first that is reported may end a trial.
    """

    n_startup_trials: int = 5
    n_warmup_steps: int = 0
    interval_steps: int = 1

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether to stop a running trial now; always after the time limit."""
        if trial.should_stop:
            return True
        if not trial.curve or trial.number < self.n_startup_trials or trial.curve[-1][0] < self.n_warmup_steps:
            return False
        interval, *earlier = (
            (step - self.n_warmup_steps) // self.interval_steps
            for step, _ in reversed(trial.curve)
            if step >= self.n_warmup_steps
        )
        return interval not in earlier and trial.should_prune()


@dataclass(frozen=True)
class NopPruner:
    """Prune no trial but after the time limit."""

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether the time limit has passed."""
        return trial.should_stop


def SuccessiveHalvingPruner(  # noqa: N802 - a class of Optuna
    min_resource: str | int = "auto",
    reduction_factor: int = 4,
    min_early_stopping_rate: int = 0,
    bootstrap_count: int = 0,
) -> MedianPruner:
    """Return the median rule from step `min_resource` on, and warn that it replaces successive halving."""
    del reduction_factor, min_early_stopping_rate, bootstrap_count
    return _replace("SuccessiveHalvingPruner", min_resource)


def HyperbandPruner(  # noqa: N802 - a class of Optuna
    min_resource: int = 1, max_resource: str | int = "auto", reduction_factor: int = 3, bootstrap_count: int = 0
) -> MedianPruner:
    """Return the median rule from step `min_resource` on, and warn that it replaces Hyperband."""
    del max_resource, reduction_factor, bootstrap_count
    return _replace("HyperbandPruner", min_resource)


def _replace(name: str, min_resource: str | int) -> MedianPruner:
    warnings.warn(
        f"{name}: the median rule prunes in its place; for successive halving, which resumes the promising trials, "
        "pass min_budget and max_budget to create_study, and train up to trial.budget.",
        AutonetWarning,
        stacklevel=3,
    )
    return MedianPruner(n_warmup_steps=min_resource if isinstance(min_resource, int) else 0)


def check_pruner(pruner: Any) -> BasePruner:
    """Return a pruner unchanged, the default for None; refuse those that are written for Optuna's studies."""
    if pruner is None:
        return MedianPruner()
    if hasattr(pruner, "prune") or not callable(getattr(pruner, "should_prune", None)) or isinstance(pruner, type):
        raise InvalidOption(
            f"pruner must be one of autonet.search.optuna.pruners, or an object with should_prune(running_trial); got "
            f"{pruner!r:.100}."
        )
    chosen: BasePruner = pruner
    return chosen


__getattr__ = make_refusal("optuna.pruners", __all__)

"""Pruners that look at the values of a trial at its latest step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_real
from autonet.search.history import History
from autonet.search.pruners.base import Pruner, check_integers
from autonet.search.running_trial import RunningTrial

__all__ = ["MedianPruner", "PatientPruner", "PercentilePruner", "ThresholdPruner"]


@dataclass(frozen=True)
class PercentilePruner:
    """Prune a trial whose best value so far is not among a percentage of those of finished trials at the same step.

    Parameters
    ----------
    percentile : float
        From 0 to 100: how many of the trials continue.
    n_startup_trials : int
        Number of finished trials before any is pruned.
    n_warmup_steps : int
        Step before which no trial is pruned.
    interval_steps : int
        Number of steps, of which the first that is reported may end a trial.
    n_min_trials : int
        Number of finished trials that must have reported a step.

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study({"x": (0.0, 1.0)}, pruner=PercentilePruner(25.0, n_startup_trials=10))
    """

    percentile: float
    n_startup_trials: int = 5
    n_warmup_steps: int = 0
    interval_steps: int = 1
    n_min_trials: int = 1

    def __post_init__(self) -> None:
        if not (is_real(self.percentile) and 0 <= self.percentile <= 100):
            raise InvalidOption(f"percentile must be a number from 0 to 100; got {self.percentile!r}.")
        check_integers(self, n_startup_trials=0, n_warmup_steps=0, interval_steps=1, n_min_trials=1)

    def bounds(self, history: History, number: int) -> Mapping[int, float]:
        """Return the percentile of the best losses so far, by step; see `Pruner`."""
        del number
        if sum(trial.usable for trial in history) < self.n_startup_trials:
            return {}
        by_step = history.best_losses
        counted = {step: losses for step, losses in by_step.items() if len(losses) >= self.n_min_trials}
        return {step: float(np.percentile(losses, self.percentile)) for step, losses in counted.items()}

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether the best value is worse than the bound at this step; see `Pruner`."""
        return _is_checked(trial, self.n_warmup_steps, self.interval_steps) and trial.is_outdone()


@dataclass(frozen=True)
class MedianPruner(PercentilePruner):
    """Prune a trial whose best value so far is worse than the median of finished trials at the same step.

    Parameters
    ----------
    n_startup_trials, n_warmup_steps, interval_steps, n_min_trials : int
        See `PercentilePruner`.

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study({"x": (0.0, 1.0)}, pruner=MedianPruner(n_warmup_steps=3))
    """

    def __init__(
        self, n_startup_trials: int = 5, n_warmup_steps: int = 0, interval_steps: int = 1, *, n_min_trials: int = 1
    ) -> None:
        super().__init__(50.0, n_startup_trials, n_warmup_steps, interval_steps, n_min_trials)


@dataclass(frozen=True)
class ThresholdPruner:
    """Prune a trial that reports a value outside of limits.

    Parameters
    ----------
    lower, upper : float, optional
        In the direction of the study.
    n_warmup_steps, interval_steps : int
        See `PercentilePruner`.

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study({"x": (0.0, 1.0)}, pruner=ThresholdPruner(upper=10.0))
    """

    lower: float | None = None
    upper: float | None = None
    n_warmup_steps: int = 0
    interval_steps: int = 1

    def __post_init__(self) -> None:
        given = [limit for limit in (self.lower, self.upper) if limit is not None]
        if not given or not all(map(is_real, given)) or (len(given) == 2 and given[0] > given[1]):
            raise InvalidOption(
                f"ThresholdPruner needs lower, upper or both, with lower <= upper; got lower={self.lower!r}, "
                f"upper={self.upper!r}."
            )
        check_integers(self, n_warmup_steps=0, interval_steps=1)

    def bounds(self, history: History, number: int) -> Mapping[int, float]:
        """Return no bounds; see `Pruner`."""
        del history, number
        return {}

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether the latest value is outside of the limits; see `Pruner`."""
        value = trial.curve[-1][1]
        low = -math.inf if self.lower is None else self.lower
        high = math.inf if self.upper is None else self.upper
        return _is_checked(trial, self.n_warmup_steps, self.interval_steps) and not low <= value <= high


@dataclass(frozen=True)
class PatientPruner:
    """Prune as another pruner does, but only a trial that has not improved for some steps.

    Parameters
    ----------
    wrapped_pruner : Pruner, optional
        Without one, trials are pruned as soon as patience ends.
    patience : int
        Number of reports without improvement that are tolerated.
    min_delta : float
        By how much the values must be worse than those before.

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study({"x": (0.0, 1.0)}, pruner=PatientPruner(MedianPruner(), patience=3))
    """

    wrapped_pruner: Pruner | None
    patience: int
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        check_integers(self, patience=0)
        if not (is_real(self.min_delta) and self.min_delta >= 0):
            raise InvalidOption(f"min_delta must be a number of at least 0; got {self.min_delta!r}.")

    def bounds(self, history: History, number: int) -> Mapping[int, float]:
        """Return the bounds of the other pruner; see `Pruner`."""
        return {} if self.wrapped_pruner is None else self.wrapped_pruner.bounds(history, number)

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether patience has ended, and the other pruner prunes; see `Pruner`."""
        losses = [loss for _, loss in trial.losses if not math.isnan(loss)]
        before, after = losses[: -self.patience - 1], losses[-self.patience - 1 :]
        if not before or min(before) + self.min_delta >= min(after):
            return False
        return self.wrapped_pruner is None or self.wrapped_pruner.should_prune(trial)


def _is_checked(trial: RunningTrial, n_warmup_steps: int, interval_steps: int) -> bool:
    """Return whether the latest report is the first in its interval of steps, after the warm-up."""
    step = trial.curve[-1][0]
    earlier = {(at - n_warmup_steps) // interval_steps for at, _ in trial.curve[:-1] if at >= n_warmup_steps}
    return step >= n_warmup_steps and (step - n_warmup_steps) // interval_steps not in earlier

"""Pruners: rules by which trials without budgets stop early.

A pruner holds settings only.  Before each trial it derives bounds from the history, and in the trial, perhaps in
another process, it compares the reported values with them.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from operator import itemgetter
from typing import Any, Protocol
from zlib import crc32

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_integer, is_real
from autonet.search.history import History
from autonet.search.records import Status, Trial
from autonet.search.running_trial import RunningTrial

__all__ = [
    "HyperbandPruner",
    "MedianPruner",
    "NopPruner",
    "PatientPruner",
    "PercentilePruner",
    "Pruner",
    "SuccessiveHalvingPruner",
    "ThresholdPruner",
]

MAX_STEP = 2**31  # largest step of a rung


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


@dataclass(frozen=True)
class PercentilePruner:
    """Prune a trial whose best value so far is not among a percentage of those of finished trials at the same step.

    Parameters
    ----------
    percentile : float
        From 0 to 100: how many of the trials go on.
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
        _check_integers(self, n_startup_trials=0, n_warmup_steps=0, interval_steps=1, n_min_trials=1)

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
        As for `PercentilePruner`.

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
        As for `PercentilePruner`.

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
        _check_integers(self, n_warmup_steps=0, interval_steps=1)

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
        _check_integers(self, patience=0)
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


@dataclass(frozen=True)
class SuccessiveHalvingPruner:
    """Prune a trial that is not among the best 1 in `reduction_factor` when it reaches a rung.

    In contrast to a study with budgets, what is pruned never goes on.

    Parameters
    ----------
    min_resource : int or "auto"
        Step of the first rung; "auto" is a hundredth of the steps of a finished trial, and no trial is pruned before
        there is one.
    reduction_factor : int
        Factor from rung to rung.
    min_early_stopping_rate : int
        Number of rungs that are left out at the beginning.
    bootstrap_count : int
        Number of trials that must reach a rung before one goes beyond it.

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study({"x": (0.0, 1.0)}, pruner=SuccessiveHalvingPruner(min_resource=1))
    """

    min_resource: int | str = "auto"
    reduction_factor: int = 4
    min_early_stopping_rate: int = 0
    bootstrap_count: int = 0

    def __post_init__(self) -> None:
        _check_integers(self, reduction_factor=2, min_early_stopping_rate=0, bootstrap_count=0)
        if self.min_resource != "auto":
            _check_integers(self, min_resource=1)

    def bounds(self, history: History, number: int) -> Mapping[int, float]:
        """Return the loss that a trial may have at most when it reaches each rung; see `Pruner`."""
        others = [trial for trial in history if trial.number != number and trial.curve]
        return self.bounds_of(others, _choose_min_resource(self.min_resource, history))

    def bounds_of(self, others: list[Trial], min_resource: int | None) -> Mapping[int, float]:
        """Return the bounds of trials that compete with others."""
        last = max((step for trial in others for step, _ in trial.curve[-1:]), default=0)
        last = MAX_STEP if self.bootstrap_count else last  # then rungs that nobody has reached have bounds
        bounds: dict[int, float] = {}
        for step in () if min_resource is None else self._rungs(min_resource, last):
            reached = (_loss_at(trial, step) for trial in others)
            losses = sorted(loss for loss in reached if loss is not None and not math.isnan(loss))
            n_promoted = max((len(losses) + 1) // self.reduction_factor, 1)
            if len(losses) < self.bootstrap_count:
                bounds[step] = -math.inf
            elif n_promoted <= len(losses):
                bounds[step] = losses[n_promoted - 1]
        return bounds

    def _rungs(self, min_resource: int, last: int) -> Iterator[int]:
        """Yield the steps of the rungs up to a last one."""
        step = min_resource * self.reduction_factor**self.min_early_stopping_rate
        while step <= last:
            yield step
            step *= self.reduction_factor

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether the loss at a rung was above its bound; see `Pruner`."""
        losses = trial.losses
        for step, bound in trial.job.bounds.items():
            loss = next((loss for at, loss in losses if at >= step), None)
            if loss is not None and not loss <= bound:
                return True
        return False


@dataclass(frozen=True)
class HyperbandPruner:
    """Prune by successive halving in brackets, which begin at different rungs; trials compete within their bracket.

    Parameters
    ----------
    min_resource : int
        Step of the first rung of the first bracket.
    max_resource : int or "auto"
        Number of steps of a trial; "auto" is that of finished trials, and no trial is pruned before there is one.
    reduction_factor : int
        Factor from rung to rung.
    bootstrap_count : int
        As for `SuccessiveHalvingPruner`.

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study({"x": (0.0, 1.0)}, pruner=HyperbandPruner(max_resource=27))
    """

    min_resource: int = 1
    max_resource: int | str = "auto"
    reduction_factor: int = 3
    bootstrap_count: int = 0

    def __post_init__(self) -> None:
        _check_integers(self, min_resource=1, reduction_factor=2, bootstrap_count=0)
        if self.max_resource != "auto":
            _check_integers(self, max_resource=self.min_resource)

    def bounds(self, history: History, number: int) -> Mapping[int, float]:
        """Return the bounds of the bracket of a trial; see `Pruner`."""
        most = _count_steps(history) if self.max_resource == "auto" else self.max_resource
        if not isinstance(most, int) or most < self.min_resource:
            return {}
        sizes = self._sizes(most)
        bracket = _choose_bracket(number, sizes)
        others = [t for t in history if t.number != number and t.curve and _choose_bracket(t.number, sizes) == bracket]
        return self._halving(bracket).bounds_of(others, self.min_resource)

    def _sizes(self, max_resource: int) -> list[int]:
        """Return the shares of the brackets, the one that begins at the first rung first."""
        n = 1
        while self.min_resource * self.reduction_factor**n <= max_resource:
            n += 1
        return [math.ceil(n * self.reduction_factor**s / (s + 1)) for s in reversed(range(n))]

    def _halving(self, bracket: int) -> SuccessiveHalvingPruner:
        return SuccessiveHalvingPruner(self.min_resource, self.reduction_factor, bracket, self.bootstrap_count)

    def should_prune(self, trial: RunningTrial) -> bool:
        """Return whether the loss at a rung of its bracket was above the bound; see `Pruner`."""
        return self._halving(0).should_prune(trial)


def _check_integers(pruner: Any, **lowest: int) -> None:
    """Raise if a setting is no integer of at least a number."""
    for name, low in lowest.items():
        value = getattr(pruner, name)
        if not (is_integer(value) and value >= low):
            raise InvalidOption(
                f"{name} of {type(pruner).__name__} must be an integer of at least {low}; got {value!r}."
            )


def _is_checked(trial: RunningTrial, n_warmup_steps: int, interval_steps: int) -> bool:
    """Return whether the latest report is the first in its interval of steps, after the warm-up."""
    step = trial.curve[-1][0]
    earlier = {(at - n_warmup_steps) // interval_steps for at, _ in trial.curve[:-1] if at >= n_warmup_steps}
    return step >= n_warmup_steps and (step - n_warmup_steps) // interval_steps not in earlier


def _loss_at(trial: Trial, step: int) -> float | None:
    """Return the loss of a trial when it reached a step; None if it did not."""
    at = bisect_left(trial.curve, step, key=itemgetter(0))
    if at == len(trial.curve):
        return None
    value = trial.curve[at][1]
    return -value if trial.maximize else value


def _count_steps(history: History) -> int | None:
    """Return the number of steps of finished trials; None before there is one."""
    finished = [t.curve[-1][0] for t in history if t.status is Status.FINISHED and t.curve]
    return max(finished) + 1 if finished else None


def _choose_min_resource(min_resource: int | str, history: History) -> int | None:
    if isinstance(min_resource, int):
        return min_resource
    n_steps = _count_steps(history)
    return None if n_steps is None else max((n_steps - 1) // 100, 1)


def _choose_bracket(number: int, sizes: list[int]) -> int:
    """Return the bracket of a trial: at random by size, but always the same for a number."""
    place = crc32(str(number).encode()) % sum(sizes)
    ends = np.cumsum(sizes)
    return len(list(takewhile(lambda end: end <= place, ends)))

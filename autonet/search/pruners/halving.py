"""Pruners that halve the trials at rungs."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from operator import itemgetter
from zlib import crc32

import numpy as np

from autonet.search.history import History
from autonet.search.pruners.base import check_integers
from autonet.search.records import Status, Trial
from autonet.search.running_trial import RunningTrial

__all__ = ["HyperbandPruner", "SuccessiveHalvingPruner"]

MAX_STEP = 2**31  # largest step of a rung


@dataclass(frozen=True)
class SuccessiveHalvingPruner:
    """Prune a trial that is not among the best 1 in ``reduction_factor`` when it reaches a rung.

    In contrast to a study with budgets, what is pruned never continues.

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
        check_integers(self, reduction_factor=2, min_early_stopping_rate=0, bootstrap_count=0)
        if self.min_resource != "auto":
            check_integers(self, min_resource=1)

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
        See `SuccessiveHalvingPruner`.

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
        check_integers(self, min_resource=1, reduction_factor=2, bootstrap_count=0)
        if self.max_resource != "auto":
            check_integers(self, max_resource=self.min_resource)

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

"""Asynchronous successive halving that resumes from checkpoints and takes the time left into account.

After Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2018), arXiv 1810.05934.
"""

import math
from collections.abc import Container
from dataclasses import dataclass

from autonet.search.history import History
from autonet.search.records import Trial
from autonet.search.schedulers.base import Continue, Start, can_continue
from autonet.search.schedulers.costs import Costs

__all__ = ["AsynchronousHalving", "NoHalving"]

MIN_GAIN = 0.05  # smallest continuation, as a share of the budget already spent


@dataclass(frozen=True)
class AsynchronousHalving:
    """Start many trials at the lowest rung and promote the best 1/eta of each rung, without waiting for the others.

    The first of these jobs that fits the time left is chosen:

    1. a new trial, while none has a value;
    2. a promotion, top rung first, of a trial among the best 1/eta of its rung;
    3. a new trial, while it could be promoted once and the best trial could still reach the top rung;
    4. a continuation of the best trials, to whatever budget can be reached.
    """

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job; see `Scheduler`."""
        rungs = history.rungs
        if left <= 0:
            return None
        if history.best is None:
            return Start(rungs.bottom) if may_start else None
        costs = Costs.from_history(history, left)
        climber = _find_climber(history, costs, left, lost)
        reserve = costs.seconds(climber.budget, rungs.top, climber.number) if climber else 0.0

        promotion = _find_promotion(history, costs, left, lost, climber, reserve)
        if promotion:
            return promotion
        start = costs.seconds(0.0, rungs.bottom)
        one_rung = costs.seconds(0.0, rungs.budgets[1]) if len(rungs) > 1 else start
        if may_start and max(start + reserve, one_rung) <= left:
            return Start(rungs.bottom)
        return _find_continuation(history, costs, left, lost, climber, may_start=may_start)


@dataclass(frozen=True)
class NoHalving:
    """Train every trial to the top rung, without early stopping."""

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job; see `Scheduler`."""
        top = history.rungs.top
        if not may_start or left <= 0:
            return None
        costs = Costs.from_history(history, left)
        if history.rungs.unit != "time":
            return Start(top) if costs.may_fit(top, left) or history.best is None else None
        target = min(top, max(left - costs.least_overhead, 0.0))
        return Start(target) if target >= top / 3 or history.best is None else None


def _find_climber(history: History, costs: Costs, left: float, lost: Container[int]) -> Trial | None:
    """Return the best trial that can reach the top rung in time; None if a trial is there, or the best is complete."""
    top = history.rungs.top
    if any(not history.trials[number].failed for _, _, number in history.rung(top)):
        return None
    if history.best is not None and history.best.complete:
        return None
    able = (t for t in history.ranked() if can_continue(t, lost) and costs.seconds(t.budget, top, t.number) <= left)
    return next(able, None)


def _find_promotion(
    history: History, costs: Costs, left: float, lost: Container[int], climber: Trial | None, reserve: float
) -> Continue | None:
    rungs = history.rungs
    for budget, goal in reversed(list(zip(rungs.budgets, rungs.budgets[1:], strict=False))):
        here = history.rung(budget)
        for _, _, number in here[: int(len(here) / rungs.eta)]:
            trial = history.trials[number]
            if trial.budget != budget or not can_continue(trial, lost):
                continue
            # For the climber itself, only the part above the goal must be reserved.
            rest = costs.seconds(goal, rungs.top, trial.number) if trial is climber else reserve
            rest = 0.0 if goal >= rungs.top else rest
            if costs.seconds(budget, goal, trial.number) + rest <= left:
                return Continue(trial.number, goal)
    return None


def _find_continuation(
    history: History, costs: Costs, left: float, lost: Container[int], climber: Trial | None, *, may_start: bool
) -> Start | Continue | None:
    rungs = history.rungs
    if climber:
        return Continue(climber.number, rungs.top)
    if not may_start:  # limited by the number of trials, not by time
        return None
    for trial in history.ranked():
        goal = next((b for b in rungs.budgets if b > trial.budget), None)
        if goal is None or not can_continue(trial, lost):
            continue
        target = costs.reachable(trial.budget, goal, left, trial.number)
        target = math.floor(target) if rungs.whole else target
        if target - trial.budget >= max(MIN_GAIN * trial.budget, 1 if rungs.whole else 0.05):
            return Continue(trial.number, target)
    # All trials are at the top: a last one may be cut short, down to a third of its budget.
    if rungs.unit == "time":
        target = min(rungs.bottom, max(left - costs.least_overhead, 0.0))
        return Start(target) if target >= rungs.bottom / 3 else None
    return Start(rungs.bottom) if costs.may_fit(rungs.bottom, left) else None

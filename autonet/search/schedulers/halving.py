"""Asynchronous successive halving that resumes from checkpoints and takes the time left into account.

After Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2018), arXiv 1810.05934.
"""

import math
from collections.abc import Container
from dataclasses import dataclass

from autonet.search.history import History
from autonet.search.records import Trial
from autonet.search.rungs import Rungs
from autonet.search.schedulers.base import Continue, Start, can_continue
from autonet.search.schedulers.costs import Costs

__all__ = ["AsynchronousHalving", "NoHalving", "falling_exponent"]

MIN_GAIN = 0.05  # smallest continuation, as a share of the budget already spent
MIN_UNITS = 0.05  # smallest continuation, in seconds or fractions of a unit
FALLING_TRIALS = 2  # best trials of a rung that are promoted early if their loss falls: one would leave workers without


@dataclass(frozen=True)
class AsynchronousHalving:
    """Start many trials at the lowest rung and promote the best 1/eta of each rung, without waiting for the others.

    The first of these jobs that fits the time left is chosen:

    1. a new trial, while none has a value;
    2. a promotion, top rung first, of a trial among the best 1/eta of its rung;
    3. a new trial, while it could be promoted once and the best trial could still reach the top rung;
    4. a continuation of the best trials, to whatever budget can be reached.

    Parameters
    ----------
    min_exponent : float
        If the tie-breaker of a trial falls like a power of the budget with at least this exponent, it is promoted if
        it is one of the two best of its rung, once ``eta ** 2`` trials and all enqueued ones have been at the lowest;
        and its promotion to the top rung is stretched to all the time left, as is a continuation of the best trial
        beyond the top rung.  Requires a time limit, no limit of the trials that has been reached, and tie-breakers that
        are positive losses.  Default: infinite, so that budgets do not depend on how losses fall.
    """

    min_exponent: float = math.inf

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

        promotion = self._find_falling(history, costs, left, lost) if may_start else None
        promotion = promotion or _find_promotion(history, costs, left, lost, climber, reserve)
        if promotion:
            return self._stretch(promotion, history, costs, left) if may_start else promotion
        extension = self._find_extension(history, costs, left, lost) if may_start else None
        if extension:
            return extension
        start = costs.seconds(0.0, rungs.bottom)
        one_rung = costs.seconds(0.0, rungs.budgets[1]) if len(rungs) > 1 else start
        if may_start and max(start + reserve, one_rung) <= left:
            return Start(rungs.bottom)
        move = _find_continuation(history, costs, left, lost, climber, may_start=may_start)
        return self._stretch(move, history, costs, left) if may_start and isinstance(move, Continue) else move

    def _find_falling(self, history: History, costs: Costs, left: float, lost: Container[int]) -> Continue | None:
        """Return the promotion, top rung first, of a trial whose loss falls, as soon as others have been tried."""
        rungs = history.rungs
        if math.isinf(left) or history.queue or len(history.rung(rungs.bottom)) < rungs.eta**2:
            return None
        for budget, goal in reversed(list(zip(rungs.budgets[1:], rungs.budgets[2:], strict=False))):
            for _, _, number in history.rung(budget)[:FALLING_TRIALS]:
                trial = history.trials[number]
                is_falling = trial.budget == budget and falling_exponent(trial) >= self.min_exponent
                if is_falling and can_continue(trial, lost) and costs.seconds(budget, goal, number) <= left:
                    return Continue(number, goal)
        return None

    def _find_extension(self, history: History, costs: Costs, left: float, lost: Container[int]) -> Continue | None:
        """Return a continuation of the best trial beyond the top rung, if its loss still falls."""
        best, rungs = history.best, history.rungs
        if best is None or best.budget < rungs.top or not can_continue(best, lost):
            return None
        move = self._stretch(Continue(best.number, best.budget), history, costs, left)
        return move if move.target - best.budget >= _least_gain(best, rungs) else None

    def _stretch(self, move: Continue, history: History, costs: Costs, left: float) -> Continue:
        """Stretch a continuation to the top rung, or beyond, to all the time left if the loss of the trial falls."""
        trial, rungs = history.trials[move.trial], history.rungs
        if move.target < rungs.top or falling_exponent(trial) < self.min_exponent:
            return move
        target = costs.reachable(trial.budget, math.inf, left, trial.number)
        if math.isinf(target):  # there is no time limit
            return move
        return Continue(move.trial, max(math.floor(target) if rungs.whole else target, move.target))


def _least_gain(trial: Trial, rungs: Rungs) -> float:
    """Return the smallest continuation of a trial that is worth a job."""
    return max(MIN_GAIN * trial.budget, 1 if rungs.whole else MIN_UNITS)


def falling_exponent(trial: Trial) -> float:
    """Return the exponent a of a loss that falls like ``budget ** -a`` through the last two reports; -inf without two.

    The loss is the tie-breaker, such as the plain loss of networks, which must be positive.
    """
    reports = [report for report in trial.reports if not report.failed][-2:]
    if len(reports) < 2 or not all(report.tie_breaker > 0 for report in reports):
        return -math.inf
    before, now = reports
    if not 0 < before.budget < now.budget:
        return -math.inf
    return math.log(before.tie_breaker / now.tie_breaker) / math.log(now.budget / before.budget)


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
    at_top = (history.trials[number] for _, _, number in history.rung(top))
    if any(not t.failed for t in at_top) or any(t.budget > top and not t.failed for t in history.ranked()):
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
        if target - trial.budget >= _least_gain(trial, rungs):
            return Continue(trial.number, target)
    # All trials are at the top: a last one may be cut short, down to a third of its budget.
    if rungs.unit == "time":
        target = min(rungs.bottom, max(left - costs.least_overhead, 0.0))
        return Start(target) if target >= rungs.bottom / 3 else None
    return Start(rungs.bottom) if costs.may_fit(rungs.bottom, left) else None

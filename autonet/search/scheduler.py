"""Which job next: asynchronous successive halving from checkpoints, planned against the time left.

`decide` is a pure function of the history.  Its order:

0. nothing fitted yet: a new configuration (the sampler proposes the default first);
1. promotions, top rung first: the best 1/eta of a rung that are not yet promoted, if they fit the time left;
2. a new configuration, while it could still climb a rung and the best checkpoint could still reach the top;
3. the last mile: no new configuration could climb any more, so the best checkpoints go on.

After Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2018), arXiv 1810.05934; promotion by
rank within a rung, because promoting by predicted value measured clearly worse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from autonet.search.records import History, Status, Trial
from autonet.search.rungs import Rungs

__all__ = ["Continue", "Start", "decide", "may_continue"]

# A continuation must bring at least this share of what was paid already, or it is not worth its overhead.
LEAST_GAIN = 0.05
NEW = -1  # in place of the number of a trial that is not there yet


@dataclass(frozen=True)
class Start:
    """Start a new trial and train it to `target`."""

    target: float


@dataclass(frozen=True)
class Continue:
    """Go on with `trial` from its checkpoint to `target`."""

    trial: int
    target: float


@dataclass(frozen=True)
class Costs:
    """Predicted wall seconds of jobs, from what finished jobs took.

    Attributes
    ----------
    rates, overheads : dict of int to float
        By trial: seconds per unit of budget, and seconds beside the budget (known only for budgets in seconds).
    rate : float
        Median seconds per unit of budget: what a new trial is expected to take.
    overhead : float
        The largest overhead seen: a new trial may have to encode the table anew.
    """

    rates: dict[int, float]
    overheads: dict[int, float]
    rate: float
    overhead: float

    @classmethod
    def of(cls, history: History, rungs: Rungs) -> "Costs":
        paid = [(t.number, r.budget - r.start, r.seconds) for t, r in history.reports if r.budget > r.start]
        if rungs.unit == "epochs":
            rates = {number: seconds / epochs for number, epochs, seconds in paid}
            return cls(rates, {}, median(rates.values()) if rates else 0.0, 0.0)
        overheads: dict[int, float] = {}
        for number, budget, seconds in paid:
            overheads[number] = max(seconds - budget, overheads.get(number, 0.0))
        return cls({}, overheads, 1.0, max(overheads.values(), default=0.0))

    def seconds(self, start: float, target: float, trial: int = NEW) -> float:
        """Predict the seconds of a job."""
        return self.rates.get(trial, self.rate) * (target - start) + self.overheads.get(trial, self.overhead)

    def reachable(self, start: float, target: float, left: float, trial: int = NEW) -> float:
        """Return the budget, at most `target`, that `left` seconds suffice for."""
        rate = self.rates.get(trial, self.rate)
        if self.seconds(start, target, trial) <= left or rate == 0.0:
            return target
        return start + max(left - self.overheads.get(trial, self.overhead), 0.0) / rate


def decide(
    history: History, rungs: Rungs, *, left: float, may_start: bool, kept: Sequence[int] | None = None
) -> Start | Continue | None:
    """Decide on the next job.

    Parameters
    ----------
    history : History
    rungs : Rungs
    left : float
        Seconds left; infinite without a deadline.
    may_start : bool
        Whether a further configuration may be started (trial limit, space not exhausted).
    kept : sequence of int, optional
        Numbers of the trials whose checkpoints are still there; default: all.

    Returns
    -------
    Start, Continue or None
        None: nothing more can be gained in the time left.
    """
    costs = Costs.of(history, rungs)
    paused = [t for t in history if may_continue(t) and (kept is None or t.number in kept)]
    if not any(t.usable for t in history):
        return Start(rungs.bottom) if may_start and left > 0 else None
    climber = _climber(paused, history, rungs, costs, left)
    reserve = costs.seconds(climber.budget, rungs.top, climber.number) if climber else 0.0

    promotion = _promotion(history, paused, rungs, costs, left, climber, reserve)
    if promotion:
        return promotion
    start = costs.seconds(0.0, rungs.bottom)
    one_rung = costs.seconds(0.0, rungs.budgets[1]) if len(rungs) > 1 else start
    if may_start and max(start + reserve, one_rung) <= left:
        return Start(rungs.bottom)
    return _last_mile(paused, rungs, costs, left, climber, may_start=may_start)


def may_continue(trial: Trial) -> bool:
    """Whether a trial has a model, is not running and has not failed."""
    return bool(trial.usable) and not trial.failed and trial.running is None


def _climber(paused: list[Trial], history: History, rungs: Rungs, costs: Costs, left: float) -> Trial | None:
    """Return the best trial that could still reach the top rung in time, while none has reached it."""
    if any(t.budget >= rungs.top for t in history):
        return None
    able = [t for t in paused if costs.seconds(t.budget, rungs.top, t.number) <= left]
    return min(able, key=lambda t: t.rank) if able else None


def _promotion(
    history: History,
    paused: list[Trial],
    rungs: Rungs,
    costs: Costs,
    left: float,
    climber: Trial | None,
    reserve: float,
) -> Continue | None:
    for budget, goal in reversed(list(zip(rungs.budgets, rungs.budgets[1:], strict=False))):
        here = sorted(
            (r.loss, r.tie_breaker, t.number)
            for t in history
            for r in t.reports
            if r.target == budget and (r.failed or r.status is Status.FINISHED)
        )
        best = [number for _, _, number in here[: int(len(here) / rungs.eta)]]
        for trial in sorted(paused, key=lambda t: t.rank):
            if trial.number not in best or trial.budget != budget:
                continue
            # Of the climber's own promotion, the part below the goal no longer needs to be reserved.
            rest = costs.seconds(goal, rungs.top, trial.number) if trial is climber else reserve
            rest = 0.0 if goal >= rungs.top else rest
            if costs.seconds(budget, goal, trial.number) + rest <= left:
                return Continue(trial.number, goal)
    return None


def _last_mile(
    paused: list[Trial], rungs: Rungs, costs: Costs, left: float, climber: Trial | None, *, may_start: bool
) -> Start | Continue | None:
    if climber:
        return Continue(climber.number, rungs.top)
    if not may_start:  # bounded by the number of trials, not by time: what was asked for is done
        return None
    for trial in sorted(paused, key=lambda t: t.rank):
        goal = next((b for b in rungs.budgets if b > trial.budget), None)
        if goal is None:
            continue
        target = costs.reachable(trial.budget, goal, left, trial.number)
        target = float(math.floor(target)) if rungs.unit == "epochs" else target
        if target - trial.budget >= max(LEAST_GAIN * trial.budget, 1 if rungs.unit == "epochs" else 0.05):
            return Continue(trial.number, target)
    # Everything is at the top: a last configuration may be cut short, down to a third of its budget.
    if rungs.unit == "time":
        target = costs.reachable(0.0, rungs.bottom, left)
        return Start(target) if target >= rungs.bottom / 3 else None
    return Start(rungs.bottom) if costs.seconds(0.0, rungs.bottom) <= left else None

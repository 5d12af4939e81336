"""Predict the wall seconds of jobs from those of finished jobs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from autonet.search.history import History

__all__ = ["Costs"]

NEW_TRIAL = -1  # number of a trial that does not exist yet

MIN_TRIALS = 3  # number of trials that a lower bound of costs requires
FASTEST_SHARE = 0.5  # lower bound of the time of a new trial, as a share of the fastest one's


@dataclass(frozen=True)
class Costs:
    """Predicted wall seconds of jobs.

    Attributes
    ----------
    rates, overheads : mapping of int to float
        By trial: seconds per unit of budget, and further seconds (only for budgets in seconds).
    rate, overhead : float
        Expected rate and overhead of a new trial: the median rate, the largest overhead.
    least_rate, least_overhead : float
        Lower bounds for a new trial, so that a slow first trial, which loads or compiles something, does not stop a
        search.
    """

    rates: Mapping[int, float] = field(default_factory=dict)
    overheads: Mapping[int, float] = field(default_factory=dict)
    rate: float = 0.0
    overhead: float = 0.0
    least_rate: float = 0.0
    least_overhead: float = 0.0

    @classmethod
    def from_history(cls, history: History, left: float) -> "Costs":
        """Estimate the costs from finished jobs; without a time limit, all are zero."""
        if math.isinf(left):
            return cls()
        if history.rungs.unit == "time":
            overheads = history.overheads
            return cls({}, overheads, 1.0, max(overheads.values(), default=0.0), 1.0, _lower_bound(overheads))
        rates = history.seconds_per_unit
        median = float(np.median(np.fromiter(rates.values(), float))) if rates else 0.0
        return cls(rates, {}, median, least_rate=_lower_bound(rates))

    def seconds(self, start: float, target: float, trial: int = NEW_TRIAL) -> float:
        """Predict the seconds of a job."""
        return self.rates.get(trial, self.rate) * (target - start) + self.overheads.get(trial, self.overhead)

    def may_fit(self, target: float, left: float) -> bool:
        """Return whether a new trial may reach `target`, not in seconds, in `left` seconds."""
        return self.least_rate * target <= left

    def reachable(self, start: float, target: float, left: float, trial: int = NEW_TRIAL) -> float:
        """Return the budget, at most `target`, that can be reached in `left` seconds."""
        rate = self.rates.get(trial, self.rate)
        if self.seconds(start, target, trial) <= left or rate == 0.0:
            return target
        return start + max(left - self.overheads.get(trial, self.overhead), 0.0) / rate


def _lower_bound(seconds: Mapping[int, float]) -> float:
    """Return a lower bound for a new trial, given the seconds of the earlier ones."""
    return FASTEST_SHARE * min(seconds.values()) if len(seconds) >= MIN_TRIALS else 0.0

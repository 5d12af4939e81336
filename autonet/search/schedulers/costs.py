"""Predicted wall seconds of jobs, from what finished jobs took."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from autonet.search.history import History

__all__ = ["Costs"]

NEW_TRIAL = -1  # in place of the number of a trial that is not there yet

# Trials before their times say anything about those of others.
MIN_TRIALS = 3

# A new trial may take this share of the time of the fastest one so far.
FASTEST_SHARE = 0.5


@dataclass(frozen=True)
class Costs:
    """Predicted wall seconds of jobs.

    Attributes
    ----------
    rates, overheads : mapping of int to float
        By trial: seconds per unit of budget, and seconds beside the budget (known only for budgets in seconds).
    rate : float
        Median seconds per unit of budget: what a new trial is expected to take.
    overhead : float
        The largest overhead seen: a new trial may have to encode the table anew.
    least_rate, least_overhead : float
        What a new trial may take at least: one that is slow, such as the first, which loads or compiles something,
        does not end a search.
    """

    rates: Mapping[int, float] = field(default_factory=dict)
    overheads: Mapping[int, float] = field(default_factory=dict)
    rate: float = 0.0
    overhead: float = 0.0
    least_rate: float = 0.0
    least_overhead: float = 0.0

    @classmethod
    def of(cls, history: History, left: float) -> "Costs":
        """Sum up what jobs took; without a deadline, time is no matter and all costs are zero."""
        if math.isinf(left):
            return cls()
        if history.rungs.unit == "time":
            overheads = history.overheads
            return cls({}, overheads, 1.0, max(overheads.values(), default=0.0), 1.0, _fastest_share(overheads))
        rates = history.seconds_per_unit
        median = float(np.median(np.fromiter(rates.values(), float))) if rates else 0.0
        return cls(rates, {}, median, least_rate=_fastest_share(rates))

    def seconds(self, start: float, target: float, trial: int = NEW_TRIAL) -> float:
        """Predict the seconds of a job."""
        return self.rates.get(trial, self.rate) * (target - start) + self.overheads.get(trial, self.overhead)

    def may_fit(self, target: float, left: float) -> bool:
        """Whether a new trial as fast as the fastest may reach `target`, which is no time, in `left` seconds."""
        return self.least_rate * target <= left

    def reachable(self, start: float, target: float, left: float, trial: int = NEW_TRIAL) -> float:
        """Return the budget, at most `target`, that `left` seconds suffice for."""
        rate = self.rates.get(trial, self.rate)
        if self.seconds(start, target, trial) <= left or rate == 0.0:
            return target
        return start + max(left - self.overheads.get(trial, self.overhead), 0.0) / rate


def _fastest_share(seconds: Mapping[int, float]) -> float:
    """Return what a new trial may take at least, from what `seconds` says that earlier trials took."""
    return FASTEST_SHARE * min(seconds.values()) if len(seconds) >= MIN_TRIALS else 0.0

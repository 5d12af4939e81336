"""No scheduling: every trial gets the highest budget."""

from collections.abc import Container
from dataclasses import dataclass

from autonet.search.history import History
from autonet.search.schedulers.base import Continue, Start
from autonet.search.schedulers.costs import Costs

__all__ = ["NoHalving"]


@dataclass(frozen=True)
class NoHalving:
    """Train every trial at once to the top rung."""

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job; see `Scheduler`."""
        top = history.rungs.top
        if not may_start or left <= 0:
            return None
        costs = Costs.of(history, left)
        if history.rungs.unit != "time":
            return Start(top) if costs.may_fit(top, left) or history.best is None else None
        target = min(top, max(left - costs.least_overhead, 0.0))
        return Start(target) if target >= top / 3 or history.best is None else None

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
        target = costs.reachable(0.0, top, left) if history.rungs.unit == "time" else top
        worthwhile = target >= top / 3 if history.rungs.unit == "time" else costs.seconds(0.0, top) <= left
        return Start(target) if worthwhile or history.best is None else None

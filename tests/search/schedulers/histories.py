"""Histories, and what is decided of them."""

import math
from collections.abc import Container

from autonet.search.history import History
from autonet.search.records import Event, Report, Status, Trial
from autonet.search.rungs import Rungs
from autonet.search.schedulers.base import Continue, Start
from autonet.search.schedulers.halving import AsynchronousHalving

RUNGS = Rungs.geometric(1, 9, 3)


def propose(history: History) -> Trial:
    history.apply(Event("propose", len(history), {"config": {"x": len(history)}, "seed": 0, "origin": "sampler"}))
    return history.trials[-1]


def history(*losses: list[float]) -> History:
    """One trial per list: its losses at the successive rungs of 1, 3, 9 seconds; infinite is a failure."""
    result = History(RUNGS)
    for number, values in enumerate(losses):
        propose(result)
        paid = 0.0
        for loss, budget in zip(values, RUNGS.budgets, strict=False):
            status = Status.FINISHED if math.isfinite(loss) else Status.DIVERGED
            reached = budget if math.isfinite(loss) else paid
            result.add(result.trials[number], Report(paid, budget, reached, loss, status, budget - paid, 1.0))
            paid = budget
    return result


def decide(history: History, *, left: float, may_start: bool, lost: Container[int] = ()) -> Start | Continue | None:
    return AsynchronousHalving().decide(history, left=left, may_start=may_start, lost=lost)

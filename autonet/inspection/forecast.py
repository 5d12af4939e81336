"""Forecast of a fit before it runs: its rungs, and what fits into its time."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autonet.core.resulttable import ResultTable
from autonet.search.rungs import Rungs

__all__ = ["Forecast"]

COLUMNS = ("section", "item", "trials", "seconds", "note")


@dataclass(frozen=True)
class Forecast:
    """What is known of a fit before it runs.

    Attributes
    ----------
    rungs : Rungs
    workers : int
        Trials at once.
    stages : mapping of str to float
        Seconds of each stage, by the time plan; empty without a time limit.
    max_trials : int or None
    unit_seconds : float or None
        Seconds of a trial per unit of its budget: 1 for seconds; for epochs and shares of the rows, that of the default
        configuration, or None if it is not known.
    network_share : float
        Share of the time of the search that networks get at most; trees get the rest.
    """

    rungs: Rungs
    workers: int
    stages: Mapping[str, float] = field(default_factory=dict)
    max_trials: int | None = None
    unit_seconds: float | None = None
    network_share: float = 1.0

    @property
    def trials(self) -> float | None:
        """Number of trials that can start, if one in eta of each rung is promoted; None if that is not known."""
        limit = math.inf if self.max_trials is None else self.max_trials
        if "search" not in self.stages:
            return limit if math.isfinite(limit) else None
        if not self.unit_seconds:
            return None
        return min(self.stages["search"] * self.network_share * self.workers / self._seconds_per_start, limit)

    @property
    def _seconds_per_start(self) -> float:
        """Seconds for each trial that starts, its share of the promotions included."""
        budgets, eta = self.rungs.budgets, self.rungs.eta
        steps = zip(budgets, (0.0, *budgets), strict=False)
        return (self.unit_seconds or 0.0) * sum((high - low) / eta**k for k, (high, low) in enumerate(steps))

    def table(self) -> ResultTable:
        """Return a row per stage and per rung."""
        rows = [_row("time", stage, seconds=seconds) for stage, seconds in self.stages.items()]
        if self.network_share < 1:
            note = f"get {1 - self.network_share:.0%} of the search, more if they are good"
            rows.append(_row("time", "tree ensembles", note=note))
        rows.append(_row("time", "trials at once", trials=self.workers))
        unit, n = self.rungs.words, self.trials
        for k, budget in enumerate(self.rungs.budgets):
            reaching = None if n is None else math.floor(n / self.rungs.eta**k)
            seconds = None if self.unit_seconds is None else budget * self.unit_seconds
            rows.append(_row("rungs", f"{budget:.4g} {unit}", trials=reaching, seconds=seconds, note=self._note(k)))
        caption = "what fits" if n is not None else "what is planned; pass X and y to time an epoch"
        return ResultTable(rows, COLUMNS, f"{caption}; one in {self.rungs.eta:g} trials of a rung is promoted")

    def _note(self, k: int) -> str:
        if k == 0 and self.trials is not None and self.trials < 1:
            return "too little time for one trial: it ends early; give a larger max_runtime"
        if k == len(self.rungs) - 1:
            return "top rung" if len(self.rungs) > 1 else "the only rung"
        return "lowest rung" if k == 0 else ""


def _row(section: str, item: str, *, trials: int | None = None, seconds: float | None = None, note: str = "") -> Any:
    return {"section": section, "item": item, "trials": trials, "seconds": seconds, "note": note}

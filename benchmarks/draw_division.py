"""Draw how a search divides its time: ``python benchmarks/draw_division.py`` writes docs/images/division.svg.

It simulates the scheduler of a fit on learning curves, one job at a time, and needs matplotlib (extra ``docs``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from autonet.estimators.search import MIN_EXPONENT
from autonet.search.history import History
from autonet.search.records import Event, Report, Status
from autonet.search.rungs import Rungs
from autonet.search.schedulers.base import Start
from autonet.search.schedulers.halving import AsynchronousHalving

SECONDS = 60.0
OVERHEAD = 0.1  # seconds of a job
RUNGS = Rungs.geometric(1.0, 20.0)
EXPONENTS = {"levels off: an exponent of 0.1": 0.1, "falls like a power: an exponent of 0.8": 0.8}
COLORS = ["#c6d8ea", "#7fb0d8", "#3b82b8", "#1b4f79"]  # by rung
STRETCHED = "#c2410c"


@dataclass(frozen=True)
class Bar:
    """A job: its trial, when it began, how long it took, and its color."""

    trial: int
    began: float
    seconds: float
    color: str


def simulate(exponent: float, seed: int = 2) -> list[Bar]:
    """Search on losses that fall like ``budget ** -exponent``."""
    history, scheduler, random = History(RUNGS), AsynchronousHalving(MIN_EXPONENT), np.random.default_rng(seed)
    clock, bars, factors = 0.0, list[Bar](), list[float]()
    while (move := scheduler.decide(history, left=SECONDS - clock, may_start=True)) is not None:
        if isinstance(move, Start):
            factors.append(random.uniform(1, 2))
            history.apply(Event("propose", len(history), {"config": {}, "seed": 0, "origin": "sampler"}))
        trial = history.trials[-1 if isinstance(move, Start) else move.trial]
        seconds = min(move.target - trial.budget + OVERHEAD, SECONDS - clock)
        loss = factors[trial.number] * move.target**-exponent
        report = Report(trial.budget, move.target, move.target, loss, Status.FINISHED, seconds, 1.0, tie_breaker=loss)
        rung = int(np.searchsorted(RUNGS.budgets, move.target - 1e-6))
        is_stretched = move.target > RUNGS.top + 1e-6
        bars.append(Bar(trial.number, clock, seconds, STRETCHED if is_stretched else COLORS[min(rung, 3)]))
        history.add(trial, report)
        clock += seconds
    return bars


def draw() -> Any:
    """Draw a panel for each kind of curve, a row for each configuration."""
    figure, panels = plt.subplots(1, len(EXPONENTS), figsize=(7.6, 3.4), layout="constrained", sharey=True)
    for axes, (title, exponent) in zip(panels, EXPONENTS.items(), strict=True):
        for bar in simulate(exponent):
            axes.barh(bar.trial + 1, bar.seconds, left=bar.began, height=0.75, color=bar.color)
        axes.set_title(f"The loss {title}", fontsize=9.5, loc="left")
        axes.set_xlabel("seconds")
        axes.set_xlim(0, SECONDS)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("configuration")
    panels[0].invert_yaxis()
    names = [f"to {budget:.2g} s" for budget in RUNGS.budgets] + ["stretched"]
    handles = [plt.Rectangle((0, 0), 1, 1, color=color) for color in [*COLORS[: len(RUNGS)], STRETCHED]]
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False, fontsize=9)
    return figure


if __name__ == "__main__":
    plt.rcParams |= {"svg.hashsalt": "autonet", "font.size": 9.5, "font.family": "DejaVu Sans"}
    path = Path(__file__).parents[1] / "docs" / "images" / "division.svg"
    draw().savefig(path, facecolor="white", metadata={"Date": None})
    print(path)

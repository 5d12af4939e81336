"""Learning-rate schedules for trials that are resumed.

A job trains from the budget that its trial has used to the next rung.  A schedule is a function of the progress t in
[0, 1] through that budget, and every schedule but the constant one has decayed at its end, where trials are compared;
a promoted trial continues with a warm restart (Loshchilov & Hutter, "SGDR", 2017, arXiv 1608.03983).  Validated are EMA
weights.  ``plateau`` and ``adapt`` of Auto-PyTorch are not offered: rungs would compare them in mid-course.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs

__all__ = ["REGULARIZATION", "SCHEDULES", "Schedule"]

Schedule = Callable[[float], float]
"""Maps the progress t in [0, 1] through the budget to a factor of the learning rate."""


def _flat_cosine(t: float) -> float:
    return 1.0 if t < 0.5 else _cosine(2 * t - 1)


REGULARIZATION: dict[str, Schedule | None] = {"constant": None, "flat_cos": _flat_cosine}
"""Maps a name to the schedule of a factor of dropout and weight decay; None leaves both as they are."""


def _cosine(t: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * t))


def _locate(t: float, lengths: list[float]) -> tuple[int, float]:
    """Return the cycle at progress t, and the progress through that cycle."""
    t *= sum(lengths)
    for cycle, length in enumerate(lengths):
        if t < length or cycle == len(lengths) - 1:
            return cycle, min(t / length, 1.0)
        t -= length
    raise AssertionError("unreachable: the last cycle takes the rest")


def _cosine_annealing(*, cycles: int, T_mult: float, warmup: float) -> Schedule:
    lengths = [T_mult**i for i in range(cycles)]

    def factor(t: float) -> float:
        _, u = _locate(t, lengths)
        ramp = min(t / warmup, 1.0) if warmup > 0 else 1.0
        return ramp * _cosine(u)

    return factor


def _alternating_cosine(*, cycles: int, amp_reduction: float) -> Schedule:
    """Cosine waves that start high, end low, and shrink by `amp_reduction`."""

    def factor(t: float) -> float:
        half_waves = 2 * cycles - 1
        wave, u = _locate(t, [1.0] * half_waves)
        height = amp_reduction ** ((wave + 1) // 2)
        return height * (_cosine(u) if wave % 2 == 0 else _cosine(1 - u))

    return factor


def _cyclic(*, cycles: int, max_factor: float, min_factor: float) -> Schedule:
    """Triangles between `min_factor` and `max_factor`."""

    def factor(t: float) -> float:
        _, u = _locate(t, [1.0] * cycles)
        return min_factor + (max_factor - min_factor) * (1 - abs(2 * u - 1))

    return factor


def _onecycle(*, warmup: float, start_factor: float) -> Schedule:
    """Warm-up and one long decay: Smith & Topin, "Super-Convergence" (2018), arXiv 1708.07120."""

    def factor(t: float) -> float:
        if t < warmup:
            return start_factor + (1 - start_factor) * _cosine(1 - t / warmup)
        return _cosine((t - warmup) / (1 - warmup))

    return factor


def _step(*, steps: int, gamma: float) -> Schedule:
    """Multiply by `gamma` at equal intervals."""
    return lambda t: gamma ** min(int(t * (steps + 1)), steps)


def _exponential(*, final_factor: float) -> Schedule:
    return lambda t: final_factor**t


def _coslog4() -> Schedule:
    """Four cycles from 0 to 1 and back, each twice as long as the previous one, ending at t = 1/15, 3/15, 7/15, 1.

    Holzmueller et al., "Better by Default" (2024), arXiv 2407.04491.
    """
    return lambda t: 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * t)))


def _cycles() -> cs.hyperparameters.Hyperparameter[Any, Any]:
    return cs.Integer("cycles", (1, 3), default=1, meta={"limits": (1, 100)})


def _float(
    name: str, low: float, high: float, default: float, limits: tuple[float, float], *, log: bool = False
) -> Callable[[], cs.hyperparameters.Hyperparameter[Any, Any]]:
    return lambda: cs.Float(name, (low, high), default=default, log=log, meta={"limits": limits})


SCHEDULES: Node[Schedule] = Node.from_components(
    "LearningrateSchedulerSelector",
    [
        Component(
            "cosine_annealing",
            _cosine_annealing,
            make_space(
                _cycles, _float("T_mult", 1.0, 2.0, 2.0, (0.1, 10.0)), _float("warmup", 0.0, 0.2, 0.05, (0.0, 0.9))
            ),
        ),
        Component(
            "onecycle",
            _onecycle,
            make_space(
                _float("warmup", 0.1, 0.5, 0.3, (0.001, 0.99)),
                _float("start_factor", 0.01, 0.5, 0.04, (0.0, 1.0), log=True),
            ),
        ),
        Component(
            "alternating_cosine",
            _alternating_cosine,
            make_space(_cycles, _float("amp_reduction", 0.1, 1.0, 0.5, (0.0, 1.0))),
        ),
        Component(
            "cyclic",
            _cyclic,
            make_space(
                _cycles,
                _float("max_factor", 1.0, 2.0, 1.0, (0.0, 10.0)),
                _float("min_factor", 1e-3, 0.1, 1e-2, (0.0, 1.0), log=True),
            ),
        ),
        Component(
            "step",
            _step,
            make_space(
                lambda: cs.Integer("steps", (1, 5), default=3, meta={"limits": (1, 100)}),
                _float("gamma", 0.05, 0.5, 0.2, (1e-6, 1.0)),
            ),
        ),
        Component(
            "exponential", _exponential, make_space(_float("final_factor", 1e-4, 0.1, 1e-2, (1e-9, 1.0), log=True))
        ),
        Component("none", lambda: lambda t: 1.0),
        Component("coslog4", _coslog4),
    ],
    selector="lr_scheduler",
    option="lr_scheduler",
    space=make_space(lambda: cs.Categorical("regularization_schedule", list(REGULARIZATION), default="constant")),
)

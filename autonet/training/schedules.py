"""Learning-rate schedules for trials that are resumed.

A job trains from the budget that its trial has used to the next rung.  A schedule is a function of the progress t in
[0, 1] through that budget, and every such schedule but the constant one has decayed at its end, where trials are
compared; a promoted trial continues with a warm restart (Loshchilov & Hutter, "SGDR", 2017, arXiv 1608.03983).
Validated are EMA weights.

Schedules of Auto-PyTorch 0.0.2 count epochs instead (`autonet.training.epoch_schedules`): ``plateau`` and ``adapt``,
and the others if an update or a preset names one of their old hyperparameters, such as ``cosine_annealing:T_max``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs
from autonet.training.epoch_schedules import (
    AdaptSchedule,
    EpochSchedule,
    PlateauSchedule,
    alternate_by_epoch,
    anneal_by_epoch,
    cycle_by_epoch,
    decay_by_epoch,
    step_by_epoch,
)

__all__ = ["REGULARIZATION", "SCHEDULES", "Schedule"]

Schedule = Callable[[float], float]
"""Maps the progress t in [0, 1] through the budget to a factor of the learning rate."""


def _flat_cosine(t: float) -> float:
    return 1.0 if t < 0.5 else _cosine(2 * t - 1)


# What updates may set a number of epochs to.
EPOCHS_LIMITS = (1, 100_000)

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


def _cosine_annealing(
    *, T_mult: float, cycles: int = 1, warmup: float = 0.0, T_max: int | None = None
) -> Schedule | EpochSchedule:
    if T_max is not None:
        return anneal_by_epoch(T_max, T_mult)
    lengths = [T_mult**i for i in range(cycles)]

    def factor(t: float) -> float:
        _, u = _locate(t, lengths)
        ramp = min(t / warmup, 1.0) if warmup > 0 else 1.0
        return ramp * _cosine(u)

    return factor


def _alternating_cosine(
    *, amp_reduction: float, cycles: int = 1, T_max: int | None = None, T_mult: float = 1.0
) -> Schedule | EpochSchedule:
    """Cosine waves that start high, end low, and shrink by `amp_reduction`."""
    if T_max is not None:
        return alternate_by_epoch(T_max, T_mult, amp_reduction)

    def factor(t: float) -> float:
        half_waves = 2 * cycles - 1
        wave, u = _locate(t, [1.0] * half_waves)
        height = amp_reduction ** ((wave + 1) // 2)
        return height * (_cosine(u) if wave % 2 == 0 else _cosine(1 - u))

    return factor


def _cyclic(
    *, max_factor: float, min_factor: float, cycles: int = 1, cycle_length: int | None = None
) -> Schedule | EpochSchedule:
    """Triangles between `min_factor` and `max_factor`."""
    if cycle_length is not None:
        return cycle_by_epoch(cycle_length, max_factor, min_factor)

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


def _step(*, gamma: float, steps: int = 1, step_size: int | None = None) -> Schedule | EpochSchedule:
    """Multiply by `gamma` at equal intervals."""
    if step_size is not None:
        return step_by_epoch(step_size, gamma)
    return lambda t: gamma ** min(int(t * (steps + 1)), steps)


def _exponential(*, final_factor: float = 1.0, gamma: float | None = None) -> Schedule | EpochSchedule:
    if gamma is not None:
        return decay_by_epoch(gamma)
    return lambda t: final_factor**t


def _coslog4() -> Schedule:
    """Four cycles from 0 to 1 and back, each twice as long as the previous one, ending at t = 1/15, 3/15, 7/15, 1.

    Holzmueller et al., "Better by Default" (2024), arXiv 2407.04491.
    """
    return lambda t: 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * t)))


def _cycles() -> cs.hyperparameters.Hyperparameter[Any, Any]:
    return cs.Integer("cycles", (1, 3), default=1, meta={"limits": (1, 100)})


def _float(
    name: str, low: float, high: float, default: float, limits: tuple[float, float], *, log: bool = False, **meta: Any
) -> Callable[[], cs.hyperparameters.Hyperparameter[Any, Any]]:
    return lambda: cs.Float(name, (low, high), default=default, log=log, meta={"limits": limits, **meta})


def _epochs(
    name: str, low: int, high: int, default: int, **meta: Any
) -> Callable[[], cs.hyperparameters.Hyperparameter[Any, Any]]:
    """Define a hyperparameter that is a number of epochs."""
    return lambda: cs.Integer(name, (low, high), default=default, meta={"limits": EPOCHS_LIMITS, **meta})


def _in_epochs(*replaced: str) -> dict[str, Any]:
    """Return the meta of a hyperparameter of a schedule that counts epochs, in place of others."""
    return {"optional": "epochs", "replaces": replaced}


SCHEDULES: Node[Schedule | EpochSchedule] = Node.from_components(
    "LearningrateSchedulerSelector",
    [
        Component(
            "cosine_annealing",
            _cosine_annealing,
            make_space(
                _cycles,
                _float("T_mult", 1.0, 2.0, 2.0, (0.1, 10.0)),
                _float("warmup", 0.0, 0.2, 0.05, (0.0, 0.9)),
                _epochs("T_max", 1, 20, 10, **_in_epochs("cycles", "warmup")),
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
            make_space(
                _cycles,
                _float("amp_reduction", 0.1, 1.0, 0.5, (0.0, 1.0)),
                _epochs("T_max", 1, 20, 10, **_in_epochs("cycles")),
                _float("T_mult", 1.0, 2.0, 1.0, (0.1, 10.0), **_in_epochs("cycles")),
            ),
        ),
        Component(
            "cyclic",
            _cyclic,
            make_space(
                _cycles,
                _float("max_factor", 1.0, 2.0, 1.0, (0.0, 10.0)),
                _float("min_factor", 1e-3, 0.1, 1e-2, (0.0, 1.0), log=True),
                _epochs("cycle_length", 3, 10, 5, **_in_epochs("cycles")),
            ),
        ),
        Component(
            "step",
            _step,
            make_space(
                lambda: cs.Integer("steps", (1, 5), default=3, meta={"limits": (1, 100)}),
                _float("gamma", 0.05, 0.5, 0.2, (1e-6, 1.0)),
                _epochs("step_size", 1, 10, 5, **_in_epochs("steps")),
            ),
        ),
        Component(
            "exponential",
            _exponential,
            make_space(
                _float("final_factor", 1e-4, 0.1, 1e-2, (1e-9, 1.0), log=True),
                _float("gamma", 0.8, 0.9999, 0.95, (1e-6, 1.0), **_in_epochs("final_factor")),
            ),
        ),
        Component("none", lambda: lambda t: 1.0),
        Component("coslog4", _coslog4),
        Component(
            "plateau",
            PlateauSchedule,
            make_space(_float("factor", 0.05, 0.5, 0.2, (0.0, 1.0)), _epochs("patience", 3, 10, 5)),
        ),
        Component(
            "adapt",
            AdaptSchedule,
            make_space(
                _epochs("T_max", 300, 1000, 300),
                _float("T_mult", 1.0, 2.0, 2.0, (1.0, 10.0)),
                _epochs("patience", 2, 5, 3),
                _float("threshold", 0.001, 0.5, 0.1, (0.0, 1e3)),
            ),
        ),
    ],
    selector="lr_scheduler",
    option="lr_scheduler",
    space=make_space(lambda: cs.Categorical("regularization_schedule", list(REGULARIZATION), default="constant")),
)

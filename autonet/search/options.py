"""The options of a study, understood and checked."""

import sys
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice, is_real
from autonet.search.rungs import Rungs, Unit
from autonet.search.spaces.values import to_plain

__all__ = ["checked_callbacks", "checked_keep_best", "make_rungs", "resolved", "root_seed"]


def resolved(what: str, given: Any, registry: Mapping[str, Callable[[], Any]], method: str) -> Any:
    """Make what a name stands for; pass on an object that has the method."""
    if isinstance(given, str):
        return registry[check_choice(what, given, registry)]()
    if not callable(getattr(given, method, None)) or isinstance(given, type):
        raise InvalidOption(f"{what} must be one of {', '.join(map(repr, registry))}, or an object with {method}().")
    return given


def make_rungs(low: float | None, high: float | None, eta: float, unit: Unit) -> Rungs:
    """Place the rungs; with one budget given, there is one rung."""
    if low is None and high is None:
        return Rungs.without_budget()
    for name, value in (("min_budget", low), ("max_budget", high), ("eta", eta)):
        if not is_real(value) and not (value is None and name != "eta"):
            raise InvalidOption(f"{name} must be a number; got {value!r}.")
    low, high, eta = (_number(v) for v in (high if low is None else low, low if high is None else high, eta))
    assert low is not None and high is not None  # noqa: S101, PT018 - for the type checker
    return Rungs.geometric(low, high, eta, check_choice("budget_type", unit, ("epochs", "time")))  # type: ignore[arg-type]


def _number(value: Any) -> float:
    """Return a number as one that any store keeps: a fraction becomes a float."""
    value = to_plain(value)
    return value if isinstance(value, int | float) else float(value)


def checked_callbacks(callbacks: Any) -> list[Callable[..., Any]]:
    """Check what is called after each job; None is nothing."""
    if callbacks is None:
        return []
    listed: list[Any] = list(callbacks) if isinstance(callbacks, Iterable) else [None]
    if not all(map(callable, listed)):
        raise InvalidOption(f"callbacks must be a list of functions; got {callbacks!r:.100}.")
    return listed


def checked_keep_best(keep_best: Any) -> int | None:
    """Check how many trials keep their checkpoints; None is none."""
    if keep_best is not None and (not isinstance(keep_best, Integral) or keep_best < 0):
        raise InvalidOption(f"keep_best must be a whole number of at least 0; got {keep_best!r}.")
    return None if keep_best is None else min(int(keep_best), sys.maxsize)


def root_seed(random_state: Any) -> int:
    """Return the root of all random streams."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral):
        if random_state < 0:
            raise InvalidOption(f"random_state must not be negative; got {random_state}.")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    raise InvalidOption(f"random_state must be a whole number, a Generator or a RandomState; got {random_state!r}.")

"""Stopping conditions of a search."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption, SearchFailed
from autonet.core.validation import check_choice, is_integer, is_real
from autonet.search.history import History
from autonet.search.records import Status, Trial
from autonet.search.reporting import list_failures
from autonet.search.spaces.values import to_plain

if TYPE_CHECKING:
    from autonet.search.study import Study

__all__ = [
    "NoProgress",
    "StopConditions",
    "check_callbacks",
    "check_points",
    "raise_if_all_failed",
    "should_give_up",
]

logger = logging.getLogger("autonet.search")

MAX_SAME_ERRORS = 100  # consecutive crashes with the same error, without any value, after which the search stops
MAX_TIMEOUT_SECONDS = 10**8  # timeout in seconds (three years) above which it is ignored: timers overflow


@dataclass(frozen=True)
class StopConditions:
    """Stopping conditions of `Study.optimize`, validated before any trial.

    Raises
    ------
    InvalidOption
    """

    max_trials: int | None = None
    timeout: float | None = None
    stop_at: float | None = None
    on_error: str = "record"
    repeats: int = 1
    n_trials: int | None = None

    def __post_init__(self) -> None:
        if self.max_trials is not None and not (is_integer(self.max_trials) and self.max_trials >= 1):
            raise InvalidOption(f"max_trials must be an integer of at least 1; got {self.max_trials!r}.")
        if self.n_trials is not None and not (is_integer(self.n_trials) and self.n_trials >= 1):
            raise InvalidOption(f"n_trials must be an integer of at least 1; got {self.n_trials!r}.")
        if self.n_trials is not None and self.max_trials is not None:
            raise InvalidOption(
                f"max_trials={self.max_trials!r} is the total, n_trials={self.n_trials!r} are new ones; pass one."
            )
        if self.timeout is not None and not (is_real(self.timeout) and self.timeout >= 0):
            raise InvalidOption(f"timeout must be a non-negative number of seconds; got {self.timeout!r}.")
        if self.stop_at is not None and not is_real(self.stop_at):
            raise InvalidOption(f"stop_at must be a number; got {self.stop_at!r}.")
        if not (is_integer(self.repeats) and self.repeats >= 1):
            raise InvalidOption(f"repeats must be an integer of at least 1; got {self.repeats!r}.")
        check_choice("on_error", self.on_error, ("record", "raise"))
        for name in ("max_trials", "n_trials", "timeout", "stop_at", "repeats"):  # timers do not accept NumPy scalars
            object.__setattr__(self, name, to_plain(getattr(self, name)))
        if self.timeout is not None and self.timeout > MAX_TIMEOUT_SECONDS:
            object.__setattr__(self, "timeout", None)

    def total(self, history: History) -> int | None:
        """Return the number of trials at which to stop; None if there is no such limit."""
        return self.max_trials if self.n_trials is None else len(history) + self.n_trials

    def check(self, history: History, objective: Any) -> None:
        """Validate the objective against the history; log how many trials a resumed study has left."""
        if not callable(objective):
            raise InvalidOption(f"objective must be callable; got {objective!r}.")
        direction = "maximize" if history.maximize else "minimize"
        wanted = getattr(objective, "direction", direction)
        if wanted != direction:
            raise InvalidOption(f"This objective must be {wanted}d; create the study with direction={wanted!r}.")
        if self.max_trials is not None and history.trials:
            logger.warning(
                "the study has %d trials already; max_trials=%d is the total, so %d more will be started",
                len(history),
                self.max_trials,
                max(self.max_trials - len(history), 0),
            )

    def is_reached(self, history: History, trial: Trial) -> bool:
        """Return whether a trial has reached `stop_at`."""
        if self.stop_at is None or trial.value is None:
            return False
        return trial.value >= self.stop_at if trial.maximize else trial.value <= self.stop_at


def should_give_up(history: History, n_before: int) -> bool:
    """Return whether every job crashes with the same error, and log a warning; ignore the first `n_before` reports.

    Trials that are pruned, diverge or fail for different reasons never stop a search: the feasible region may be small.
    """
    if history.best is not None or len(history.reports) - n_before < MAX_SAME_ERRORS:
        return False
    last = [report for _, report in history.reports[-MAX_SAME_ERRORS:]]
    if len({report.reason for report in last}) > 1 or any(r.status is not Status.CRASHED for r in last):
        return False
    logger.warning(
        "stopping the search: the last %d trials crashed with the same error (%s), and no trial has a value; fix the "
        "objective, and call optimize() again to continue. For configurations that cannot be evaluated, raise "
        "TrialPruned or return nan, which never stops a search",
        MAX_SAME_ERRORS,
        last[-1].reason,
    )
    return True


def raise_if_all_failed(history: History, cause: Exception | None) -> None:
    """Raise `SearchFailed` with the reasons if all trials have failed."""
    if history.best is not None:
        return
    ended = [t for t in history if t.reports]
    if not ended:
        return
    if any(not t.reports[-1].failed or t.status is Status.TIMEOUT for t in ended):
        n_pruned = sum(t.status is Status.PRUNED for t in ended)
        logger.warning(
            "no trial has a value: of %d trials, %d were pruned%s", len(ended), n_pruned, list_failures(history)
        )
        return
    message = f"All {len(ended)} trials failed:{list_failures(history)}"
    raise SearchFailed(message) from cause


def check_callbacks(callbacks: Any) -> list[Callable[..., Any]]:
    """Return the callbacks as a list; None gives an empty one."""
    if callbacks is None:
        return []
    listed: list[Any] = list(callbacks) if isinstance(callbacks, Iterable) else [None]
    if not all(map(callable, listed)):
        raise InvalidOption(f"callbacks must be a list of callables; got {callbacks!r:.100}.")
    return listed


def check_points(points: Any) -> list[Mapping[str, Any]]:
    """Return configurations to enqueue as a list."""
    listed: list[Any] = (
        list(points) if isinstance(points, Iterable) and not isinstance(points, Mapping | str) else [None]
    )
    if not all(isinstance(point, Mapping) for point in listed):
        raise InvalidOption(
            f"enqueue must be a list of configurations, dicts from names to values; got {points!r:.100}."
        )
    return listed


@dataclass(frozen=True)
class NoProgress:
    """Callback that stops the search `n` trials after the last improvement of the best value.

    A resumed search stops at the same trial.

    Parameters
    ----------
    n : int

    Examples
    --------
    >>> from autonet.search import minimize
    >>> study = minimize(lambda trial: 0.0, {"x": (0.0, 1.0)}, max_trials=50, callbacks=[NoProgress(5)])
    >>> len(study.trials)
    6
    """

    n: int

    def __post_init__(self) -> None:
        if not is_integer(self.n) or self.n < 1:
            raise InvalidOption(f"NoProgress requires an integer of at least 1; got {self.n!r}.")

    def __call__(self, study: "Study", trial: Trial) -> bool:
        """Return whether the last improvement is `n` trials ago."""
        best = study.history.best
        return best is not None and len(study.trials) - 1 - best.number >= self.n

"""When a search ends, and what its limits may be."""

import logging
from dataclasses import dataclass
from typing import Any

from autonet.core.errors import InvalidOption, SearchFailed
from autonet.core.names import known
from autonet.search.history import History
from autonet.search.records import Status, Trial
from autonet.search.summary import reasons

__all__ = ["Limits", "raise_if_all_failed"]

logger = logging.getLogger("autonet.search")

# Jobs that must all fail before the search gives up: by then the reason is not the configuration.
FAILURES_BEFORE_GIVING_UP = 10


@dataclass(frozen=True)
class Limits:
    """The limits of `Study.optimize`, checked before any trial.

    Raises
    ------
    InvalidOption
    """

    max_trials: int | None = None
    timeout: float | None = None
    stop_at: float | None = None
    on_error: str = "record"

    def __post_init__(self) -> None:
        if self.max_trials is not None and not (_is_number(self.max_trials, int) and self.max_trials >= 1):
            raise InvalidOption(f"max_trials must be a whole number of at least 1; got {self.max_trials!r}.")
        if self.timeout is not None and not (_is_number(self.timeout) and self.timeout >= 0):
            raise InvalidOption(f"timeout must be a number of seconds that is not negative; got {self.timeout!r}.")
        if self.stop_at is not None and not _is_number(self.stop_at):
            raise InvalidOption(f"stop_at must be a number; got {self.stop_at!r}.")
        known("on_error", self.on_error, ("record", "raise"))

    def check(self, history: History, objective: Any) -> None:
        """Refuse what cannot work with this history, and say what a study that goes on has left to do."""
        if not callable(objective):
            raise InvalidOption(f"objective must be callable; got {objective!r}.")
        direction = "maximize" if history.maximize else "minimize"
        wanted = getattr(objective, "direction", direction)
        if wanted != direction:
            raise InvalidOption(f"The objective is to be {wanted}d; give the study direction={wanted!r}.")
        if self.max_trials is not None and history.trials:
            logger.warning(
                "the study has %d trials already; max_trials=%d is the total, so %d more will be started",
                len(history),
                self.max_trials,
                max(self.max_trials - len(history), 0),
            )

    def reached(self, history: History, trial: Trial) -> bool:
        """Whether a trial is good enough, or nothing works at all."""
        if len(history.reports) >= FAILURES_BEFORE_GIVING_UP and history.best is None:
            return True
        if self.stop_at is None or trial.value is None:
            return False
        return trial.value >= self.stop_at if trial.maximize else trial.value <= self.stop_at


def raise_if_all_failed(history: History, cause: Exception | None) -> None:
    """Raise `SearchFailed` with the reasons if there are trials, and each has failed on its own account."""
    if history.best is not None:
        return
    ended = [t for t in history if t.reports]
    if not ended or any(not t.reports[-1].failed or t.status is Status.TIMEOUT for t in ended):
        return
    message = f"All {len(ended)} trials failed:{reasons(history)}"
    raise SearchFailed(message) from cause


def _is_number(value: Any, kind: Any = (int, float)) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value == value

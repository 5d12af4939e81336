"""Progress bar of a study."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tqdm.auto import tqdm

from autonet.core.errors import InvalidOption
from autonet.search.history import History

__all__ = ["Progress", "ProgressBar", "check_progress"]

Progress = bool | Callable[[int, int | None, float | None], Any] | None


class _Bar(tqdm):  # type: ignore[misc]
    """tqdm bar without its monitor thread, which never ends."""

    monitor_interval = 0


class ProgressBar:
    """Context manager that shows the elapsed time or number of trials, the trials per rung and the best value.

    With a time limit, a thread updates the bar between trials.

    Parameters
    ----------
    seconds : float, optional
        Time limit of the study; without it the bar counts trials.
    max_trials : int, optional
    shown : bool or callable, optional
        Whether to show the bar; by default if standard error is a terminal.  A callable is called instead, with the
        number of trials that have ended, `max_trials` and the best value, which may be None.

    Attributes
    ----------
    describe : callable
        Formats the value of the best trial.
    """

    def __init__(self, seconds: float | None, max_trials: int | None, *, shown: Progress = None) -> None:
        self.describe: Callable[[float], str] = "best {:.4g}".format
        self._call, self._max_trials = shown if callable(shown) else None, max_trials
        self._by_time = seconds is not None
        total = round(seconds, 1) if seconds is not None else max_trials
        counted = "{n:.0f}/{total:.0f}" if total else "{n:.0f}"
        layout = "{desc} |{bar}| " + counted + " {unit} {postfix}"
        unit = "s" if self._by_time else "trials"
        self._bar = _Bar(
            total=total,
            unit=unit,
            desc="search",
            disable=None if shown is None else callable(shown) or not shown,
            bar_format=layout,
            leave=True,
        )
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._thread = (
            threading.Thread(target=self._tick, daemon=True) if self._by_time and not self._bar.disable else None
        )

    def __enter__(self) -> "ProgressBar":
        """Start updating the bar."""
        if self._thread:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Stop updating, and leave the bar on the screen."""
        self._ended.set()
        if self._thread:
            self._thread.join()
        self._bar.close()

    def begin(self, step: str) -> None:
        """Show the name of the current step."""
        if not self._bar.disable:
            self._bar.set_description_str(step, refresh=False)
            self._move(int(self._bar.n))

    def show(self, history: History) -> None:
        """Show the state of the search."""
        best = history.best
        if self._call is not None:
            self._call(len(history) - len(history.running), self._max_trials, best.value if best else None)
        if self._bar.disable:
            return
        per_rung = "-".join(str(len(history.rung(budget))) for budget in history.rungs.budgets)
        value = "best none" if best is None or best.value is None else self.describe(best.value)
        rungs = f", per rung {per_rung}" if len(history.rungs) > 1 else ""
        self._bar.set_postfix_str(f"trials {len(history)}{rungs}, {value}", refresh=False)
        self._move(len(history))

    def _tick(self) -> None:
        while not self._ended.wait(0.5):
            self._move(int(self._bar.n))

    def _move(self, trials: int) -> None:
        now = time.monotonic() - self._began if self._by_time else trials
        self._bar.n = min(now, self._bar.total or now)
        self._bar.refresh()


def check_progress(progress: Any) -> None:
    """Raise if `progress` is none of True, False, None and a callable."""
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise InvalidOption(f"progress must be True, False or a callable(done, total, best); got {progress!r:.100}.")

"""Reports of a fit: its log and its progress bar."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import current_process

from tqdm.auto import tqdm

from autonet.estimators.checks import parse_log_level
from autonet.metrics.metric import Metric
from autonet.search.progress import ProgressBar
from autonet.search.records import Trial
from autonet.search.study import Study

__all__ = ["describe_best", "log_fit", "log_trial", "show_progress"]


class _StandardError(logging.Handler):
    """Write lines to standard error, above a progress bar if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


class _LoggerState:
    """Level and handler of the logger during fits, which may run in threads.

    The level changes only if a fit asks for one: to the lowest one asked for, until the last such fit has ended.
    """

    def __init__(self) -> None:
        self.logger = logging.getLogger("autonet")
        self._lock = threading.Lock()
        self._levels: list[int] = []
        self._before = logging.NOTSET
        self._handler: logging.Handler | None = None
        self._n_fits = 0

    def enter(self, level: int | None) -> None:
        """Begin a fit."""
        with self._lock:
            self._n_fits += 1
            if self._n_fits == 1 and not self.logger.hasHandlers():
                self._handler = _StandardError()
                self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
                self.logger.addHandler(self._handler)
            if level is not None:
                if not self._levels:
                    self._before = self.logger.level
                self._levels.append(level)
                self.logger.setLevel(min(self._levels))

    def leave(self, level: int | None) -> None:
        """End a fit."""
        with self._lock:
            self._n_fits -= 1
            if level is not None:
                self._levels.remove(level)
                self.logger.setLevel(min(self._levels, default=self._before))
            if self._n_fits == 0 and self._handler is not None:
                self.logger.removeHandler(self._handler)
                self._handler = None


_LOGGER_STATE = _LoggerState()


@contextmanager
def log_fit(level: str | int | None) -> Iterator[logging.Logger]:
    """Provide the logger of autonet during a fit.

    Its lines go to the handlers of `logging`; if there are none, to standard error.

    Parameters
    ----------
    level : str, int or None
        Level of the logger during the fit; None leaves it unchanged.
    """
    number = parse_log_level(level)
    _LOGGER_STATE.enter(number)
    try:
        yield _LOGGER_STATE.logger
    finally:
        _LOGGER_STATE.leave(number)


def log_trial(logger: logging.Logger, study: Study, trial: Trial) -> None:
    """Log the last report of a trial."""
    report = trial.reports[-1]
    scores = ", ".join(f"{k} {v:.4g}" for k, v in report.metrics.items() if isinstance(v, int | float))
    logger.info(
        "trial %d (%s): %g to %g %s in %.1f s, %s; %s",
        trial.number,
        trial.origin,
        report.start,
        report.budget,
        study.rungs.unit,
        report.seconds,
        report.status,
        scores,
    )
    logger.debug("trial %d: %s", trial.number, dict(trial.config))


def show_progress(option: bool | str, seconds: float | None, max_trials: int | None) -> ProgressBar:
    """Return the progress bar of a fit.

    Parameters
    ----------
    option : bool or "auto"
        "auto" shows it in a terminal and in a notebook, to fits of the main thread of the main process.
    seconds, max_trials : float and int, or None
        Limits of the fit.
    """
    return ProgressBar(seconds, max_trials, shown=_is_interactive() if option == "auto" else bool(option))


def describe_best(metric: Metric, loss: float) -> str:
    """Format the score of the best trial."""
    return f"best {metric.name} {metric.to_score(loss):.4g}"


def _is_interactive() -> bool:
    if threading.current_thread() is not threading.main_thread() or current_process().name != "MainProcess":
        return False
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return hasattr(shell, "kernel") or (sys.stderr is not None and sys.stderr.isatty())

"""Reports of a fit: its log, its progress bar, and a description of the fitted model."""

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import current_process
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from tqdm.auto import tqdm

from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice
from autonet.metrics.metric import Metric
from autonet.search.history import History
from autonet.search.progress import ProgressBar
from autonet.search.records import Trial
from autonet.search.study import Study

__all__ = [
    "describe_best",
    "describe_model",
    "describe_search",
    "log_fit",
    "log_trial",
    "parse_log_level",
    "show_progress",
]


def parse_log_level(level: str | int | None) -> int | None:
    """Convert a level of `logging`, a name or a number, to its number.

    Raises
    ------
    UnknownName, InvalidOption
    """
    if level is None or (isinstance(level, int | np.integer) and not isinstance(level, bool) and level >= 0):
        return None if level is None else int(level)
    if not isinstance(level, str):
        raise InvalidOption(f"log_level must be a level of logging, by name or number, or None; got {level!r:.60}.")
    check_choice("log_level", level.lower(), [name.lower() for name in logging.getLevelNamesMapping()])
    return logging.getLevelNamesMapping()[level.upper()]


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


def describe_model(fit_result: Mapping[str, Any], metric: str = "") -> list[str]:
    """Describe the fitted model and its validation scores in two or three lines.

    Parameters
    ----------
    fit_result : mapping
    metric : str
        Name of the only score to show; default: all scores.
    """
    names, best = list(fit_result["ensemble"]), fit_result["best_network"]
    if len(names) == 1:
        model = _describe_member(names[0])
    else:
        shares = sorted(fit_result["ensemble"].items(), key=lambda item: -item[1])
        model = "an ensemble of " + ", ".join(f"{_describe_member(name)} ({share:.0%})" for name, share in shares)
    lines = [f"predicts: {model}; {_format_scores(fit_result['info'], metric)}"]
    if names != [best["name"]]:
        lines.append(f"best network: {_describe_member(best['name'])}; {_format_scores(best, metric)}")
    if fit_result["pos_label"] is not None:
        threshold = "" if fit_result["threshold"] is None else f", threshold {fit_result['threshold']:.3g}"
        lines.append(f"positive class {fit_result['pos_label']!r}{threshold}")
    return lines


def _describe_member(name: str) -> str:
    return f"network of trial {name}" if name.isdigit() else name


def _format_scores(scores: Mapping[str, Any], metric: str) -> str:
    chosen = {k: v for k, v in scores.items() if (k == f"val_{metric}" if metric else k.startswith(("val_", "train_")))}
    return ", ".join(f"{k} {v:.4f}" for k, v in chosen.items())


def describe_search(fit_result: Mapping[str, Any], history: History, space: ConfigurationSpace) -> list[str]:
    """Describe the fitted model and the hyperparameters of the best network."""
    head = f"{len(history)} configurations tried; the best network had budget {fit_result['budget']:g}"
    free = {name for name, hyperparameter in space.items() if hyperparameter.size > 1}
    config = fit_result["optimized_hyperparameter_config"]
    hyperparameters = [f"  {name} = {value}" for name, value in config.items() if name in free]
    return [head, *describe_model(fit_result), *hyperparameters]


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

"""What a fit says of itself: its log, at the level asked for, and the lines that describe what came out."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ConfigSpace import ConfigurationSpace
from tqdm.auto import tqdm

from autonet.data.reading.kinds import Column
from autonet.search.history import History
from autonet.search.records import Trial
from autonet.search.study import Study

__all__ = ["described", "log_columns", "log_trial", "logged"]


class _BesideTheBar(logging.Handler):
    """Writes lines above a progress bar, if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record))


@contextmanager
def logged(level: str) -> Iterator[logging.Logger]:
    """Give the logger of autonet, at `level`; its lines are shown unless the caller has set logging up."""
    logger = logging.getLogger("autonet")
    before = logger.level
    handler = _BesideTheBar() if not logger.hasHandlers() else None
    if handler:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(level.upper())
    try:
        yield logger
    finally:
        logger.setLevel(before)
        if handler:
            logger.removeHandler(handler)


def log_columns(logger: logging.Logger, columns: Sequence[Column]) -> None:
    """Write what the columns of a table were taken for."""
    kinds = Counter(column.kind for column in columns)
    logger.info("%d columns: %s", len(columns), ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
    for column in columns:
        if column.note:
            logger.info("column %r (%s): %s", column.name, column.kind, column.note)


def log_trial(logger: logging.Logger, study: Study, trial: Trial) -> None:
    """Write what a trial came to."""
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


def described(fit_result: Mapping[str, Any], history: History, space: ConfigurationSpace) -> list[str]:
    """Say in a few lines what a search found: scores, and the hyperparameters that were free."""
    scores = ", ".join(f"{k} {v:.4f}" for k, v in fit_result["info"].items())
    head = f"{len(history)} configurations tried; the best, at budget {fit_result['budget']:g}: {scores}"
    free = {name for name, hyperparameter in space.items() if hyperparameter.size > 1}
    config = fit_result["optimized_hyperparameter_config"]
    return [head, *(f"  {name} = {value}" for name, value in config.items() if name in free)]

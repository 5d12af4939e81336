"""The loop around a study: keep an executor busy until the search ends."""

import logging
import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption, SearchFailed
from autonet.search.evaluation import Objective
from autonet.search.executors.base import Executor
from autonet.search.executors.in_process import InProcess
from autonet.search.progress import ProgressBar
from autonet.search.records import Status, Trial
from autonet.search.summary import reasons

if TYPE_CHECKING:
    from autonet.search.study import Callback, Study

__all__ = ["executor_for", "optimize"]

logger = logging.getLogger("autonet.search")

# Trials that must all fail before the search gives up: by then the reason is not the configuration.
FAILURES_BEFORE_GIVING_UP = 10


def executor_for(n_jobs: int) -> Executor:
    """Return this process for one job at a time, worker processes for more."""
    if n_jobs == 1:
        return InProcess()
    from autonet.search.executors.processes import Processes

    return Processes(n_jobs)


def optimize(
    study: "Study",
    objective: Objective,
    *,
    max_trials: int | None,
    timeout: float | None,
    stop_at: float | None,
    executor: Executor,
    close: bool,
    on_error: str,
    callbacks: "Sequence[Callback]",
    progress: bool | None,
) -> None:
    """Run jobs of a study; see `Study.optimize`."""
    _check(study, objective, max_trials=max_trials, timeout=timeout, stop_at=stop_at)
    study.deadline = math.inf if timeout is None else time.monotonic() + timeout
    study.max_trials, study.stopping, study.interrupted = max_trials, False, False
    n_running = 0
    try:
        with ProgressBar(timeout, max_trials, shown=progress) as bar:
            while not study.stopping:
                while n_running < executor.n_slots and (job := study.next_job()) is not None:
                    executor.submit(objective, job, study.observe)
                    n_running += 1
                if not n_running:
                    break
                for outcome in executor.wait():
                    n_running -= 1
                    trial = study.take_up(outcome)
                    if outcome.exception is not None and on_error == "raise":
                        raise outcome.exception
                    study.interrupted |= outcome.result.status is Status.INTERRUPTED
                    stops = [callback(study, trial) is True for callback in (bar, *callbacks)]
                    study.stopping |= any(stops) or study.interrupted or _reached(trial, stop_at) or _hopeless(study)
    except KeyboardInterrupt:
        study.interrupted = True
        logger.warning("interrupted; the study keeps its %d finished trials", sum(t.usable for t in study.trials))
    finally:
        executor.cancel()
        study.abandon()
        study.deadline, study.max_trials = math.inf, None
        if close:
            executor.close()
    if study.interrupted and study.history.best is None:
        raise KeyboardInterrupt
    _raise_if_all_failed(study)


def _check(
    study: "Study", objective: Any, *, max_trials: int | None, timeout: float | None, stop_at: float | None
) -> None:
    """Refuse what cannot work, before any trial."""
    if not callable(objective):
        raise InvalidOption(f"objective must be callable; got {objective!r}.")
    if max_trials is not None and (not isinstance(max_trials, int) or max_trials < 1):
        raise InvalidOption(f"max_trials must be a whole number of at least 1; got {max_trials!r}.")
    if timeout is not None and not (isinstance(timeout, int | float) and timeout > 0):
        raise InvalidOption(f"timeout must be a positive number of seconds; got {timeout!r}.")
    if stop_at is not None and not isinstance(stop_at, int | float):
        raise InvalidOption(f"stop_at must be a number; got {stop_at!r}.")
    wanted = getattr(objective, "direction", study.direction)
    if wanted != study.direction:
        raise InvalidOption(f"The objective is to be {wanted}d; give the study direction={wanted!r}.")
    if max_trials is not None and study.trials:
        left = max(max_trials - len(study.trials), 0)
        logger.warning(
            "the study has %d trials already; max_trials=%d is the total, so %d more will be started",
            len(study.trials),
            max_trials,
            left,
        )


def _reached(trial: Trial, stop_at: float | None) -> bool:
    if stop_at is None or trial.value is None:
        return False
    return trial.value >= stop_at if trial.maximize else trial.value <= stop_at


def _hopeless(study: "Study") -> bool:
    return len(study.history.reports) >= FAILURES_BEFORE_GIVING_UP and study.history.best is None


def _raise_if_all_failed(study: "Study") -> None:
    ended = [t for t in study.trials if t.reports]
    if not ended or any(t.usable or not t.reports[-1].failed or t.status is Status.TIMEOUT for t in ended):
        return
    message = f"All {len(ended)} trials failed:{reasons(study.history)}"
    raise SearchFailed(message) from (study.errors[0] if study.errors else None)

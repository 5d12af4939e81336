"""Evaluate an objective on a job; its value or exception becomes an outcome."""

import math
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from autonet.core.alarms import TimedOut, enclosing_alarm
from autonet.core.clock import TimeLimit
from autonet.core.errors import InvalidOption
from autonet.search.records import Job, Result, Status
from autonet.search.results import WITH_VALUE, as_result
from autonet.search.running_trial import Observer, RunningTrial

__all__ = [
    "Objective",
    "Outcome",
    "current_limit",
    "evaluate",
    "format_traceback",
    "make_failure",
    "make_told_outcome",
    "strip_frames",
    "summarize_exception",
    "was_cut_short",
]

Objective = Callable[[RunningTrial], Any]

MAX_REASON = 500  # maximum number of characters of the reason of a failure
MAX_TRACEBACK = 20_000  # maximum number of characters of a traceback

_LIMIT: ContextVar[TimeLimit] = ContextVar("limit", default=TimeLimit())  # noqa: B039 - immutable


def current_limit() -> TimeLimit:
    """Return the time limit of the trial that is running in this context; outside of trials there is none."""
    return _LIMIT.get()


@dataclass(frozen=True)
class Outcome:
    """Outcome of a job, returned by an executor.

    Attributes
    ----------
    job : Job
    result : Result
    seconds : float
        Wall time.
    began : float
        Seconds since the epoch.
    reason, error : str
        Reason of a failure in one line, and its traceback.
    exception : Exception or None
    config : mapping
        Hyperparameter values that the objective used.
    definitions : mapping of str to hyperparameter
        Distributions that the objective suggested from.
    curve : list of (int, float)
        Reported steps and values that were not passed to an observer.
    attributes : mapping
    died : bool
        Whether the process that ran the job was killed.

    Examples
    --------
    >>> job = Job(trial=0, config={"x": 2.0}, start=0.0, target=1.0, seed=0)
    >>> outcome = Outcome(job, Result(loss=4.0), seconds=0.1, began=0.0)
    >>> outcome.result.status
    <Status.FINISHED: 'finished'>
    """

    job: Job
    result: Result
    seconds: float
    began: float
    reason: str = ""
    error: str = ""
    exception: Exception | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    definitions: Mapping[str, Any] = field(default_factory=dict)
    curve: list[tuple[int, float]] = field(default_factory=list)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    died: bool = False


def evaluate(
    objective: Objective, job: Job, observe: Observer | None = None, watch: AbstractContextManager[None] | None = None
) -> Outcome:
    """Run an objective on a job; an exception becomes part of the outcome.

    Parameters
    ----------
    objective : callable
        Takes a `RunningTrial`; returns a number, a dict with ``"value"`` or ``"loss"``, or a `Result`.
    job : Job
    observe : callable, optional
        Called with trial number, step and value of each report; without it, reports are part of the outcome.
    watch : context manager, optional
        Entered while the objective runs; may raise `TimedOut`.

    Returns
    -------
    Outcome

    Examples
    --------
    >>> job = Job(trial=0, config={"x": 2.0}, start=0.0, target=1.0, seed=0)
    >>> evaluate(lambda trial: trial["x"] ** 2, job).result.loss
    4.0
    """
    trial = RunningTrial(job, observe)
    began, clock = time.time(), time.monotonic()
    exception: Exception | None = None
    error = ""
    token = _LIMIT.set(min(job.limit, _LIMIT.get()))
    try:
        with watch or nullcontext():
            returned = objective(trial)
        result, reason = as_result(returned, job, trial)
        trial.user_attrs = trial.normalize_attributes()
    except TimedOut:
        if time.monotonic() >= enclosing_alarm():  # raised for an enclosing trial
            raise
        result, reason = _make_timeout(trial, job)
    except MemoryError as problem:
        result, reason = Result(math.inf, job.start, Status.MEMOUT), summarize_exception(problem)
        error = format_traceback(problem)
    except Exception as problem:  # noqa: BLE001 - recorded; the search continues
        if any(kind.__name__ == "TrialPruned" for kind in type(problem).__mro__):  # Optuna's, or ours
            # `should_prune` also returns True when the time is up.
            result, reason = _make_timeout(trial, job) if trial.should_stop else (_make_pruned(trial, job), "")
        else:
            status = Status.MEMOUT if _is_out_of_memory(problem) else Status.CRASHED
            result, reason = Result(math.inf, job.start, status), summarize_exception(problem)
            exception, error = problem, format_traceback(problem)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 - sys.exit, for example, ends the trial only
        exits = isinstance(problem, SystemExit)
        reason = (
            f"the objective called sys.exit({getattr(problem, 'code', None)!r})"
            if exits
            else summarize_exception(problem)
        )
        result, error = Result(math.inf, job.start, Status.CRASHED), format_traceback(problem)
        exception = RuntimeError(reason)
    finally:
        _LIMIT.reset(token)
    return _make_outcome(
        trial,
        job,
        result,
        seconds=time.monotonic() - clock,
        began=began,
        reason=reason,
        error=error,
        exception=exception,
        curve=[] if observe else trial.new_curve,
    )


def make_failure(job: Job, status: Status, reason: str, seconds: float) -> Outcome:
    """Make the outcome of a job that did not return one."""
    result = Result(math.inf, job.start, status)
    return Outcome(job, result, seconds, time.time() - seconds, reason, config=job.config)


def make_told_outcome(trial: RunningTrial, value: Any, status: Status | None, seconds: float, began: float) -> Outcome:
    """Make the outcome of a trial from the value or the status passed to `tell`.

    Raises
    ------
    InvalidOption
        If the status requires a value and there is none, or vice versa.
    TypeError, ValueError
        If the value is not a number.
    """
    trial.user_attrs = trial.normalize_attributes()
    if status is None or (status in WITH_VALUE and value is not None):
        result, reason = as_result(value, trial.job, trial)
        if status is not None and result.status in WITH_VALUE:
            result = replace(result, status=status)
    elif status in WITH_VALUE:
        raise InvalidOption(f"status={str(status)!r} requires a value; pass the value, or a status such as 'crashed'.")
    elif value is not None:
        raise InvalidOption(f"status={str(status)!r} excludes a value; pass either a value or a status.")
    else:
        result, reason = replace(_make_pruned(trial, trial.job), status=status), f"reported as {status} by tell()"
    return _make_outcome(trial, trial.job, result, reason=reason, seconds=seconds, began=began)


def summarize_exception(problem: BaseException) -> str:
    """Format type and message of an exception in one line."""
    try:
        text = str(problem).strip()
    except Exception:  # noqa: BLE001 - a user's exception may have no message
        text = "its message cannot be shown"
    line = f"{type(problem).__name__}: {text.splitlines()[0]}" if text else type(problem).__name__
    line = line.encode("utf-8", "backslashreplace").decode()  # surrogates cannot be written to a log file
    return line if len(line) <= MAX_REASON else f"{line[:MAX_REASON]}..."


def format_traceback(problem: BaseException) -> str:
    """Format the traceback of an exception, without the middle of a very long one."""
    text = "".join(traceback.format_exception(problem))
    half = MAX_TRACEBACK // 2
    return text if len(text) <= MAX_TRACEBACK else f"{text[:half]}\n...\n{text[-half:]}"


def strip_frames(outcome: Outcome) -> None:
    """Drop the frames of an outcome's exception, which keep local variables alive; add its traceback as a note."""
    if outcome.exception is None:
        return
    if not getattr(outcome.exception, "__notes__", None) and outcome.error:
        outcome.exception.add_note(f"in trial {outcome.job.trial}:\n{outcome.error}")
    seen: set[int] = set()
    chain: list[BaseException | None] = [outcome.exception]
    while chain:
        problem = chain.pop()
        if problem is None or id(problem) in seen:
            continue
        seen.add(id(problem))
        problem.__traceback__ = None
        if isinstance(problem, AttributeError):
            problem.obj = None
        chain += [problem.__cause__, problem.__context__, *getattr(problem, "exceptions", ())]


def _make_outcome(trial: RunningTrial, job: Job, result: Result, **fields: Any) -> Outcome:
    """Combine a result with the checkpoint, configuration and attributes of its trial."""
    if result.checkpoint is None and trial.checkpoint.saved is not None:
        result = replace(result, checkpoint=trial.checkpoint.saved)
    return Outcome(
        job=job,
        result=_add_metrics(result, trial.metrics),
        config=trial.params,
        definitions=trial.definitions,
        attributes=trial.normalize_attributes(strict=False),
        **fields,
    )


def _add_metrics(result: Result, reported: Mapping[str, list[tuple[int, float]]]) -> Result:
    """Add the metrics of reports to a result; those that the objective returned come first."""
    if not reported:
        return result
    last = {name: values[-1][1] for name, values in reported.items()}
    details = {"curves": {name: list(values) for name, values in reported.items()}, **result.details}
    return replace(result, metrics={**last, **result.metrics}, details=details)


def _make_pruned(trial: RunningTrial, job: Job) -> Result:
    """Make the result of a pruned trial from its last finite report."""
    last = next((v for _, v in reversed(trial.curve) if math.isfinite(v)), None)
    if last is None:
        return Result(math.inf, job.start, Status.PRUNED)
    return Result(-last if job.maximize else last, job.start, Status.PRUNED)


def _make_timeout(trial: RunningTrial, job: Job) -> tuple[Result, str]:
    """Make the result of a trial that timed out from its last finite report."""
    pruned = _make_pruned(trial, job)
    if not math.isfinite(pruned.loss):
        return replace(pruned, status=Status.TIMEOUT), "timed out"
    return replace(pruned, status=Status.CUT), "timed out; using the last reported value"


def _is_out_of_memory(problem: Exception) -> bool:
    """Return whether torch ran out of memory; on the CPU it raises a plain RuntimeError."""
    return type(problem).__name__ == "OutOfMemoryError" or "can't allocate memory" in summarize_exception(problem)


def was_cut_short(result: Result) -> bool:
    """Return whether a job was stopped from outside without a checkpoint."""
    return result.status is Status.TIMEOUT or (result.status is Status.CUT and result.checkpoint is None)

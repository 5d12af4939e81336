"""One job, from its objective to an outcome: whatever an objective returns or raises is understood here."""

import math
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

from autonet.core.alarms import DeadlinePassed, enclosing_alarm
from autonet.search.records import Job, Result, Status
from autonet.search.running import Observer, RunningTrial

__all__ = ["DeadlinePassed", "Objective", "Outcome", "evaluate", "failure", "running_deadline", "told"]

Objective = Callable[[RunningTrial], Any]

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)


def running_deadline() -> float:
    """Return the deadline of the trial whose objective is running here; infinity outside of one."""
    return _DEADLINE.get()


@dataclass(frozen=True)
class Outcome:
    """What an executor hands back for a job.

    Attributes
    ----------
    job : Job
    result : Result
    seconds : float
        Wall time.
    began : float
        Seconds since the epoch.
    reason, error : str
        One line, and the traceback, of what went wrong.
    exception : Exception or None
    config : mapping
        The values that the objective was given, or chose.
    definitions : mapping of str to hyperparameter
        What the objective defined of its space.
    curve : list of (int, float)
        Steps and values reported on the way, if the study has not been told of them yet.
    attributes : mapping
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


def evaluate(
    objective: Objective,
    job: Job,
    observe: Observer | None = None,
    watch: AbstractContextManager[None] | None = None,
) -> Outcome:
    """Run an objective on a job; an exception becomes part of the outcome.

    Parameters
    ----------
    objective : callable
        Takes a `RunningTrial`; returns a number, a dict with ``"loss"`` or ``"value"``, or a `Result`.
    job : Job
    observe : callable, optional
        Called with every value reported on the way; without it they come with the outcome.
    watch : context manager, optional
        Entered while the objective runs; it may raise `DeadlinePassed` in it.
    """
    trial = RunningTrial(job, observe)
    began, clock = time.time(), time.monotonic()
    exception: Exception | None = None
    error = ""
    token = _DEADLINE.set(min(job.deadline, _DEADLINE.get()))
    try:
        with watch or nullcontext():
            returned = objective(trial)
        result, reason = as_result(returned, trial)
    except DeadlinePassed:
        if time.monotonic() >= enclosing_alarm():  # that of a trial in which this search runs
            raise
        result, reason = _cut(trial)
    except MemoryError as problem:
        result, reason = Result(math.inf, job.start, Status.MEMOUT), f"MemoryError: {problem}".rstrip(": ")
        error = traceback.format_exc()
    except Exception as problem:  # noqa: BLE001 - what an objective raises is data; the search goes on
        if any(kind.__name__ == "TrialPruned" for kind in type(problem).__mro__):  # Optuna's, or ours
            # Past the deadline `should_prune` is true of good trials too.
            result, reason = _cut(trial) if time.monotonic() >= job.deadline else (_pruned(trial), "")
        else:
            status = Status.MEMOUT if _is_out_of_memory(problem) else Status.CRASHED
            result, reason = Result(math.inf, job.start, status), f"{type(problem).__name__}: {problem}"
            exception, error = problem, traceback.format_exc()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 - sys.exit, for one, ends the trial and not the search
        exits = isinstance(problem, SystemExit)
        reason = f"the objective called sys.exit({getattr(problem, 'code', None)!r})" if exits else repr(problem)
        result, error = Result(math.inf, job.start, Status.CRASHED), traceback.format_exc()
        exception = RuntimeError(reason)
    finally:
        _DEADLINE.reset(token)
    return _outcome(
        trial,
        result,
        seconds=time.monotonic() - clock,
        began=began,
        reason=reason,
        error=error,
        exception=exception,
        curve=[] if observe else trial.curve,
    )


def failure(job: Job, status: Status, reason: str, seconds: float) -> Outcome:
    """Make the outcome of a job whose process did not live to hand one back."""
    result = Result(math.inf, job.start, status)
    return Outcome(job, result, seconds, time.time() - seconds, reason, config=job.config)


def told(trial: RunningTrial, value: Any, status: Status | None, seconds: float, began: float) -> Outcome:
    """Make the outcome of a trial that was asked for: of a value, or of a status instead of one.

    Raises
    ------
    TypeError
        If the value is nothing that can be compared.
    """
    if status is None:
        result, reason = as_result(value, trial)
    else:
        result, reason = replace(_pruned(trial), status=status), f"told to be {status}"
    return _outcome(trial, result, reason=reason, seconds=seconds, began=began)


def _outcome(trial: RunningTrial, result: Result, **fields: Any) -> Outcome:
    """Put together what came out of a trial and what it has noted on its way."""
    if result.checkpoint is None and trial.checkpoint.saved is not None:
        result = replace(result, checkpoint=trial.checkpoint.saved)
    return Outcome(
        job=trial.job,
        result=result,
        config=trial.params,
        definitions=trial.definitions,
        attributes=trial.user_attrs,
        **fields,
    )


def as_result(returned: Any, trial: RunningTrial) -> tuple[Result, str]:
    """Understand what an objective returned; the second part says why it is no finished result.

    Raises
    ------
    TypeError
        If it is nothing that can be compared.
    """
    job = trial.job
    if isinstance(returned, Result):
        result = returned if returned.budget is not None else replace(returned, budget=job.target)
        if result.checkpoint is not None:  # in a run directory it becomes a file
            trial.checkpoint.keep(result.checkpoint)
            result = replace(result, checkpoint=trial.checkpoint.saved)
        return _finite(result, result.loss, job)
    metrics: Mapping[str, Any] = {}
    value, is_loss = returned, not job.maximize
    if isinstance(returned, Mapping):
        if returned.get("status", "ok") != "ok":
            reason = str(returned.get("reason", f"the objective returned status {returned['status']!r}"))
            return Result(math.inf, job.start, Status.CRASHED), reason
        key = next((k for k in ("loss", "value") if k in returned), None)
        if key is None:
            raise TypeError(
                f"the objective returned a dict with the keys {list(returned)}; expected 'loss' or 'value' among them."
            )
        # As in Hyperopt, a "loss" is minimized whatever the direction; a "value" follows the direction.
        value, is_loss = returned[key], is_loss or key == "loss"
        metrics = {k: v for k, v in returned.items() if k not in (key, "status")}
    number = _number(value)
    return _finite(Result(number if is_loss else -number, job.target, metrics=metrics), number, job)


def _finite(result: Result, value: float, job: Job) -> tuple[Result, str]:
    """Turn a loss that is not finite into a divergence."""
    if math.isfinite(result.loss) or result.status not in (Status.FINISHED, Status.CUT, Status.INTERRUPTED):
        return result, str(result.metrics.get("reason", ""))
    failed = replace(result, loss=math.inf, budget=job.start, status=Status.DIVERGED)
    return failed, f"the objective returned {value}"


def _number(value: Any) -> float:
    """Return what stands for a number: Python's, numpy's, or a tensor with one element."""
    if not isinstance(value, Real | str | bytes) and hasattr(value, "item"):
        try:
            value = value.item()
        except (RuntimeError, ValueError) as error:
            raise TypeError(f"the objective returned a {type(value).__name__} of several values.") from error
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"the objective returned {value!r}; expected a number, a dict with 'loss', or a Result.")
    return float(value)


def _pruned(trial: RunningTrial) -> Result:
    """Keep the last finite value that a pruned trial reported."""
    job = trial.job
    last = next((v for _, v in reversed(trial.curve) if math.isfinite(v)), None)
    if last is None:
        return Result(math.inf, job.start, Status.PRUNED)
    return Result(-last if job.maximize else last, job.start, Status.PRUNED)


def _cut(trial: RunningTrial) -> tuple[Result, str]:
    """Make the result of a trial that the deadline ended: what it reported last counts."""
    pruned = _pruned(trial)
    if not math.isfinite(pruned.loss):
        return replace(pruned, status=Status.TIMEOUT), "the time was up"
    return replace(pruned, status=Status.CUT), "the time was up; its last report counts"


def _is_out_of_memory(problem: Exception) -> bool:
    """Whether torch says that memory ran out; on the CPU it raises a plain RuntimeError."""
    return type(problem).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(problem)

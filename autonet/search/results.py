"""Convert and validate the return value of an objective."""

import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from autonet.core.jsonvalues import normalize
from autonet.search.records import MAX_OVERSHOOT, Job, Result, Status
from autonet.search.spaces.values import safe_repr

if TYPE_CHECKING:
    from autonet.search.running_trial import RunningTrial

__all__ = ["WITH_VALUE", "as_number", "as_result"]

WITH_VALUE = frozenset({Status.FINISHED, Status.CUT, Status.INTERRUPTED})  # statuses of jobs that have a value


def as_result(returned: Any, job: Job, trial: "RunningTrial") -> tuple[Result, str]:
    """Convert the return value of an objective to a `Result`, and a reason unless it is finished.

    Parameters
    ----------
    returned : float, dict or Result
        In a dict, ``"value"`` follows the direction of the study; ``"loss"``, used if there is no ``"value"``, is
        always minimized.  All other entries are metrics.
    job : Job
    trial : RunningTrial
        Saves the checkpoint of a `Result`.

    Raises
    ------
    TypeError, ValueError
        If the value is not a number, or a field is out of range.
    """
    if isinstance(returned, Result):
        result = _check_result(returned, job)
        if result.checkpoint is not None:  # in a run directory it becomes a file
            trial.checkpoint.keep(result.checkpoint)
            result = replace(result, checkpoint=trial.checkpoint.saved)
        return _check_finite(result, result.loss, job)
    metrics: Mapping[str, Any] = {}
    value, is_loss = returned, not job.maximize
    if isinstance(returned, Mapping):
        status = returned.get("status", "ok")
        if not isinstance(status, str):
            raise TypeError(
                f"the objective returned a status of type {type(status).__name__}; expected 'ok' or 'fail'."
            )
        if status != "ok":
            reason = str(returned.get("reason", f"the objective returned status {status!r}"))
            return Result(math.inf, job.start, Status.CRASHED), reason
        key = next((k for k in ("value", "loss") if k in returned), None)
        if key is None:
            raise TypeError(
                f"the objective returned a dict with the keys {list(returned)}; expected 'value' or 'loss' among them."
            )
        # As in Hyperopt, a "loss" is minimized whatever the direction; a "value" follows the direction.
        value, is_loss = returned[key], is_loss or key == "loss"
        metrics = _check_metrics({k: v for k, v in returned.items() if k not in (key, "status")})
    number = as_number(value, "the objective returned", "a number, a dict with 'value' or 'loss', or a Result")
    return _check_finite(Result(number if is_loss else -number, job.target, metrics=metrics), number, job)


def as_number(value: Any, source: str, expected: str = "a number") -> float:
    """Convert a Python or NumPy number, or an array or tensor with one element, to float.

    Parameters
    ----------
    value : object
    source, expected : str
        Beginning and end of the error message.

    Raises
    ------
    TypeError
    """
    if not isinstance(value, Real | str | bytes) and hasattr(value, "item"):
        try:
            value = value.item()
        except (RuntimeError, ValueError) as error:
            raise TypeError(f"{source} a {type(value).__name__} of several values; expected {expected}.") from error
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{source} {safe_repr(value)}; expected {expected}.")
    number: Any = value
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _check_result(result: Result, job: Job) -> Result:
    """Check the fields of a `Result`, and convert them to plain Python values."""
    loss = as_number(result.loss, "the objective returned a Result with loss =")
    try:
        status = Status(result.status)
    except ValueError as error:
        raise ValueError(
            f"the objective returned a Result with status = {safe_repr(result.status)}; expected one of "
            f"{', '.join(repr(str(s)) for s in Status)}."
        ) from error
    tie_breaker = as_number(result.tie_breaker, "the objective returned a Result with tie_breaker =")
    if math.isnan(tie_breaker):
        raise ValueError("the objective returned a Result with tie_breaker = nan; expected a number.")
    cost = result.cost
    if cost is not None:
        expected = "a finite number of at least 0, or None"
        cost = as_number(cost, "the objective returned a Result with cost =", expected)
        if not 0 <= cost < math.inf:
            raise ValueError(f"the objective returned a Result with cost = {cost:g}; expected {expected}.")
    complete: Any = result.complete
    if not isinstance(complete, bool | np.bool_):
        raise TypeError(
            f"the objective returned a Result with complete = {safe_repr(complete)}; expected True or False."
        )
    budget = _check_budget(result.budget, job)
    if status is Status.CUT and budget == job.target:  # the target was reached after all
        status = Status.FINISHED
    return replace(
        result,
        loss=loss,
        budget=budget,
        status=status,
        tie_breaker=tie_breaker,
        cost=cost,
        metrics=_check_metrics(result.metrics),
        details=_check_metrics(result.details, "detail"),
        complete=bool(complete),
    )


def _check_budget(budget: Any, job: Job) -> float:
    """Check the budget that a job reached; the default is its target."""
    if budget is None:
        return job.target
    source = "the objective returned a Result with budget ="
    number = as_number(budget, source)
    if not job.start <= number <= MAX_OVERSHOOT * job.target:
        raise ValueError(f"{source} {number:g}; expected a number from {job.start:g} to the target of {job.target:g}.")
    if number >= job.target:
        return job.target
    return int(number) if isinstance(budget, int) else number


def _check_metrics(metrics: Any, kind: str = "metric") -> dict[str, Any]:
    """Check names and values of metrics or details, so that any store can save them."""
    if not isinstance(metrics, Mapping):
        raise TypeError(f"the objective returned {kind}s of type {type(metrics).__name__}; expected a dict.")
    for name in metrics:
        if not isinstance(name, str):
            raise TypeError(f"the objective returned the {kind} {safe_repr(name)}; expected a str as its name.")
    return {name: normalize(value, f"the {kind} {name!r}") for name, value in metrics.items()}


def _check_finite(result: Result, value: float, job: Job) -> tuple[Result, str]:
    """Mark a result with a non-finite loss as diverged."""
    if math.isfinite(result.loss) or result.status not in WITH_VALUE:
        return result, str(result.metrics.get("reason", ""))
    failed = replace(result, loss=math.inf, budget=job.start, status=Status.DIVERGED)
    return failed, f"the objective returned {value}"

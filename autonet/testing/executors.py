"""Conformance suite for executors.

>>> from autonet.search import InProcess
>>> check_executor(InProcess)
"""

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autonet.core.clock import TimeLimit
from autonet.core.errors import TrialPruned
from autonet.search.evaluation import Objective, Outcome
from autonet.search.executors.base import OVERRUN_SECONDS, Executor
from autonet.search.records import Job, Status
from autonet.search.running_trial import RunningTrial
from autonet.testing.assertions import expect

__all__ = ["CHECKS", "check_executor"]

# Seconds that a message may take on a busy machine or between machines.
MESSAGE_TIMEOUT_SECONDS = 10.0


def check_executor(make_executor: Callable[[], Executor]) -> None:
    """Run all checks on one executor, then close it.

    Parameters
    ----------
    make_executor : callable
        Returns an executor that is ready to use.

    Raises
    ------
    AssertionError
        At the first failed check.

    Examples
    --------
    >>> from autonet.search import InProcess
    >>> check_executor(InProcess)
    """
    executor = make_executor()
    try:
        for check in CHECKS:
            check(executor)
    finally:
        executor.close()
    executor.close()
    expect(executor.wait() == [], "after close(), wait() must return nothing.")


def check_every_job_comes_back_once(executor: Executor) -> None:
    """Keep all slots busy; each job must come back once, with its own result."""
    factor = 3

    def objective(trial: RunningTrial) -> float:
        return factor * float(trial["x"])

    ended = _run(executor, objective, [_job(i, {"x": float(i)}) for i in range(3 * executor.n_slots + 1)])
    for number, (outcome, _) in ended.items():
        expect(
            outcome.result.status is Status.FINISHED and outcome.result.loss == 3.0 * number,
            f"job {number} must finish with loss {3.0 * number}; got {outcome.result}, {outcome.reason}.",
        )
    expect(executor.wait() == [], "wait() must return nothing when no job is running.")


def check_everything_of_a_trial_travels(executor: Executor) -> None:
    """Value, metrics, attributes and reports come back; number, seed, budget and start are given."""

    def objective(trial: RunningTrial) -> dict[str, Any]:
        trial.set_user_attr("given", [trial.number, trial.seed, trial.budget, trial.start])
        for step in range(3):
            trial.report(0.5 * step, step)
        time.sleep(0.05)
        return {"value": trial["x"], "note": "kept"}

    job = _job(7, {"x": 2.0}, seed=11, start=1.0, target=3.0, maximize=True)
    outcome, curve = _run(executor, objective, [job])[7]
    expect(outcome.result.loss == -2.0, f"the loss must be -2, because the value is maximized; got {outcome.result}.")
    expect(outcome.result.metrics == {"note": "kept"}, f"metrics must come back; got {outcome.result.metrics}.")
    given = outcome.attributes.get("given")
    expect(given == [7, 11, 3.0, 1.0], f"number, seed, budget and start must be the job's; got {given}.")
    expect(curve == [(0, 0.0), (1, 0.5), (2, 1.0)], f"each report must come back once; got {curve}.")
    expect(outcome.config == {"x": 2.0}, f"the configuration must come back; got {outcome.config}.")
    expect(outcome.job == job, f"the job must come back as it was; got {outcome.job}.")
    expect(0.05 <= outcome.seconds < 0.05 + MESSAGE_TIMEOUT_SECONDS, f"a job of 0.05 seconds took {outcome.seconds}.")
    expect(abs(outcome.began - time.time()) < 60, f"a job began at {outcome.began}, but it is {time.time()}.")


def check_definitions_travel(executor: Executor) -> None:
    """Definitions of the space by the objective come back, with the values that it chose."""

    def objective(trial: RunningTrial) -> float:
        return trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 3)

    outcome, _ = _run(executor, objective, [_job(0, {"x": 0.25}, defines=True)])[0]
    expect(set(outcome.definitions) == {"x", "n"}, f"x and n were defined; got {dict(outcome.definitions)}.")
    expect(outcome.config.get("x") == 0.25, f"x was proposed as 0.25; got {dict(outcome.config)}.")
    expect(outcome.config.get("n") in (1, 2, 3), f"n must be between 1 and 3; got {dict(outcome.config)}.")


def check_checkpoints_travel(executor: Executor) -> None:
    """Checkpoints that one job saves are loaded by the next: from memory, and from a file."""

    def objective(trial: RunningTrial) -> float:
        state = trial.checkpoint.load() or {"epochs": 0}
        state["epochs"] += 1
        trial.checkpoint.save(state)
        return float(state["epochs"])

    with TemporaryDirectory() as directory:
        for place in (None, directory):
            first, _ = _run(executor, objective, [_job(0, target=1.0, directory=place)])[0]
            kept = first.result.checkpoint
            expect(kept is not None, f"a checkpoint was saved, and none came back ({first.reason}).")
            expect(place is None or Path(kept).parent == Path(directory), f"the checkpoint must be a file; got {kept}.")
            job = _job(0, start=1.0, target=2.0, directory=place, checkpoint=kept)
            second, _ = _run(executor, objective, [job])[0]
            expect(second.result.loss == 2.0, f"the second job must resume from the first; got {second.result}.")


def check_an_exception_ends_its_job_alone(executor: Executor) -> None:
    """Exceptions become crashes with a reason, a traceback and the exception; the other jobs continue."""

    def broken_objective(trial: RunningTrial) -> float:
        if trial.number % 2:
            raise ValueError(f"no luck with {trial.number}")
        return 1.0

    for number, (outcome, _) in _run(executor, broken_objective, [_job(i) for i in range(4)]).items():
        status = outcome.result.status
        if number % 2 == 0:
            expect(status is Status.FINISHED, f"job {number} raised nothing, and is {status}: {outcome.reason}.")
            continue
        expect(status is Status.CRASHED, f"a job that raises must be crashed; got {status}.")
        expect(outcome.reason == f"ValueError: no luck with {number}", f"wrong reason: {outcome.reason!r}.")
        expect("in broken_objective" in outcome.error, f"the traceback must come back; got {outcome.error!r}.")
        expect(isinstance(outcome.exception, ValueError), f"the exception must come; got {outcome.exception!r}.")


def check_a_result_without_a_value_is_known_as_such(executor: Executor) -> None:
    """NaN is a divergence, and a pruned trial is pruned."""

    def objective(trial: RunningTrial) -> float:
        trial.report(4.0, 0)
        if trial.number:
            raise TrialPruned
        return math.nan

    ended = _run(executor, objective, [_job(0), _job(1)])
    statuses = [ended[number][0].result.status for number in (0, 1)]
    expect(statuses == [Status.DIVERGED, Status.PRUNED], f"expected diverged and pruned; got {statuses}.")
    expect(ended[1][0].result.loss == 4.0, f"the last report of a pruned trial counts; got {ended[1][0].result}.")


def check_time_limits_hold(executor: Executor) -> None:
    """Jobs that exceed their time limit return soon after it; the last reported value counts."""

    def objective(trial: RunningTrial) -> float:
        if trial.number:
            trial.report(0.5, 0)
        while True:
            try:
                time.sleep(0.01)
            except Exception:  # noqa: BLE001, S112 - an objective may do so
                continue

    for number, status in enumerate((Status.TIMEOUT, Status.CUT)):
        _run(executor, lambda _: 0.0, [_job(i) for i in range(executor.n_slots)])  # starts what must be started
        limit = TimeLimit.after(0.5)
        outcome, curve = _run(executor, objective, [_job(number, deadline=limit.at)])[number]
        late = -limit.left()
        expect(late >= 0, f"a job was ended {-late:.2f} seconds before its time limit.")
        expect(
            late < OVERRUN_SECONDS + MESSAGE_TIMEOUT_SECONDS,
            f"a job came back {late:.2f} seconds after its time limit.",
        )
        expect(
            outcome.result.status is status and curve == [(0, 0.5)] * number,
            f"a job that is ended by its time limit after {number} reports must be {status}; got {outcome}.",
        )


def check_jobs_overlap(executor: Executor) -> None:
    """As many jobs as there are slots run at once."""
    n = executor.n_slots
    expect(isinstance(n, int) and n >= 1, f"n_slots must be an integer of at least 1; got {n!r}.")
    _run(executor, lambda _: 0.0, [_job(i) for i in range(n)])  # starts what must be started
    for _ in range(5):  # on a busy machine one may end before another has begun
        ended = _run(executor, lambda _: time.sleep(0.5) or 0.0, [_job(i) for i in range(n)])  # type: ignore[func-returns-value]
        outcomes = [outcome for outcome, _ in ended.values()]
        if max(o.began for o in outcomes) < min(o.began + o.seconds for o in outcomes):
            return
    expect(False, f"{n} jobs of half a second in {n} slots never ran at once.")


def check_cancelled_jobs_do_not_come_back(executor: Executor) -> None:
    """After `cancel` the slots are free, and cancelled jobs report nothing more."""

    def objective(trial: RunningTrial) -> float:
        while trial.number == 0 and not trial.should_prune():
            time.sleep(0.01)
        return 1.0

    executor.prepare(objective)
    for _ in range(executor.n_slots):
        executor.submit(objective, _job(0, deadline=time.monotonic() + 1.0))
    executor.cancel()
    executor.cancel()
    began = time.monotonic()
    expect(executor.wait() == [], "cancelled jobs must have no outcome.")
    expect(time.monotonic() - began < 0.5, "after cancel(), wait() must return at once.")
    _run(executor, objective, [_job(i + 1) for i in range(2 * executor.n_slots)])


CHECKS: tuple[Callable[[Executor], None], ...] = (
    check_every_job_comes_back_once,
    check_everything_of_a_trial_travels,
    check_definitions_travel,
    check_checkpoints_travel,
    check_an_exception_ends_its_job_alone,
    check_a_result_without_a_value_is_known_as_such,
    check_time_limits_hold,
    check_jobs_overlap,
    check_cancelled_jobs_do_not_come_back,
)


def _job(number: int, config: dict[str, Any] | None = None, **fields: Any) -> Job:
    return Job(**{"trial": number, "config": config or {}, "start": 0.0, "target": 1.0, "seed": number, **fields})


def _run(
    executor: Executor, objective: Objective, jobs: Iterable[Job]
) -> dict[int, tuple[Outcome, list[tuple[int, float]]]]:
    """Run jobs as a study does; return outcomes and what was reported, by trial."""
    waiting, running = list(jobs), set[int]()
    ended: dict[int, tuple[Outcome, list[tuple[int, float]]]] = {}
    observed: list[tuple[int, int, float]] = []
    executor.prepare(objective)
    while waiting or running:
        while waiting and len(running) < executor.n_slots:
            job = waiting.pop(0)
            running.add(job.trial)
            executor.submit(objective, job, lambda *report: observed.append(report))
        outcomes = executor.wait()
        expect(bool(outcomes), f"wait() returned nothing though jobs {sorted(running)} were running.")
        for outcome in outcomes:
            number = outcome.job.trial
            expect(number in running, f"job {number} came back, but it was not running.")
            running.remove(number)
            ended[number] = outcome, [*[r[1:] for r in observed if r[0] == number], *outcome.curve]
    return ended

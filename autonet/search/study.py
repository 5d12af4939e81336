"""The study: ask for a trial, run it, tell what came out, until nothing can be gained in the time left."""

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any, Literal, Self

import joblib
import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, NoFinishedTrial, RunMismatch
from autonet.core.names import known
from autonet.search.definitions import defined_space
from autonet.search.encoding import Encoding, plain
from autonet.search.evaluation import Objective, Outcome, as_result
from autonet.search.executors.base import Executor
from autonet.search.history import History
from autonet.search.loop import executor_for, optimize
from autonet.search.records import Event, Job, Result, Status, Trial
from autonet.search.registry import SAMPLERS, SCHEDULERS
from autonet.search.rungs import Rungs, Unit
from autonet.search.running import RunningTrial
from autonet.search.samplers.base import Sampler
from autonet.search.samplers.random import random_row
from autonet.search.schedulers.base import Continue, Scheduler, Start, may_continue
from autonet.search.spaces import as_space, completed, described
from autonet.search.store import MemoryStore, RunDirectory, Store, differences
from autonet.search.summary import reasons, trials_dataframe

__all__ = ["Callback", "Study"]

Callback = Callable[["Study", Trial], Any]
Direction = Literal["minimize", "maximize"]

logger = logging.getLogger("autonet.search")

# Times a job may take the whole process with it before its trial counts as crashed.
MAX_ATTEMPTS = 2


class Study:
    """A search for the configuration with the best value.

    Parameters
    ----------
    space : ConfigurationSpace or mapping, optional
        What may vary; see `as_space` for what a mapping may hold.  Without it the objective defines the space with
        ``trial.suggest_float``, ``suggest_int`` and ``suggest_categorical``.  The default configuration is tried
        first.
    direction : {"minimize", "maximize"}
    sampler : {"bohb", "gp", "forest", "kde", "random", "grid"} or Sampler
        "bohb", the default, is the Gaussian process over all rungs; "kde" is the model of the original BOHB.
    scheduler : {"asynchronous", "hyperband", "none"} or Scheduler
        Asynchronous halving, synchronous Hyperband brackets, or every trial at once to `max_budget`.
    min_budget, max_budget : float, optional
        Lowest and highest budget, in any unit in proportion to which time passes; whole numbers give whole budgets.
        Without them, objectives know no budget.
    budget_type : {"epochs", "time"}
        "time": budgets are the trial's own seconds.
    eta : float
        One in `eta` trials of a rung goes on to the next.
    run_dir : path-like, optional
        Where every event is kept; opening the directory again goes on where the study ended.
    random_state : int, Generator or RandomState, optional
        Root of every random stream.
    data : object, optional
        What the objective depends on, arrays for example; a run directory refuses to go on with other data.

    Attributes
    ----------
    history : History
        The only state; proposals and promotions are functions of it.
    checkpoints : dict of int to object
        What trials can go on from; dropped when a trial can hardly be promoted any more.
    errors : list of Exception
        Exceptions of crashed trials, in order.
    interrupted : bool
        Whether the user ended the search with Ctrl-C.

    Raises
    ------
    InvalidOption
        If the space is empty, or an option is unknown.
    RunMismatch, RunLocked, RunCorrupted
        If the run directory cannot be gone on with.

    Examples
    --------
    >>> study = Study({"x": (-10.0, 10.0)}, random_state=0)
    >>> study.optimize(lambda trial: (trial["x"] - 3) ** 2, max_trials=40).best.config
    {'x': 3.0...}
    """

    def __init__(
        self,
        space: ConfigurationSpace | Mapping[str, Any] | None = None,
        *,
        direction: Direction = "minimize",
        sampler: str | Sampler = "bohb",
        scheduler: str | Scheduler = "asynchronous",
        min_budget: float | None = None,
        max_budget: float | None = None,
        budget_type: Unit = "epochs",
        eta: float = 3,
        run_dir: str | os.PathLike[str] | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
        data: Any = None,
    ) -> None:
        self.direction = known("direction", direction, ("minimize", "maximize"))
        self.sampler: Sampler = _resolved("sampler", sampler, SAMPLERS, "propose")
        self.scheduler: Scheduler = _resolved("scheduler", scheduler, SCHEDULERS, "decide")
        self.rungs = _rungs(min_budget, max_budget, eta, budget_type)
        self.defines = space is None
        self._space = as_space(space) if space is not None else ConfigurationSpace()
        if not self.defines and not len(Encoding(self._space).sample_legal(1, np.random.default_rng(0))):
            raise InvalidOption("The forbidden clauses of the space leave no legal configuration; remove some.")

        self.history = History(self.rungs, maximize=direction == "maximize")
        self.checkpoints: dict[int, Any] = {}
        self.errors: list[Exception] = []
        self.interrupted = False
        self._lost: set[int] = set()  # trials whose checkpoints were dropped
        self._mine: set[int] = set()  # trials that run here; others that run were left by a process that died
        self._asked: dict[int, tuple[RunningTrial, float, float]] = {}
        self.deadline = math.inf
        self.max_trials: int | None = None
        self.stopping = False

        self._store: Store = MemoryStore() if run_dir is None else RunDirectory(run_dir)
        try:
            self.seed = self._agree(random_state, data)
            for event in self._store.events():
                self._take_up(event)
        except BaseException:
            self._store.close()
            raise
        self._sweep()

    # --- what is known

    @property
    def space(self) -> ConfigurationSpace:
        """What may vary; of a study whose objective defines it, what is known of it."""
        return self._space

    @property
    def encoding(self) -> Encoding:
        """The space as columns of numbers."""
        return self.history.table(self._space).encoding

    @property
    def trials(self) -> list[Trial]:
        """All trials, in the order in which they were proposed."""
        return self.history.trials

    @property
    def best(self) -> Trial:
        """The trial with the best value; ties go to the larger budget.

        Raises
        ------
        NoFinishedTrial
            If no trial has a value; it lists the reasons.
        """
        best = self.history.best
        if best is None:
            raise NoFinishedTrial(f"No trial has a value yet.{reasons(self.history)}")
        return best

    @property
    def left(self) -> float:
        """Seconds left before the deadline of the running `optimize`."""
        return self.deadline - time.monotonic()

    def trials_dataframe(self) -> Any:
        """Return a pandas data frame with a row per trial, under Optuna's column names.

        ``number``, ``value``, ``datetime_start``, ``datetime_complete``, ``duration``, ``params_*``,
        ``user_attrs_*``, ``state`` in Optuna's words; then ``budget``, ``status`` in ours, and ``origin``.
        """
        return trials_dataframe(self.history)

    # --- ask and tell

    def enqueue(self, config: Mapping[str, Any]) -> None:
        """Ask for a configuration to be tried next; what is missing is filled with defaults.

        Raises
        ------
        InvalidOption
            At once, if the space does not have it.
        """
        config = dict(config) if self.defines else completed(self.encoding, config)
        self._record(Event("enqueue", -1, {"config": config}))

    def ask(self) -> RunningTrial | None:
        """Return the next trial to run; None if there is nothing to do until a running trial ends."""
        job = self.next_job()
        if job is None:
            return None
        trial = RunningTrial(job, self.observe)
        self._asked[job.trial] = (trial, time.monotonic(), time.time())
        return trial

    def report(self, trial: RunningTrial, value: float, step: int) -> bool:
        """Report the value reached after `step`; return whether the trial should end."""
        trial.report(value, step)
        return trial.should_prune()

    def tell(self, trial: RunningTrial, value: Any = None, *, status: Status | str | None = None) -> Trial:
        """Tell what came out of a trial that was asked for.

        Parameters
        ----------
        trial : RunningTrial
        value : float, dict or Result
            As an objective would return it.
        status : Status, optional
            ``"crashed"`` or ``"pruned"``, instead of a value.

        Returns
        -------
        Trial
        """
        if trial.number not in self._asked:
            raise InvalidOption(f"Trial {trial.number} is not running; ask for a trial first, and tell of it once.")
        if status is not None:
            last = trial.curve[-1][1] if trial.curve else math.inf
            loss = -last if trial.job.maximize and trial.curve else last
            result, reason = Result(loss, trial.start, Status(status)), f"told to be {status}"
        else:
            result, reason = as_result(value, trial)
        if result.checkpoint is None and trial.checkpoint.saved is not None:
            result = replace(result, checkpoint=trial.checkpoint.saved)
        _, clock, began = self._asked.pop(trial.number)
        outcome = Outcome(
            trial.job,
            result,
            time.monotonic() - clock,
            began,
            reason,
            config=trial.params,
            definitions=trial.definitions,
            attributes=trial.user_attrs,
        )
        return self.take_up(outcome)

    def optimize(
        self,
        objective: Objective,
        *,
        max_trials: int | None = None,
        timeout: float | None = None,
        stop_at: float | None = None,
        n_jobs: int = 1,
        executor: Executor | None = None,
        on_error: Literal["record", "raise"] = "record",
        callbacks: Iterable[Callback] = (),
        progress: bool | None = None,
    ) -> "Study":
        """Run trials until the deadline, the last trial, a stop, or Ctrl-C.

        Parameters
        ----------
        objective : callable
            Takes a `RunningTrial`; returns a number, a dict with ``"value"`` (or ``"loss"``, always minimized) and
            further numbers to keep, or a `Result`.
        max_trials : int, optional
            Number of trials in the study, those it had before included.
        timeout : float, optional
            Seconds, after which a running trial is ended too.
        stop_at : float, optional
            Value that is good enough.
        n_jobs : int
            Trials at once; more than one run in worker processes.
        executor : Executor, optional
            Where to run the trials instead.
        on_error : {"record", "raise"}
            Whether an exception of the objective ends its trial only, or the search.
        callbacks : iterable of callable
            Called as ``callback(study, trial)`` after each job; True ends the search.
        progress : bool, optional
            Whether to show a progress bar; default: if standard error is a terminal.

        Returns
        -------
        Study
            Itself.

        Raises
        ------
        SearchFailed
            If all trials failed; it lists the reasons.
        """
        optimize(
            self,
            objective,
            max_trials=max_trials,
            timeout=timeout,
            stop_at=stop_at,
            executor=executor or executor_for(n_jobs),
            close=executor is None,
            on_error=known("on_error", on_error, ("record", "raise")),
            callbacks=list(callbacks),
            progress=progress,
        )
        return self

    def stop(self) -> None:
        """End the running `optimize` after the current job."""
        self.stopping = True

    def close(self) -> None:
        """Let go of the run directory."""
        self._store.close()

    def __enter__(self) -> Self:
        """Open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the run directory."""
        self.close()

    def next_job(self) -> Job | None:
        """Decide on the next job and note it as running."""
        again = next((t for t in self.trials if t.running and t.number not in self._mine), None)
        if again is not None and again.running is not None:  # its process died, or was cancelled
            if again.attempts < MAX_ATTEMPTS:
                return self._begin(again, again.running.target)
            self._give_up(again)
        may_start = self.max_trials is None or len(self.trials) < self.max_trials
        move = self._decide(may_start=may_start)
        if isinstance(move, Start):
            proposal = self._propose()
            if proposal is not None:
                number, (config, origin) = len(self.trials), proposal
                seed = int(self._stream(number, 0).integers(2**31))
                self._record(Event("propose", number, {"config": config, "seed": seed, "origin": origin}))
                return self._begin(self.trials[number], move.target)
            move = self._decide(may_start=False)  # the space is exhausted
        return self._begin(self.trials[move.trial], move.target) if isinstance(move, Continue) else None

    def _begin(self, trial: Trial, target: float) -> Job:
        resumes = trial.number in self.checkpoints or self.rungs.unit == "none"
        start = trial.budget if resumes else 0.0  # without a checkpoint it is paid for again
        self._mine.add(trial.number)
        self._record(Event("start", trial.number, {"start": start, "target": target}))
        return Job(
            trial=trial.number,
            config=trial.config,
            start=start,
            target=target,
            seed=trial.seed,
            deadline=self.deadline,
            checkpoint=self.checkpoints.get(trial.number),
            directory=self._store.checkpoints,
            maximize=self.history.maximize,
            bounds=self.history.bounds,
            budgeted=self.rungs.unit != "none",
            defines=self.defines,
        )

    def _propose(self) -> tuple[Mapping[str, Any], str] | None:
        """Return a configuration that was not tried yet, and who proposed it."""
        number = len(self.trials)
        if self.history.queue:
            return self.history.queue[0], "enqueued"
        if number == 0:
            default = self._space.get_default_configuration() if len(self._space) else {}
            return {name: plain(value) for name, value in default.items()}, "default"
        if not len(self._space):
            return {}, "sampler"
        rng = self._stream(number, 1)
        config = self.sampler.propose(self._space, self.history, rng)
        if config is None:
            return ({}, "sampler") if self.defines else None
        row = self._checked(config)
        if self.history.table(self._space).has(row):
            fresh = random_row(self.history.table(self._space), rng)
            if fresh is None:
                return ({}, "sampler") if self.defines else None
            config = self.encoding.config(fresh)
        return config, "sampler"

    def _checked(self, config: Mapping[str, Any]) -> Any:
        """Encode what a sampler proposed; refuse what is not legal."""
        try:
            row = self.encoding.row(config)
            complete = np.array_equal(row, self.encoding.canonical(row[None])[0], equal_nan=True)
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidOption(f"{type(self.sampler).__name__} proposed {dict(config)}: {error}.") from error
        if not complete or not self.encoding.is_legal(row):
            raise InvalidOption(
                f"{type(self.sampler).__name__} proposed {dict(config)}, which is not legal in the space; propose "
                "every active hyperparameter, no inactive one, and break no forbidden clause."
            )
        return row

    def _decide(self, *, may_start: bool) -> Start | Continue | None:
        return self.scheduler.decide(self.history, left=self.left, may_start=may_start, lost=self._lost)

    def _stream(self, number: int, purpose: int) -> np.random.Generator:
        """Random stream of a trial: a function of the study's seed and the trial's number alone."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number, purpose)))

    # --- what happened

    def observe(self, number: int, step: int, value: float) -> None:
        """Take up a value that a running trial reported."""
        self._record(Event("observe", number, {"step": step, "value": value}))

    def take_up(self, outcome: Outcome) -> Trial:
        """Take up the outcome of a job; everything of it is kept, or nothing."""
        job, result = outcome.job, outcome.result
        trial = self.trials[job.trial]
        usable = math.isfinite(result.loss)
        status = result.status
        if not usable and status in (Status.FINISHED, Status.CUT, Status.INTERRUPTED):
            status = Status.DIVERGED
        before = self.checkpoints.get(job.trial)
        if usable and result.checkpoint is not None:  # before its report: whoever sees the report finds it
            self.checkpoints[job.trial] = result.checkpoint
        events = [Event("observe", job.trial, {"step": s, "value": v}) for s, v in outcome.curve]
        if outcome.definitions or (self.defines and dict(outcome.config) != dict(trial.config)):
            parts = ConfigurationSpace()
            parts.add(*outcome.definitions.values())
            body = {"config": dict(outcome.config), "hyperparameters": parts.to_serialized_dict()["hyperparameters"]}
            events.append(Event("define", job.trial, body))
        report = {
            "start": job.start,
            "target": job.target,
            "budget": job.start if result.budget is None else result.budget,
            "loss": result.loss if usable else math.inf,
            "status": str(status),
            "seconds": outcome.seconds,
            "cost": self._cost(outcome),
            "tie_breaker": result.tie_breaker,
            "metrics": dict(result.metrics),
            "began": outcome.began,
            "reason": outcome.reason,
            "error": outcome.error,
        }
        kept = self.checkpoints.get(job.trial)
        body = {
            "report": report,
            "attributes": dict(outcome.attributes),
            "checkpoint": kept.name if isinstance(kept, Path) else None,
        }
        self._record(*events, Event("end", job.trial, body))
        if isinstance(before, Path) and before != kept:
            before.unlink(missing_ok=True)
        if outcome.exception is not None:
            self.errors.append(outcome.exception)
        if trial.failed and status is not Status.PRUNED:
            logger.warning("trial %d %s: %s", trial.number, status, outcome.reason)
        self._drop_checkpoints()
        return trial

    def _cost(self, outcome: Outcome) -> float:
        """Return what the sampler weighs against the gain: what the objective says, else seconds if they matter.

        Without a deadline they do not, and a seed gives the same proposals again.
        """
        result, job = outcome.result, outcome.job
        if result.cost is not None:
            return result.cost
        return (
            (job.start if result.budget is None else result.budget) - job.start
            if math.isinf(job.deadline)
            else (outcome.seconds)
        )

    def abandon(self) -> None:
        """Forget which jobs run here; each is begun again before anything else."""
        self._mine.clear()
        self._asked.clear()

    def _record(self, *events: Event) -> None:
        """Keep events, then take them up: what is in the history is in the store."""
        self._store.append(*events)
        for event in events:
            self._take_up(event)

    def _take_up(self, event: Event) -> None:
        """Take up an event, live or from the run directory."""
        self.history.apply(event)
        if event.kind == "define":
            config = self.trials[event.trial].config
            predicted = self.encoding.active_names(config) if len(self._space) else set()
            if set(config) != predicted or self.history.definitions != dict(self._space):
                ended = [dict(t.config) for t in self.trials if t.reports or t.number == event.trial]
                self._space = defined_space(self.history.definitions, ended)
        elif event.kind == "end":
            self._mine.discard(event.trial)
            name = event.body["checkpoint"]
            if name is not None and self._store.checkpoints is not None:
                path = Path(self._store.checkpoints) / Path(name).name
                if path.exists():
                    self.checkpoints[event.trial] = path
                    self._lost.discard(event.trial)
                else:
                    self.checkpoints.pop(event.trial, None)
                    self._lost.add(event.trial)

    def _give_up(self, trial: Trial) -> None:
        """End a trial whose job has taken the whole process with it, again and again."""
        assert trial.running is not None  # noqa: S101 - for the type checker
        reason = f"the process ended while the trial ran, {trial.attempts} times"
        result = Result(math.inf, trial.running.start, Status.CRASHED)
        self.take_up(Outcome(trial.running, result, 0.0, time.time(), reason, config=trial.config))

    def _agree(self, random_state: Any, data: Any) -> int:
        """Compare the settings with those of the run directory, or keep them; return the seed."""
        given = {
            "space": {"defined by": "the objective"} if self.defines else described(self._space),
            "direction": self.direction,
            "budgets": str(self.rungs),
            "eta": self.rungs.eta,
            "data": None if data is None else joblib.hash(data),
            "random_state": None if random_state is None else _seed(random_state),
        }
        kept = self._store.settings()
        if not kept:
            kept = {**given, "random_state": _seed(random_state)}
            self._store.keep(kept)
        found = differences(kept, given)
        if found:
            raise RunMismatch(str(Path(self._store.checkpoints or "").parent), found)
        return int(kept["random_state"])

    def _drop_checkpoints(self) -> None:
        """Keep what may still be promoted with a margin of half as much again, and the best of all."""
        keep = {self.history.best.number} if self.history.best else set()
        kept = [self.trials[number] for number in self.checkpoints]
        for budget in {t.budget for t in kept}:
            n_here = len(self.history.rung(budget))
            here = sorted((t for t in kept if t.budget == budget and may_continue(t)), key=lambda t: t.rank)
            keep |= {t.number for t in here[: 3 + int(1.5 * n_here / self.rungs.eta)]}
        keep |= self._mine
        for number in [n for n in self.checkpoints if n not in keep]:
            dropped = self.checkpoints.pop(number)
            self._lost.add(number)
            if isinstance(dropped, Path):
                dropped.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Delete files that no event speaks of: their jobs did not live to tell of them."""
        if self._store.checkpoints is None:
            return
        spoken_of = set(self.checkpoints.values())
        for path in Path(self._store.checkpoints).iterdir():
            if path not in spoken_of:
                path.unlink()


def _resolved(what: str, given: Any, registry: Mapping[str, Callable[[], Any]], method: str) -> Any:
    """Make what a name stands for; pass on an object that has the method."""
    if isinstance(given, str):
        return registry[known(what, given, registry)]()
    if not callable(getattr(given, method, None)) or isinstance(given, type):
        raise InvalidOption(f"{what} must be one of {', '.join(map(repr, registry))}, or an object with {method}().")
    return given


def _rungs(low: float | None, high: float | None, eta: float, unit: Unit) -> Rungs:
    """Place the rungs; with one budget given, there is one rung."""
    if low is None and high is None:
        return Rungs.without_budget()
    low, high = (high if low is None else low), (low if high is None else high)
    assert low is not None and high is not None  # noqa: S101, PT018 - for the type checker
    return Rungs.geometric(low, high, eta, known("budget_type", unit, ("epochs", "time")))  # type: ignore[arg-type]


def _seed(random_state: Any) -> int:
    """Return the root of all random streams."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral) and not isinstance(random_state, bool):
        if random_state < 0:
            raise InvalidOption(f"random_state must not be negative; got {random_state}.")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    raise InvalidOption(f"random_state must be a whole number, a Generator or a RandomState; got {random_state!r}.")

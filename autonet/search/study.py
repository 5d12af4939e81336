"""The study: ask for a trial, run it, tell what came out, until nothing can be gained in the time left."""

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, NoFinishedTrial, RunUnavailable
from autonet.core.names import known
from autonet.search.evaluation import Objective, Outcome, failure, running_deadline, told
from autonet.search.executors.base import Executor
from autonet.search.executors.choice import executor_for
from autonet.search.history import History
from autonet.search.limits import Limits, raise_if_all_failed
from autonet.search.options import placed_rungs, resolved, root_seed
from autonet.search.progress import ProgressBar
from autonet.search.proposals import propose
from autonet.search.records import Event, Job, Status, Trial
from autonet.search.registry import SAMPLERS, SCHEDULERS
from autonet.search.rungs import Rungs, Unit
from autonet.search.running import RunningTrial
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Continue, Scheduler, Start
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import as_space, completed
from autonet.search.storage.checkpoints import read_checkpoint
from autonet.search.storage.journal import Journal
from autonet.search.storage.store import Store
from autonet.search.summary import reasons, trials_dataframe

__all__ = ["Callback", "Study"]

Callback = Callable[["Study", Trial], Any]
Direction = Literal["minimize", "maximize"]

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
    keep_best : int
        How many of the best trials keep their checkpoints, beside those that may still go on.
    data : object, optional
        What the objective depends on, arrays for example; a run directory refuses to go on with other data.

    Attributes
    ----------
    history : History
        The only state; proposals and promotions are functions of it.
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
        run_dir: str | os.PathLike[str] | Store | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
        keep_best: int = 1,
        data: Any = None,
    ) -> None:
        self.direction = known("direction", direction, ("minimize", "maximize"))
        self.sampler: Sampler = resolved("sampler", sampler, SAMPLERS, "propose")
        self.scheduler: Scheduler = resolved("scheduler", scheduler, SCHEDULERS, "decide")
        known_space = None if space is None else as_space(space)
        if known_space is not None and hasattr(self.sampler, "check"):
            self.sampler.check(known_space)
        self.history = History(placed_rungs(min_budget, max_budget, eta, budget_type), maximize=direction == "maximize")
        self.errors: list[Exception] = []
        self.interrupted = False
        self._deadline = math.inf
        self._stopping = False
        self._mine: set[int] = set()  # trials that run here; others that run were left by a process that died
        self._asked: dict[int, tuple[RunningTrial, float, float]] = {}
        fresh_seed = root_seed(random_state)
        seed = None if random_state is None else fresh_seed
        self._journal = Journal(
            known_space, self.history, run_dir, seed=seed, fresh_seed=fresh_seed, keep_best=keep_best, data=data
        )

    # --- what is known

    @property
    def space(self) -> ConfigurationSpace:
        """What may vary; of a study whose objective defines it, what is known of it."""
        return self._journal.space

    @property
    def encoding(self) -> Encoding:
        """The space as columns of numbers."""
        return self._journal.encoding

    @property
    def rungs(self) -> Rungs:
        """The budgets at which trials are compared."""
        return self.history.rungs

    @property
    def checkpoints(self) -> Mapping[int, Any]:
        """By trial, what it can go on from, or the path to it; dropped when it can hardly be promoted any more."""
        return self._journal.checkpoints

    def load_checkpoint(self, trial: Trial) -> Any:
        """Return what a trial saved last; None if nothing was, or if it was dropped."""
        kept = self.checkpoints.get(trial.number)
        return read_checkpoint(kept) if isinstance(kept, Path) else kept

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

    def trials_dataframe(self) -> Any:
        """Return a pandas data frame with a row per trial, under Optuna's column names.

        ``number``, ``value``, ``datetime_start``, ``datetime_complete``, ``duration``, ``params_*``,
        ``user_attrs_*``, ``state`` in Optuna's words; then ``budget``, ``status`` in ours, and ``origin``.
        """
        return trials_dataframe(self.history)

    # --- ask and tell

    def enqueue(self, config: Mapping[str, Any]) -> None:
        """Ask for a configuration to be tried next.

        What is missing is filled with defaults, or drawn at random where the objective defines the space.

        In a run directory that is opened again, what the earlier run enqueued is not enqueued a second time: the
        same script can simply be run again.

        Raises
        ------
        InvalidOption
            At once, if the space does not have it.
        """
        self._journal.enqueue(config if self._journal.defines else completed(self.encoding, config))

    def ask(self) -> RunningTrial | None:
        """Return the next trial to run; None if there is nothing to do until a running trial ends."""
        job = self._next_job(max_trials=None)
        if job is None:
            return None
        trial = RunningTrial(job, self._observe)
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
        _, clock, began = self._asked[trial.number]
        outcome = told(trial, value, None if status is None else Status(status), time.monotonic() - clock, began)
        del self._asked[trial.number]  # only now: a value that cannot be understood may be told again
        return self._end(outcome)

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
            Seconds, after which a running trial is ended too.  The sampler then weighs what trials cost in seconds,
            so that a seed no longer repeats the search.
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
        limits = Limits(max_trials, timeout, stop_at, on_error)
        limits.check(self.history, objective)
        # Of a search within a trial, the outer limit holds as well.
        self._deadline = min(running_deadline(), math.inf if timeout is None else time.monotonic() + timeout)
        runs_in, callbacks = executor or executor_for(n_jobs), list(callbacks)
        self._stopping = self.interrupted = False
        try:
            runs_in.prepare(objective)
            with ProgressBar(timeout, max_trials, shown=progress) as bar:
                while not self._stopping:
                    while len(self._submitted) < runs_in.n_slots and (job := self._next_job(max_trials)) is not None:
                        runs_in.submit(objective, job, self._observe)
                    if not self._submitted:
                        break
                    for outcome in runs_in.wait():
                        if isinstance(outcome.exception, RunUnavailable):
                            raise outcome.exception  # no fault of the trial: it goes on when there is room again
                        trial = self._end(outcome)
                        if outcome.exception is not None and on_error == "raise":
                            raise outcome.exception
                        bar.show(self.history)
                        stops = [callback(self, trial) is True for callback in callbacks]
                        self._stopping |= any(stops) or self.interrupted or limits.reached(self.history, trial)
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            runs_in.cancel()
            with suppress(RunUnavailable):  # which has ended the search
                self._journal.cancel(self._submitted)
            self._mine &= self._asked.keys()
            self._deadline = math.inf
            if executor is None:
                runs_in.close()
        if self.interrupted and self.history.best is None:
            raise KeyboardInterrupt
        raise_if_all_failed(self.history, self.errors[0] if self.errors else None)
        return self

    def stop(self) -> None:
        """End the running `optimize` after the current job."""
        self._stopping = True

    def close(self) -> None:
        """Let go of the run directory."""
        self._journal.close()

    def __enter__(self) -> Self:
        """Open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the run directory."""
        self.close()

    # --- the next job

    @property
    def _submitted(self) -> set[int]:
        """Trials that an executor runs; those that `ask` gave out are not among them."""
        return self._mine - self._asked.keys()

    def _next_job(self, max_trials: int | None) -> Job | None:
        """Decide on the next job and note it as running."""
        again = next((t for n, t in self.history.running.items() if n not in self._mine), None)
        if again is not None and again.running is not None:  # its process died, or it was cancelled
            if again.attempts < MAX_ATTEMPTS:
                return self._begin(again.number, again.running.target)
            reason = f"the process ended while the trial ran, {again.attempts} times"
            self._end(failure(again.running, Status.CRASHED, reason, 0.0))
        move = self._decide(may_start=max_trials is None or len(self.trials) < max_trials)
        if isinstance(move, Start):
            number = len(self.trials)
            proposal = propose(self.sampler, self.space, self.history, self._stream(number, 1))
            if proposal is None and self._journal.defines:
                proposal = {}, "sampler"  # what the objective has not defined yet may vary
            if proposal is not None:
                config, origin = proposal
                seed = int(self._stream(number, 0).integers(2**31))
                proposed = Event("propose", number, {"config": config, "seed": seed, "origin": origin})
                return self._begin(number, move.target, proposed)
            move = self._decide(may_start=False)  # the space is exhausted
        return self._begin(move.trial, move.target) if isinstance(move, Continue) else None

    def _begin(self, number: int, target: float, *proposal: Event) -> Job:
        job = self._journal.begin(number, target, self._deadline, *proposal)
        self._mine.add(number)
        return job

    def _decide(self, *, may_start: bool) -> Start | Continue | None:
        left = self._deadline - time.monotonic()
        return self.scheduler.decide(self.history, left=left, may_start=may_start, lost=self._journal.lost)

    def _stream(self, number: int, purpose: int) -> np.random.Generator:
        """Random stream of a trial: a function of the study's seed and the trial's number alone."""
        return np.random.default_rng(np.random.SeedSequence(self._journal.seed, spawn_key=(number, purpose)))

    def _observe(self, number: int, step: int, value: float) -> None:
        """Take up a value that a running trial reported."""
        self._journal.record(Event("observe", number, {"step": step, "value": value}))

    def _end(self, outcome: Outcome) -> Trial:
        """Take up the outcome of a job."""
        self._mine.discard(outcome.job.trial)
        if outcome.exception is not None:
            self.errors.append(outcome.exception)
        self.interrupted |= outcome.result.status is Status.INTERRUPTED
        return self._journal.end(outcome)

"""The study: ask for a trial, run it, tell what came out, until nothing can be gained in the time left."""

import math
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal, Self

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import EnqueuedIgnored, InvalidOption, RunUnavailable
from autonet.core.interrupts import GRACE_SECONDS, current_interrupt, interruptible
from autonet.core.names import known
from autonet.search.evaluation import Objective, Outcome, running_deadline, strip_frames, told, was_cut_off
from autonet.search.executors.base import Executor
from autonet.search.executors.choice import executor_for
from autonet.search.history import History
from autonet.search.limits import Limits, gives_up, raise_if_all_failed
from autonet.search.options import placed_rungs, root_seed
from autonet.search.planning import Planner
from autonet.search.progress import ProgressBar
from autonet.search.proposals import ignored_values
from autonet.search.records import Event, Job, Status, Trial
from autonet.search.rungs import Unit
from autonet.search.running import RunningTrial
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Scheduler
from autonet.search.spaces.space import as_space, completed
from autonet.search.storage.journal import Journal
from autonet.search.storage.store import Store
from autonet.search.view import StudyView

__all__ = ["Callback", "Study"]

Callback = Callable[["Study", Trial], Any]
Direction = Literal["minimize", "maximize"]

# After Ctrl-C, the longest that an executor may take to end what runs; ours take less.
PATIENCE_SECONDS = 1.25 * GRACE_SECONDS


class Study(StudyView):
    """A search for the configuration with the best value.

    `ask`, `tell`, `report` and `enqueue` may be called from several threads; `optimize` runs once at a time.

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
        Exceptions of crashed trials, in order, with their tracebacks as notes: frames would hold all local variables.
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
        self._planner = Planner(sampler, scheduler)
        self._lock = threading.RLock()  # of all that changes: history, journal, and which trials run
        self._optimizing = threading.Lock()
        known_space = None if space is None else as_space(space)
        if known_space is not None and hasattr(self.sampler, "check"):
            self.sampler.check(known_space)
        self.history = History(placed_rungs(min_budget, max_budget, eta, budget_type), maximize=direction == "maximize")
        self.errors: list[Exception] = []
        self.interrupted = self._stopping = False
        self._deadline = math.inf
        self._mine: set[int] = set()  # trials that run here; others that run were left by a process that died
        self._asked: dict[int, tuple[RunningTrial, float, float]] = {}
        fresh_seed = root_seed(random_state)
        seed = None if random_state is None else fresh_seed
        self._journal = Journal(
            known_space, self.history, run_dir, seed=seed, fresh_seed=fresh_seed, keep_best=keep_best, data=data
        )
        self._n_before = len(self.history.reports)  # of other objectives than the present one, perhaps

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
        with self._lock:
            self._journal.enqueue(config if self._journal.defines else completed(self.encoding, config))

    def ask(self) -> RunningTrial | None:
        """Return the next trial to run; None if there is nothing to do until a running trial ends."""
        with self._lock:
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

        Raises
        ------
        InvalidOption
            If the trial is not running, or the status is unknown or does not go with a value.
        TypeError, ValueError
            If the value is nothing that can be compared; the trial goes on, and may be told of again.
        """
        ended = None if status is None else Status(known("status", str(status), tuple(Status)))
        with self._lock:
            if trial.number not in self._asked:
                raise InvalidOption(f"Trial {trial.number} is not running; ask for a trial first, and tell of it once.")
            _, clock, began = self._asked[trial.number]
            outcome = told(trial, value, ended, time.monotonic() - clock, began)
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
            Takes a `RunningTrial`; returns a number, a dict with ``"value"`` and further numbers to keep, or a
            `Result`.  Without a ``"value"``, a ``"loss"`` in the dict is minimized whatever the direction.
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
            Whether an exception of the objective ends its trial only, or the search.  Trials that fail or are pruned
            do not end the search, however many; unless no trial has a value and 100 in a row crash with the same
            error.
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
        InvalidOption
            If a limit cannot work, or `optimize` is running already: in another thread, or around an objective that
            calls it on its own study.
        """
        limits = Limits(max_trials, timeout, stop_at, on_error)
        runs_in, callbacks = executor or executor_for(n_jobs), list(callbacks)
        if not self._optimizing.acquire(blocking=False):
            raise InvalidOption(
                "optimize() is running on this study already; use n_jobs for several trials at once, ask() and tell() "
                "in threads of your own, and another Study inside of an objective."
            )
        self._n_before = len(self.history.reports)
        with interruptible(signals=("SIGINT",), patient=False) as interrupt:
            try:
                limits.check(self.history, objective)
                # Of a search within a trial, the outer limit holds as well.
                self._deadline = min(running_deadline(), math.inf if timeout is None else time.monotonic() + timeout)
                self._stopping = self.interrupted = False
                runs_in.prepare(objective)
                with ProgressBar(timeout, max_trials, shown=progress) as bar:
                    while not self._stopping:
                        self._fill(runs_in, objective, max_trials)
                        if not self._submitted:
                            break
                        with interrupt.raising(patience=PATIENCE_SECONDS):
                            outcomes = runs_in.wait()
                        for outcome in self._count(outcomes):
                            if isinstance(outcome.exception, RunUnavailable):
                                raise outcome.exception  # no fault of the trial: it goes on when there is room again
                            trial = self._end(outcome)
                            if outcome.exception is not None and on_error == "raise":
                                raise outcome.exception
                            strip_frames(outcome)
                            bar.show(self.history)
                            stops = [callback(self, trial) is True for callback in callbacks]
                            stops += [limits.reached(self.history, trial), gives_up(self.history, self._n_before)]
                            self._stopping |= any(stops)
            except KeyboardInterrupt:
                interrupt.request()
                if interrupt.insisted:
                    raise
            finally:
                runs_in.cancel()
                with suppress(RunUnavailable), self._lock:  # which has ended the search
                    self._journal.cancel(self._submitted)
                self._mine &= self._asked.keys()
                self._deadline = math.inf
                self.interrupted = interrupt.requested
                self._optimizing.release()
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

    def _fill(self, executor: Executor, objective: Objective, max_trials: int | None) -> None:
        """Submit jobs until all slots are taken or there is nothing to do; after Ctrl-C there is not."""
        while len(self._submitted) < executor.n_slots and not current_interrupt().requested:
            job = self._next_job(max_trials)
            if job is None:
                return
            executor.submit(objective, job, self._observe)

    def _count(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return the outcomes that count; a job that Ctrl-C ended without a result of its own is not begun."""
        if not current_interrupt().requested:
            return outcomes
        counting = [outcome for outcome in outcomes if not was_cut_off(outcome.result)]
        lost = {outcome.job.trial for outcome in outcomes} - {outcome.job.trial for outcome in counting}
        with self._lock:
            self._journal.cancel(lost)
            self._mine -= lost
        return counting

    # --- the next job

    @property
    def _submitted(self) -> set[int]:
        """Trials that an executor runs; those that `ask` gave out are not among them."""
        return self._mine - self._asked.keys()

    def _next_job(self, max_trials: int | None) -> Job | None:
        """Start the next job; None if there is nothing to do until a running one ends."""
        with self._lock:
            job = self._planner.next_job(
                self._journal,
                max_trials=max_trials,
                deadline=self._deadline,
                running_here=self._mine,
                n_before=self._n_before,
            )
            if job is not None:
                self._mine.add(job.trial)
            return job

    def _observe(self, number: int, step: int, value: float) -> None:
        """Take up a value that a running trial reported."""
        with self._lock:
            self._journal.record(Event("observe", number, {"step": step, "value": value}))

    def _end(self, outcome: Outcome) -> Trial:
        """Take up the outcome of a job."""
        with self._lock:
            self._mine.discard(outcome.job.trial)
            if outcome.exception is not None:
                self.errors.append(outcome.exception)
            if outcome.result.status is Status.INTERRUPTED:
                current_interrupt().request()
            ignored = ignored_values(self.history.trials[outcome.job.trial], outcome)
            trial = self._journal.end(outcome)
        if ignored:
            warnings.warn(ignored, EnqueuedIgnored, stacklevel=3)
        return trial

    def __getstate__(self) -> dict[str, Any]:
        """Leave out locks, so that an objective that looks at its study can be sent to other processes."""
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_optimizing")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make new locks."""
        vars(self).update(state, _lock=threading.RLock(), _optimizing=threading.Lock())

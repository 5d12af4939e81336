"""Study: optimize an objective by a sequence of trials."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, Literal, Self

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.clock import TimeLimit
from autonet.core.errors import InvalidOption, RunUnavailable
from autonet.core.interrupts import GRACE_SECONDS, current_interrupt, interruptible
from autonet.core.validation import check_choice, is_integer
from autonet.search.ask_tell import AskTell
from autonet.search.evaluation import Objective, Outcome, current_limit, strip_frames, was_cut_short
from autonet.search.executors.adopt import adopt_executor
from autonet.search.executors.base import Executor
from autonet.search.history import History
from autonet.search.progress import Progress, ProgressBar, check_progress
from autonet.search.pruners.base import Pruner, check_pruner
from autonet.search.records import Trial
from autonet.search.registry import SAMPLERS, SCHEDULERS, make_executor, resolve
from autonet.search.rungs import Unit, make_rungs
from autonet.search.running_trial import RunningTrial
from autonet.search.sampler_adapter import adopt_sampler
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Scheduler
from autonet.search.seeds import resolve_seed
from autonet.search.spaces.space import Space
from autonet.search.stopping import (
    StopConditions,
    check_callbacks,
    check_points,
    raise_if_all_failed,
    should_give_up,
)
from autonet.search.storage.journal import Journal
from autonet.search.storage.settings import load_study_options, open_existing_store
from autonet.search.storage.store import Store

__all__ = ["Callback", "Study"]

Callback = Callable[["Study", Trial], Any]
Direction = Literal["minimize", "maximize"]

INTERRUPT_TIMEOUT_SECONDS = 1.25 * GRACE_SECONDS  # for an executor to stop its jobs after Ctrl-C; ours take less


class Study(AskTell):
    """Search for the configuration with the best value of an objective.

    `ask`, `tell`, `report` and `enqueue` may be called from several threads; `optimize` runs once at a time.

    Parameters
    ----------
    space : ConfigurationSpace or mapping, optional
        Search space; see `Space` for the entries of a mapping.  Without it the objective defines the space
        (define-by-run) with ``trial.suggest_float``, ``suggest_int`` and ``suggest_categorical``.  The default
        configuration is tried first.
    direction : {"minimize", "maximize"}
    sampler : {"bohb", "gp", "forest", "kde", "tpe", "cmaes", "atpe", "random", "grid"}, Sampler or sampler of Optuna
        "bohb", the default, is the Gaussian process over all rungs; "kde", also "tpe", is the model of the original
        BOHB; "cmaes" needs the extra of that name; "atpe" runs the default.
    scheduler : {"asynchronous", "hyperband", "none"} or Scheduler
        Asynchronous successive halving, synchronous Hyperband brackets, or no early stopping: each trial runs to
        `max_budget`.
    min_budget, max_budget : float, optional
        Lowest and highest budget, in any unit proportional to time; integers give integer budgets.  Without them,
        objectives have no budget.
    budget_type : {"epochs", "time", "subset"}
        Unit of budgets; "time" counts the seconds of a trial, "subset" is a share of the rows.
    eta : float
        Reduction factor: one in `eta` trials of a rung is promoted to the next.
    run_dir : path-like, optional
        Directory in which every event is saved; a study in an existing directory resumes it, and deletes nothing
        before its first job.  See also `Study.open`.
    random_state : int, Generator or RandomState, optional
        Seed of all random streams.
    keep_best : int, optional
        Number of best trials whose checkpoints are kept, besides those that may still be promoted.  Default: as in
        the run directory, or 1.
    data : object, optional
        Data that the objective depends on, arrays for example; a run directory cannot be resumed with other data.
    pruner : Pruner, optional
        What ``trial.should_prune()`` asks, of ``autonet.search.pruners``.  Default: the median rule.

    Attributes
    ----------
    history : History
        All trials and reports; proposals and promotions are functions of it.
    errors : list of Exception
        Exceptions of crashed trials, in order, with tracebacks as notes: frames would keep all local variables alive.
    interrupted : bool
        Whether the user stopped the search with Ctrl-C.

    Raises
    ------
    InvalidOption
        If the space is empty, or an option is unknown.
    RunMismatch, RunLocked, RunCorrupted
        If the run directory cannot be resumed.

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
        keep_best: int | None = None,
        data: Any = None,
        pruner: Pruner | None = None,
    ) -> None:
        check_pruner(pruner)
        if keep_best is not None and not (is_integer(keep_best) and keep_best >= 0):
            raise InvalidOption(f"keep_best must be an integer of at least 0; got {keep_best!r}.")
        self.direction = check_choice("direction", direction, ("minimize", "maximize"))
        self.sampler: Sampler = resolve("sampler", adopt_sampler(sampler), SAMPLERS, "propose")
        self.scheduler: Scheduler = resolve("scheduler", scheduler, SCHEDULERS, "decide")
        self._lock = threading.RLock()  # guards history, journal and the running trials
        self._optimizing = threading.Lock()
        known_space = None if space is None else Space(space)
        if known_space is not None and hasattr(self.sampler, "check"):
            self.sampler.check(known_space)
        self.history = History(make_rungs(min_budget, max_budget, eta, budget_type), maximize=direction == "maximize")
        self.errors: list[Exception] = []
        self.interrupted = self._stopping = False
        self._limit, self._repeats = TimeLimit(), 1
        self._mine: set[int] = set()  # running trials of this process; others belong to a process that died
        self._asked: dict[int, tuple[RunningTrial, float, float]] = {}
        fresh_seed = resolve_seed(random_state)
        seed = None if random_state is None else fresh_seed
        self._journal = Journal(
            known_space,
            self.history,
            run_dir,
            seed=seed,
            fresh_seed=fresh_seed,
            keep_best=None if keep_best is None else min(int(keep_best), sys.maxsize),
            data=data,
            names={
                "sampler": sampler if isinstance(sampler, str) else None,
                "scheduler": scheduler if isinstance(scheduler, str) else None,
            },
        )
        self.pruner = pruner
        self._n_before = len(self.history.reports)  # may be of another objective

    @classmethod
    def open(
        cls,
        run_dir: str | os.PathLike[str] | Store,
        *,
        sampler: str | Sampler | None = None,
        scheduler: str | Scheduler | None = None,
        keep_best: int | None = None,
        data: Any = None,
    ) -> Self:
        """Open the study in a run directory with its original space and options, to inspect or resume it.

        Nothing is deleted before a job starts.  `read_history` reads a study that another process is running.

        Parameters
        ----------
        run_dir : path-like
        sampler, scheduler, keep_best : optional
            Override the original ones; required if those were objects.
        data : object, optional
            Compared with the original data, if given.

        Raises
        ------
        RunUnavailable
            If the directory holds no study.
        RunLocked, RunCorrupted
            If another process is using it, or it cannot be read.
        """
        store = open_existing_store(run_dir)
        try:
            options = load_study_options(store, sampler=sampler, scheduler=scheduler, keep_best=keep_best)
            return cls(run_dir=store, data=data, **options)
        except BaseException:
            store.close()
            raise

    def optimize(
        self,
        objective: Objective,
        *,
        max_trials: int | None = None,
        n_trials: int | None = None,
        timeout: float | None = None,
        stop_at: float | None = None,
        repeats: int = 1,
        n_jobs: int = 1,
        executor: Any = None,
        on_error: Literal["record", "raise"] = "record",
        callbacks: Iterable[Callback] = (),
        progress: Progress = None,
        enqueue: Iterable[Mapping[str, Any]] = (),
    ) -> "Study":
        """Run trials until a stopping condition is met or the user presses Ctrl-C.

        Parameters
        ----------
        objective : callable
            Takes a `RunningTrial`; returns a number, a dict with ``"value"`` and further numbers to keep, or a
            `Result`.  Without a ``"value"``, a ``"loss"`` in the dict is minimized whatever the direction.
        max_trials : int, optional
            Total number of trials in the study, earlier ones included.
        n_trials : int, optional
            Number of new trials, instead of `max_trials`.
        timeout : float, optional
            Seconds, after which running trials are stopped too.  The sampler then weighs the cost of trials in
            seconds, so that a seed no longer reproduces the search.
        stop_at : float, optional
            Stop when a trial reaches this value.
        repeats : int
            Number of trials of each configuration, each with another seed; `aggregate` returns their means.
        n_jobs : int
            Number of trials at once; several run in worker processes; -1 means one per core.
        executor : Executor, concurrent.futures.Executor, dask.distributed.Client or str, optional
            Where to run trials instead of `n_jobs`; a str is the address of a dask scheduler.  It stays open.
        on_error : {"record", "raise"}
            Whether an exception in the objective fails only its trial, or stops the search.  Failed and pruned trials
            do not stop the search, unless no trial has a value and 100 in a row crash with the same error.
        callbacks : iterable of callable
            Called as ``callback(study, trial)`` after each job; returning True stops the search.
        progress : bool or callable, optional
            Whether to show a progress bar; by default if standard error is a terminal.  A callable is called instead
            after each job, as ``progress(done, total, best)``: number of trials that have ended, number of trials at
            which to stop or None, best value or None.
        enqueue : iterable of mapping
            Configurations to try first; see `enqueue`.

        Returns
        -------
        Study
            The study itself.

        Raises
        ------
        SearchFailed
            If all trials failed; the message lists the reasons.
        InvalidOption
            If an option is invalid, or `optimize` is already running, in another thread or around the objective.
        """
        limits = StopConditions(max_trials, timeout, stop_at, on_error, repeats, n_trials)
        max_trials, timeout = limits.total(self.history), limits.timeout
        callbacks = check_callbacks(callbacks)
        check_progress(progress)
        points = check_points(enqueue)
        opened = closing(make_executor(n_jobs)) if executor is None else adopt_executor(executor)
        with (
            self._reject_concurrent_calls(),
            interruptible(signals=("SIGINT",), patient=False) as interrupt,
            opened as runs_in,
        ):
            self._n_before = len(self.history.reports)
            try:
                limits.check(self.history, objective)
                for config in points:
                    self.enqueue(config)
                self._limit = min(current_limit(), TimeLimit.after(timeout))  # of an enclosing trial, and its own
                self._repeats = limits.repeats
                self._stopping = self.interrupted = False
                runs_in.prepare(objective)
                with ProgressBar(timeout, max_trials, shown=progress) as bar:
                    while not self._stopping and self._submit_jobs(runs_in, objective, max_trials):
                        with interrupt.raising(patience=INTERRUPT_TIMEOUT_SECONDS):
                            outcomes = runs_in.wait()
                        for outcome in self._drop_interrupted(outcomes):
                            trial = self._handle_outcome(outcome, on_error)
                            if trial is None:
                                continue
                            bar.show(self.history)
                            stops = [callback(self, trial) is True for callback in callbacks]
                            stops += [
                                limits.is_reached(self.history, trial),
                                should_give_up(self.history, self._n_before),
                            ]
                            self._stopping |= any(stops)
            except KeyboardInterrupt:
                interrupt.request()
                if interrupt.insisted:
                    raise
            finally:
                runs_in.cancel()
                with suppress(RunUnavailable), self._lock:  # then the search stops for the same reason
                    self._journal.cancel(self._submitted)
                self._mine &= self._asked.keys()
                self._limit, self._repeats = TimeLimit(), 1
                self.interrupted = interrupt.requested
        if self.interrupted and self.history.best is None:
            raise KeyboardInterrupt
        raise_if_all_failed(self.history, self.errors[0] if self.errors else None)
        return self

    def stop(self) -> None:
        """Stop the running `optimize` after the current job."""
        self._stopping = True

    def close(self) -> None:
        """Release the run directory."""
        self._journal.close()

    def __enter__(self) -> Self:
        """Return the study, which is already open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the run directory."""
        self.close()

    def _submit_jobs(self, executor: Executor, objective: Objective, max_trials: int | None) -> bool:
        """Submit jobs to all free slots, none after Ctrl-C; return whether any job is running."""
        isolated = getattr(executor, "isolated", False)
        while len(self._submitted) < executor.n_slots and not current_interrupt().requested:
            job = self._next_job(max_trials, isolated=isolated)
            if job is None:
                break
            executor.submit(objective, job, self._observe)
        return bool(self._submitted)

    def _drop_interrupted(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Drop outcomes of jobs that Ctrl-C stopped without a result; these jobs count as not started."""
        if not current_interrupt().requested:
            return outcomes
        counting = [outcome for outcome in outcomes if not was_cut_short(outcome.result)]
        lost = {outcome.job.trial for outcome in outcomes} - {outcome.job.trial for outcome in counting}
        with self._lock:
            self._journal.cancel(lost)
            self._mine -= lost
        return counting

    @contextmanager
    def _reject_concurrent_calls(self) -> Iterator[None]:
        """Raise if `optimize` is already running."""
        if not self._optimizing.acquire(blocking=False):
            raise InvalidOption(
                "optimize() is already running on this study; use n_jobs for several trials at once, ask() and tell() "
                "in your own threads, and another Study inside an objective."
            )
        try:
            yield
        finally:
            self._optimizing.release()

    # --- jobs

    @property
    def _submitted(self) -> set[int]:
        """Trials that an executor runs, without those returned by `ask`."""
        return self._mine - self._asked.keys()

    def _handle_outcome(self, outcome: Outcome, on_error: str) -> Trial | None:
        """Record the outcome of a job; return None if the trial is started again."""
        if isinstance(outcome.exception, RunUnavailable):
            raise outcome.exception  # not the trial's fault; it can resume later
        number = outcome.job.trial
        with self._lock:
            if outcome.died and self._journal.has_progressed(number):  # it resumes from its checkpoint
                self._mine.discard(number)
                self._journal.cancel([number])
                return None
        trial = self._end(outcome)
        if outcome.exception is not None and on_error == "raise":
            raise outcome.exception
        strip_frames(outcome)
        return trial

    def __getstate__(self) -> dict[str, Any]:
        """Exclude locks, so that an objective that uses its study can be pickled."""
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_optimizing")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state with new locks."""
        vars(self).update(state, _lock=threading.RLock(), _optimizing=threading.Lock())

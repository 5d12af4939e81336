"""The study: ask for a trial, run it, tell what came out, until nothing can be gained in the time left."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal, Self

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, RunUnavailable
from autonet.core.interrupts import GRACE_SECONDS, current_interrupt, interruptible
from autonet.core.validation import check_choice, is_integer
from autonet.search.ask_tell import AskTell
from autonet.search.dispatch import resolve_seed
from autonet.search.evaluation import Objective, Outcome, current_deadline, strip_frames, was_cut_short
from autonet.search.executors.base import Executor
from autonet.search.history import History
from autonet.search.progress import ProgressBar
from autonet.search.records import Trial
from autonet.search.registry import SAMPLERS, SCHEDULERS, make_executor, resolve
from autonet.search.rungs import Unit, make_rungs
from autonet.search.running_trial import RunningTrial
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Scheduler
from autonet.search.spaces.space import as_space
from autonet.search.stopping import StopConditions, check_callbacks, raise_if_all_failed, should_give_up
from autonet.search.storage.journal import Journal
from autonet.search.storage.settings import load_study_options, open_existing_store
from autonet.search.storage.store import Store

__all__ = ["Callback", "Study"]

Callback = Callable[["Study", Trial], Any]
Direction = Literal["minimize", "maximize"]

# After Ctrl-C, the longest that an executor may take to end what runs; ours take less.
INTERRUPT_TIMEOUT_SECONDS = 1.25 * GRACE_SECONDS


class Study(AskTell):
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
        Where every event is kept; opening the directory again goes on where the study ended, and deletes nothing
        until it does.  See also `Study.open`.
    random_state : int, Generator or RandomState, optional
        Root of every random stream.
    keep_best : int, optional
        How many of the best trials keep their checkpoints, beside those that may still go on.  Default: as in the run
        directory, or 1.
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
        keep_best: int | None = None,
        data: Any = None,
    ) -> None:
        if keep_best is not None and not (is_integer(keep_best) and keep_best >= 0):
            raise InvalidOption(f"keep_best must be an integer of at least 0; got {keep_best!r}.")
        self.direction = check_choice("direction", direction, ("minimize", "maximize"))
        self.sampler: Sampler = resolve("sampler", sampler, SAMPLERS, "propose")
        self.scheduler: Scheduler = resolve("scheduler", scheduler, SCHEDULERS, "decide")
        self._lock = threading.RLock()  # of all that changes: history, journal, and which trials run
        self._optimizing = threading.Lock()
        known_space = None if space is None else as_space(space)
        if known_space is not None and hasattr(self.sampler, "check"):
            self.sampler.check(known_space)
        self.history = History(make_rungs(min_budget, max_budget, eta, budget_type), maximize=direction == "maximize")
        self.errors: list[Exception] = []
        self.interrupted = self._stopping = False
        self._deadline = math.inf
        self._mine: set[int] = set()  # trials that run here; others that run were left by a process that died
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
        self._n_before = len(self.history.reports)  # of other objectives than the present one, perhaps

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
        """Open the study in a run directory, to look at it or to go on; space and options are those it was made with.

        Nothing is deleted until a job begins.  `read_history` looks at a study that another process works on.

        Parameters
        ----------
        run_dir : path-like
        sampler, scheduler, keep_best : optional
            Instead of those that it was made with; to be given if they were objects.
        data : object, optional
            Compared with what the study was made with, if given.

        Raises
        ------
        RunUnavailable
            If there is no study.
        RunLocked, RunCorrupted
            If another process works on it, or it cannot be read.
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
        limits = StopConditions(max_trials, timeout, stop_at, on_error)
        max_trials, timeout = limits.max_trials, limits.timeout
        runs_in, callbacks = executor or make_executor(n_jobs), check_callbacks(callbacks)
        with self._reject_concurrent_calls(), interruptible(signals=("SIGINT",), patient=False) as interrupt:
            self._n_before = len(self.history.reports)
            try:
                limits.check(self.history, objective)
                # Of a search within a trial, the outer limit holds as well.
                self._deadline = min(current_deadline(), math.inf if timeout is None else time.monotonic() + timeout)
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
                with suppress(RunUnavailable), self._lock:  # which has ended the search
                    self._journal.cancel(self._submitted)
                self._mine &= self._asked.keys()
                self._deadline = math.inf
                self.interrupted = interrupt.requested
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

    def _submit_jobs(self, executor: Executor, objective: Objective, max_trials: int | None) -> bool:
        """Submit jobs until all slots are taken or there is nothing to do; return whether any runs.

        After Ctrl-C there is nothing to do.
        """
        isolated = getattr(executor, "isolated", False)
        while len(self._submitted) < executor.n_slots and not current_interrupt().requested:
            job = self._next_job(max_trials, isolated=isolated)
            if job is None:
                break
            executor.submit(objective, job, self._observe)
        return bool(self._submitted)

    def _drop_interrupted(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return the outcomes that count; a job that Ctrl-C ended without a result of its own is not begun."""
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
        """Refuse a second `optimize` while the body, the first one, is running."""
        if not self._optimizing.acquire(blocking=False):
            raise InvalidOption(
                "optimize() is running on this study already; use n_jobs for several trials at once, ask() and tell() "
                "in threads of your own, and another Study inside of an objective."
            )
        try:
            yield
        finally:
            self._optimizing.release()

    # --- jobs

    @property
    def _submitted(self) -> set[int]:
        """Trials that an executor runs; those that `ask` gave out are not among them."""
        return self._mine - self._asked.keys()

    def _handle_outcome(self, outcome: Outcome, on_error: str) -> Trial | None:
        """Take up the outcome of a job; None if the trial is begun again."""
        if isinstance(outcome.exception, RunUnavailable):
            raise outcome.exception  # no fault of the trial: it goes on when there is room again
        number = outcome.job.trial
        with self._lock:
            if outcome.died and self._journal.has_progressed(number):  # killed, but it can go on from what it has saved
                self._mine.discard(number)
                self._journal.cancel([number])
                return None
        trial = self._end(outcome)
        if outcome.exception is not None and on_error == "raise":
            raise outcome.exception
        strip_frames(outcome)
        return trial

    def __getstate__(self) -> dict[str, Any]:
        """Leave out locks, so that an objective that looks at its study can be sent to other processes."""
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_optimizing")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make new locks."""
        vars(self).update(state, _lock=threading.RLock(), _optimizing=threading.Lock())

"""The conductor: ask for a job, run it, tell what came out, until nothing can be gained in the time left."""

import logging
import math
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.search.encoding import Encoding, plain
from autonet.search.records import History, Job, Report, Result, Status, Trial
from autonet.search.rungs import Rungs
from autonet.search.sampler import GaussianProcessSampler
from autonet.search.scheduler import Continue, Start, decide, may_continue

__all__ = ["Callback", "Objective", "Study"]

Objective = Callable[[Job], Result]
Callback = Callable[["Study", Trial], None]

logger = logging.getLogger("autonet.search")

# Trials that must all fail before the search gives up: by then the reason is not the configuration.
FAILURES_BEFORE_GIVING_UP = 10


class Study:
    """Search a space for the configuration with the smallest loss.

    Parameters
    ----------
    space : ConfigSpace.ConfigurationSpace
        Its default configuration is tried first.
    rungs : Rungs
        The budgets at which trials are compared.
    seed : int
        Root of every random stream.
    max_trials : int, optional
        Number of configurations to start.
    max_runtime : float, optional
        Seconds from the making of the study after which nothing may run.
    sampler : GaussianProcessSampler, optional

    Attributes
    ----------
    history : History
        The only state; proposals and promotions are functions of it.
    checkpoints : dict of int to object
        What trials can go on from; dropped when a trial can hardly be promoted any more.
    errors : list of Exception
        Exceptions of crashed trials, in order.
    interrupted : bool
        Whether the user ended the search.
    """

    def __init__(
        self,
        space: ConfigurationSpace,
        rungs: Rungs,
        *,
        seed: int,
        max_trials: int | None = None,
        max_runtime: float | None = None,
        sampler: GaussianProcessSampler | None = None,
    ) -> None:
        self.space, self.rungs, self.seed, self.max_trials = space, rungs, seed, max_trials
        self.deadline = math.inf if max_runtime is None else time.monotonic() + max_runtime
        self.sampler = sampler or GaussianProcessSampler()
        self.encoding = Encoding(space)
        self.history = History()
        self.checkpoints: dict[int, Any] = {}
        self.errors: list[Exception] = []
        self.interrupted = False

    @property
    def left(self) -> float:
        """Seconds left before the deadline."""
        return self.deadline - time.monotonic()

    def optimize(self, objective: Objective, callbacks: Iterable[Callback] = ()) -> "Study":
        """Run jobs in this process until the deadline, the last trial, or Ctrl-C."""
        try:
            while not (self.interrupted or self._hopeless()) and (job := self.ask()) is not None:
                began = time.monotonic()
                try:
                    result, error = objective(job), None
                except Exception as exception:  # noqa: BLE001 - a trial's crash is data; the search goes on
                    result, error = Result(math.inf, job.start, Status.CRASHED), exception
                self.interrupted = result.status is Status.INTERRUPTED
                self.tell(job, result, seconds=time.monotonic() - began, error=error)
                for callback in callbacks:
                    callback(self, self.history.trials[job.trial])
        except KeyboardInterrupt:
            self.interrupted = True
            self._forget_running()
        return self

    @property
    def best(self) -> Trial | None:
        """The best trial whose checkpoint is there."""
        kept = [t for t in self.history if t.number in self.checkpoints and t.usable]
        return min(kept, key=lambda t: t.rank) if kept else None

    def ask(self) -> Job | None:
        """Decide on the next job and note it as running; None when the search has ended."""
        started = len(self.history)
        may_start = self.max_trials is None or started < self.max_trials
        move = self._decide(may_start=may_start)
        config = self._propose(started) if isinstance(move, Start) else None
        if isinstance(move, Start) and config is None:  # the space is exhausted
            move = self._decide(may_start=False)
        if move is None:
            return None
        if config is not None:
            seed = int(self._stream(started, 0).integers(2**31))
            self.history.trials.append(Trial(started, config, seed, "sampler" if started else "default"))
        trial = self.history.trials[move.trial if isinstance(move, Continue) else started]
        trial.running = Job(
            trial=trial.number,
            config=trial.config,
            start=trial.budget,
            target=move.target,
            seed=trial.seed,
            deadline=self.deadline,
            checkpoint=self.checkpoints.get(trial.number),
        )
        return trial.running

    def tell(self, job: Job, result: Result, *, seconds: float, error: Exception | None = None) -> None:
        """Record what came out of a job."""
        trial = self.history.trials[job.trial]
        usable = math.isfinite(result.loss)
        status = result.status if usable or result.status is Status.CRASHED else Status.DIVERGED
        if usable:  # before its report: whoever sees the report finds the checkpoint
            self.checkpoints[trial.number] = result.checkpoint
        trial.running = None
        trial.reports.append(
            Report(
                start=job.start,
                target=job.target,
                budget=result.budget,
                loss=result.loss if usable else math.inf,
                status=status,
                seconds=seconds,
                cost=result.cost if result.cost is not None else seconds,
                tie_breaker=result.tie_breaker,
                metrics=result.metrics,
                error="".join(traceback.format_exception(error)) if error else "",
            )
        )
        if error:
            self.errors.append(error)
            logger.warning("trial %d crashed: %s: %s", trial.number, type(error).__name__, error)
        self._drop_checkpoints()

    def _propose(self, number: int) -> dict[str, Any] | None:
        """Return a configuration that was not tried yet: the default one first."""
        if number == 0:
            return {name: plain(value) for name, value in self.space.get_default_configuration().items()}
        row = self.sampler.propose(self.encoding, self.history, self.rungs, self._stream(number, 1))
        return None if row is None else self.encoding.config(row)

    def _decide(self, *, may_start: bool) -> Start | Continue | None:
        return decide(self.history, self.rungs, left=self.left, may_start=may_start, kept=list(self.checkpoints))

    def _stream(self, number: int, purpose: int) -> np.random.Generator:
        """Random stream of a trial: a function of the study's seed and the trial's number alone."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number, purpose)))

    def _forget_running(self) -> None:
        """Take back jobs that ended without any result."""
        for trial in self.history:
            trial.running = None
        self.history.trials = [t for t in self.history if t.reports]

    def _hopeless(self) -> bool:
        trials = self.history.trials
        return len(trials) >= FAILURES_BEFORE_GIVING_UP and not any(t.usable for t in trials)

    def _drop_checkpoints(self) -> None:
        """Keep what may still be promoted with a margin of half as much again, and the best of all."""
        keep = {self.history.best.number} if self.history.best else set()
        for budget in {t.budget for t in self.history}:
            here = sorted((t for t in self.history if t.budget == budget and may_continue(t)), key=lambda t: t.rank)
            keep |= {t.number for t in here[: 3 + int(1.5 * len(here) / self.rungs.eta)]}
        self.checkpoints = {n: c for n, c in self.checkpoints.items() if n in keep}

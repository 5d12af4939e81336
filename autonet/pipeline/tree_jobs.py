"""Jobs of tree ensembles beside the trials of a search, on the same workers."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.core.typing import Array
from autonet.models.ensemble import TreeMember
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate
from autonet.pipeline.tree_learners import LEARNERS, MIN_SHARE, TREE_LEARNER, allowed_share
from autonet.pipeline.validation_scores import score_fold
from autonet.search.evaluation import Objective, Outcome
from autonet.search.executors.base import Executor
from autonet.search.records import Job, Status
from autonet.search.running_trial import Observer

__all__ = ["TreeJobs"]

# Share of the slots that fit trees at the same time; at least one slot does.
SLOT_SHARE = 0.5
# Learners without a time limit: what others cost is not known then.
N_UNTIMED = 2
# Smallest share of a learner's time that must be left to begin it.
MIN_TIME_SHARE = 0.5
# Share of the time of the search after which a learner that was not due is considered again.
PAUSE_SHARE = 0.05


@dataclass
class _Fitting:
    """Learner whose folds are being fitted."""

    name: str
    seconds: float  # for each fold
    waiting: list[int]  # folds
    running: set[int] = field(default_factory=set)
    found: dict[int, tuple[TreeMember, Array]] = field(default_factory=dict)
    spent: float = 0.0


class TreeJobs:
    """Executor that fits tree ensembles in some of its slots, and runs the trials of a search in the others.

    Learners come one after the other; each is fitted on every fold, one job per fold.  The next one begins if the time
    of trees stays within `MIN_SHARE` of the whole, or within `allowed_share` of the time so far, by the weight that
    they have in the best ensemble so far.

    Parameters
    ----------
    executor : Executor
        Runs all jobs.
    context : TrialContext
    limit : TimeLimit
        When the search ends.  Without a limit the first learners are fitted, and a seed repeats the result.
    fitted : sequence of Candidate
        Learners that an earlier fit of the run has fitted.
    weigh : callable
        Returns the weight of tree ensembles, given their candidates, in the best ensemble so far.
    keep : callable
        Called with all candidates when there is another one.
    """

    def __init__(
        self,
        executor: Executor,
        context: TrialContext,
        limit: TimeLimit,
        fitted: Sequence[Candidate[TreeMember]],
        weigh: Callable[[Sequence[Candidate[TreeMember]]], float],
        keep: Callable[[Sequence[Candidate[TreeMember]]], None],
    ) -> None:
        self.isolated = getattr(executor, "isolated", False)
        self._executor, self._context, self._limit, self._weigh, self._keep = executor, context, limit, weigh, keep
        self._candidates = list(fitted)
        self._n_all_slots = executor.n_slots
        self._n_tree_slots = max(int(SLOT_SHARE * self._n_all_slots), 1)
        self._total_seconds = limit.left() * self._n_all_slots
        names = {candidate.name for candidate in fitted}
        wanted = LEARNERS if math.isfinite(self._total_seconds) else islice(LEARNERS, N_UNTIMED)
        self._waiting = [name for name in wanted if name not in names]
        self._fitting: _Fitting | None = None
        self._spent, self._next_look = 0.0, math.inf  # seconds left at which the next learner is considered
        self._trees_running, self._trials_running = 0, 0
        self._held: list[tuple[Objective, Job, Observer | None]] = []
        self._objective: Objective | None = None
        self._encoders = {i: m.encoder for c in fitted for i, m in enumerate(c.members())}
        self._begin_if_due()

    @property
    def n_slots(self) -> int:
        """Number of slots for trials."""
        return max(self._executor.n_slots - (self._n_tree_slots if self._fitting else 0), 1)

    def prepare(self, objective: Objective) -> None:
        """Prepare for an objective, which also fits trees; see `Executor`."""
        self._objective = objective
        self._executor.prepare(objective)

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Hold a job of the search until `wait`, where it may have to wait for trees; see `Executor`."""
        self._held.append((objective, job, observe))

    def wait(self) -> list[Outcome]:
        """Wait for a job of the search, or until trees leave their slots to it; see `Executor`."""
        while True:
            self._start_jobs()
            was_fitting, outcomes = self._fitting, self._executor.wait()
            ended = self._end_jobs(outcomes)
            if ended or not outcomes or (was_fitting and not self._fitting and not self._held):
                return ended

    def finish(self) -> None:
        """Fit what is begun or due when the search has ended before its limit."""
        if current_interrupt().requested or self._limit.left() <= 0:
            return
        self._n_tree_slots = self._executor.n_slots
        self._begin_if_due()
        while self._fitting:
            self._start_jobs()
            self._end_jobs(self._executor.wait())

    def cancel(self) -> None:
        """Stop all jobs; see `Executor`."""
        if self._fitting is not None:
            self._fitting.waiting = sorted({*self._fitting.waiting, *self._fitting.running})
            self._fitting.running.clear()
        self._trees_running = self._trials_running = 0
        self._held.clear()
        self._executor.cancel()

    def close(self) -> None:
        """Stop all jobs; the executor stays open; see `Executor`."""
        self.cancel()

    # --- jobs

    def _start_jobs(self) -> None:
        """Start jobs in the free slots, trees first."""
        fitting, n_slots = self._fitting, self._executor.n_slots
        while fitting and fitting.waiting and self._trees_running < self._n_tree_slots and self._n_running < n_slots:
            self._submit_fold(fitting)
        while self._held and self._n_running < n_slots:
            self._executor.submit(*self._held.pop(0))
            self._trials_running += 1

    @property
    def _n_running(self) -> int:
        return self._trees_running + self._trials_running

    def _end_jobs(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Take the outcomes of trees; return those of the search."""
        trees = [outcome for outcome in outcomes if TREE_LEARNER in outcome.job.config]
        trials = [outcome for outcome in outcomes if TREE_LEARNER not in outcome.job.config]
        self._trees_running -= len(trees)
        self._trials_running -= len(trials)
        for outcome in trees:
            self._end_fold(outcome)
        if current_interrupt().requested:
            self._fitting = None
            self._waiting.clear()
        elif self._fitting is None:
            self._begin_if_due()
        return trials

    # --- learners

    def _begin_if_due(self) -> None:
        """Begin the next learner if there is time for it."""
        left = self._limit.left()
        if self._fitting or not self._waiting or left > self._next_look:
            return
        name, n_folds, seconds = self._waiting[0], len(self._context.folds), math.inf
        if math.isfinite(left):
            wanted, elapsed = LEARNERS[name].share * self._total_seconds, self._total_seconds - left * self._n_all_slots
            weight = self._weigh(self._candidates) if self._candidates else 0.0
            # Networks improve for longer than trees do: the weight counts for the time so far only.
            allowed = max(MIN_SHARE * self._total_seconds, allowed_share(weight) * elapsed)
            seconds = min(wanted, allowed - self._spent, max(left, 0.0) * self._n_tree_slots)
            if seconds < MIN_TIME_SHARE * wanted:
                self._next_look = left - PAUSE_SHARE * self._total_seconds / self._n_all_slots
                return
        self._fitting = _Fitting(self._waiting.pop(0), seconds / n_folds, list(range(n_folds)))

    def _submit_fold(self, fitting: _Fitting) -> None:
        fold = fitting.waiting.pop(0)
        fitting.running.add(fold)
        number = -1 - len(self._context.folds) * list(LEARNERS).index(fitting.name) - fold
        config = {TREE_LEARNER: fitting.name, "fold": fold}
        assert self._objective is not None  # noqa: S101 - for the type checker
        self._executor.submit(
            self._objective, Job(number, config, 0.0, fitting.seconds, self._context.seed, self._limit.at)
        )
        self._trees_running += 1

    def _end_fold(self, outcome: Outcome) -> None:
        """Keep the trees of a fold; with those of the last one, the learner becomes a candidate."""
        self._spent += outcome.seconds
        fitting, fold = self._fitting, outcome.job.config["fold"]
        if fitting is None or outcome.job.config[TREE_LEARNER] != fitting.name:  # another of its folds has failed
            return
        fitting.running.discard(fold)
        fitting.spent += outcome.seconds
        if outcome.result.checkpoint is None:
            self._fitting = None
            self._explain(outcome, fitting.name)
            return
        member, prediction = outcome.result.checkpoint
        # Encoders of a fold are equal: learners share the first, so that the ensemble encodes rows once.
        member = replace(member, encoder=self._encoders.setdefault(fold, member.encoder))
        fitting.found[fold] = member, prediction
        if len(fitting.found) == len(self._context.folds):
            self._fitting = None
            self._candidates.append(self._make_candidate(fitting))
            self._keep(self._candidates)

    def _explain(self, outcome: Outcome, name: str) -> None:
        """Log why a learner has no trees."""
        logger = logging.getLogger("autonet")
        if outcome.result.status is Status.FINISHED:
            logger.info("no tree ensembles: they do not suit wide sparse data")
            self._waiting.clear()
        elif outcome.result.status is Status.TIMEOUT:
            logger.info("%s: no time", name)
        else:
            logger.warning("%s failed: %s", name, outcome.error or outcome.reason)

    def _make_candidate(self, fitting: _Fitting) -> Candidate[TreeMember]:
        folds, context = self._context.folds, self._context
        members, predictions = zip(*(fitting.found[i] for i in range(len(folds))), strict=True)
        losses = [score_fold(context, f.valid, p) for f, p in zip(folds, predictions, strict=True)]
        loss, tie_breaker = np.mean(losses, axis=0)
        score, name = context.metric.to_score(float(loss)), context.metric.name
        logging.getLogger("autonet").info("%s: validation %s %.4f in %.1f s", fitting.name, name, score, fitting.spent)
        return Candidate(
            fitting.name, {}, fitting.spent, (float(loss), float(tie_breaker)), list(predictions), lambda: members
        )

"""The next job of a study: a trial that was cut off, else what the scheduler and the sampler decide."""

import time
from collections.abc import Container
from typing import Any

import numpy as np

from autonet.search.evaluation import make_failure
from autonet.search.options import resolved
from autonet.search.proposals import log_exhaustion, propose
from autonet.search.records import Event, Job, Status
from autonet.search.registry import SAMPLERS, SCHEDULERS
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Continue, Scheduler, Start
from autonet.search.storage.journal import Journal

__all__ = ["Planner"]

# Times a job may take the whole process with it, without having saved anything, before its trial counts as crashed.
MAX_ATTEMPTS = 2


class Planner:
    """Decide on the next job of a study and record that it starts; holds no state of its own.

    Parameters
    ----------
    sampler : str or Sampler
    scheduler : str or Scheduler
    """

    def __init__(self, sampler: Any, scheduler: Any) -> None:
        self.sampler: Sampler = resolved("sampler", sampler, SAMPLERS, "propose")
        self.scheduler: Scheduler = resolved("scheduler", scheduler, SCHEDULERS, "decide")

    def next_job(
        self,
        journal: Journal,
        *,
        max_trials: int | None,
        deadline: float,
        running_here: Container[int],
        n_before: int = 0,
        isolated: bool,
    ) -> Job | None:
        """Start the next job.

        Parameters
        ----------
        journal : Journal
        max_trials : int, optional
            Number of trials in the study.
        deadline : float
            Reading of ``time.monotonic()`` at which jobs must have ended.
        running_here : container of int
            Numbers of the trials that this process runs; others that run were left by a process that died.
        n_before : int
            Number of reports before this call of `optimize`; the objective may have been edited after them.
        isolated : bool
            Whether the job will run in another process.

        Returns
        -------
        Job or None
            None if there is nothing to do until a running job ends.
        """
        journal.resume()
        history = journal.history
        again = next((t for n, t in history.running.items() if n not in running_here), None)
        if again is not None and again.running is not None:  # its process died, or it was cancelled
            # Shares of blame are fractions, which may not add up exactly.
            if again.attempts < MAX_ATTEMPTS - 1e-9 or journal.has_progressed(again.number):
                return journal.begin(again.number, again.running.target, deadline, isolated=isolated)
            reason = f"the process ended while the trial ran, {again.attempts:g} times"
            journal.end(make_failure(again.running, Status.CRASHED, reason, 0.0))
        move = self._decide(journal, deadline, may_start=max_trials is None or len(history) < max_trials)
        if isinstance(move, Start):
            number = len(history)
            known = {"defines": journal.defines, "trusted": len(history.reports) > n_before}
            proposal = propose(self.sampler, journal.space, history, _make_rng(journal.seed, number, 1), **known)
            if proposal is not None:
                config, origin = proposal
                seed = int(_make_rng(journal.seed, number, 0).integers(2**31))
                proposed = Event("propose", number, {"config": config, "seed": seed, "origin": origin})
                return journal.begin(number, move.target, deadline, proposed, isolated=isolated)
            move = self._decide(journal, deadline, may_start=False)
            if move is None and not history.running:
                log_exhaustion(journal.space, history)
        if not isinstance(move, Continue):
            return None
        return journal.begin(move.trial, move.target, deadline, isolated=isolated)

    def _decide(self, journal: Journal, deadline: float, *, may_start: bool) -> Start | Continue | None:
        left = deadline - time.monotonic()
        return self.scheduler.decide(journal.history, left=left, may_start=may_start, lost=journal.lost)


def _make_rng(seed: int, number: int, purpose: int) -> np.random.Generator:
    """Return a random stream of a trial: a function of the study's seed and the trial's number alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, purpose)))

"""Dispatch the next job of a study: an interrupted trial, else what scheduler and sampler decide."""

import time
from collections.abc import Container
from numbers import Integral
from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.search.evaluation import make_failure
from autonet.search.proposals import log_exhaustion, propose
from autonet.search.records import Event, Job, Status
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Continue, Scheduler, Start
from autonet.search.storage.journal import Journal

__all__ = ["resolve_seed", "start_next_job"]

# Deaths of the process during a job that saved no checkpoint, after which its trial counts as crashed.
MAX_ATTEMPTS = 2


def start_next_job(
    journal: Journal,
    sampler: Sampler,
    scheduler: Scheduler,
    *,
    max_trials: int | None,
    deadline: float,
    running_here: Container[int],
    n_before: int = 0,
    isolated: bool,
) -> Job | None:
    """Decide on the next job and record its start.

    Parameters
    ----------
    journal : Journal
    sampler : Sampler
    scheduler : Scheduler
    max_trials : int, optional
        Number of trials in the study.
    deadline : float
        Reading of ``time.monotonic()`` at which jobs must have ended.
    running_here : container of int
        Numbers of the trials that this process runs; other running trials were left by a process that died.
    n_before : int
        Number of reports before this call of `optimize`, after which the objective may have changed.
    isolated : bool
        Whether the job will run in another process.

    Returns
    -------
    Job or None
        None if no job can start until a running one ends.
    """
    journal.resume()
    history = journal.history

    def decide(*, may_start: bool) -> Start | Continue | None:
        left = deadline - time.monotonic()
        return scheduler.decide(history, left=left, may_start=may_start, lost=journal.lost)

    again = next((t for n, t in history.running.items() if n not in running_here), None)
    if again is not None and again.running is not None:  # its process died, or it was cancelled
        # Shares of blame are fractions, which may not add up exactly.
        if again.attempts < MAX_ATTEMPTS - 1e-9 or journal.has_progressed(again.number):
            return journal.begin(again.number, again.running.target, deadline, isolated=isolated)
        reason = f"the process died while the trial was running, {again.attempts:g} times"
        journal.end(make_failure(again.running, Status.CRASHED, reason, 0.0))
    move = decide(may_start=max_trials is None or len(history) < max_trials)
    if isinstance(move, Start):
        number = len(history)
        known = {"defines": journal.defines, "trusted": len(history.reports) > n_before}
        proposal = propose(sampler, journal.space, history, _make_rng(journal.seed, number, 1), **known)
        if proposal is not None:
            config, origin = proposal
            seed = int(_make_rng(journal.seed, number, 0).integers(2**31))
            proposed = Event("propose", number, {"config": config, "seed": seed, "origin": origin})
            return journal.begin(number, move.target, deadline, proposed, isolated=isolated)
        move = decide(may_start=False)
        if move is None and not history.running:
            log_exhaustion(journal.space, history)
    if not isinstance(move, Continue):
        return None
    return journal.begin(move.trial, move.target, deadline, isolated=isolated)


def resolve_seed(random_state: Any) -> int:
    """Return the seed from which all random streams are spawned.

    Raises
    ------
    InvalidOption
        If `random_state` is none of int, Generator, RandomState and None.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral):
        if random_state < 0:
            raise InvalidOption(f"random_state must be non-negative; got {random_state}.")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    raise InvalidOption(f"random_state must be an integer, a Generator or a RandomState; got {random_state!r}.")


def _make_rng(seed: int, number: int, purpose: int) -> np.random.Generator:
    """Return a random generator of a trial, which depends on the study's seed and the trial's number only."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, purpose)))

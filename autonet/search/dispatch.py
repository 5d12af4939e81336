"""Start the next job of a study: an interrupted trial, or a decision of scheduler and sampler."""

from collections.abc import Container

import numpy as np

from autonet.core.clock import TimeLimit
from autonet.search.evaluation import make_failure
from autonet.search.proposals import log_exhaustion, propose
from autonet.search.records import Event, Job, Status
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Continue, Scheduler, Start
from autonet.search.storage.journal import Journal

__all__ = ["draw_trial_seed", "start_next_job"]

MAX_ATTEMPTS = 2  # number of process deaths without a new checkpoint after which a trial counts as crashed


def start_next_job(
    journal: Journal,
    sampler: Sampler,
    scheduler: Scheduler,
    *,
    max_trials: int | None,
    limit: TimeLimit,
    running_here: Container[int],
    n_before: int = 0,
    repeats: int = 1,
    isolated: bool,
) -> Job | None:
    """Choose the next job and record its start.

    Parameters
    ----------
    journal : Journal
    sampler : Sampler
    scheduler : Scheduler
    max_trials : int, optional
        Number of trials in the study.
    limit : TimeLimit
        Time limit of the search.
    running_here : container of int
        Numbers of the trials that this process runs; other running trials belong to a process that died.
    n_before : int
        Number of reports before this call of `optimize`, after which the objective may have changed.
    repeats : int
        Number of trials of each configuration.
    isolated : bool
        Whether the job runs in a worker process.

    Returns
    -------
    Job or None
        None if no job can start until a running one ends.
    """
    journal.resume()
    history = journal.history

    def decide(*, may_start: bool) -> Start | Continue | None:
        return scheduler.decide(history, left=limit.left(), may_start=may_start, lost=journal.lost)

    again = next((t for n, t in history.running.items() if n not in running_here), None)
    if again is not None and again.running is not None:  # its process died, or it was cancelled
        # Attempts are sums of fractions, which are not exact.
        if again.attempts < MAX_ATTEMPTS - 1e-9 or journal.has_progressed(again.number):
            return journal.begin(again.number, again.running.target, limit, isolated=isolated)
        reason = f"the process died while the trial was running, {again.attempts:g} times"
        journal.end(make_failure(again.running, Status.CRASHED, reason, 0.0))
    move = decide(may_start=max_trials is None or len(history) < max_trials)
    if isinstance(move, Start):
        number = len(history)
        rng, trusted = _make_rng(journal.seed, number, 1), len(history.reports) > n_before
        proposal = propose(
            sampler, journal.space, history, rng, defines=journal.defines, trusted=trusted, repeats=repeats
        )
        if proposal is not None:
            config, origin = proposal
            seed = draw_trial_seed(journal.seed, number)
            proposed = Event("propose", number, {"config": config, "seed": seed, "origin": origin})
            return journal.begin(number, move.target, limit, proposed, isolated=isolated)
        move = decide(may_start=False)
        if move is None and not history.running:
            log_exhaustion(sampler, journal.space, history)
    if not isinstance(move, Continue):
        return None
    return journal.begin(move.trial, move.target, limit, isolated=isolated)


def draw_trial_seed(seed: int, number: int) -> int:
    """Return the seed of a trial, which depends on nothing but that of the study and the number."""
    return int(_make_rng(seed, number, 0).integers(2**31))


def _make_rng(seed: int, number: int, purpose: int) -> np.random.Generator:
    """Return the random generator of a trial for a purpose; it depends on nothing but the arguments."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, purpose)))

"""Synchronous Hyperband, as in HpBandSter.

Li et al., "Hyperband" (2018), arXiv 1603.06560; Falkner, Klein & Hutter, "BOHB" (2018), arXiv 1807.01774.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass

from autonet.search.history import History
from autonet.search.records import Status, Trial
from autonet.search.schedulers.base import Continue, Start

__all__ = ["SynchronousHyperband"]


@dataclass(frozen=True)
class SynchronousHyperband:
    """Run brackets of successive halving, which promote trials when a rung is complete.

    Bracket i starts n = floor(K / (s + 1)) * eta**s trials at the s-th rung from the top, s = K - 1 - (i mod K),
    with K rungs; then the best max(int(n * eta**-j), 1) are promoted j rungs higher.  The number of a trial
    determines its bracket.  While a rung waits for its last trial, the next bracket may begin.

    Failed trials are not replaced.  A trial whose checkpoint was dropped starts again.  When no more trials may start,
    an incomplete bracket continues with those that it has.
    """

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job; see `Scheduler`."""
        del lost  # promoted nevertheless
        if left <= 0:
            return None
        for lowest, members, size in _iterate_brackets(history):
            budgets = history.rungs.budgets[lowest:]
            if len(members) < size and may_start:
                return _continue_first(members, budgets[0]) or Start(budgets[0])
            move = _advance(members, budgets, history.rungs.eta)
            if move:
                return move
        return None


def _iterate_brackets(history: History) -> Iterator[tuple[int, list[Trial], int]]:
    """Yield lowest rung, present trials and final size of each bracket."""
    first, iteration = 0, 0
    while first <= len(history):
        size = history.rungs.bracket_size(iteration)
        yield iteration % len(history.rungs), history.trials[first : first + size], size
        first, iteration = first + size, iteration + 1


def _advance(members: list[Trial], budgets: tuple[float, ...], eta: float) -> Continue | None:
    """Return the next job of the first incomplete rung of a bracket; None if it waits."""
    here = members
    for steps, budget in enumerate(budgets, 1):
        move = _continue_first(here, budget)
        if move or any(t.running and _rank_at(t, budget) is None for t in here):
            return move
        ranked = sorted((*rank, t.number, t) for t in here if (rank := _rank_at(t, budget)) is not None)
        here = [t for *_, t in ranked[: max(int(len(members) * eta**-steps), 1)]]
    return None


def _continue_first(trials: list[Trial], budget: float) -> Continue | None:
    """Continue the first of `trials` that has not reached `budget`; None if all have."""
    return next((Continue(t.number, budget) for t in trials if _rank_at(t, budget) is None and _can_run(t)), None)


def _can_run(trial: Trial) -> bool:
    """Return whether a trial is idle, has not failed, and was not stopped without progress."""
    stuck = trial.last is not None and trial.last.budget <= trial.last.start
    return trial.running is None and not trial.failed and not stuck


def _rank_at(trial: Trial, budget: float) -> tuple[float, float] | None:
    """Return loss and tie-breaker of a trial at a rung; None if it has not finished the rung.

    A complete trial has finished all higher rungs.
    """
    finished = (
        r
        for r in trial.reports
        if r.status is Status.FINISHED and (r.target == budget or (r.complete and r.target < budget))
    )
    return next(((r.loss, r.tie_breaker) for r in finished), None)

"""Synchronous Hyperband brackets, as HpBandSter runs them under BOHB; for comparison.

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
    """Work through brackets; a rung is judged when all of its trials have ended.

    Bracket i starts n = floor(K / (s + 1)) * eta**s trials at the s-th rung from the top, s = K - 1 - (i mod K),
    with K rungs; then the best max(int(n * eta**-j), 1) go on, j rungs higher.  Which bracket a trial belongs to
    follows from its number.  While a rung waits for its last trial, the next bracket may begin.

    Failed trials leave their places empty.  A trial whose checkpoint was dropped goes on from the beginning.  The
    last bracket, if no more trials may start, is judged by those that it has.
    """

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job; see `Scheduler`."""
        del lost  # promoted all the same: a bracket keeps to its numbers
        if left <= 0:
            return None
        for lowest, members, size in _brackets(history):
            budgets = history.rungs.budgets[lowest:]
            if len(members) < size and may_start:
                return _first(members, budgets[0]) or Start(budgets[0])
            move = _advance(members, budgets, history.rungs.eta)
            if move:
                return move
        return None


def _brackets(history: History) -> Iterator[tuple[int, list[Trial], int]]:
    """Yield, of each bracket, its lowest rung, the trials it has so far, and how many it will have."""
    first, iteration = 0, 0
    while first <= len(history):
        size = history.rungs.bracket_size(iteration)
        yield iteration % len(history.rungs), history.trials[first : first + size], size
        first, iteration = first + size, iteration + 1


def _advance(members: list[Trial], budgets: tuple[float, ...], eta: float) -> Continue | None:
    """Return the next job of a bracket's first rung that is not complete; None while it only waits."""
    here = members
    for steps, budget in enumerate(budgets, 1):
        move = _first(here, budget)
        if move or any(t.running and _rank(t, budget) is None for t in here):
            return move
        ranked = sorted((*rank, t.number, t) for t in here if (rank := _rank(t, budget)) is not None)
        here = [t for *_, t in ranked[: max(int(len(members) * eta**-steps), 1)]]
    return None


def _first(trials: list[Trial], budget: float) -> Continue | None:
    """Return the first of `trials` that still has to run up to `budget`: new there, cut short, or never begun."""
    return next((Continue(t.number, budget) for t in trials if _rank(t, budget) is None and _may_run(t)), None)


def _may_run(trial: Trial) -> bool:
    """Whether a trial is idle and has not failed; one that was cut short before it got anywhere would be so again."""
    stuck = trial.last is not None and trial.last.budget <= trial.last.start
    return trial.running is None and not trial.failed and not stuck


def _rank(trial: Trial, budget: float) -> tuple[float, float] | None:
    """Loss and tie-breaker with which a trial finished a rung; later reports do not count.  None if it did not.

    A trial that is complete has finished all rungs above.
    """
    finished = (
        r
        for r in trial.reports
        if r.status is Status.FINISHED and (r.target == budget or (r.complete and r.target < budget))
    )
    return next(((r.loss, r.tie_breaker) for r in finished), None)

"""Synchronous Hyperband brackets, as HpBandSter runs them under BOHB; for comparison.

Li et al., "Hyperband" (2018), arXiv 1603.06560; Falkner, Klein & Hutter, "BOHB" (2018), arXiv 1807.01774.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass

from autonet.search.history import History
from autonet.search.records import Trial
from autonet.search.schedulers.base import Continue, Start, may_continue

__all__ = ["SynchronousHyperband"]


@dataclass(frozen=True)
class SynchronousHyperband:
    """Work through brackets; a rung is judged when all of its trials have ended.

    Bracket i starts floor(K / (s + 1)) * eta**s trials at the s-th rung from the top, s = K - 1 - (i mod K), with
    K rungs; then the best max(int(n * eta**-j), 1) go on, j rungs higher.  Which bracket a trial belongs to
    follows from its number.  While a rung waits for its last trial, the next bracket may begin.
    """

    def decide(
        self, history: History, *, left: float, may_start: bool, lost: Container[int] = ()
    ) -> Start | Continue | None:
        """Decide on the next job; see `Scheduler`."""
        if left <= 0:
            return None
        for rung, members, size in self._brackets(history):
            promotion = self._promotion(history, rung, members, size, lost)
            if promotion:
                return promotion
            if len(members) < size:
                return Start(history.rungs.budgets[rung]) if may_start else None
        return None

    @staticmethod
    def _brackets(history: History) -> Iterator[tuple[int, list[Trial], int]]:
        """Yield, of each bracket, its lowest rung, the trials it has so far, and how many it will have."""
        first, iteration = 0, 0
        while first <= len(history.trials):
            size = history.rungs.bracket_size(iteration)
            yield iteration % len(history.rungs), history.trials[first : first + size], size
            first, iteration = first + size, iteration + 1

    @staticmethod
    def _promotion(
        history: History, lowest: int, members: list[Trial], size: int, lost: Container[int]
    ) -> Continue | None:
        """Return the best trial of the bracket's first complete rung that has not gone on yet."""
        rungs = history.rungs
        here = members
        for steps, rung in enumerate(range(lowest, len(rungs) - 1), 1):
            if len(here) < (size if steps == 1 else 1) or any(
                (t.running and t.budget < rungs.budgets[rung]) or not t.reports for t in here
            ):
                return None
            n_next = max(int(size * rungs.eta**-steps), 1)
            reached = [t for t in here if t.budget >= rungs.budgets[rung]]
            goes_on = sorted(reached, key=lambda t: (_loss_at(t, rungs.budgets[rung]), t.number))[:n_next]
            for trial in goes_on:
                if trial.budget == rungs.budgets[rung] and may_continue(trial, lost):
                    return Continue(trial.number, rungs.budgets[rung + 1])
            here = goes_on
        return None


def _loss_at(trial: Trial, budget: float) -> float:
    """Loss that the trial had when it reached a rung; later reports do not count."""
    return min((r.loss for r in trial.reports if r.budget == budget), default=float("inf"))

"""Which configuration next: a Gaussian process over all rungs, with cost-aware expected improvement.

Every finished rung of every trial is a row (configuration, fidelity) -> loss.  A new configuration maximizes the
expected improvement at the top rung, less a share of its predicted cost.  A share of proposals is random.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray

from autonet.search.encoding import Encoding
from autonet.search.history import History
from autonet.search.samplers.random import first_new, random_row
from autonet.search.samplers.regression import GaussianProcess, log_expected_improvement
from autonet.search.table import BUDGET, COST, LOSS, PAID, TRIAL, Table

__all__ = ["GaussianProcessSampler"]

Array = NDArray[np.float64]

MAX_RECORDS = 200  # the time of a proposal grows with their cube


@dataclass(frozen=True)
class GaussianProcessSampler:
    """Propose configurations; holds settings only, what it knows it reads from the history.

    Attributes
    ----------
    n_initial : int
        Trials that must have reported before the model is used.
    random_share : float
        Probability of a random proposal afterwards.
    cost_weight : float
        Weight of the log of the predicted cost against the log of the expected improvement.
    n_candidates : int
        Configurations scored in the first round of the maximization.
    steps : int
        Steps of L-BFGS on the parameters of the kernel.
    """

    n_initial: int = 8
    random_share: float = 0.15
    cost_weight: float = 0.5
    n_candidates: int = 400
    steps: int = 20

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        table = history.table(space)
        reported = np.unique(table.reports[:, TRIAL]) if history.reports else np.empty(0)
        use_model = len(reported) >= self.n_initial and history.best is not None
        row = None
        if use_model and table.encoding.n_features and rng.random() >= self.random_share:
            row = first_new(table, self._by_model(table, history, rng))
        row = random_row(table, rng) if row is None else row
        return None if row is None else table.encoding.config(row)

    def _by_model(self, table: Table, history: History, rng: np.random.Generator) -> Array:
        """Return candidate rows, best first."""
        encoding, rungs = table.encoding, history.rungs
        span = max(np.log(rungs.top / rungs.bottom), 1e-9)

        def inputs(rows: Array, budget: Array | float) -> Array:
            level = np.log(np.asarray(budget) / rungs.bottom) / span
            return np.column_stack([encoding.features(rows), np.broadcast_to(level, len(rows))])

        rows, reports = table.rows, table.reports
        chosen = reports[thinned(reports)]
        X = inputs(rows[chosen[:, TRIAL].astype(int)], np.maximum(chosen[:, BUDGET], rungs.bottom / 3))
        y = standardized(chosen[:, LOSS])
        model = GaussianProcess(np.r_[encoding.categorical, False]).fit(X, y, steps=self.steps)
        if history.running:  # pretend that running trials end as predicted, so that proposals do not pile up
            pending = inputs(rows[list(history.running)], rungs.top)
            model.fit(np.vstack([X, pending]), np.r_[y, model.predict(pending)[0]], steps=0)

        best = sorted(islice(history.ranked(), 200), key=lambda t: (-t.budget, t.rank))[:30]
        leaders = rows[[t.number for t in best]]
        incumbent = float(model.predict(inputs(leaders, rungs.top))[0].min())  # best predicted loss at the top
        paid = reports[reports[:, PAID] > 0][-MAX_RECORDS:]
        log_cost = cost_model(encoding.features(rows[paid[:, TRIAL].astype(int)]), paid[:, COST] / paid[:, PAID])

        def score(rows: Array) -> Array:
            gain = log_expected_improvement(*model.predict(inputs(rows, rungs.top)), incumbent)
            return np.asarray(gain - self.cost_weight * log_cost(encoding.features(rows)))

        return self._maximize(score, encoding, leaders[:5], rng)

    def _maximize(
        self, score: Callable[[Array], Array], encoding: Encoding, parents: Array, rng: np.random.Generator
    ) -> Array:
        """Score random rows and mutations of `parents`, then twice smaller steps around the five best."""
        half = self.n_candidates // 2
        each = max(1, half // len(parents))
        probability = max(0.3, 1.5 / encoding.n_features)
        near = [
            encoding.mutate(p, np.exp(rng.uniform(np.log(0.02), np.log(0.3), each)), probability, rng) for p in parents
        ]
        rows = np.vstack([encoding.sample(half, rng), *near])
        scores = score(rows)
        for step in (0.1, 0.03):
            keep = np.argsort(-scores, kind="stable")[:5]
            new = np.vstack([encoding.mutate(rows[i], np.full(20, step), 0.5, rng) for i in keep])
            rows, scores = np.vstack([rows[keep], new]), np.r_[scores[keep], score(new)]
        return rows[np.argsort(-scores, kind="stable")]


def thinned(reports: Array) -> NDArray[np.intp]:
    """Choose at most `MAX_RECORDS` reports, in order: the best of the highest rungs, and the newest."""
    if len(reports) <= MAX_RECORDS:
        return np.arange(len(reports))
    ranked = np.lexsort((reports[:, LOSS], -reports[:, BUDGET]))
    return np.unique(np.r_[ranked[: MAX_RECORDS // 2], np.arange(len(reports) - MAX_RECORDS // 2, len(reports))])


def standardized(losses: Array) -> Array:
    """Log of the distance to the best loss, so that good trials are told apart; failures count as the worst seen."""
    finite = np.isfinite(losses)
    if not finite.any():
        return np.zeros(len(losses))
    losses = np.where(finite, losses, losses[finite].max())
    low = losses.min()
    z = np.log(losses - low + 0.05 * (np.median(losses) - low) + 1e-9)
    return np.asarray((z - z.mean()) / (z.std() + 1e-9))


def cost_model(X: Array, cost: Array) -> Callable[[Array], Array]:
    """Ridge regression of the log cost per unit of budget on linear and quadratic terms of the features."""
    i, j = np.triu_indices(X.shape[1])

    def terms(X: Array) -> Array:
        return np.hstack([np.ones((len(X), 1)), X - 0.5, (X - 0.5)[:, i] * (X - 0.5)[:, j]])

    A, y = terms(X), np.log(cost + 1e-9)
    mean = y.mean()
    weights = A.T @ np.linalg.solve(A @ A.T + 0.3 * np.eye(len(A)), y - mean)  # dual form: n x n
    return lambda Z: np.asarray(mean + terms(Z) @ weights)

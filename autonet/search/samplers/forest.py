"""Which configuration next: extremely randomized trees over all rungs, with cost-aware expected improvement.

After Hutter, Hoos & Leyton-Brown, "Sequential Model-Based Optimization for General Algorithm Configuration" (2011),
with the fidelity as a column, so that every rung of every trial teaches the model, and Geurts, Ernst & Wehenkel,
"Extremely randomized trees" (2006).
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
from autonet.search.samplers.gaussian_process import cost_model, standardized, thinned
from autonet.search.samplers.random import first_new, random_row
from autonet.search.samplers.regression import log_expected_improvement
from autonet.search.table import BUDGET, COST, LOSS, PAID, TRIAL, Table

__all__ = ["ForestSampler"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ForestSampler:
    """Propose what a forest expects to improve most at the top rung, less a share of its predicted cost.

    Trials that are running count as mediocre ones, so that proposals do not pile up; failed ones as the worst seen.

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
    n_trees : int
    """

    n_initial: int = 8
    random_share: float = 0.15
    cost_weight: float = 0.5
    n_candidates: int = 400
    n_trees: int = 30

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        table = history.table(space)
        n_reported = len(np.unique(table.reports[:, TRIAL]))
        row = None
        if history.best is not None and n_reported >= self.n_initial and table.encoding.n_features:
            row = first_new(table, self._by_model(table, history, rng)) if rng.random() >= self.random_share else None
        row = random_row(table, rng) if row is None else row
        return None if row is None else table.encoding.config(row)

    def _by_model(self, table: Table, history: History, rng: np.random.Generator) -> Array:
        """Return candidate rows, best first."""
        encoding, rungs, rows = table.encoding, history.rungs, table.rows
        span = max(np.log(rungs.top / rungs.bottom), 1e-9)

        def inputs(rows: Array, budget: Array | float) -> Array:
            level = np.log(np.asarray(budget) / rungs.bottom) / span
            return np.column_stack([encoding.features(rows), np.broadcast_to(level, len(rows))])

        reports = table.reports[thinned(table.reports)]
        X = inputs(rows[reports[:, TRIAL].astype(int)], np.maximum(reports[:, BUDGET], rungs.bottom / 3))
        y = standardized(reports[:, LOSS])
        pending = inputs(rows[list(history.running)], rungs.top)
        predict = forest(np.vstack([X, pending]), np.r_[y, np.full(len(pending), np.median(y))], self.n_trees, rng)

        best = sorted(islice(history.ranked(), 200), key=lambda t: (-t.budget, t.rank))[:30]
        leaders = rows[[t.number for t in best]]
        incumbent = float(predict(inputs(leaders, rungs.top))[0].min())
        paid = reports[reports[:, PAID] > 0]
        log_cost = cost_model(encoding.features(rows[paid[:, TRIAL].astype(int)]), paid[:, COST] / paid[:, PAID])

        def score(rows: Array) -> Array:
            gain = log_expected_improvement(*predict(inputs(rows, rungs.top)), incumbent)
            return np.asarray(gain - self.cost_weight * log_cost(encoding.features(rows)))

        return candidates(score, encoding, leaders[:5], self.n_candidates, rng)


def forest(X: Array, y: Array, n_trees: int, rng: np.random.Generator) -> Callable[[Array], tuple[Array, Array]]:
    """Fit trees to bootstrap samples; return the function that gives mean and standard deviation over the trees."""
    from sklearn.ensemble import ExtraTreesRegressor  # noqa: PLC0415 - takes longer to import than all of the search

    seed = int(rng.integers(2**31))
    fitted = ExtraTreesRegressor(n_trees, max_features=0.8, bootstrap=True, random_state=seed).fit(X, y)

    def predict(X: Array) -> tuple[Array, Array]:
        by_tree = np.array([tree.tree_.predict(X.astype(np.float32))[:, 0] for tree in fitted.estimators_])
        return by_tree.mean(axis=0), by_tree.std(axis=0) + 1e-3

    return predict


def candidates(
    score: Callable[[Array], Array], encoding: Encoding, parents: Array, n: int, rng: np.random.Generator
) -> Array:
    """Score random rows and mutations of `parents`, then twice smaller steps around the five best; best first."""
    each, probability = max(1, n // 2 // len(parents)), max(0.3, 1.5 / encoding.n_features)
    near = [encoding.mutate(p, np.exp(rng.uniform(np.log(0.02), np.log(0.3), each)), probability, rng) for p in parents]
    rows = np.vstack([encoding.sample(n // 2, rng), *near])
    scores = score(rows)
    for step in (0.1, 0.03):
        keep = np.argsort(-scores, kind="stable")[:5]
        new = np.vstack([encoding.mutate(rows[i], np.full(20, step), 0.5, rng) for i in keep])
        rows, scores = np.vstack([rows[keep], new]), np.r_[scores[keep], score(new)]
    return rows[np.argsort(-scores, kind="stable")]

"""Which configuration next: a Gaussian process over all rungs, with cost-aware expected improvement.

Every finished rung of every trial is a row (configuration, fidelity) -> loss.  A new configuration maximizes the
expected improvement at the top rung, less a share of its predicted cost.  A share of proposals is random.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray
from scipy.linalg import solve

from autonet.search.encoding import Encoding
from autonet.search.history import History
from autonet.search.rungs import Rungs
from autonet.search.samplers.random import first_new, random_row
from autonet.search.samplers.regression import GaussianProcess, log_expected_improvement
from autonet.search.table import BUDGET, COST, LOSS, PAID, TRIAL, Table

__all__ = ["GaussianProcessSampler"]

Array = NDArray[np.float64]

MAX_RECORDS = 200  # the time of a proposal grows with their cube
GROWTH = 1.08  # of the number of reports, before the kernel's parameters are learned anew


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
    margin : float
        Mean of what the predicted loss must improve by, in units of the model's uncertainty about random
        configurations; each proposal draws its own from an exponential distribution.  Most proposals refine what is
        good, some look further away.
    n_candidates : int
        Configurations scored in the first round of the maximization.
    steps : int
        Steps of L-BFGS on the parameters of the kernel.
    """

    n_initial: int = 8
    random_share: float = 0.15
    cost_weight: float = 0.5
    margin: float = 0.5
    n_candidates: int = 400
    steps: int = 10

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
        encoding, rows, reports = table.encoding, table.rows, table.reports
        inputs = _Inputs(encoding, history.rungs)
        records = reports[thinned(reports)]
        X, y = inputs.of_reports(rows, records), standardized(records[:, LOSS])
        model = GaussianProcess(inputs.n_categories)
        model.theta = self._parameters(table, inputs)
        model.condition(X, y)
        if history.running:  # pretend that running trials end as predicted, so that proposals do not pile up
            pending = inputs.at_top(rows[list(history.running)])
            model.condition(np.vstack([X, pending]), np.r_[y, model.predict(pending)[0]])

        best = sorted(islice(history.ranked(), 200), key=lambda t: (-t.budget, t.rank))[:30]
        leaders = rows[[t.number for t in best]]
        incumbent = float(model.predict(inputs.at_top(leaders))[0].min())  # best predicted loss at the top
        random = encoding.sample(self.n_candidates // 2, rng)
        unsure = float(model.predict(inputs.at_top(random))[1].mean())
        goal = incumbent - self.margin * unsure * rng.exponential()
        paid = reports[reports[:, PAID] > 0][-MAX_RECORDS:]
        log_cost = cost_model(encoding.features(rows[paid[:, TRIAL].astype(int)]), paid[:, COST] / paid[:, PAID])

        def score(rows: Array) -> Array:
            Z = inputs.at_top(rows)
            return log_expected_improvement(*model.predict(Z), goal) - self.cost_weight * log_cost(Z[:, :-1])

        return self._maximize(score, encoding, random, leaders[:5], rng)

    def _parameters(self, table: Table, inputs: "_Inputs") -> Array:
        """Return the kernel's parameters, learned anew whenever the number of reports has grown by `GROWTH`.

        A function of the reports up to that number, so that it does not matter when it is computed; kept with the
        table to save time.
        """
        milestone = self.n_initial
        while (following := max(milestone + 1, math.ceil(milestone * GROWTH))) <= len(table.reports):
            milestone = following
        key = (self, milestone)
        if key not in table.memory:
            reports = table.reports[:milestone]
            records = reports[thinned(reports)]
            model = GaussianProcess(inputs.n_categories)
            model.learn(inputs.of_reports(table.rows, records), standardized(records[:, LOSS]), steps=self.steps)
            table.memory = {key: model.theta}
        return np.asarray(table.memory[key])

    def _maximize(
        self,
        score: Callable[[Array], Array],
        encoding: Encoding,
        random: Array,
        parents: Array,
        rng: np.random.Generator,
    ) -> Array:
        """Score random rows and as many mutations of `parents`, then twice smaller steps around the five best."""

        def mutants(of: Array, n: int, low: float, high: float, share: float) -> Array:
            steps = np.exp(rng.uniform(np.log(low), np.log(high), n))
            return encoding.mutate(np.resize(of, (n, of.shape[1])), steps, share, rng)

        rows = np.vstack([random, mutants(parents, len(random), 0.02, 0.3, share=0.3)])
        scores = score(rows)
        for step in (0.1, 0.03):
            keep = np.argsort(-scores, kind="stable")[:5]
            new = mutants(rows[keep], len(random) // 2, step, step, share=0.5)
            rows, scores = np.vstack([rows[keep], new]), np.r_[scores[keep], score(new)]
        return rows[np.argsort(-scores, kind="stable")]


class _Inputs:
    """What the model sees of a configuration at a budget: its features, and the budget's place among the rungs."""

    def __init__(self, encoding: Encoding, rungs: Rungs) -> None:
        self.encoding, self.rungs = encoding, rungs
        self.n_categories = np.r_[encoding.n_categories, 0]
        self._span = max(np.log(rungs.top / rungs.bottom), 1e-9)

    def at_top(self, rows: Array) -> Array:
        """Return the inputs of rows at the highest budget."""
        return self._inputs(rows, np.full(len(rows), self.rungs.top))

    def of_reports(self, rows: Array, reports: Array) -> Array:
        """Return the inputs of reports, with the rows of all trials."""
        return self._inputs(rows[reports[:, TRIAL].astype(int)], np.maximum(reports[:, BUDGET], self.rungs.bottom / 3))

    def _inputs(self, rows: Array, budgets: Array) -> Array:
        level = np.log(budgets / self.rungs.bottom) / self._span
        return np.column_stack([self.encoding.features(rows), level])


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
    A, y = X - 0.5, np.log(cost + 1e-9)

    def products(B: Array) -> Array:
        """Inner products of all terms, without the terms: 1, x_i, and x_i x_j with i <= j."""
        inner = B @ A.T
        return np.asarray(1 + inner + 0.5 * (inner**2 + B**2 @ A.T**2))

    mean = y.mean()
    weights = solve(products(A) + 0.3 * np.eye(len(A)), y - mean, assume_a="pos")
    return lambda Z: np.asarray(mean + products(Z - 0.5) @ weights)

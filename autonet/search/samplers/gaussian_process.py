"""Which configuration next: a Gaussian process over all rungs."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autonet.search.history import History
from autonet.search.samplers.model import Inputs, ModelBasedSampler, Predictor, standardized, thinned
from autonet.search.samplers.regression import GaussianProcess
from autonet.search.table import LOSS, Table

__all__ = ["GaussianProcessSampler"]

GROWTH = 1.08  # of the number of reports, before the kernel's parameters are learned anew


@dataclass(frozen=True)
class GaussianProcessSampler(ModelBasedSampler):
    """Propose what a Gaussian process expects to improve most at the top rung, less a share of its predicted cost.

    Attributes
    ----------
    steps : int
        Steps of L-BFGS on the parameters of the kernel.
    n_initial, random_share, cost_weight, margin, n_candidates
        See `ModelBasedSampler`.
    """

    steps: int = 10

    def _predictor(self, table: Table, history: History, inputs: Inputs, rng: np.random.Generator) -> Predictor:
        """Condition on the reports; pretend that running trials end as predicted, so that proposals do not pile up."""
        del rng
        records = table.reports[thinned(table.reports)]
        X, y = inputs.of_reports(table.rows, records), standardized(records[:, LOSS])
        model = GaussianProcess(inputs.n_categories)
        model.theta = self._parameters(table, inputs)
        model.condition(X, y)
        if history.running:
            pending = inputs.at_top(table.rows[list(history.running)])
            model.condition(np.vstack([X, pending]), np.r_[y, model.predict(pending)[0]])
        return model.predict

    def _parameters(self, table: Table, inputs: Inputs) -> NDArray[np.float64]:
        """Return the kernel's parameters, learned anew whenever the number of reports has grown by `GROWTH`.

        A function of the reports up to that number, so that it does not matter when it is computed; kept with the
        table to save time.
        """
        milestone = max(self.n_initial // 2, 1)
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

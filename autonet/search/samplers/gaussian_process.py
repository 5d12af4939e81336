"""Which configuration next: a Gaussian process over all rungs."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autonet.search.history import History
from autonet.search.samplers.model import (
    ModelBasedSampler,
    Surrogate,
    SurrogateInputs,
    select_reports,
    standardize_losses,
)
from autonet.search.samplers.regression import GaussianProcess
from autonet.search.table import LOSS, TrialTable

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

    def _fit_surrogate(
        self, table: TrialTable, history: History, inputs: SurrogateInputs, rng: np.random.Generator
    ) -> Surrogate:
        """Condition on the reports; pretend that running trials end as predicted, so that proposals do not pile up."""
        del rng
        records = table.reports[select_reports(table.reports)]
        X, y = inputs.from_reports(table.rows, records), standardize_losses(records[:, LOSS])
        model = GaussianProcess(inputs.n_categories)
        model.theta = self._hyperparameters(table, inputs)
        model.condition(X, y)
        if history.running:
            pending = inputs.at_top(table.rows[list(history.running)])
            model.condition(np.vstack([X, pending]), np.r_[y, model.predict(pending)[0]])
        return model.predict

    def _hyperparameters(self, table: TrialTable, inputs: SurrogateInputs) -> NDArray[np.float64]:
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
            records = reports[select_reports(reports)]
            model = GaussianProcess(inputs.n_categories)
            model.fit_hyperparameters(
                inputs.from_reports(table.rows, records), standardize_losses(records[:, LOSS]), steps=self.steps
            )
            table.memory = {key: model.theta}
        return np.asarray(table.memory[key])

"""Bayesian optimization with extremely randomized trees over all rungs.

After Hutter, Hoos & Leyton-Brown, "Sequential Model-Based Optimization for General Algorithm Configuration" (2011),
with the fidelity as a column, so that all rungs are training rows, and Geurts, Ernst & Wehenkel,
"Extremely randomized trees" (2006).
"""

from dataclasses import dataclass

import numpy as np

from autonet.core.typing import FloatArray
from autonet.search.history import History
from autonet.search.samplers.model import (
    ModelBasedSampler,
    Surrogate,
    SurrogateInputs,
    select_reports,
    standardize_losses,
)
from autonet.search.table import LOSS, TrialTable

__all__ = ["ForestSampler"]


@dataclass(frozen=True)
class ForestSampler(ModelBasedSampler):
    """Bayesian optimization with a random forest over all rungs.

    Attributes
    ----------
    n_trees : int
    n_initial, random_share, cost_weight, margin, n_candidates
        See `ModelBasedSampler`.
    """

    margin: float = 0.0
    n_trees: int = 30

    def _fit_surrogate(
        self, table: TrialTable, history: History, inputs: SurrogateInputs, rng: np.random.Generator
    ) -> Surrogate:
        """Fit trees to the reports; running trials have the median loss, so that proposals do not cluster."""
        records = table.reports[select_reports(table.reports)]
        X, y = inputs.from_reports(table.rows, records), standardize_losses(records[:, LOSS])
        pending = inputs.at_top(table.rows[list(history.running)])
        return fit_forest(np.vstack([X, pending]), np.r_[y, np.full(len(pending), np.median(y))], self.n_trees, rng)


def fit_forest(X: FloatArray, y: FloatArray, n_trees: int, rng: np.random.Generator) -> Surrogate:
    """Fit extremely randomized trees to bootstrap samples of X (n_rows, n_columns) and y (n_rows,).

    The returned function maps rows of the same shape to mean and standard deviation over the trees, of shape (n_rows,).
    """
    from sklearn.ensemble import ExtraTreesRegressor  # noqa: PLC0415 - slow to import

    seed = int(rng.integers(2**31))
    fitted = ExtraTreesRegressor(n_trees, max_features=0.8, bootstrap=True, random_state=seed).fit(X, y)

    def predict(X: FloatArray) -> tuple[FloatArray, FloatArray]:
        by_tree = np.array([tree.tree_.predict(X.astype(np.float32))[:, 0] for tree in fitted.estimators_])
        return by_tree.mean(axis=0), by_tree.std(axis=0) + 1e-3

    return predict

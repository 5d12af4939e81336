"""Base class of model-based samplers: cost-aware expected improvement at the top rung.

Every finished rung of every trial is a training row (configuration, fidelity) -> loss.  A proposal maximizes the log
of the expected improvement at the top rung minus a share of its predicted log cost.  A share of proposals is random.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.special import log_ndtr, ndtr

from autonet.core.typing import FloatArray
from autonet.search.history import History
from autonet.search.rungs import Rungs
from autonet.search.spaces.encoding import Encoding
from autonet.search.table import BUDGET, COST, LOSS, PAID, TRIAL, TrialTable

__all__ = [
    "MAX_RECORDS",
    "ModelBasedSampler",
    "Surrogate",
    "SurrogateInputs",
    "fit_cost_model",
    "log_expected_improvement",
    "select_reports",
    "standardize_losses",
]

Surrogate = Callable[[FloatArray], tuple[FloatArray, FloatArray]]  # inputs -> mean and standard deviation

MAX_RECORDS = 200  # maximum number of reports that a surrogate is fitted to, in which its time is cubic
N_BEST = 200  # number of best trials among which leaders are chosen
N_LEADERS = 30  # number of trials at the highest rungs whose best prediction is the incumbent
N_PARENTS = 5  # number of leaders that are mutated
MAX_GAP = 10.0  # maximum ratio of consecutive distances to the best loss
N_SMALLEST = 3  # number of smallest distances that are not changed, since their ratios are large


@dataclass(frozen=True)
class ModelBasedSampler(ABC):
    """Propose configurations by expected improvement under a surrogate model, which subclasses define.

    Attributes
    ----------
    n_initial : int
        Number of trials with a report before the surrogate is used; half as many if configurations were enqueued.
    random_share : float
        Probability of a random proposal afterwards.
    cost_weight : float
        Weight of the log of the predicted cost against the log of the expected improvement.
    margin : float
        Mean required improvement of the predicted loss, in units of the surrogate's uncertainty about random
        configurations; each proposal draws its own from an exponential distribution, so that most exploit and some
        explore.
    n_candidates : int
        Number of configurations in the first round of the maximization.
    """

    n_initial: int = 8
    random_share: float = 0.15
    cost_weight: float = 0.5
    margin: float = 0.5
    n_candidates: int = 400

    @abstractmethod
    def _fit_surrogate(
        self, table: TrialTable, history: History, inputs: "SurrogateInputs", rng: np.random.Generator
    ) -> Surrogate:
        """Fit a surrogate of the standardized losses that takes running trials into account."""

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        table = history.table(space)
        n_reported = len(np.unique(table.reports[:, TRIAL]))
        knows_enough = n_reported >= self.n_initial or (
            n_reported >= self.n_initial // 2 and any(trial.origin == "enqueued" for trial in history)
        )
        can_model = knows_enough and history.best is not None and table.encoding.n_features
        uses_model = can_model and rng.random() >= self.random_share
        return table.choose(self._propose_rows(table, history, rng) if uses_model else (), rng)

    def _propose_rows(self, table: TrialTable, history: History, rng: np.random.Generator) -> FloatArray:
        """Return candidate rows, best first, of shape (n_candidates, n_hyperparameters)."""
        encoding, rows, reports = table.encoding, table.rows, table.reports
        inputs = SurrogateInputs(encoding, history.rungs)
        predict = self._fit_surrogate(table, history, inputs, rng)

        best = sorted(islice(history.ranked(), N_BEST), key=lambda t: (-t.budget, t.rank))[:N_LEADERS]
        leaders = rows[[t.number for t in best]]
        incumbent = float(predict(inputs.at_top(leaders))[0].min())  # best predicted loss at the top
        random = encoding.sample_legal(self.n_candidates // 2, rng, known=leaders)
        unsure = float(predict(inputs.at_top(random))[1].mean())
        goal = incumbent - self.margin * unsure * rng.exponential()
        paid = reports[reports[:, PAID] > 0][-MAX_RECORDS:]
        log_cost = fit_cost_model(encoding.features(rows[paid[:, TRIAL].astype(int)]), paid[:, COST] / paid[:, PAID])

        def score(rows: FloatArray) -> FloatArray:
            Z = inputs.at_top(rows)
            return log_expected_improvement(*predict(Z), goal) - self.cost_weight * log_cost(Z[:, :-1])

        return maximize_acquisition(score, encoding, random, leaders[:N_PARENTS], rng)


def maximize_acquisition(
    score: Callable[[FloatArray], FloatArray],
    encoding: Encoding,
    random: FloatArray,
    parents: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Maximize an acquisition function by random search and two rounds of local mutations.

    Parameters
    ----------
    score : callable
        Maps rows of shape (n_rows, n_hyperparameters) to values of shape (n_rows,).
    encoding : Encoding
    random, parents : ndarray of shape (n_rows, n_hyperparameters)
        Random candidates, and rows to mutate.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_candidates, n_hyperparameters)
        Candidates, best first.
    """

    def mutate(origins: FloatArray, n: int, low: float, high: float, share: float) -> FloatArray:
        steps = np.exp(rng.uniform(np.log(low), np.log(high), n))
        return encoding.mutate(np.resize(origins, (n, origins.shape[1])), steps, share, rng)

    def legal(rows: FloatArray) -> FloatArray:
        return rows[encoding.legal(rows)]

    rows = np.vstack([random, legal(mutate(parents, len(random), 0.02, 0.3, share=0.3))])
    scores = score(rows)
    for step in (0.1, 0.03):
        keep = np.argsort(-scores, kind="stable")[:5]
        new = legal(mutate(rows[keep], len(random) // 2, step, step, share=0.5))
        rows, scores = np.vstack([rows[keep], new]), np.r_[scores[keep], score(new)]
    return rows[np.argsort(-scores, kind="stable")]


class SurrogateInputs:
    """Inputs of a surrogate: the features of a configuration, and the budget on a log scale from 0 to 1."""

    def __init__(self, encoding: Encoding, rungs: Rungs) -> None:
        self.encoding, self.rungs = encoding, rungs
        self.n_categories = np.r_[encoding.n_categories, 0]
        self._span = max(np.log(rungs.top / rungs.bottom), 1e-9)

    def at_top(self, rows: FloatArray) -> FloatArray:
        """Return inputs of shape (n_rows, n_features + 1) for rows at the highest budget."""
        return self._inputs(rows, np.full(len(rows), self.rungs.top))

    def from_reports(self, rows: FloatArray, reports: FloatArray) -> FloatArray:
        """Return inputs of shape (n_reports, n_features + 1) for `TrialTable.reports`, given the rows of all trials."""
        return self._inputs(rows[reports[:, TRIAL].astype(int)], np.maximum(reports[:, BUDGET], self.rungs.bottom / 3))

    def _inputs(self, rows: FloatArray, budgets: FloatArray) -> FloatArray:
        level = np.log(budgets / self.rungs.bottom) / self._span
        return np.column_stack([self.encoding.features(rows), level])


def select_reports(reports: FloatArray) -> NDArray[np.intp]:
    """Select at most `MAX_RECORDS` of `TrialTable.reports`, the best of the highest rungs and the newest.

    Returns
    -------
    ndarray of int, shape (n_selected,)
        Indices in increasing order.
    """
    if len(reports) <= MAX_RECORDS:
        return np.arange(len(reports))
    ranked = np.lexsort((reports[:, LOSS], -reports[:, BUDGET]))
    return np.unique(np.r_[ranked[: MAX_RECORDS // 2], np.arange(len(reports) - MAX_RECORDS // 2, len(reports))])


def standardize_losses(losses: FloatArray) -> FloatArray:
    """Standardize the log distance to the best loss, which separates good trials; failures count as the worst loss.

    Parameters
    ----------
    losses : ndarray of shape (n_reports,)
        Infinite for failures.

    Returns
    -------
    ndarray of shape (n_reports,)
        Mean 0 and standard deviation 1.
    """
    finite = np.isfinite(losses)
    if not finite.any():
        return np.zeros(len(losses))
    losses = close_gaps(np.where(finite, losses, losses[finite].max()))
    low = losses.min()
    # As losses concentrate near the best, the median term zooms in; the upper quantile keeps resolution further away.
    zoom = 0.05 * np.median(losses) + 0.005 * np.quantile(losses, 0.9) - 0.055 * low
    z = np.log(losses - low + zoom + 1e-9)
    return np.asarray((z - z.mean()) / (z.std() + 1e-9))


def close_gaps(losses: FloatArray) -> FloatArray:
    """Limit each distance to the best loss to `MAX_GAP` times the next smaller one.

    Otherwise a large penalty for infeasible configurations would make all feasible ones look alike.  The order is
    kept, and so is the scale of losses without gaps.  Shape of input and output: (n_reports,).
    """
    distances, places = np.unique(losses - losses.min(), return_inverse=True)
    if len(distances) <= N_SMALLEST:
        return losses
    ratios = np.minimum(distances[N_SMALLEST:] / distances[N_SMALLEST - 1 : -1], MAX_GAP)
    closed = np.r_[distances[:N_SMALLEST], distances[N_SMALLEST - 1] * np.cumprod(ratios)]
    return np.asarray(losses.min() + closed[places.reshape(-1)])


def fit_cost_model(X: FloatArray, cost: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Fit a ridge regression of the log cost on linear and quadratic terms of the features.

    Parameters
    ----------
    X : ndarray of shape (n_reports, n_features)
        Features in [0, 1].
    cost : ndarray of shape (n_reports,)
        Cost per unit of budget.

    Returns
    -------
    callable
        Maps features of shape (n_rows, n_features) to log costs of shape (n_rows,).
    """
    if not len(cost):
        return lambda Z: np.zeros(len(Z))
    A, y = X - 0.5, np.log(cost + 1e-9)

    def multiply_terms(B: FloatArray) -> FloatArray:
        """Return inner multiply_terms of the terms 1, x_i, and x_i x_j with i <= j, without forming them."""
        inner = B @ A.T
        return np.asarray(1 + inner + 0.5 * (inner**2 + B**2 @ A.T**2))

    mean = y.mean()
    weights = solve(multiply_terms(A) + 0.3 * np.eye(len(A)), y - mean, assume_a="pos")
    return lambda Z: np.asarray(mean + multiply_terms(Z - 0.5) @ weights)


def log_expected_improvement(mean: FloatArray, std: FloatArray, best: float) -> FloatArray:
    """Return the log expected improvement on the loss `best`, without underflow far from the optimum.

    Parameters
    ----------
    mean, std : ndarray of shape (n_rows,)
        Prediction of the loss.
    best : float

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    z = (best - mean) / std
    near, tail = np.maximum(z, -1.0), np.clip(z, -1e3, -1.0)
    # log of z * cdf(z) + pdf(z); in the tail, of pdf(z) * (1 + z * cdf(z) / pdf(z)), whose bracket tends to 1 / z^2.
    bracket = 1 + tail * np.exp(log_ndtr(tail) - _log_density(tail))
    far = _log_density(z) + np.where(z < -1e3, -2 * np.log(np.maximum(-z, 1.0)), np.log(bracket))
    plain = np.log(near * ndtr(near) + np.exp(_log_density(near)))
    return np.asarray(np.log(std) + np.where(z < -1, far, plain))


def _log_density(z: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (z * z + np.log(2 * np.pi)))

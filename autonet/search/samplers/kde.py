"""Sampler of BOHB: kernel density estimates of good and bad configurations.

Falkner, Klein & Hutter, "BOHB" (2018), arXiv 1807.01774, after the tree-structured Parzen estimator of Bergstra et
al., "Algorithms for Hyper-Parameter Optimization" (2011).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from ConfigSpace.hyperparameters import OrdinalHyperparameter
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr, ndtri

from autonet.core.typing import FloatArray
from autonet.search.history import History
from autonet.search.spaces.encoding import Encoding
from autonet.search.table import BUDGET, LOSS, TRIAL, TrialTable

__all__ = ["KernelDensitySampler"]

CANDIDATE_FACTOR = 20  # factor by which more candidates are drawn in spaces with forbidden clauses
MAX_ROWS = 200  # maximum number of rows of a density; the time of a proposal is linear in it


@dataclass(frozen=True)
class KernelDensitySampler:
    """Propose the candidate with the largest ratio of the densities of good and bad configurations.

    The densities are fitted to the trials at the highest budget at which 2 (d + 1) have finished, where d is the mean
    number of active hyperparameters.  Failed trials are bad at every budget; trials that run for the first time count
    as bad, so that proposals do not cluster.  A share of the proposals is near the best trial of a branch that has no
    good one: there, the loss of random values says little about that of the best ones.

    Attributes
    ----------
    random_share : float
        Probability of a random proposal.
    good_share : float
        Share of good trials; at least (d + 1) / 2 are good.
    n_candidates : int
        Number of candidates, which are drawn from the density of good configurations.
    bandwidth : float
        Standard deviation of the kernel of a single row, in units of a hyperparameter's range.  It shrinks with the
        number of rows (Scott's rule), but not with their spread, which would make the search collapse.
    branch_share : float
        Probability that the model proposes in a branch without good trials, if there is one.  A branch is where a
        conditional hyperparameter is active.
    """

    random_share: float = 0.15
    good_share: float = 0.15
    n_candidates: int = 24
    bandwidth: float = 0.15
    branch_share: float = 0.15

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        table = history.table(space)
        uses_model = history.best is not None and table.encoding.n_features and rng.random() >= self.random_share
        return table.choose(self._propose_rows(table, history, rng) if uses_model else (), rng)

    def _propose_rows(self, table: TrialTable, history: History, rng: np.random.Generator) -> FloatArray:
        """Return candidate rows, best first, of shape (n_candidates, n_hyperparameters); none with too few trials."""
        sets = self._good_and_bad(table, history)
        if sets is None:
            return np.empty((0, 0))
        encoding, good_rows, bad_rows = table.encoding, *(table.rows[trials] for trials in sets)
        bad, branch = Density(encoding, bad_rows, self.bandwidth), None
        leaders = _find_leaders(~np.isnan(np.vstack([good_rows, bad_rows])[:, encoding.free]), len(good_rows))
        if len(leaders) and rng.random() < self.branch_share:
            good_rows = bad_rows[[rng.choice(leaders) - len(good_rows)]]
            branch = np.isnan(good_rows)
        good = Density(encoding, good_rows, self.bandwidth)
        rows = good.draw(self.n_candidates, rng)
        if encoding.space.forbidden_clauses or branch is not None:  # few candidates may be legal, or in the branch
            rows = np.vstack([rows, good.draw(CANDIDATE_FACTOR * self.n_candidates, rng)])
            rows = rows[encoding.legal(rows) & (True if branch is None else (np.isnan(rows) == branch).all(axis=1))]
            rows = rows[: self.n_candidates]
        return rows[np.argsort(bad.log(rows) - good.log(rows), kind="stable")]

    def _good_and_bad(self, table: TrialTable, history: History) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
        """Return the numbers of good and of bad trials; None if there are too few."""
        reports, free = table.reports, table.encoding.free
        n_active = (~np.isnan(table.rows[:, free])).sum(axis=1).mean()
        least = math.ceil(n_active + 1)
        finite = np.isfinite(reports[:, LOSS])
        failed = reports[~finite, TRIAL].astype(int)
        pending = [number for number, trial in history.running.items() if not trial.reports]
        for budget in np.unique(reports[finite, BUDGET])[::-1]:
            here = reports[finite & (reports[:, BUDGET] == budget)]
            if len(here) < 2 * least:
                continue
            ranked = here[np.argsort(here[:, LOSS], kind="stable"), TRIAL].astype(int)
            n_good = min(max(math.ceil(least / 2), int(self.good_share * len(ranked))), MAX_ROWS)
            bad = np.r_[ranked[n_good:], failed, pending].astype(int)
            return ranked[:n_good], bad[np.linspace(0, len(bad) - 1, min(len(bad), MAX_ROWS)).astype(int)]
        return None


def _find_leaders(active: NDArray[np.bool_], n_good: int) -> NDArray[np.intp]:
    """Return the best trial of each branch without good trials.

    Parameters
    ----------
    active : ndarray of shape (n_trials, n_features)
        Which hyperparameters are active, the `n_good` good trials first.
    n_good : int
    """
    lost = active.any(axis=0) & ~active[:n_good].any(axis=0)
    return np.unique(active[:, lost].argmax(axis=0))


class Density:
    """Kernel density estimate: a mixture of one product kernel per row and the uniform distribution.

    Numbers and ordinals have a truncated normal kernel, categories the kernel of Aitchison and Aitken (1976),
    inactive entries the uniform distribution.  Densities are relative to the uniform one.

    Parameters
    ----------
    encoding : Encoding
    rows : ndarray of shape (n_rows, n_hyperparameters)
    bandwidth : float
        Standard deviation of the kernel of a single row.
    """

    def __init__(self, encoding: Encoding, rows: FloatArray, bandwidth: float) -> None:
        self.encoding, self.rows = encoding, rows
        sizes = np.array([float(encoding.hyperparameters[i].size) for i in encoding.free])
        self._ordinal = np.array(
            [isinstance(encoding.hyperparameters[i], OrdinalHyperparameter) for i in encoding.free]
        )
        self._unit = np.where(self._ordinal, sizes - 1, 1.0)
        self._X = self._columns(rows)
        n, d = (~np.isnan(self._X)).sum(axis=0), len(sizes)
        # Scott's rule; on a grid, at least half a step.
        self._h = np.maximum(bandwidth * np.maximum(n, 1) ** (-1 / (4 + d)), 0.5 / sizes)
        # Rule of succession: every category has a positive probability.
        self._n_categories = np.where(encoding.categorical, sizes, 1.0)
        self._share = self._n_categories / (n + self._n_categories)

    def _columns(self, rows: FloatArray) -> FloatArray:
        return rows[:, self.encoding.free] / self._unit

    def log(self, rows: FloatArray) -> FloatArray:
        """Return the log densities of rows of shape (n_rows, n_hyperparameters), of shape (n_rows,)."""
        Z, X, categorical = self._columns(rows), self._X, self.encoding.categorical
        with np.errstate(divide="ignore", invalid="ignore"):  # for categories, which have another kernel
            inside = np.log(ndtr((1 - X) / self._h) - ndtr(-X / self._h))
        difference = Z[:, None, :] - X[None, :, :]
        normal = -0.5 * (difference / self._h) ** 2 - np.log(self._h * np.sqrt(2 * np.pi)) - inside
        equal = np.log(self._share + (1 - self._share) * self._n_categories * (difference == 0))
        kernels = np.where(categorical, equal, normal)
        products = np.where(np.isnan(difference), 0.0, kernels).sum(axis=2)
        everywhere = np.zeros((len(Z), 1))
        return np.asarray(logsumexp(np.hstack([products, everywhere]), axis=1) - np.log(len(X) + 1))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Draw rows of shape (n, n_hyperparameters), forbidden ones included."""
        fresh = self.encoding.redraw(n, rng)
        X = np.vstack([self._X, np.full((1, self._X.shape[1]), np.nan)])[rng.integers(len(self._X) + 1, size=n)]
        u, low, high = rng.random(X.shape), ndtr(-X / self._h), ndtr((1 - X) / self._h)
        new = np.where(self.encoding.categorical, X, X + self._h * ndtri(low + u * (high - low))) * self._unit
        new[:, self._ordinal] = np.rint(new[:, self._ordinal])
        resampled = np.isnan(X) | (self.encoding.categorical & (u < self._share))
        fresh[:, self.encoding.free] = np.where(resampled, fresh[:, self.encoding.free], new)
        return self.encoding.canonicalize(fresh)

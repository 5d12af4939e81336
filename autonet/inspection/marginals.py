"""Marginal losses of hyperparameters: the mean prediction of random forests over all other hyperparameters."""

from collections.abc import Sequence

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.typing import FloatArray
from autonet.inspection.surrogate import LossForest, LossTable

__all__ = ["MarginalLosses"]

N_FORESTS = 4
N_ROWS = 128  # configurations that a mean is taken over
N_DRAWN = 8192  # configurations drawn to find those in which the hyperparameters are active


class MarginalLosses:
    """Mean losses of configurations in which some hyperparameters have given values.

    The mean is over configurations that are drawn from the priors of the space and in which they are active.

    Parameters
    ----------
    table : LossTable
    random_state : int, default=0
    """

    def __init__(self, table: LossTable, random_state: int = 0) -> None:
        self._encoding, self._rng = table.encoding, np.random.default_rng(random_state)
        self._forests = [LossForest(table, self._rng) for _ in range(N_FORESTS)]

    def predict(self, names: Sequence[str], points: FloatArray) -> FloatArray:
        """Predict mean losses at some points.

        Parameters
        ----------
        names : sequence of str
        points : ndarray of shape (n_points, n_names)
            Values in vector form; see `Encoding`.

        Returns
        -------
        ndarray of shape (n_points,)
            NaN where a hyperparameter is not active.

        Raises
        ------
        InvalidOption
            If the hyperparameters are never active together.
        """
        encoding = self._encoding
        known = [hp.name for hp in encoding.hyperparameters]
        columns = [known.index(name) for name in names]
        drawn = encoding.redraw(N_DRAWN, self._rng)
        rows = drawn[~np.isnan(encoding.canonicalize(drawn)[:, columns]).any(axis=1)][:N_ROWS]
        if not len(rows):
            raise InvalidOption(f"{' and '.join(map(repr, names))} are never active together; choose others.")
        one_each = np.repeat(rows[:1], len(points), axis=0)
        one_each[:, columns] = points
        active = ~np.isnan(encoding.canonicalize(one_each)[:, columns]).any(axis=1)
        all_rows = np.tile(rows, (active.sum(), 1))
        all_rows[:, columns] = np.repeat(points[active], len(rows), axis=0)
        X = encoding.features(all_rows)
        predicted = np.mean([forest.predict(X) for forest in self._forests], axis=0)
        result = np.full(len(points), np.nan)
        result[active] = predicted.reshape(-1, len(rows)).mean(axis=1)
        return result

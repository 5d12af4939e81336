"""Random forest of the losses of a search, for importance and marginal losses of hyperparameters."""

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, NoFinishedTrial
from autonet.core.typing import FloatArray
from autonet.search.extrapolation import losses_by_rung, raise_to_top
from autonet.search.history import History
from autonet.search.records import Status

__all__ = ["MIN_TRIALS", "LossForest", "LossTable", "count_tried"]

MIN_TRIALS = 4  # different configurations, below which a model says nothing
N_TREES = 16
MAX_ROWS = 1000  # trials that a tree is fitted to
# Losses are capped at this multiple of the distance from the best to the 90 percent quantile: a few diverged trials
# would otherwise be all of the variance.
FAR_OUT = 3.0


class LossTable:
    """Losses of the trials of a search beside their encoded configurations.

    Parameters
    ----------
    history : History
    space : ConfigSpace.ConfigurationSpace

    Attributes
    ----------
    encoding : Encoding
    rows : ndarray of shape (n_trials, n_hyperparameters)
        Encoded configurations, NaN where a hyperparameter is inactive.
    losses : ndarray of shape (n_trials,)
        Expected at the highest budget that any trial has reached; see `raise_to_top`.  Trials that crashed or diverged
        without a value have the largest loss.  Those without a result, such as running ones, are left out.
    budget : float
        That budget.

    Raises
    ------
    NoFinishedTrial
        If no trial has a value.
    InvalidOption
        If fewer than `MIN_TRIALS` configurations were tried.
    """

    def __init__(self, history: History, space: ConfigurationSpace) -> None:
        table = history.table(space)
        self.encoding = table.encoding
        curves = {trial.number: losses for trial in history if (losses := losses_by_rung(trial, history.rungs))}
        curves |= finish_pruned(history)
        reached = [level for losses in curves.values() for level, loss in losses.items() if np.isfinite(loss)]
        if not reached:
            raise NoFinishedTrial("No trial has a value yet, so there is nothing to fit a model of the losses to.")
        self.rows = table.rows[list(curves)]
        n_tried = count_tried(history, space)
        if n_tried < MIN_TRIALS:
            raise InvalidOption(
                f"A model of the losses needs at least {MIN_TRIALS} different configurations with a result; the search "
                f"has {n_tried}. Run more trials."
            )
        self.losses = cap_losses(raise_to_top(list(curves.values()), len(history.rungs)))
        self.budget = float(history.rungs.budgets[max(reached)])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the hyperparameters with more than one value, those of the columns of features."""
        return tuple(self.encoding.hyperparameters[i].name for i in self.encoding.free)


class LossForest:
    """Random forest that predicts losses from features of configurations and columns of random numbers.

    Inactive hyperparameters are drawn from their priors: as random numbers they say nothing about the loss, whereas a
    fixed value would let them stand in for the condition that makes them inactive.

    Parameters
    ----------
    table : LossTable
    rng : numpy.random.Generator
    n_noise : int
        Number of columns of random numbers after the features.
    """

    def __init__(self, table: LossTable, rng: np.random.Generator, n_noise: int = 0) -> None:
        from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - slow to import

        encoding, rows = table.encoding, table.rows
        rows = np.where(np.isnan(rows), encoding.redraw(len(rows), rng), rows)
        X = np.column_stack([encoding.features(rows), rng.random((len(rows), n_noise))])
        seed = int(rng.integers(2**31))
        forest = RandomForestRegressor(N_TREES, max_samples=min(len(X), MAX_ROWS), random_state=seed)
        self._forest = forest.fit(X, table.losses)

    def predict(self, X: FloatArray) -> FloatArray:
        """Predict losses of shape (n_rows,), given features and noise of shape (n_rows, n_features + n_noise)."""
        return np.asarray(self._forest.predict(X))


def count_tried(history: History, space: ConfigurationSpace) -> int:
    """Count the different configurations with a result, failures included."""
    table = history.table(space)
    rows = table.rows[[trial.number for trial in history if losses_by_rung(trial, history.rungs)]]
    return len({table.encoding.key(row) for row in rows})


def finish_pruned(history: History) -> dict[int, dict[int, float]]:
    """Return the losses of pruned trials that are expected at their end, by trial and by the index of the rung.

    A trial that was pruned at a step gets the median change of those that went on from there, since values of different
    steps are not comparable.  Trials that reported no step are left out.
    """
    sign, changes = -1.0 if history.maximize else 1.0, dict[int, list[float]]()
    for trial in history:
        if trial.last is not None:
            for step, value in trial.curve:
                changes.setdefault(step, []).append(trial.last.loss - sign * value)
    medians = {step: float(np.median(found)) for step, found in changes.items()}
    pruned = {
        trial.number: trial.reports[-1]
        for trial in history
        if trial.status is Status.PRUNED and trial.last is None and trial.curve and trial.curve[-1][0] in medians
    }
    return {
        number: {history.rungs.level(report.target): report.loss + medians[history.trials[number].curve[-1][0]]}
        for number, report in pruned.items()
        if np.isfinite(report.loss)
    }


def cap_losses(losses: FloatArray) -> FloatArray:
    """Cap losses that are far from all others, and give failures, which are infinite, the largest loss.

    Shape of input and output: (n_trials,).
    """
    finite = losses[np.isfinite(losses)]
    best = finite.min()
    far = best + FAR_OUT * (np.quantile(finite, 0.9) - best)
    return np.asarray(np.minimum(losses, min(finite.max(), far)))

"""Conformal calibration: intervals and sets that hold the truth as often as asked for.

Split conformal prediction (Vovk, Gammerman & Shafer, "Algorithmic learning in a random world", 2005) with the
validation rows as calibration set.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption
from autonet.core.spec import describable
from autonet.core.typing import Array
from autonet.core.validation import is_real
from autonet.data.targets.targets import Targets

__all__ = ["Conformal", "QuantileConformal", "Widths", "disagreement", "suits"]

Floats = NDArray[np.float64]

MAX_SCORES = 10_000  # scores that are kept, of all ranks
MIN_WIDTH_ROWS = 100  # for widths that differ by row
# Residuals below this share of their median count as it: their logarithms would rule the fit.
MIN_RESIDUAL_SHARE = 0.05
# Disagreement that counts as none, as a share of its median and of the predictions.
FLOOR_SHARE = 0.1
MIN_FLOOR = 1e-9
RIDGE = 1.0  # rows that pull the coefficients of the widths to zero
MEDIAN = 0.5  # level
MAX_DEVIATION = 3.0  # of a prediction from the mean, in standard deviations


@describable
@dataclass(frozen=True, eq=False)
class Widths:
    """Expected absolute residual of a row, log-linear in its prediction and in the disagreement of the members.

    Attributes
    ----------
    unit : ndarray of shape (n_targets,)
        Size of the predictions, in which everything else is given: squares of targets may overflow.
    center, scale : ndarray of shape (n_targets,)
        Mean and standard deviation of predictions.
    floor : ndarray of shape (n_targets,)
        Disagreement that is added to that of a row.
    coefficients : ndarray of shape (n_targets, 4)
        Of a constant, the logarithm of the disagreement, the prediction and its square.
    """

    unit: Floats
    center: Floats
    scale: Floats
    floor: Floats
    coefficients: Floats

    @classmethod
    def fit(cls, residuals: Array, prediction: Array, spread: Array) -> "Widths":
        """Fit the logarithms of absolute residuals by ridge regression.

        Parameters
        ----------
        residuals, prediction, spread : ndarray of shape (n, n_targets)
            Absolute residuals, predictions and the disagreement of the members.
        """
        n, n_targets = residuals.shape
        unit = np.abs(prediction).max(axis=0)
        unit = np.where(unit > 0, unit, 1.0)
        residuals, scaled = residuals / unit, prediction / unit
        deviation = scaled.std(axis=0)
        widths = cls(
            unit,
            scaled.mean(axis=0),
            np.where(deviation > 0, deviation, 1.0),
            np.maximum(FLOOR_SHARE * np.median(spread / unit, axis=0), MIN_FLOOR),
            np.zeros((n_targets, 4)),
        )
        for target in range(n_targets if n >= MIN_WIDTH_ROWS else 0):
            positive = residuals[:, target][residuals[:, target] > 0]
            if not len(positive):
                continue
            wanted = np.log(np.maximum(residuals[:, target], MIN_RESIDUAL_SHARE * np.median(positive)))
            design = widths._design(prediction, spread, target)
            mean = design.mean(axis=0) * (np.arange(4) > 0)
            centered = design - mean
            penalty = RIDGE * np.diag([0.0, 1.0, 1.0, 1.0])
            solved = np.linalg.solve(centered.T @ centered + penalty, centered.T @ wanted)
            widths.coefficients[target] = solved - np.array([solved @ mean, 0.0, 0.0, 0.0])
        return widths

    def predict(self, prediction: Array, spread: Array) -> Array:
        """Return the expected absolute residuals of rows (n, n_targets)."""
        targets = range(len(self.coefficients))
        logarithms = [self._design(prediction, spread, target) @ self.coefficients[target] for target in targets]
        return np.asarray(np.exp(np.stack(logarithms, axis=1)) * self.unit)

    def _design(self, prediction: Array, spread: Array, target: int) -> Floats:
        unit = self.unit[target]
        z = (prediction[:, target] / unit - self.center[target]) / self.scale[target]
        z = np.clip(z, -MAX_DEVIATION, MAX_DEVIATION)
        logarithm = np.log(spread[:, target] / unit + self.floor[target])
        return np.stack([np.ones_like(z), logarithm - np.log(self.floor[target]), z, z * z], axis=1)


@describable
@dataclass(frozen=True, eq=False)
class Conformal:
    """Conformal calibration of a model on its validation rows.

    Attributes
    ----------
    n_rows : int
        Number of validation rows.
    scores : list of ndarray
        Sorted scores of the validation rows, at most `MAX_SCORES` of them: per target, residuals relative to `widths`;
        or one array, of one minus the probability of the true class.
    weights : ndarray of shape (n_candidates,)
        Weights of the trials and tree ensembles, the first members of the ensemble: `n_folds` of each.
    n_folds : int
    widths : Widths or None
        None for classes.
    """

    n_rows: int
    scores: list[Floats]
    weights: Floats
    n_folds: int
    widths: Widths | None

    @classmethod
    def fit(
        cls, y: Array, candidates: Sequence[tuple[float, Sequence[Array]]], prediction: Sequence[Array]
    ) -> "Conformal":
        """Calibrate a model.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, n_targets)
            Class codes or values of the validation rows of all folds, one after the other.
        candidates : sequence of (float, sequence of ndarray)
            Weight of each candidate, and its predictions for the validation rows of each fold.
        prediction : sequence of ndarray
            Predictions of the model for them: (n_valid, n_classes), or (n_valid, n_targets).
        """
        mean, weights = np.concatenate(prediction), np.array([weight for weight, _ in candidates])
        n_folds = len(prediction)
        if y.ndim == 1:
            scores = [_thin(1.0 - mean[np.arange(len(y)), y])]
            return cls(len(y), scores, weights, n_folds, None)
        residuals = np.abs(y - mean)
        spread = disagreement(weights, [np.concatenate(parts) for _, parts in candidates])
        widths = Widths.fit(residuals, mean, spread)
        relative = residuals / widths.predict(mean, spread)
        return cls(len(y), [_thin(column) for column in relative.T], weights, n_folds, widths)

    def fits(self, n_outputs: int, n_members: int, *, is_regression: bool) -> bool:
        """Return whether its arrays suit a model of so many outputs and members."""
        n_targets = n_outputs if is_regression else 1
        widths = {} if self.widths is None else vars(self.widths)
        expected = {"coefficients": (n_targets, 4)}
        return (
            is_regression == (self.widths is not None)
            and all(np.shape(array) == expected.get(name, (n_targets,)) for name, array in widths.items())
            and [np.ndim(scores) for scores in self.scores] == [1] * n_targets
            and all(0 < len(scores) <= self.n_rows for scores in self.scores)
            and np.ndim(self.weights) == 1
            and 0 < len(self.weights) * self.n_folds <= n_members
        )

    def intervals(self, prediction: Array, spread: Array, coverage: float) -> Array:
        """Return the lower and the upper end of the interval of each row and target.

        Parameters
        ----------
        prediction, spread : ndarray of shape (n, n_targets)
            Predictions, and the disagreement of the members.
        coverage : float
            Share of the intervals that are to hold the truth.

        Returns
        -------
        ndarray of shape (n, n_targets, 2)
        """
        assert self.widths is not None  # noqa: S101 - of a regression
        half = self.widths.predict(prediction, spread) * _thresholds(self.scores, self.n_rows, coverage)
        return np.stack([prediction - half, prediction + half], axis=-1)

    def sets(self, probabilities: Array, coverage: float) -> NDArray[np.bool_]:
        """Return which classes are in the set of each row, at least the most probable one.

        The smallest sets on average: Sadinle, Lei & Wasserman, "Least ambiguous set-valued classifiers with bounded
        error levels" (2019).

        Parameters
        ----------
        probabilities : ndarray of shape (n, n_classes)
        coverage : float
            Share of the sets that are to hold the true class.

        Returns
        -------
        ndarray of shape (n, n_classes), bool
        """
        chosen = 1.0 - probabilities <= _thresholds(self.scores, self.n_rows, coverage)
        chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
        return np.asarray(chosen)


@describable
@dataclass(frozen=True, eq=False)
class QuantileConformal:
    """Conformal calibration of quantiles, the lower and the upper end of an interval each by itself.

    Romano, Patterson & Candes, "Conformalized quantile regression" (2019), theorem 2.

    Attributes
    ----------
    n_rows : int
        Number of validation rows.
    quantiles : tuple of float
        Levels.
    scores : list of ndarray
        Per level, how far the targets of the validation rows are outside of the predicted quantile, below it for levels
        below the median; sorted, at most `MAX_SCORES` of them.
    """

    n_rows: int
    quantiles: tuple[float, ...]
    scores: list[Floats]

    @classmethod
    def fit(cls, y: Array, prediction: Array, quantiles: tuple[float, ...]) -> "QuantileConformal":
        """Calibrate on targets (n, 1) of the validation rows, and their predicted quantiles (n, n_quantiles)."""
        outside = np.where(np.array(quantiles) < MEDIAN, prediction - y, y - prediction)
        return cls(len(y), quantiles, [_thin(column) for column in outside.T])

    def fits(self, quantiles: tuple[float, ...]) -> bool:
        """Return whether it is of these levels, and its arrays suit them."""
        return (
            self.quantiles == quantiles
            and [np.ndim(scores) for scores in self.scores] == [1] * len(quantiles)
            and all(0 < len(scores) <= self.n_rows for scores in self.scores)
        )

    def intervals(self, prediction: Array, coverage: float) -> Array:
        """Return the lower and the upper end of the interval of each row, between the most suitable two levels.

        Parameters
        ----------
        prediction : ndarray of shape (n, n_quantiles)
        coverage : float
            Share of the intervals that are to hold the truth.

        Returns
        -------
        ndarray of shape (n, 1, 2)
        """
        outside = _thresholds(self.scores, self.n_rows, coverage, n_ends=2)
        tail, levels = (1 - coverage) / 2, range(len(self.quantiles))
        below = [k for k in levels if self.quantiles[k] < MEDIAN]
        above = [k for k in levels if self.quantiles[k] > MEDIAN]
        if not (below and above):
            raise InvalidOption(
                f"predict_interval needs a quantile below 0.5 and one above it; quantiles is {list(self.quantiles)}. "
                "Fit with both, such as quantiles=[0.05, 0.95], or without quantiles."
            )
        low = min(below, key=lambda k: abs(self.quantiles[k] - tail))
        high = min(above, key=lambda k: abs(self.quantiles[k] - (1 - tail)))
        ends = prediction[:, low] - outside[low], prediction[:, high] + outside[high]
        middle = (ends[0] + ends[1]) / 2  # where narrow quantiles are drawn in so far that the ends cross
        return np.stack([np.minimum(ends[0], middle), np.maximum(ends[1], middle)], axis=-1)[:, None]


def suits(conformal: Conformal | QuantileConformal, targets: Targets, n_members: int) -> bool:
    """Return whether a calibration fits the targets and the number of members of a model."""
    if isinstance(conformal, QuantileConformal):
        return conformal.fits(targets.quantiles)
    is_regression = targets.kind == "regression"
    return not targets.quantiles and conformal.fits(targets.n_outputs, n_members, is_regression=is_regression)


def _thresholds(scores: Sequence[Floats], n_rows: int, coverage: Any, n_ends: int = 1) -> Floats:
    """Return what a share of the rows does not exceed, per array of scores.

    Parameters
    ----------
    scores : sequence of ndarray
        Sorted.
    n_rows : int
    coverage : float
    n_ends : {1, 2}
        Number of scores of an interval, each of which may exceed it in an equal part of the other rows.
    """
    if not (is_real(coverage) and 0 < coverage < 1):
        raise InvalidOption(f"coverage must be a number between 0 and 1; got {coverage!r:.60}.")
    rank = math.ceil((n_rows + 1) * (n_ends - 1 + coverage) / n_ends)
    if rank > n_rows:
        most = (n_rows + 1 - n_ends) / (n_rows + 1)
        raise InvalidOption(
            f"coverage={coverage:g} needs more validation rows than the {n_rows} of this model; ask for at "
            f"most {math.floor(1000 * most) / 1000:g}."
        )
    share = (rank - 1) / max(n_rows - 1, 1)
    return np.array([of_one[math.ceil(share * (len(of_one) - 1))] for of_one in scores])


def disagreement(weights: Array, predictions: Sequence[Array]) -> Array:
    """Return the weighted standard deviation of predictions (n, n_targets) of several candidates."""
    shares = weights / weights.sum()
    mean = np.sum([w * p for w, p in zip(shares, predictions, strict=True)], axis=0)
    deviations = [p - mean for p in predictions]
    unit = max(np.abs(deviation).max(initial=0.0) for deviation in deviations) or 1.0  # squares may overflow
    variance = np.sum([w * np.square(d / unit) for w, d in zip(shares, deviations, strict=True)], axis=0)
    return np.asarray(unit * np.sqrt(variance))


def _thin(scores: Array) -> Floats:
    """Sort scores (n,), and keep some of all ranks if there are many."""
    ordered = np.sort(scores.astype(np.float64))
    ranks = np.ceil(np.linspace(0, len(ordered) - 1, min(len(ordered), MAX_SCORES))).astype(np.intp)
    return np.asarray(ordered[ranks])

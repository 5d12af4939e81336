"""Validation: rows to train on and rows to validate on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from autonet.core.errors import DataWarning, InvalidOption
from autonet.core.modality import Data
from autonet.core.typing import Array
from autonet.core.validation import check_choice, is_integer
from autonet.core.warn import warn
from autonet.data.splits.duplicates import deduplicate
from autonet.data.splits.folds import Fold, split
from autonet.data.targets.targets import ClassTargets, RegressionTargets
from autonet.estimators.inputs import FitInputs
from autonet.estimators.options import Options
from autonet.estimators.scoring import find_unscorable
from autonet.estimators.time_plan import FOLDED_METRIC_SHARE, TimePlan
from autonet.metrics.metric import Metric

__all__ = ["ValidationPlan", "check_folds", "check_validation_rows", "use_validation_rows"]

DEFAULT_HOLDOUT = 0.3  # share of the rows, as in Auto-PyTorch
# cross_validator="auto": folds where there is time for several networks instead of one, so that every row trains and
# the networks are averaged; else a holdout, the smaller the more rows there are (docs/benchmarks/method.md).
N_FOLDS = 5
MIN_FOLDED_ROWS = 50
MAX_FOLDED_ROWS = 50_000  # with much time
FOLDED_ROWS_PER_SECOND = 25  # of a core, for up to so many columns:
FOLDED_COLUMNS = 100
MIN_FOLDED_SECONDS = 5.0  # below it folds leave too few epochs to each network
MAX_HOLDOUT = 0.25  # share of the rows


@dataclass(frozen=True)
class ValidationPlan:
    """Split of the rows of a fit.

    Attributes
    ----------
    inputs : FitInputs
    weights : ndarray of shape (n,) or None
        Sample weights.
    groups : ndarray of shape (n,) or None
    options : Options
    plan : TimePlan
    metric : Metric
        The metric to optimize.
    seed : int
    """

    inputs: FitInputs
    weights: Array | None
    groups: Array | None
    options: Options
    plan: TimePlan
    metric: Metric
    seed: int

    def split_rows(self) -> tuple[list[Fold], Array | None]:
        """Split the rows at random, or as `cross_validator` says; equal rows as in `deduplicate`.

        Automatic folds on which the metric is undefined give way to a holdout.

        Returns
        -------
        folds : list of Fold
        weights : ndarray of shape (n,) or None
            Weights of the rows, those of equal rows added up at one of them.
        """
        inputs, options, weights = self.inputs, self.options, self.weights
        chosen, rows = options.cross_validator, np.arange(len(inputs.data))
        is_ours = isinstance(chosen, str | Integral) and chosen != "time_series_split"
        if is_ours and options.shuffle and self.groups is None:
            rows, weights = deduplicate(inputs.data, inputs.y, weights)
        if not (isinstance(chosen, str) and chosen == "auto"):
            return self._split(rows, chosen, options.cross_validator_args or {}, DEFAULT_HOLDOUT), weights
        holdout = inputs.modality.holdout
        share = float(np.clip(holdout.rows / len(rows), holdout.min_share, MAX_HOLDOUT))
        for n_splits, n_repeats in self._list_folds(inputs.y[rows]):
            plain = "k_fold" if inputs.targets.kind == "regression" else "stratified_k_fold"
            name, arguments = plain, {"n_splits": n_splits}
            if n_repeats > 1:
                name, arguments = f"repeated_{plain}", {**arguments, "n_repeats": n_repeats}
            folds = self._split(rows, name, arguments, share)
            if not find_unscorable(self.metric, inputs.y, weights, folds, inputs.targets):
                return folds, weights
        return self._split(rows, "none", {}, share), weights

    def _split(self, rows: Array, cross_validator: Any, arguments: Mapping[str, Any], share: float) -> list[Fold]:
        """Split rows; `share` of them are held out unless the user gave another share."""
        inputs, options = self.inputs, self.options
        folds = split(
            inputs.y[rows],
            inputs.targets.kind,
            len(rows),
            validation_split=share if options.validation_split is None else options.validation_split,
            cross_validator=cross_validator,
            arguments=arguments,
            groups=self.groups,
            shuffle=options.shuffle,
            seed=self.seed,
            original=(inputs.X, inputs.targets.decode(inputs.y)),
        )
        return [Fold(rows[fold.train], rows[fold.valid]) for fold in folds]

    def _list_folds(self, y: Array) -> Iterator[tuple[int, int]]:
        """Yield the numbers of folds and of their repeats that there is time for, the most folds first."""
        options, n_rows = self.options, len(y)
        n_splits, n_repeats = _read_automatic_folds(options.cross_validator_args or {})
        if options.validation_split is not None or not options.shuffle or self.groups is not None:
            return
        counts = [n_rows] if self.inputs.targets.kind != "classification" else np.bincount(y)
        for splits, repeats in dict.fromkeys([(n_splits, n_repeats), (n_splits, 1), (min(n_splits, N_FOLDS), 1)]):
            if MIN_FOLDED_ROWS <= n_rows < self._max_folded_rows(splits * repeats) and max(counts) >= splits:
                yield splits, repeats

    def _max_folded_rows(self, n_folds: int) -> float:
        """Return the number of rows up to which there is time for so many folds."""
        plan, data, share = self.plan, self.inputs.data, min(N_FOLDS / n_folds, 1)
        least = self.inputs.modality.holdout.max_cv_rows * share
        if plan.unit != "time" or plan.runtime is None:
            return least
        core_seconds = plan.runtime * plan.workers(data) * share
        has_slow_metric = n_folds * self.metric.seconds > FOLDED_METRIC_SHARE * plan.runtime
        if core_seconds < MIN_FOLDED_SECONDS or has_slow_metric:
            return 0
        per_second = FOLDED_ROWS_PER_SECOND * FOLDED_COLUMNS / max(data.n_columns, FOLDED_COLUMNS)
        return float(np.clip(per_second * core_seconds, least, MAX_FOLDED_ROWS))


def _read_automatic_folds(arguments: Mapping[str, Any]) -> tuple[int, int]:
    """Read the numbers of folds and of their repeats for ``cross_validator="auto"``."""
    for name in arguments:
        check_choice("cross_validator_args of cross_validator='auto'", name, ("n_splits", "n_repeats"))
    n_splits, n_repeats = arguments.get("n_splits", N_FOLDS), arguments.get("n_repeats", 1)
    for name, value, least in (("n_splits", n_splits, 2), ("n_repeats", n_repeats, 1)):
        if not is_integer(value) or value < least:
            raise InvalidOption(
                f"{name} of cross_validator_args must be an integer of at least {least}; got {value!r}."
            )
    return int(n_splits), int(n_repeats)


def use_validation_rows(data: Data, y: Array, weights: Array | None, n_train: int) -> tuple[list[Fold], Array | None]:
    """Train on the first `n_train` rows, and validate on the others, each of weight 1.

    Parameters
    ----------
    data : Data
        Of `n` rows.
    y : ndarray of shape (n, ...)
    weights : ndarray of shape (n_train,) or None
    n_train : int

    Returns
    -------
    folds : list of Fold
    weights : ndarray of shape (n,) or None
    """
    train = data.rows(slice(n_train))
    rows, summed = deduplicate(train, y[:n_train], weights)
    valid = np.arange(n_train, len(data))
    if summed is None:
        return [Fold(rows, valid)], None
    return [Fold(rows, valid)], np.concatenate([summed / summed[rows].mean(), np.ones(len(valid))])


def check_validation_rows(groups: Array | None, options: Options) -> None:
    """Check that nothing else splits the rows.

    Raises
    ------
    InvalidOption

    Warns
    -----
    DataWarning
        If there is a `validation_split`.
    """
    if not (isinstance(options.cross_validator, str) and options.cross_validator in ("auto", "none")):
        raise InvalidOption("cross_validator has no effect with X_valid; pass only one of them.")
    if options.validation_split:  # scripts of Auto-PyTorch have both
        warn("validation_split has no effect with X_valid, which is validated on; remove it.", DataWarning)
    if groups is not None:
        raise InvalidOption("groups has no effect with X_valid; pass only one of them.")


def check_folds(metric: Metric, y: Array, weights: Array | None, folds: list[Fold], inputs: FitInputs) -> None:
    """Refuse validation rows on which the metric is undefined, whatever is predicted.

    Parameters
    ----------
    metric : Metric
    y : ndarray of shape (n,), (n, n_labels) or (n, n_targets)
    weights : ndarray of shape (n,) or None
    folds : list of Fold
    inputs : FitInputs

    Raises
    ------
    InvalidOption
    """
    targets = inputs.targets
    is_holdout = inputs.valid is None and len(folds) == 1
    if isinstance(targets, RegressionTargets) and is_holdout:  # of few rows a single one, which must do
        return
    if isinstance(targets, ClassTargets) and targets.n_outputs == 1:
        return
    found = find_unscorable(metric, y, weights, folds, targets)
    if found is None:
        return
    if inputs.valid is not None:
        where, advice = "X_valid", "other rows"
    elif len(folds) > 1:
        where, advice = f"Fold {found.fold + 1} of {len(folds)}", "a stratified cross_validator, other folds"
    else:
        where, advice = "The held-out part", "more such rows, another validation_split or shuffle, X_valid"
    raise InvalidOption(
        f"{where} has no {found.lacks.removeprefix('a ')}, without which the metric {metric.name!r} is undefined; pass "
        f"{advice}, or another metric."
    )

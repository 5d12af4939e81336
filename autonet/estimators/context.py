"""What `fit` is given to what a search works on: weights, equal rows, folds."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.alarms import Alarm, DeadlinePassed, enclosing_alarm
from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.modality import Data, Modality
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.data.splits.duplicates import deduplicate
from autonet.data.splits.folds import Fold, split
from autonet.data.targets.targets import ClassTargets, RegressionTargets, Targets
from autonet.estimators.options import Options
from autonet.estimators.scoring import find_unscorable, resolve_metrics
from autonet.estimators.time_plan import FOLDED_METRIC_SHARE, TimePlan
from autonet.metrics.metric import Metric
from autonet.pipeline.context import TrialContext

__all__ = ["FitInputs", "build_context"]

SHOWN = 5  # labels that a sentence names
SQUARABLE = 1e-150  # numbers between this and its inverse have squares within float64
HOLDOUT = 0.3  # share of the rows that is held out by default; that of Auto-PyTorch
# cross_validator="auto": tables are validated on folds, so that every row trains and several networks are averaged,
# where there is time for five times as many; of larger ones a share is held out, the smaller the more rows there are.
# Measured with 60 s on two cores, a holdout and `refit` against folds: log-loss 1.03 with 1,600 rows (kc1), 1.04 with
# 2,400 (splice), .98 and 1.00 with 4,100 (phoneme), RMSE .91 and 1.05 with 4,800 (nyc_taxis), log-loss .99 and 1.00
# with 9,200 (online_shoppers), RMSE .50 and .53 with 10,700 (naval); with 30 s .85 on phoneme: a break-even of about
# 25 rows per second of a core.  Columns beyond a hundred cost as rows do.
# Below five seconds folds leave too few epochs to each network: with 3 s their log-loss was 1.00 (kc1, 1,600 rows),
# 1.01 (splice, 2,400), 1.02 (credit_g, 750) and 1.19 times (vehicle, 630) that of a holdout; with 10 s .91 to 1.03.
FOLDS, FEWEST_ROWS, FOLDED_ROWS, FOLDED_FROM_SECONDS = 5, 50, (2500, 50_000), 5.0
ROWS_PER_SECOND, COLUMNS = 25, 100
# A metric of which a single call takes more of the runtime is refused, unless it is as quick as the second number.
SLOWEST_METRIC, LEAST_METRIC_SECONDS = 0.25, 1.0  # share, seconds
KINDS_OF_NO_WEIGHT = {"c": "complex ones", "M": "dates", "m": "durations"}  # kinds of NumPy's types
HELD_OUT_ROWS, HELD_OUT_SHARES = 2000, (0.1, 0.25)


@dataclass(frozen=True)
class FitInputs:
    """What `fit` was given, read.

    Attributes
    ----------
    modality : Modality
    X : object
        As it came.
    data : Data
    n_features : int
        Columns of the table before it was read.
    targets : ClassTargets, MultilabelTargets or RegressionTargets
    y : ndarray
        Class codes, labels or values.
    sample_weight, groups : array-like or None
        As they came.
    valid : tuple of Data and ndarray, or None
        Rows to validate on, and their codes, labels or values.
    """

    modality: Modality
    X: Any
    data: Data
    n_features: int
    targets: Targets
    y: Array
    sample_weight: Any
    groups: Any
    valid: tuple[Data, Array] | None


def build_context(
    inputs: FitInputs, metrics: Sequence[str | Callable[..., float]], options: Options, plan: TimePlan
) -> TrialContext:
    """Check weights and groups, split, and put together what the trials of a search share.

    Parameters
    ----------
    inputs : FitInputs
    metrics : sequence of str or callable
        The one to optimize, then those to record.
    options : Options
    plan : TimePlan
    """
    data, y, targets, seed = inputs.data, inputs.y, inputs.targets, options.seed()
    measures = _resolve_metrics(metrics, targets, y, options, plan)
    weights, groups = _check_weights(inputs.sample_weight, data), _check_groups(inputs.groups, data)
    if inputs.valid is None:
        folds, weights = _split_rows(inputs, weights, groups, options, plan, seed, measures[0])
    else:
        _check_validation_rows(inputs.valid, groups, options)
        n_train, data, y = len(data), data.joined(inputs.valid[0]), np.concatenate([y, inputs.valid[1]])
        folds, weights = _use_validation_rows(data, y, weights, n_train)
    weights = _apply_class_weight(options.class_weight, targets, y, weights, folds)
    if weights is not None and not all(weights[fold.train].any() for fold in folds):
        raise InvalidData("The weights of all training rows of a fold are zero; give some of them a weight.")
    _check_folds(measures[0], y, weights, folds, inputs)
    n_rows = sum(map(len, (folds[0].train, folds[0].valid)))
    return TrialContext(
        modality=inputs.modality,
        data=data,
        y=y,
        weights=weights,
        task=Task(targets.kind, n_rows, inputs.n_features, targets.n_outputs),
        folds=folds,
        metric=measures[0],
        additional_metrics=measures[1:],
        unit="time" if options.budget_type == "time" else "epochs",
        device=options.torch_device(),
        seed=seed,
    )


def _resolve_metrics(
    metrics: Sequence[str | Callable[..., float]], targets: Targets, y: Array, options: Options, plan: TimePlan
) -> list[Metric]:
    """Look the metrics up, and try them; refuse what takes a large part of the runtime for a single call."""
    limit = SLOWEST_METRIC * (plan.runtime or math.inf)
    try:
        with Alarm(time.monotonic() + max(limit, LEAST_METRIC_SECONDS)):
            chosen = resolve_metrics(metrics, targets, options.pos_label)
            for metric in chosen if targets.kind == "regression" else ():
                _check_scorable(metric, y)
    except DeadlinePassed as error:
        if time.monotonic() >= enclosing_alarm():
            raise
        raise InvalidOption(
            f"A call of a metric takes more than {SLOWEST_METRIC:.0%} of max_runtime={plan.runtime:g}; give a "
            "larger max_runtime, or a metric that is quicker."
        ) from error
    return chosen


def _check_scorable(metric: Metric, y: Array) -> None:
    """Refuse a metric that cannot be computed for these targets (n, n_targets), before any training."""
    perfect = metric.score(y, y)  # a logarithmic error refuses negative targets
    spread = np.ptp(y, axis=0)
    if not spread.any():  # a constant is predicted exactly
        return
    largest, smallest = np.abs(y).max(), spread[spread > 0].min()
    if largest <= 1 / SQUARABLE and smallest >= SQUARABLE:
        return
    with np.errstate(over="ignore", under="ignore"):
        score = metric.score(y, np.broadcast_to(y[0] + (y - y[0]).mean(axis=0), y.shape))
    if not np.isfinite(score) or score == perfect:
        raise InvalidData(
            f"y has values up to {largest:.3g} in a range of {smallest:.3g}, of which the metric "
            f"{metric.name!r} overflows or underflows; optimize 'r2', or give y in another unit."
        )


def _check_weights(sample_weight: Any, data: Data) -> NDArray[np.float64] | None:
    """Check weights of rows: one finite number from 0 on for each, not all of them 0."""
    if sample_weight is None:
        return None
    kind = np.asarray(sample_weight).dtype.kind
    if kind in KINDS_OF_NO_WEIGHT:
        raise InvalidData(f"sample_weight must hold real numbers; got {KINDS_OF_NO_WEIGHT[kind]}.")
    try:
        weights = np.asarray(sample_weight, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidData(f"sample_weight must hold numbers ({error}).") from error
    if weights.ndim == 0:
        weights = np.full(len(data), weights)
    if weights.ndim != 1:
        raise InvalidData(f"Sample weights must be 1D array or scalar: sample_weight has shape {weights.shape}.")
    if len(weights) != len(data):
        raise InvalidData(f"sample_weight has {len(weights)} entries and X has {len(data)} rows; give one per row.")
    if not np.isfinite(weights).all() or (weights < 0).any():
        bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
        raise InvalidData(
            f"Negative values in data passed to `sample_weight`, or NaN or infinity: row {bad[0]} has "
            f"{weights[bad[0]]}; give finite weights from 0 on."
        )
    if not weights.any():
        raise InvalidData("All entries of sample_weight are zero; give at least one row a weight.")
    return weights


def _check_validation_rows(valid: tuple[Data, Array], groups: Array | None, options: Options) -> None:
    """Check rows to validate on."""
    n_rows, n_entries = len(valid[0]), len(valid[1])
    if n_rows != n_entries:
        raise InvalidData(f"X_valid has {n_rows} rows and y_valid {n_entries} entries; give one entry per row.")
    if not (isinstance(options.cross_validator, str) and options.cross_validator in ("auto", "none")):
        raise InvalidOption("X_valid and cross_validator exclude each other: folds, or rows to validate on.")
    if groups is not None:
        raise InvalidOption("X_valid and groups exclude each other: groups are for splits, and nothing is split.")


def _check_groups(groups: Any, data: Data) -> Array | None:
    """Check groups of rows: one entry for each."""
    if groups is None:
        return None
    names: Array = np.asarray(groups)
    if names.ndim != 1 or len(names) != len(data):
        raise InvalidData(f"groups has shape {names.shape} and X has {len(data)} rows; give one group per row.")
    return names


def _apply_class_weight(
    class_weight: Mapping[Any, Any] | str | None, targets: Targets, y: Array, weights: Array | None, folds: list[Fold]
) -> Array | None:
    """Return what rows count: their weight times that of their class.

    Parameters
    ----------
    class_weight : mapping of label to weight, "balanced" or None
        Labels without a weight have 1; "balanced" is n / (n_classes n_k) for class k.
    targets : ClassTargets, MultilabelTargets or RegressionTargets
    y : ndarray
        Class codes.
    weights : ndarray of shape (n,), optional
    folds : list of Fold
        Whose rows "balanced" counts.
    """
    if class_weight is None:
        return weights
    if not isinstance(targets, ClassTargets):
        raise InvalidOption(f"class_weight={class_weight!r} needs one label per row; use sample_weight instead.")
    if not isinstance(class_weight, Mapping) and not (isinstance(class_weight, str) and class_weight == "balanced"):
        raise InvalidOption(f"class_weight must be 'balanced', a dictionary or None; got {class_weight!r:.60}.")
    if isinstance(class_weight, str):
        rows = np.concatenate([folds[0].train, folds[0].valid])
        counts = np.bincount(y[rows], None if weights is None else weights[rows], minlength=targets.n_outputs)
        of_class = counts.sum() / (targets.n_outputs * np.where(counts > 0, counts, 1.0))
    else:
        labels = targets.labels.tolist()
        unknown = [label for label in class_weight if label not in set(labels)]
        if unknown:
            raise InvalidOption(
                f"class_weight has weights for {unknown[:SHOWN]}, which y does not have; its labels: "
                f"{', '.join(map(repr, labels[:SHOWN]))}{', ...' if len(labels) > SHOWN else ''}."
            )
        for label, weight in class_weight.items():
            if not (isinstance(weight, int | float | np.integer | np.floating) and 0 <= weight < np.inf):
                raise InvalidOption(f"class_weight must hold finite numbers from 0 on; {label!r} has {weight!r}.")
        of_class = np.array([class_weight.get(label, 1.0) for label in labels], np.float64)
    return np.asarray(of_class[y] if weights is None else weights * of_class[y])


def _split_rows(
    inputs: FitInputs,
    weights: Array | None,
    groups: Array | None,
    options: Options,
    plan: TimePlan,
    seed: int,
    metric: Metric,
) -> tuple[list[Fold], Array | None]:
    """Split the rows for validation; where the split is a random one, equal ones as `deduplicate` says.

    Automatic folds on which the metric has no value give way to a holdout.

    Returns
    -------
    folds : list of Fold
    weights : ndarray of shape (n,) or None
        What each row counts: the weights of equal rows are summed up at one of them.
    """
    data, y, targets = inputs.data, inputs.y, inputs.targets
    chosen, rows = options.cross_validator, np.arange(len(data))
    ours = isinstance(chosen, str | Integral) and chosen != "time_series_split"
    if ours and options.shuffle and groups is None:
        rows, weights = deduplicate(data, y, weights)
    validator, share = chosen, HOLDOUT
    if isinstance(chosen, str) and chosen == "auto":
        most = _max_cross_validated_rows(data, plan, metric.seconds)
        validator, share = _choose_split(y[rows], targets, groups, options, most)

    def folds_by(cross_validator: Any) -> list[Fold]:
        folds = split(
            y[rows],
            targets.kind,
            len(rows),
            validation_split=share if options.validation_split is None else options.validation_split,
            cross_validator=cross_validator,
            arguments=options.cross_validator_args or {},
            groups=groups,
            shuffle=options.shuffle,
            seed=seed,
            known=(inputs.X, targets.decode(y)),
        )
        return [Fold(rows[fold.train], rows[fold.valid]) for fold in folds]

    folds = folds_by(validator)
    if validator is not chosen and len(folds) > 1 and find_unscorable(metric, y, weights, folds, targets):
        folds = folds_by("none")
    return folds, weights


def _check_folds(metric: Metric, y: Array, weights: Array | None, folds: list[Fold], inputs: FitInputs) -> None:
    """Refuse validation rows on which the metric has no value, whatever is predicted."""
    targets = inputs.targets
    held_out = inputs.valid is None and len(folds) == 1  # of a regression of few rows that is one, which has to do
    if (isinstance(targets, RegressionTargets) and held_out) or (
        isinstance(targets, ClassTargets) and targets.n_outputs == 1
    ):
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
        f"{where} has no {found.lacks.removeprefix('a ')}, without which the metric {metric.name!r} has no value; give "
        f"{advice}, or another metric."
    )


def _max_cross_validated_rows(data: Data, plan: TimePlan, metric_seconds: float) -> float:
    """Return with how many rows there is time for folds, and for a call of the metric for each."""
    if plan.unit != "time" or plan.runtime is None:
        return FOLDED_ROWS[0]
    core_seconds = plan.runtime * plan.workers(data)
    if core_seconds < FOLDED_FROM_SECONDS or FOLDS * metric_seconds > FOLDED_METRIC_SHARE * plan.runtime:
        return 0
    per_second = ROWS_PER_SECOND * COLUMNS / max(data.n_columns, COLUMNS)
    return float(np.clip(per_second * core_seconds, *FOLDED_ROWS))


def _choose_split(
    y: Array, targets: Targets, groups: Array | None, options: Options, most: float
) -> tuple[str | int, float]:
    """Choose between folds, for up to so many rows, and a holdout.

    Returns
    -------
    cross_validator : str or int
        "none", or a number of folds.
    validation_split : float
        Share of the rows for a holdout.
    """
    if options.cross_validator_args:
        raise InvalidOption("cross_validator='auto' takes no cross_validator_args; name a cross_validator.")
    n = len(y)
    share = float(np.clip(HELD_OUT_ROWS / n, *HELD_OUT_SHARES))
    asks_for_holdout = options.validation_split is not None or not options.shuffle or groups is not None
    has_enough = targets.kind != "classification" or np.bincount(y).max() >= FOLDS
    return "none" if asks_for_holdout or not FEWEST_ROWS <= n < most or not has_enough else FOLDS, share


def _use_validation_rows(data: Data, y: Array, weights: Array | None, n_train: int) -> tuple[list[Fold], Array | None]:
    """Validate on the rows that come after the first `n_train` ones, each of weight 1."""
    train = data.rows(slice(n_train))
    rows, summed = deduplicate(train, y[:n_train], weights)
    valid = np.arange(n_train, len(data))
    if summed is None:
        return [Fold(rows, valid)], None
    return [Fold(rows, valid)], np.concatenate([summed / summed[rows].mean(), np.ones(len(valid))])

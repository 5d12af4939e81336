"""The context that the trials of a fit share: data, folds, weights and metrics."""

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.component import Component
from autonet.core.errors import InvalidData
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.data.splits.checked import choose_checked
from autonet.data.splits.folds import Fold
from autonet.data.weights import check_sample_weight
from autonet.estimators.inputs import FitInputs, apply_class_weight, check_groups
from autonet.estimators.options import Options
from autonet.estimators.scoring import resolve_metrics
from autonet.estimators.time_plan import TimePlan
from autonet.estimators.validation import ValidationPlan, check_folds, check_validation_rows, use_validation_rows
from autonet.pipeline.context import TrialContext
from autonet.pipeline.unseen import UnseenRows

__all__ = ["build_context"]


def build_context(
    inputs: FitInputs,
    metrics: Sequence[str | Callable[..., float] | Component[Any]],
    options: Options,
    plan: TimePlan,
    earlier: list[Fold] | None = None,
) -> TrialContext:
    """Check weights and groups, split the rows, and build the context of the trials.

    Parameters
    ----------
    inputs : FitInputs
    metrics : sequence of str, callable or Component
        The one to optimize, then those to record.
    options : Options
    plan : TimePlan
    earlier : list of Fold, optional
        Folds of an earlier fit of the run, which had other limits.

    Raises
    ------
    InvalidData, InvalidOption
    """
    data, y, targets, seed = inputs.data, inputs.y, inputs.targets, options.draw_seed()
    metric, *additional_metrics = resolve_metrics(
        metrics, targets, y, pos_label=options.pos_label, runtime=plan.runtime
    )
    weights, groups = check_sample_weight(inputs.sample_weight, len(data)), check_groups(inputs.groups, data)
    if inputs.valid is None:
        folds, weights = ValidationPlan(inputs, weights, groups, options, plan, metric, seed).split_rows()
    else:
        check_validation_rows(groups, options)
        n_train, data, y = len(data), data.concat(inputs.valid[0]), np.concatenate([y, inputs.valid[1]])
        folds, weights = use_validation_rows(data, y, weights, n_train)
    folds = folds if earlier is None or inputs.valid is not None else earlier
    weights = apply_class_weight(options.class_weight, targets, y, weights, folds)
    if weights is not None:  # a weight of 0 is no row: neither networks nor encoders learn from it
        folds = [Fold(fold.train[weights[fold.train] > 0], fold.valid) for fold in folds]
    if not all(len(fold.train) for fold in folds):
        raise InvalidData("All training rows of a fold have weight 0; pass a positive weight for some of them.")
    check_folds(metric, y, weights, folds, inputs)
    n_rows = sum(map(len, (folds[0].train, folds[0].valid)))
    return TrialContext(
        modality=inputs.modality,
        data=data,
        y=y,
        weights=weights,
        task=Task(targets.kind, n_rows, inputs.n_features, targets.n_outputs, targets.quantiles),
        folds=folds,
        metric=metric,
        additional_metrics=additional_metrics,
        unit=options.unit,
        patience=options.early_stopping_patience,
        min_budget_for_cv=options.min_budget_for_cv or 0.0,
        checked_rows=_choose_checked(inputs, options, folds, groups, seed),
        device=options.resolve_device(),
        seed=seed,
        precision="float32" if options.precision == "auto" else options.precision,  # until it is timed
        max_parameters=math.inf if options.max_parameters is None else options.max_parameters,
        initial_weights=options.read_initial_weights(),
        unseen=inputs.test and UnseenRows.from_metrics(*inputs.test, [metric, *additional_metrics]),
    )


def _choose_checked(
    inputs: FitInputs, options: Options, folds: Sequence[Fold], groups: Array | None, seed: int
) -> NDArray[np.intp]:
    """Choose the validation rows that a refit leaves out; rows of the user's own to validate on stay unseen."""
    max_rows, fold = inputs.modality.refit.checked_rows, folds[0]
    if not max_rows or len(folds) > 1:
        return fold.valid[:0]
    if inputs.valid is not None:
        return fold.valid
    if options.refit_on_all_rows != "auto":
        return fold.valid[:0]
    if not isinstance(options.cross_validator, str | Integral):
        return fold.valid
    kind = inputs.targets.kind
    return choose_checked(fold, max_rows, inputs.y, kind, groups=groups, shuffle=options.shuffle, seed=seed)

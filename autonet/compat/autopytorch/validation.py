"""Resampling strategies of Auto-PyTorch 0.2.1, and the options of the estimators that they stand for."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice

__all__ = ["CrossValTypes", "HoldoutValTypes", "NoResamplingStrategyTypes", "ResamplingStrategy", "to_validation"]

VAL_SHARE = 0.33  # of the rows, Auto-PyTorch's default


class HoldoutValTypes(IntEnum):
    """Rows that are held out; classes are stratified in any case.

    Examples
    --------
    >>> from autonet.compat.autopytorch import HoldoutValTypes
    >>> HoldoutValTypes.holdout_validation.name
    'holdout_validation'
    """

    holdout_validation = 11
    stratified_holdout_validation = 12
    time_series_hold_out_validation = 13


class CrossValTypes(IntEnum):
    """Folds.

    Examples
    --------
    >>> from autonet.compat.autopytorch import CrossValTypes
    >>> CrossValTypes.k_fold_cross_validation.name
    'k_fold_cross_validation'
    """

    stratified_k_fold_cross_validation = 1
    k_fold_cross_validation = 2
    stratified_shuffle_split_cross_validation = 3
    shuffle_split_cross_validation = 4
    time_series_cross_validation = 5


class NoResamplingStrategyTypes(IntEnum):
    """All rows train; for `refit` only.

    Examples
    --------
    >>> from autonet.compat.autopytorch import NoResamplingStrategyTypes
    >>> NoResamplingStrategyTypes.no_resampling.name
    'no_resampling'
    """

    no_resampling = 8


ResamplingStrategy = HoldoutValTypes | CrossValTypes | NoResamplingStrategyTypes

# Splitter of scikit-learn, and the number of splits by default.
SPLITTERS = {
    CrossValTypes.stratified_k_fold_cross_validation: ("stratified_k_fold", 5),
    CrossValTypes.k_fold_cross_validation: ("k_fold", 5),
    CrossValTypes.stratified_shuffle_split_cross_validation: ("stratified_shuffle_split", 5),
    CrossValTypes.shuffle_split_cross_validation: ("shuffle_split", 5),
    CrossValTypes.time_series_cross_validation: ("time_series_split", 3),
}


def to_validation(strategy: ResamplingStrategy, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the options of an estimator for a resampling strategy.

    Parameters
    ----------
    strategy : HoldoutValTypes or CrossValTypes
    arguments : mapping, optional
        ``val_share`` of a holdout, ``num_splits`` of folds, ``shuffle``.

    Raises
    ------
    InvalidOption
        If there is no validation, or the strategy is not of Auto-PyTorch.
    UnknownName
        If it has no such argument.
    """
    given = dict(arguments or {})
    if isinstance(strategy, HoldoutValTypes):
        _check_names(strategy, given, "val_share")
        ordered = strategy is HoldoutValTypes.time_series_hold_out_validation
        share = given.get("val_share", VAL_SHARE)
        return {"cross_validator": "none", "validation_split": share, "shuffle": given.get("shuffle", not ordered)}
    if isinstance(strategy, CrossValTypes):
        _check_names(strategy, given, "num_splits")
        splitter, n_splits = SPLITTERS[strategy]
        splits = {"n_splits": given.get("num_splits", n_splits)}
        ordered = strategy is CrossValTypes.time_series_cross_validation
        return {
            "cross_validator": splitter,
            "cross_validator_args": splits,
            "shuffle": given.get("shuffle", not ordered),
        }
    if isinstance(strategy, NoResamplingStrategyTypes):
        raise InvalidOption(
            "no_resampling leaves no rows to select models on; pass a member of HoldoutValTypes or CrossValTypes, and "
            "call refit afterwards to train on all rows."
        )
    raise InvalidOption(
        f"resampling_strategy must be a member of HoldoutValTypes or CrossValTypes; got {strategy!r:.60}."
    )


def _check_names(strategy: ResamplingStrategy, given: Mapping[str, Any], own: str) -> None:
    for name in given:
        check_choice(f"argument of {strategy.name}", name, (own, "shuffle"))

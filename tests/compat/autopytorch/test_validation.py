"""Resampling strategies as options of the estimators."""

from typing import Any

import numpy as np
import pytest

from autonet.compat.autopytorch import CrossValTypes, HoldoutValTypes, NoResamplingStrategyTypes
from autonet.compat.autopytorch.validation import to_validation
from autonet.core.errors import InvalidOption, UnknownName
from autonet.data.splits.folds import split


def test_holdouts() -> None:
    options = to_validation(HoldoutValTypes.stratified_holdout_validation, {"val_share": 0.5})
    assert options == {"cross_validator": "none", "validation_split": 0.5, "shuffle": True}
    assert to_validation(HoldoutValTypes.holdout_validation)["validation_split"] == 0.33
    assert not to_validation(HoldoutValTypes.time_series_hold_out_validation)["shuffle"]


@pytest.mark.parametrize("strategy", CrossValTypes, ids=lambda strategy: strategy.name)
def test_folds_are_splitters_that_exist(strategy: CrossValTypes) -> None:
    options = to_validation(strategy, {"num_splits": 3})
    folds = split(
        np.arange(30) % 2,
        "classification",
        30,
        validation_split=0.3,
        cross_validator=options["cross_validator"],
        arguments=options["cross_validator_args"],
        groups=None,
        shuffle=options["shuffle"],
        seed=0,
        original=(np.zeros((30, 1)), np.arange(30) % 2),
    )
    assert len(folds) == 3


@pytest.mark.parametrize(
    ("strategy", "arguments", "message"),
    [
        (NoResamplingStrategyTypes.no_resampling, None, "no_resampling leaves no rows to select models on"),
        ("k_fold", None, "must be a member of HoldoutValTypes or CrossValTypes; got 'k_fold'"),
    ],
    ids=["no resampling", "a name"],
)
def test_what_has_no_validation_is_refused(strategy: Any, arguments: Any, message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        to_validation(strategy, arguments)


def test_unknown_arguments_are_refused() -> None:
    with pytest.raises(
        UnknownName, match=r"argument of k_fold_cross_validation 'n_splits'\. Did you mean 'num_splits'"
    ):
        to_validation(CrossValTypes.k_fold_cross_validation, {"n_splits": 3})

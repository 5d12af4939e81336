"""Pruners; those of Optuna do the same in `tests/search/optuna/test_pruners.py`."""

import math
from typing import Any

import pytest

from autonet.core.errors import InvalidOption
from autonet.search import pruners
from autonet.search.pruners import Pruner
from tests.search.pruners.pruning import LINES, steps_of


@pytest.mark.parametrize(
    ("pruner", "steps"),
    [
        (pruners.NopPruner(), [4, 4, 4, 4, 4]),
        (pruners.MedianPruner(n_startup_trials=2), [4, 4, 4, 1, 1]),
        (pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=2), [4, 4, 4, 3, 3]),
        (pruners.MedianPruner(n_startup_trials=2, n_min_trials=4), [4, 4, 4, 4, 1]),
        (pruners.PercentilePruner(100.0, n_startup_trials=1), [4, 4, 4, 1, 4]),
        (pruners.PercentilePruner(0.0, n_startup_trials=1), [4, 4, 1, 1, 1]),
        (pruners.ThresholdPruner(upper=2.5), [4, 4, 4, 1, 4]),
        (pruners.ThresholdPruner(lower=0.5, n_warmup_steps=1), [4, 2, 4, 4, 4]),
        (pruners.PatientPruner(pruners.ThresholdPruner(upper=-1.0), patience=1), [4, 4, 4, 4, 4]),
        (pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2), [4, 4, 2, 2, 2]),
        (pruners.SuccessiveHalvingPruner(1, 2, min_early_stopping_rate=1), [4, 4, 3, 3, 3]),
        (pruners.SuccessiveHalvingPruner(1, 2, bootstrap_count=1), [2, 3, 2, 2, 2]),
        (pruners.SuccessiveHalvingPruner(), [4, 4, 2, 2, 2]),
        (None, [4, 4, 4, 4, 4]),
    ],
    ids=str,
)
def test_each_prunes_by_its_rule(pruner: Pruner | None, steps: list[int]) -> None:
    assert steps_of(pruner, LINES) == steps
    negative = [[-value for value in line] for line in LINES]
    if not isinstance(pruner, pruners.ThresholdPruner):
        assert steps_of(pruner, negative, direction="maximize") == steps


def test_patience_ends_and_values_that_are_no_numbers_are_pruned() -> None:
    curves = [[3.0, 2.0, 2.5, 2.4, 2.6, 1.0], [3.0, 3.0, 3.0, 3.0, 3.0, 3.0]]
    assert steps_of(pruners.PatientPruner(None, patience=2), curves) == [5, 6]
    assert steps_of(pruners.PatientPruner(None, patience=2, min_delta=0.5), curves) == [6, 6]
    bad = [[1.0, 1.0], [math.nan, 1.0]]
    assert steps_of(pruners.ThresholdPruner(upper=9.0), bad) == [2, 1]
    assert steps_of(pruners.MedianPruner(), bad) == [2, 1]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: pruners.PercentilePruner(101), "percentile must be a number from 0 to 100; got 101"),
        (
            lambda: pruners.MedianPruner(interval_steps=0),
            "interval_steps of MedianPruner must be an integer of at least 1",
        ),
        (pruners.ThresholdPruner, "ThresholdPruner needs lower, upper or both"),
        (lambda: pruners.ThresholdPruner(2, 1), "with lower <= upper; got lower=2, upper=1"),
        (lambda: pruners.PatientPruner(None, -1), "patience of PatientPruner must be an integer of at least 0; got -1"),
        (lambda: pruners.PatientPruner(None, 1, -1.0), "min_delta must be a number of at least 0; got -1.0"),
        (lambda: pruners.SuccessiveHalvingPruner("many"), "min_resource of SuccessiveHalvingPruner must be an integer"),
        (
            lambda: pruners.HyperbandPruner(5, 4),
            "max_resource of HyperbandPruner must be an integer of at least 5; got 4",
        ),
    ],
)
def test_settings_are_checked(make: Any, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        make()

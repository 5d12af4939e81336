from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption, UnknownName, ValidationReused
from autonet.data.splits import cross_validation, holdout


@settings(deadline=None)
@given(
    n=st.integers(4, 300),
    classes=st.integers(1, 5),
    share=st.floats(0.05, 0.9),
    seed=st.integers(0, 100),
    kind=st.sampled_from(["classification", "regression"]),
)
def test_a_holdout_takes_every_row_once_and_a_seed_repeats_it(
    n: int, classes: int, share: float, seed: int, kind: str
) -> None:
    y = np.random.default_rng(seed).integers(0, classes, n)
    n_valid = min(max(round(share * n), 1), n - 2)
    fold = holdout(y, kind, share, seed)  # type: ignore[arg-type]
    assert sorted([*fold.train, *fold.valid]) == list(range(n))
    assert len(fold.valid) == n_valid
    again = holdout(y, kind, share, seed)  # type: ignore[arg-type]
    np.testing.assert_array_equal(fold.valid, again.valid)


def test_classes_keep_their_shares() -> None:
    y = np.repeat([0, 1, 2], [800, 150, 50])
    fold = holdout(y, "classification", 0.2, 0)
    assert np.bincount(y[fold.valid]).tolist() == [160, 30, 10]


def test_a_class_of_one_row_does_without_strata() -> None:
    y = np.array([0] * 20 + [1])
    assert len(holdout(y, "classification", 0.3, 0).valid) == 6


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_rows_do_both_with_a_warning(n: int) -> None:
    with pytest.warns(ValidationReused, match=f"{n} rows are too few"):
        fold = holdout(np.zeros(n), "regression", 0.3, 0)
    assert fold.train.tolist() == fold.valid.tolist() == list(range(n))


@pytest.mark.parametrize("name", ["k_fold", "stratified_k_fold"])
def test_folds_validate_every_row_once(name: str) -> None:
    y = np.arange(31) % 3
    folds = cross_validation(name, {"n_splits": 4}, y, "classification", seed=5)
    assert len(folds) == 4
    assert sorted(row for fold in folds for row in fold.valid) == list(range(31))
    assert all(not set(fold.train) & set(fold.valid) for fold in folds)


def test_impossible_folds_are_refused() -> None:
    with pytest.raises(InvalidOption, match="Cannot have number of splits n_splits=9"):
        cross_validation("k_fold", {"n_splits": 9}, np.zeros(4), "regression", 0)


@settings(deadline=None, max_examples=40)
@given(
    counts=st.lists(st.integers(2, 80), min_size=1, max_size=6),
    share=st.floats(0.2, 0.8),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_class_keeps_its_share_to_within_a_row(counts: list[int], share: float, seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    n, n_valid = len(y), max(round(share * len(y)), 1)
    if n < 4 or n - n_valid < 2 or min(n_valid, n - n_valid) < len(counts):
        return
    fold = holdout(y, "classification", share, seed)
    of_class = np.bincount(y[fold.valid], minlength=len(counts))
    assert np.all(np.abs(of_class - np.array(counts) * n_valid / n) < 1)


def test_other_seeds_hold_out_other_rows() -> None:
    y = np.arange(100) % 2
    first, second = (holdout(y, "classification", 0.3, seed) for seed in (0, 1))
    assert set(first.valid) != set(second.valid)
    assert set(holdout(y * 1.0, "regression", 0.3, 0).valid) != set(holdout(y * 1.0, "regression", 0.3, 1).valid)


def test_several_regression_targets_are_no_classes() -> None:
    y = np.random.default_rng(0).normal(size=(50, 3))
    fold = holdout(y, "regression", 0.3, 0)
    assert (len(fold.train), len(fold.valid)) == (35, 15)
    assert len(cross_validation("k_fold", {}, y, "regression", 0)) == 3


def test_stratified_folds_keep_the_shares_of_the_classes() -> None:
    y = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [60, 30, 9]))
    for fold in cross_validation("stratified_k_fold", {}, y, "classification", seed=1):
        assert np.bincount(y[fold.valid]).tolist() == [20, 10, 3]


@pytest.mark.parametrize("name", ["k_fold", "stratified_k_fold"])
def test_folds_are_repeated_by_their_seed_and_differ_without(name: str) -> None:
    y = np.arange(60) % 2

    def first(seed: int, **arguments: Any) -> list[int]:
        return cross_validation(name, arguments, y, "classification", seed)[0].valid.tolist()

    assert first(0) == first(0) != first(1)
    assert first(0, random_state=5) == first(1, random_state=5)
    assert first(0, shuffle=False) == first(1, shuffle=False)


def test_classes_cannot_be_stratified_without_classes() -> None:
    with pytest.raises(InvalidOption, match="cross_validator='stratified_k_fold' needs classes; use 'k_fold'"):
        cross_validation("stratified_k_fold", {}, np.zeros(9), "regression", 0)


def test_mistaken_cross_validators_are_named() -> None:
    with pytest.raises(UnknownName, match=r"Unknown cross_validator 'kfold'\. Did you mean 'k_fold'"):
        cross_validation("kfold", {}, np.zeros(9), "regression", 0)
    with pytest.raises(InvalidOption, match=r"cross_validator='k_fold' with \{'folds': 3\}: .*'folds'"):
        cross_validation("k_fold", {"folds": 3}, np.zeros(9), "regression", 0)

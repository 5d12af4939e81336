"""Rows that are held out: shares of classes, and whole groups."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidData, InvalidOption
from autonet.data.splits.folds import split
from tests.data.splits.rows import a_target, rows

KINDS = st.sampled_from(["classification", "multilabel", "regression"])

SEED = st.integers(0, 2**32 - 1)


@settings(max_examples=100)
@given(n=st.integers(4, 300), share=st.floats(0.02, 0.9), seed=SEED, kind=KINDS, shuffle=st.booleans())
def test_a_holdout_takes_every_row_once_and_a_seed_repeats_it(
    n: int, share: float, seed: int, kind: Any, shuffle: bool
) -> None:
    y = a_target(kind, n, seed)
    (fold,) = split(y, kind, n, validation_split=share, shuffle=shuffle, seed=seed)
    assert sorted([*fold.train, *fold.valid]) == list(range(n))
    assert np.all(np.diff(fold.train) > 0)
    assert np.all(np.diff(fold.valid) > 0)
    n_valid = min(max(round(share * n), 1), n - 2)
    n_classes = len(np.unique(y)) if kind == "classification" and shuffle else 0
    assert 1 <= len(fold.valid) <= n_valid
    assert len(fold.valid) >= n_valid - n_classes  # less only where a class keeps its last row
    assert rows([fold]) == rows(split(y, kind, n, validation_split=share, shuffle=shuffle, seed=seed))


@settings(max_examples=100)
@given(counts=st.lists(st.integers(1, 80), min_size=1, max_size=8), share=st.floats(0.05, 0.9), seed=SEED)
def test_every_class_keeps_its_share_to_within_a_row_and_trains(counts: list[int], share: float, seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    n = len(y)
    if n < 4 or max(counts) == 1:
        return
    n_valid = min(max(round(share * n), 1), n - 2)
    (fold,) = split(y, "classification", n, validation_split=share, seed=seed)
    of_class = np.bincount(y[fold.valid], minlength=len(counts))
    assert np.all(np.abs(of_class - np.array(counts) * n_valid / n) <= 1 + 1e-9)
    assert set(y[fold.train]) == set(y)
    several = {k for k, count in enumerate(counts) if count > 1}
    if sum(max(int(count * n_valid / n), 1) for count in counts) <= n_valid:
        assert several <= set(y[fold.valid])


def test_classes_keep_their_shares() -> None:
    y = np.repeat([0, 1, 2], [800, 150, 50])
    (fold,) = split(y, "classification", 1000, validation_split=0.2)
    assert np.bincount(y[fold.valid]).tolist() == [160, 30, 10]


def test_a_class_of_one_row_trains() -> None:
    y = np.array([0] * 20 + [1] + [2] * 4)
    for seed in range(10):
        (fold,) = split(y, "classification", 25, validation_split=0.3, seed=seed)
        assert 20 in fold.train
        assert len(fold.valid) == 8


def test_rows_that_are_all_of_different_classes_are_drawn() -> None:
    (fold,) = split(np.arange(10), "classification", 10, validation_split=0.3)
    assert len(fold.valid) == 3


@settings(max_examples=30)
@given(n=st.integers(50, 400), share=st.floats(0.1, 0.5), seed=SEED)
def test_targets_are_held_out_over_their_whole_range(n: int, share: float, seed: int) -> None:
    y = np.exp(np.random.default_rng(seed).normal(size=(n, 1)) * 2)
    (fold,) = split(y, "regression", n, validation_split=share, seed=seed)
    ranks = np.sort(np.argsort(np.argsort(y[:, 0]))[fold.valid]) / n
    n_bins = min(10, len(fold.valid))
    per_bin = np.bincount((ranks * n_bins).astype(int), minlength=n_bins)
    assert np.all(np.abs(per_bin - len(fold.valid) / n_bins) <= 2)


def test_combinations_of_labels_are_shared() -> None:
    y = np.repeat([[0, 0], [1, 0], [0, 1], [1, 1]], [50, 30, 18, 2], axis=0)
    (fold,) = split(y, "multilabel", 100, validation_split=0.2)
    combinations = np.bincount(y[fold.valid] @ [1, 2], minlength=4)
    assert combinations[0] == 10
    assert combinations[1] == 6
    assert combinations[2:].sum() == 4


@settings(max_examples=40)
@given(n=st.integers(10, 300), n_groups=st.integers(2, 40), seed=SEED, kind=KINDS, shuffle=st.booleans())
def test_groups_are_held_out_whole(n: int, n_groups: int, seed: int, kind: Any, shuffle: bool) -> None:
    groups = np.array([f"g{code}" for code in np.random.default_rng(seed).integers(0, n_groups, n)])
    groups[:2] = ["g0", "g1"]
    y = a_target(kind, n, seed)
    (fold,) = split(y, kind, n, validation_split=0.3, groups=groups, shuffle=shuffle, seed=seed)
    assert not set(groups[fold.train]) & set(groups[fold.valid])
    assert len(fold.train)
    largest = np.unique(groups, return_counts=True)[1].max()
    assert abs(len(fold.valid) - 0.3 * n) <= largest
    assert rows([fold]) == rows(split(y, kind, n, validation_split=0.3, groups=groups, shuffle=shuffle, seed=seed))


def test_groups_are_drawn_so_that_shares_are_met_and_all_classes_train() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), rng.integers(1, 20, 60))
    rare = np.isin(groups, [3, 30])  # a class of two groups
    y = np.where(rare, 2, groups % 2)
    n = len(y)
    for seed in range(5):
        (fold,) = split(y, "classification", n, validation_split=0.25, groups=groups, seed=seed)
        assert abs(len(fold.valid) / n - 0.25) < 0.02
        assert abs(np.mean(y[fold.valid] == 1) - np.mean(y == 1)) < 0.1
        assert set(y[fold.train]) == {0, 1, 2}


def test_the_last_groups_validate_in_the_order_of_time() -> None:
    groups = np.array(["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"])
    (fold,) = split(np.zeros((10, 1)), "regression", 10, validation_split=0.4, groups=groups, shuffle=False)
    assert fold.valid.tolist() == [6, 7, 8, 9]


def test_groups_that_cannot_be_split_are_refused() -> None:
    with pytest.raises(InvalidOption, match="All rows are in one group, so none can be held out"):
        split(np.zeros((9, 1)), "regression", 9, groups=np.zeros(9))
    with pytest.raises(InvalidData, match="groups has 3 values for 9 rows; pass one per row"):
        split(np.zeros((9, 1)), "regression", 9, groups=np.zeros(3))


def test_groups_of_several_types_are_told_apart() -> None:
    groups = np.array(["a", 1, "a", 1, 2, 2], dtype=object)
    (fold,) = split(np.zeros((6, 1)), "regression", 6, groups=groups)
    assert not set(groups[fold.train]) & set(groups[fold.valid])

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import model_selection

from autonet.core.errors import InvalidData, InvalidOption, UnknownName, ValidationReused
from autonet.data.splits.folds import CROSS_VALIDATORS, Fold, split

SEED = st.integers(0, 2**32 - 1)
KINDS = st.sampled_from(["classification", "multilabel", "regression"])


def a_target(kind: str, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "classification":
        return rng.integers(0, rng.integers(1, 6), n)
    if kind == "multilabel":
        return (rng.random((n, 3)) < rng.random(3)).astype(np.int64)
    return np.round(rng.normal(size=(n, 2)), 1)


def rows(folds: list[Fold]) -> list[tuple[list[int], list[int]]]:
    return [(fold.train.tolist(), fold.valid.tolist()) for fold in folds]


# ---- holdout --------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_rows_do_both_with_a_warning(n: int) -> None:
    with pytest.warns(ValidationReused, match=f"{n} rows? (is|are) too few"):
        folds = split(np.zeros((n, 1)), "regression", n)
    assert rows(folds) == [(list(range(n)), list(range(n)))]


def test_rows_in_the_order_of_time_validate_at_the_end() -> None:
    assert rows(split(np.arange(10) % 2, "classification", 10, shuffle=False)) == [(list(range(7)), [7, 8, 9])]


def test_other_seeds_hold_out_other_rows() -> None:
    y = np.arange(100) % 2
    for kind, target in (("classification", y), ("regression", y[:, None] * 1.0), ("multilabel", y[:, None])):
        assert rows(split(target, kind, 100, seed=0)) != rows(split(target, kind, 100, seed=1))  # type: ignore[arg-type]


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


# ---- cross-validation -----------------------------------------------------------------------------------------------

ONCE = ["k_fold", "stratified_k_fold", "group_k_fold", "stratified_group_k_fold", "leave_one_group_out"]


@settings(max_examples=100)
@given(
    name=st.sampled_from(CROSS_VALIDATORS[1:]),
    kind=KINDS,
    n=st.integers(30, 120),
    seed=SEED,
)
def test_folds_of_every_cross_validator(name: str, kind: Any, n: int, seed: int) -> None:
    y = a_target(kind, n, seed)
    if kind == "classification":
        y[:10] = 0  # scikit-learn wants n_splits rows of some class
    groups = np.random.default_rng(seed).permutation(np.arange(n) % 8) if "group" in name else None

    def folds(seed: int = seed) -> list[Fold]:
        return split(y, kind, n, cross_validator=name, groups=groups, seed=seed)

    made = folds()
    assert len(made) == {"leave_one_group_out": 8}.get(name, 6 if "repeated" in name else 3)
    for fold in made:
        assert len(fold.train)
        assert len(fold.valid)
        assert not set(fold.train) & set(fold.valid)
        assert np.all(np.diff(fold.train) > 0)
        assert np.all(np.diff(fold.valid) > 0)
        if groups is not None:
            assert not set(groups[fold.train]) & set(groups[fold.valid])
        elif kind == "classification" and name == "stratified_k_fold":
            several = np.flatnonzero(np.bincount(y) > 1)
            assert set(several) <= set(y[fold.train])
            counts = np.bincount(y) / 3 - np.bincount(y[fold.valid], minlength=y.max() + 1)
            assert np.all(np.abs(counts) < 1)
    if name in ONCE:
        assert sorted(row for fold in made for row in fold.valid) == list(range(n))
    assert rows(made) == rows(folds())


@pytest.mark.parametrize(
    "name", [n for n in CROSS_VALIDATORS[1:] if n not in ("time_series_split", "leave_one_group_out")]
)
def test_folds_differ_by_their_seed(name: str) -> None:
    y, groups = np.arange(60) % 2, np.arange(60) // 3 if "group" in name else None

    def first(seed: int, **arguments: Any) -> Any:
        return rows(split(y, "classification", 60, cross_validator=name, arguments=arguments, groups=groups, seed=seed))

    assert first(0) != first(1)
    assert first(0, random_state=5) == first(1, random_state=5)


@pytest.mark.parametrize("name", ["k_fold", "stratified_k_fold"])
def test_folds_of_rows_in_the_order_of_time(name: str) -> None:
    def folds(seed: int, **options: Any) -> Any:
        return rows(split(np.arange(12) // 2 % 2, "classification", 12, cross_validator=name, seed=seed, **options))

    assert folds(0, shuffle=False) == folds(1, shuffle=False) == folds(2, arguments={"shuffle": False})
    if name == "k_fold":
        assert [valid for _, valid in folds(0, shuffle=False)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_time_series_train_on_the_past() -> None:
    folds = split(np.zeros((12, 1)), "regression", 12, cross_validator="time_series_split")
    assert [valid for _, valid in rows(folds)] == [[3, 4, 5], [6, 7, 8], [9, 10, 11]]
    assert all(fold.train.max() < fold.valid.min() for fold in folds)


@pytest.mark.parametrize("cross_validator", ["stratified_k_fold", 3])
def test_a_class_of_two_rows_is_in_the_training_part_of_all_folds(cross_validator: Any) -> None:
    y = np.array([0] * 10 + [1] * 10 + [2] * 2)
    for fold in split(y, "classification", 22, cross_validator=cross_validator):
        assert 2 in y[fold.train]


def test_stratified_draws_take_classes_of_one_row() -> None:
    y = np.array([0] * 10 + [1] * 10 + [2])
    for fold in split(y, "classification", 21, cross_validator="stratified_shuffle_split"):
        assert len(fold.valid) == 7


def test_stratified_folds_of_a_regression_have_its_range() -> None:
    y = np.random.default_rng(0).normal(size=(90, 1))
    for fold in split(y, "regression", 90, cross_validator="stratified_k_fold"):
        thirds = np.argsort(np.argsort(y[:, 0]))[fold.valid] // 30
        assert np.all(np.abs(np.bincount(thirds) - 10) <= 2)


def test_a_number_of_folds_stratifies_classes_and_keeps_groups() -> None:
    y = np.repeat([0, 1], [40, 10])
    for fold in split(y, "classification", 50, cross_validator=5):
        assert np.bincount(y[fold.valid]).tolist() == [8, 2]
    assert len(split(y[:, None] * 1.0, "regression", 50, cross_validator=np.int64(4))) == 4
    groups = np.arange(50) % 10
    for kind, target in (("classification", y), ("regression", y[:, None] * 1.0)):
        for fold in split(target, kind, 50, cross_validator=5, groups=groups):  # type: ignore[arg-type]
            assert not set(groups[fold.train]) & set(groups[fold.valid])


def test_splitters_of_scikit_learn_are_asked_with_the_target_and_the_groups() -> None:
    y, groups = np.repeat([0, 1], [40, 20]), np.arange(60) // 3
    stratified = model_selection.StratifiedKFold(4)
    expected = [(a.tolist(), b.tolist()) for a, b in stratified.split(np.zeros(60), y)]
    assert rows(split(y, "classification", 60, cross_validator=stratified)) == expected
    grouped = model_selection.GroupKFold(3)
    expected = [(a.tolist(), b.tolist()) for a, b in grouped.split(np.zeros(60), y, groups)]
    assert rows(split(y, "classification", 60, cross_validator=grouped, groups=groups)) == expected
    own = model_selection.PredefinedSplit(np.where(np.arange(60) < 20, 0, -1))
    assert rows(split(y[:, None] * 1.0, "regression", 60, cross_validator=own)) == [
        (list(range(20, 60)), list(range(20)))
    ]


def test_folds_can_be_given() -> None:
    given_ = [([4, 0, 1], [3, 2]), (np.array([2, 3]), np.array([0]))]
    expected = [([0, 1, 4], [2, 3]), ([2, 3], [0])]
    assert rows(split(np.zeros((5, 1)), "regression", 5, cross_validator=given_)) == expected
    assert rows(split(np.zeros((5, 1)), "regression", 5, cross_validator=(pair for pair in given_))) == expected


@pytest.mark.parametrize(
    ("cross_validator", "sentence"),
    [
        ([], r"cross_validator=\[\] makes no folds; give at least one pair"),
        ([([0, 1], [1, 2])], r"1 rows both train and validate \(row 1\); keep them apart"),
        ([([0, 1], [9])], "validation rows must be 0 to 8; got 9 to 9"),
        ([([-1, 1], [2])], "training rows must be 0 to 8; got -1 to 1"),
        ([([0, 1], [])], "the validation rows of a fold must be a list of at least one"),
        ([([0.5, 1], [2])], "training rows must be whole numbers; got float64"),
        ([([True, False], [2])], r"training rows must be whole numbers; got bool \(use np.flatnonzero\)"),
        ([([0], [1], [2])], r"a fold must be a pair \(train, test\) of row numbers; got \(\[0\], \[1\], \[2\]\)"),
        (1, "cross_validator='k_fold' with {'n_splits': 1}: .*n_splits=2 or more"),
        (10, "cross_validator='k_fold' with {'n_splits': 10}: Cannot have number of splits n_splits=10"),
        (True, "cross_validator=True is not a number of folds; pass an integer of at least 2"),
        (2.5, "must be a name, a number of folds, a splitter .* or a list .*; got 2.5"),
        (model_selection.GroupKFold(2), "cross_validator=GroupKFold.*: The 'groups' parameter should not be None"),
        (model_selection.StratifiedKFold(2), "Supported target types are"),
    ],
)
def test_impossible_folds_are_refused(cross_validator: Any, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        split(np.linspace(0, 1, 9)[:, None], "regression", 9, cross_validator=cross_validator)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cross_validator": "k_fold", "arguments": {"folds": 3}}, r"='k_fold' with \{'folds': 3\}: .*'folds'"),
        ({"cross_validator": "k_fold", "arguments": {"n_splits": 99}}, "number of splits n_splits=99"),
        ({"cross_validator": "group_k_fold"}, "='group_k_fold' requires groups; pass groups to fit"),
        ({"cross_validator": "k_fold", "groups": np.arange(9)}, "ignores groups; use 'group_k_fold'"),
        ({"cross_validator": "shuffle_split", "shuffle": False}, "shuffles the rows; use 'k_fold' or 'time_series"),
        ({"arguments": {"n_splits": 3}}, "cross_validator_args has no effect with cross_validator='none'"),
        (
            {"cross_validator": [([0], [1])], "arguments": {"n_splits": 3}},
            "to be a name or a number; got a splitter or folds",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        split(np.linspace(0, 1, 9)[:, None], "regression", 9, **options)


def test_mistaken_cross_validators_are_named() -> None:
    with pytest.raises(UnknownName, match=r"Unknown cross_validator 'kfold'\. Did you mean 'k_fold'"):
        split(np.zeros((9, 1)), "regression", 9, cross_validator="kfold")

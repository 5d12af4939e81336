from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import model_selection

from autonet.core.errors import InvalidOption, UnknownName, ValidationReused
from autonet.data.splits.folds import CROSS_VALIDATORS, Fold, split
from tests.data.splits.rows import a_target, rows

SEED = st.integers(0, 2**32 - 1)
KINDS = st.sampled_from(["classification", "multilabel", "regression"])


# ---- holdout --------------------------------------------------------------------------------------------------------


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

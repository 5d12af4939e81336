import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption, ValidationReused
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
    n_valid = min(max(round(share * n), 1), n - 1)
    if n - n_valid < 2:
        return
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

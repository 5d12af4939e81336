from typing import Any

import numpy as np
import pytest

from autonet.data.splits.checked import choose_checked
from autonet.data.splits.folds import Fold


def fold(n_train: int, n_valid: int) -> Fold:
    rows = np.random.default_rng(0).permutation(n_train + n_valid)
    return Fold(rows[:n_train], rows[n_train:])


def targets(split: Fold) -> tuple[Any, Any]:
    return np.arange(max(split.train.max(), split.valid.max()) + 1) % 3, "classification"


@pytest.mark.parametrize(
    ("n_train", "n_valid", "n"),
    [
        (9000, 1000, 300),  # as many as asked for
        (3600, 400, 200),  # a twentieth of all
        (240, 60, 30),  # of few rows more than that,
        (160, 40, 20),  # but at most half of those to validate on
        (160, 38, 0),  # too few
    ],
)
def test_they_are_a_part_of_the_validation_rows(n_train: int, n_valid: int, n: int) -> None:
    split = fold(n_train, n_valid)
    found = choose_checked(split, 300, *targets(split))
    assert len(found) == n
    assert np.isin(found, split.valid).all()
    assert (np.diff(found) > 0).all()
    np.testing.assert_array_equal(found, choose_checked(split, 300, *targets(split)))
    assert n == 0 or not np.array_equal(found, choose_checked(split, 300, *targets(split), seed=1))


def with_missing(value: Any) -> Any:
    return np.array([value, *map(type(value or ""), range(199))], object)


@pytest.mark.parametrize(
    "names", [np.arange(200), np.arange(200).astype(str), with_missing(None), with_missing(float("nan"))]
)
def test_groups_stay_together(names: Any) -> None:
    split = fold(8000, 2000)
    groups = names[np.random.default_rng(1).integers(200, size=10_000)]
    found = choose_checked(split, 300, *targets(split), groups=groups)
    others = np.setdiff1d(split.valid, found)
    assert not set(map(str, groups[found])) & set(map(str, groups[others]))
    assert 300 <= len(found) < 300 + max(np.unique(groups[split.valid].astype(str), return_counts=True)[1])


def test_a_single_group_is_chosen_as_a_whole() -> None:
    split = fold(8000, 2000)
    assert len(choose_checked(split, 300, *targets(split), groups=np.zeros(10_000))) == 2000


def test_rows_in_order_of_time_are_the_last_ones() -> None:
    split = Fold(np.arange(9000), np.arange(9000, 10_000))
    np.testing.assert_array_equal(choose_checked(split, 300, *targets(split), shuffle=False), np.arange(9700, 10_000))


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
def test_every_stratum_has_its_share(kind: Any) -> None:
    split, values = fold(9000, 1000), np.arange(10_000.0)
    high = (values >= 9000).astype(int)  # the tenth bin of a regression
    y = {"classification": high, "multilabel": np.c_[high, 1 - high], "regression": values[:, None]}
    found = choose_checked(split, 300, y[kind], kind)
    assert len(found) == 300
    assert abs(high[found].sum() - 0.3 * high[split.valid].sum()) <= 1


def test_rows_that_train_are_none_of_them() -> None:
    rows = np.repeat(np.arange(150), 9)  # a small table of weights of nine
    random = np.random.default_rng(0).permutation(len(rows))
    split = Fold(np.sort(rows[random[:900]]), np.sort(rows[random[900:]]))
    assert len(choose_checked(split, 300, np.zeros(150, int), "classification")) == 0
    few = Fold(split.train[split.train < 80], split.valid)
    found = choose_checked(few, 300, np.zeros(150, int), "classification")
    assert len(found) == len(set(found)) == 30
    assert found.min() >= 80

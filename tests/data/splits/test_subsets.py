import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.data.splits.subsets import choose_subset

KINDS = ("classification", "multilabel", "regression")


def targets(kind: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    if kind == "classification":
        return rng.choice(3, n, p=[0.7, 0.2, 0.1])
    return rng.integers(0, 2, (n, 4)) if kind == "multilabel" else rng.normal(size=(n, 1))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(n=st.integers(4, 200), shares=st.tuples(*[st.floats(0.001, 1)] * 2), seed=st.integers(0, 9))
def test_larger_subsets_contain_the_smaller_ones(kind: str, n: int, shares: tuple[float, float], seed: int) -> None:
    y = targets(kind, n)
    small, large = (choose_subset(y, kind, share, seed) for share in sorted(shares))  # type: ignore[arg-type]
    assert set(small) <= set(large)
    assert (np.diff(large) > 0).all()
    assert len(large) == max(int(np.ceil(max(shares) * n - 1e-9)), 2, len(np.unique(y)) if kind == KINDS[0] else 0)


def test_classes_have_their_shares_and_each_of_them_a_row() -> None:
    y = np.repeat([0, 1, 2], [800, 100, 100])
    assert np.bincount(y[choose_subset(y, "classification", 0.1, 0)]).tolist() == [80, 10, 10]
    assert np.bincount(y[choose_subset(y, "classification", 0.001, 0)]).tolist() == [1, 1, 1]


def test_all_rows_and_a_seed() -> None:
    y = targets("regression", 50)
    assert choose_subset(y, "regression", 1.0, 3).tolist() == list(range(50))
    drawn = [choose_subset(y, "regression", 0.2, seed).tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]

import numpy as np
import pytest

from autonet.nets.thresholds import find_thresholds

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(600, 4))
JUMPS = (X[:, 0] > 0.25) ^ (X[:, 1] > 0.6)  # neither column says anything alone


@pytest.mark.parametrize(
    "y",
    [
        JUMPS.astype(np.int64),
        np.where(X[:, 2] > 0.5, 2, JUMPS).astype(np.int64),
        JUMPS[:, None] + 0.1 * RNG.normal(size=(600, 1)),
        np.column_stack([JUMPS, X[:, 3]]),
    ],
    ids=["two classes", "three classes", "values", "several values"],
)
def test_most_thresholds_lie_where_the_target_jumps(y: np.ndarray) -> None:
    found = find_thresholds(X, y, 5, seed=0)
    assert len(found) == 4
    for j, place in ((0, 0.25), (1, 0.6)):
        assert len(found[j]) <= 5
        assert (np.diff(found[j]) > 0).all()
        assert np.abs(found[j] - place).min() < 0.02
    again, other = (find_thresholds(X, y, 5, seed) for seed in (0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(found, other, strict=True))


def test_columns_that_are_not_split_have_no_threshold() -> None:
    x = np.column_stack([X[:, 0], np.ones(600)])
    found = find_thresholds(x, (X[:, :1] > 0.5) * 1.0, 3, seed=0)
    assert found[1].shape == (0,)
    assert [len(t) for t in find_thresholds(x, np.ones((600, 1)), 3, seed=0)] == [0, 0]
    assert [len(t) for t in find_thresholds(x[:2], np.array([0, 1]), 3, seed=0)] == [0, 0]

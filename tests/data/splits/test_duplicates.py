from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from autonet.data.splits.duplicates import deduplicate
from autonet.data.table import Table


def table(seed: int, n: int = 30, values: int = 3) -> tuple[Table, np.ndarray]:
    """Few values, so that rows are equal now and then; missing ones and zeros among them."""
    rng = np.random.default_rng(seed)
    numbers = rng.choice([0.0, -0.0, np.nan, *np.arange(1.0, values)], (n, 2))
    texts = (sparse.csr_array(rng.integers(2, size=(n, 3)).astype(np.float32)),)
    return Table(numbers, rng.integers(3, size=(n, 1)).astype(np.int32), (3,), texts), rng.integers(2, size=n)


def content(t: Table, y: np.ndarray, row: int) -> tuple:
    cells = [*(np.where(np.isnan(v), 9.0, v + 0.0) for v in t.numbers[row]), *t.codes[row]]
    return (*map(float, cells), *t.texts[0][[row]].toarray()[0].tolist(), float(y[row]))


def total(t: Table, y: np.ndarray, rows: Any, weights: np.ndarray | None) -> dict[tuple, float]:
    """Weight of every kind of row."""
    sums: dict[tuple, float] = {}
    for row in rows:
        kind = content(t, y, row)
        sums[kind] = sums.get(kind, 0.0) + (1.0 if weights is None else weights[row])
    return {kind: weight for kind, weight in sums.items() if weight}


@given(seed=st.integers(0, 10_000), values=st.sampled_from([1, 50]))
def test_every_kind_of_row_is_there_with_its_weight(seed: int, values: int) -> None:
    t, y = table(seed, values=values)
    weights = np.random.default_rng(seed).integers(0, 4, len(t)).astype(float)
    rows, summed = deduplicate(t, y, weights)
    expected, found = total(t, y, range(len(t)), weights), total(t, y, rows, summed)
    scale = sum(expected.values()) / sum(found.values())
    assert {kind: pytest.approx(weight * scale) for kind, weight in found.items()} == expected


@given(seed=st.integers(0, 10_000), values=st.sampled_from([1, 50]))
def test_weights_are_repetitions_and_the_order_of_rows_does_not_matter(seed: int, values: int) -> None:
    t, y = table(seed, values=values)
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 4, len(t))
    repeated = rng.permutation(np.repeat(np.arange(len(t)), weights))
    rows, summed = deduplicate(t, y, weights.astype(float))
    again, counts = deduplicate(t.rows(repeated), y[repeated], None)
    assert (summed is None) == (counts is None)
    if summed is not None and counts is not None:
        np.testing.assert_array_equal(summed[rows], counts[again])
    assert [content(t, y, r) for r in rows] == [content(t.rows(repeated), y[repeated], r) for r in again]


def test_distinct_rows_have_no_weights() -> None:
    rows, weights = deduplicate(Table.from_numbers(np.arange(6.0).reshape(3, 2)), np.zeros(3), None)
    assert sorted(rows) == [0, 1, 2]
    assert weights is None


def test_a_few_kinds_of_rows_stay_as_many_rows_as_they_are() -> None:
    t = Table.from_numbers(np.repeat([0.0, 1.0], 50)[:, None])
    y = np.tile([0, 1], 50)
    rows, weights = deduplicate(t, y, None)
    assert sorted(rows) == list(range(100))
    assert weights is None
    fractions = np.linspace(0.5, 1.5, 100)
    rows, weights = deduplicate(t, y, fractions)
    assert sorted(rows) == list(range(100))
    np.testing.assert_array_equal(weights, fractions)


@given(seed=st.integers(0, 1000))
def test_of_many_kinds_equal_rows_stay_rows_unless_they_are_weighted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    of_kind = rng.permutation(np.r_[np.arange(300.0), rng.integers(300, size=100)])
    t, y = Table.from_numbers(of_kind[:, None]), np.zeros(400)
    rows, weights = deduplicate(t, y, None)
    assert sorted(rows) == list(range(400))
    assert weights is None
    np.testing.assert_array_equal(deduplicate(t, y, np.full(400, 0.5))[0], rows)
    order = rng.permutation(400)
    again, _ = deduplicate(t.rows(order), y, None)
    np.testing.assert_array_equal(of_kind[order][again], of_kind[rows])
    rows, weights = deduplicate(t, y, np.r_[2.0, np.ones(399)])
    assert len(rows) == 300
    assert weights is not None
    assert weights.sum() == 401


@given(seed=st.integers(0, 1000), unit=st.sampled_from([1e-9, 3.0, 1e9]))
def test_the_unit_of_the_target_does_not_matter(seed: int, unit: float) -> None:
    t, _ = table(seed)
    y = np.random.default_rng(seed).normal(size=len(t))
    np.testing.assert_array_equal(deduplicate(t, y, None)[0], deduplicate(t, y * unit, None)[0])

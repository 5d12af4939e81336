"""Rows of a table: chosen, appended, counted, told apart."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from autonet.data.table import Table


def table(n: int = 20, *, is_sparse: bool = False) -> Table:
    rng = np.random.default_rng(n)
    numbers: Any = rng.integers(3, size=(n, 4)).astype(np.float32)
    text = sparse.csr_array(rng.integers(2, size=(n, 6)).astype(np.float32))
    codes = rng.integers(4, size=(n, 2)).astype(np.int32)
    return Table(sparse.csr_array(numbers) if is_sparse else numbers, codes, (4, 4), (text,))


def dense(rows: Table) -> list[np.ndarray]:
    parts = (rows.numbers, *rows.texts)
    return [rows.codes, *(part.toarray() if sparse.issparse(part) else part for part in parts)]


@pytest.mark.parametrize("is_sparse", [False, True])
def test_parts_that_are_appended_are_the_whole(is_sparse: bool) -> None:
    whole = table(is_sparse=is_sparse)
    again = whole.rows(slice(0, 7)).concat(whole.rows(np.arange(7, 20)))
    assert (len(again), again.is_sparse, again.n_codes) == (20, is_sparse, (4, 4))
    assert again.n_columns == 4 + 2 + 1
    for part, expected in zip(dense(again), dense(whole), strict=True):
        np.testing.assert_array_equal(part, expected)
    np.testing.assert_array_equal(again.hashes(), whole.hashes())


def test_bytes_are_those_of_what_is_stored() -> None:
    numbers, codes = np.zeros((10, 3)), np.zeros((10, 1), np.int32)
    assert Table(numbers, codes, (2,), ()).nbytes == 10 * 3 * 8 + 10 * 4
    stored = sparse.csr_array(np.eye(10, 3))
    assert Table(stored, codes, (2,), ()).nbytes == 10 * 4 + stored.data.nbytes + stored.indices.nbytes


def test_every_part_of_a_row_tells_it_apart() -> None:
    rows = table()
    same = np.unique(np.hstack(dense(rows)), axis=0, return_inverse=True)[1].ravel()
    hashed = np.unique(rows.hashes(), return_inverse=True)[1].ravel()
    assert len(set(zip(same.tolist(), hashed.tolist(), strict=True))) == len(set(same)) == len(set(hashed))

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from autonet.core.spec import from_spec, to_spec
from autonet.data.encoding.trees import MAX_LEVELS, TreeEncoder
from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from tests.mixed import mixed_table

CPU = torch.device("cpu")


def encoded(X: Any, train: Any = slice(None)) -> tuple[TreeEncoder, Any, Schema]:
    schema, table = Schema.detect_and_read(X)
    encoder = TreeEncoder.fit(table, np.arange(len(table))[train], 0)
    return encoder, encoder.inputs(table, CPU).numpy(), schema


def test_categories_come_first_by_their_frequency() -> None:
    X = pd.DataFrame({"n": [0.0, 5.0, 10.0, np.nan, 2.5, 5.0], "c": ["b", "a", "a", "a", None, "b"]})
    encoder, rows, schema = encoded(X)
    assert encoder.n_categories == 1
    expected = [[1, 0.0], [0, 0.5], [0, 1.0], [0, np.nan], [np.nan, 0.25], [1, 0.5]]
    np.testing.assert_array_equal(rows, np.array(expected, np.float32))
    later = encoder.inputs(schema.read(pd.DataFrame({"n": [20.0, 0.0], "c": ["z", "a"]})), CPU).numpy()
    np.testing.assert_array_equal(later, np.array([[np.nan, 2.0], [0.0, 0.0]], np.float32))


def test_columns_of_many_levels_come_after_the_categories() -> None:
    names = [f"level {k}" for k in range(MAX_LEVELS + 1) for _ in range(k + 1)]
    n = len(names)
    encoder, rows, _ = encoded(pd.DataFrame({"many": names, "few": list("ab" * n)[:n], "n": np.arange(n) / (n - 1)}))
    assert encoder.n_categories == 1
    assert set(rows[:, 0]) == {0.0, 1.0}
    assert rows[:, 1].tolist() == [MAX_LEVELS - k for k in range(MAX_LEVELS + 1) for _ in range(k + 1)]
    np.testing.assert_allclose(rows[:, 2], np.arange(n) / (n - 1), rtol=1e-6)


def test_levels_of_other_rows_than_those_of_training_are_unseen() -> None:
    X = pd.DataFrame({"c": list("aabbccdd") * 4, "n": np.arange(32.0)})
    _, rows, _ = encoded(X, np.flatnonzero(np.arange(32) % 8 < 6))
    assert np.isnan(rows[X["c"] == "d", 0]).all()
    assert not np.isnan(rows[X["c"] != "d", 0]).any()


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e308])
def test_numbers_of_any_size_are_scaled(scale: float) -> None:
    table = Table.from_numbers(scale * np.array([[-1.0, 0.5], [1.0, 0.5], [0.0, 0.5]]))
    encoder = TreeEncoder.fit(table, np.arange(3), 0)
    np.testing.assert_allclose(encoder.inputs(table, CPU).numpy(), [[0, 0], [1, 0], [0.5, 0]])


def test_sparse_numbers_are_those_of_a_dense_table() -> None:
    dense = np.random.default_rng(0).poisson(0.3, (50, 7)).astype(float)
    tables = [Table.from_numbers(dense), Table.from_numbers(sparse.csr_array(dense))]
    a, b = (TreeEncoder.fit(table, np.arange(40), 0).inputs(table, CPU).numpy() for table in tables)
    np.testing.assert_array_equal(a, b)


def test_a_mixed_table_has_a_spec_and_rows_do_not_depend_on_one_another() -> None:
    X = mixed_table()
    encoder, rows, schema = encoded(X)
    table = schema.read(X)
    again = from_spec(to_spec(encoder))
    np.testing.assert_array_equal(again.inputs(table, CPU).numpy(), rows)
    for row in (0, 7):
        np.testing.assert_allclose(encoder.inputs(table, CPU, np.array([row])).numpy(), rows[row : row + 1], rtol=1e-5)
    assert encoder.inputs(table, CPU, np.arange(0)).shape == (0, rows.shape[1])


def test_a_table_without_columns_is_a_column_of_zeros() -> None:
    table = Table.from_numbers(np.empty((4, 0)))
    assert TreeEncoder.fit(table, np.arange(4), 0).inputs(table, CPU).tolist() == [[0.0]] * 4

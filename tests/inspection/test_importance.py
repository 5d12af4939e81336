"""Permutation importance: columns that matter, columns of noise, columns of every type."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from autonet import AutoNetRegression
from autonet.core.errors import InvalidOption, UnknownName
from autonet.data.table import Table
from autonet.inspection.importance import shuffle_column
from autonet.inspection.scoring import ScoredRows

QUICK: dict[str, Any] = {"budget_type": "epochs", "max_budget": 27, "max_trials": 1, "random_state": 0}


@pytest.fixture(scope="module")
def table() -> tuple[pd.DataFrame, Any]:
    rng, n = np.random.default_rng(0), 600
    days = rng.integers(0, 1000, n)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "noise": rng.normal(size=n),
            "kind": pd.Categorical(rng.choice(list("abc"), n)),
            "other": pd.Categorical(rng.choice(list("pqrs"), n)),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(days, "D"),
            "text": np.where(rng.random(n) < 0.5, "very good, all of it", "rather bad in every way"),
            "row": [f"row {i}" for i in range(n)],
        }
    )
    y = 2 * frame["number"] + 3 * (frame["kind"] == "a") + days / 500 + 2 * frame["text"].str.startswith("very")
    return frame, y


@pytest.fixture(scope="module")
def fitted(table: tuple[pd.DataFrame, Any]) -> AutoNetRegression:
    X, y = table
    with pytest.warns(match="row"):
        return AutoNetRegression("tiny_cs", **QUICK).fit(X[:400], y[:400])


def test_columns_that_matter_stand_above_noise(fitted: AutoNetRegression, table: Any) -> None:
    X, y = table[0][400:], table[1][400:]
    found = fitted.feature_importance(X, y)
    rows = {row["feature"]: row for row in found}
    assert {name for name, row in rows.items() if row["above_noise"]} >= {"number", "kind", "when", "text"}
    assert sorted(rows) == sorted(X.columns)
    order = found.column("importance")
    assert order == sorted(order, reverse=True)
    for name in ("noise", "other"):
        assert abs(rows[name]["importance"]) < 3 * rows[name]["noise"] + 1e-3
        assert rows[name]["importance"] < rows["when"]["importance"] / 3
    assert rows["row"]["importance"] == 0.0  # an identifier, which the model does not read
    assert not rows["row"]["above_noise"]
    assert found == fitted.feature_importance(X, y)
    assert "drop of r2 when a column is shuffled, mean of 5 shuffles of 200 rows" in repr(found)


def test_shuffling_is_that_of_the_column_of_the_frame(fitted: AutoNetRegression, table: Any) -> None:
    X, order = table[0][400:], np.random.default_rng(1).permutation(200)
    schema, data = fitted.model_.schema, fitted.model_.read(X)
    for entry in schema.describe_inputs()[:-1]:
        name = entry["name"]
        shuffled = X.assign(**{name: X[name].to_numpy()[order] if name != "kind" else X[name].array[order]})
        expected, got = fitted.model_.read(shuffled), shuffle_column(data, entry, order)
        np.testing.assert_array_equal(got.numbers, expected.numbers)
        np.testing.assert_array_equal(got.codes, expected.codes)
        assert all((a != b).nnz == 0 for a, b in zip(got.texts, expected.texts, strict=True))


def test_columns_of_sparse_tables_are_shuffled_like_dense_ones() -> None:
    rng = np.random.default_rng(0)
    numbers = sparse.csr_array(sparse.random_array((50, 7), density=0.3, rng=rng))
    order, at = rng.permutation(50), {"input": "numbers", "index": [2, 5]}
    got = shuffle_column(Table.from_numbers(numbers), at, order).numbers
    dense = shuffle_column(Table.from_numbers(numbers.toarray()), at, order).numbers
    assert sparse.issparse(got)
    np.testing.assert_array_equal(got.toarray(), dense)
    np.testing.assert_array_equal(dense[:, 2], numbers.toarray()[order, 2])
    np.testing.assert_array_equal(dense[:, 3], numbers.toarray()[:, 3])


def test_the_yardstick_is_what_noise_stays_below() -> None:
    """A model of noise alone: its columns are noise, and rarely above the yardstick."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 20)), rng.normal(size=400)
    options = {**QUICK, "baseline": False, "max_budget": 9}
    auto = AutoNetRegression("tiny_cs", **options).fit(X[:200], y[:200])
    found = auto.feature_importance(X[200:], y[200:])
    assert found.column("feature")[0].startswith("x")
    assert max(found.column("noise")) > 0
    assert sum(found.column("above_noise")) <= 5


def test_errors_rise(fitted: AutoNetRegression, table: Any) -> None:
    X, y = table[0][400:], table[1][400:]
    found = fitted.feature_importance(X, y, metric="rmse", max_rows=100)
    assert found[0]["importance"] > 0.5
    assert found.caption.startswith("rise of rmse when a column is shuffled, mean of 5 shuffles of 100 rows; ")


def test_a_constant_column_has_no_importance_at_all(fitted: AutoNetRegression, table: Any) -> None:
    X, y = table[0].assign(kind="a", number=1.5), table[1]
    for n in range(20, 24):  # scores of which some have means with an error of rounding
        found = fitted.feature_importance(X[:n], y[:n], n_repeats=3)
        rows = {row["feature"]: row for row in found}
        for name in ("kind", "number"):
            assert (rows[name]["importance"], rows[name]["std"], rows[name]["above_noise"]) == (0.0, 0.0, False)


def test_options_are_checked(fitted: AutoNetRegression, table: Any) -> None:
    X, y = table[0][400:], table[1][400:]
    with pytest.raises(InvalidOption, match="n_repeats must be a whole number of at least 2; got 1"):
        fitted.feature_importance(X, y, n_repeats=1)
    with pytest.raises(InvalidOption, match="max_rows must be a whole number of at least 1, or None; got 0"):
        fitted.feature_importance(X, y, max_rows=0)
    with pytest.raises(UnknownName, match="'r3'"):
        fitted.feature_importance(X, y, metric="r3")
    assert len(ScoredRows.read(fitted.model_, X, y).y) == 200

"""Tables to choose a portfolio from: seeds repeat them, they have what real tables have, and can be learned."""

from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="needs pandas, for the tables")
KINDS = ("classification", "regression")
N_ROWS = 800


@pytest.fixture(scope="module")
def generated(script: Any) -> Any:
    return script("generated_tables")


@pytest.fixture(scope="module")
def tables(generated: Any) -> dict[str, list[Any]]:
    """Every world twice, of both kinds."""
    return {
        kind: [generated.generate(kind, N_ROWS, seed) for seed in range(2 * len(generated.WORLDS))] for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats_its_table(generated: Any, tables: dict[str, list[Any]], kind: str) -> None:
    again = generated.generate(kind, N_ROWS, 3)
    pd.testing.assert_frame_equal(again.X, tables[kind][3].X)
    pd.testing.assert_series_equal(again.y, tables[kind][3].y)
    assert again.name == tables[kind][3].name
    assert not tables[kind][3].X.equals(tables[kind][8].X), "the same world, another seed"


@pytest.mark.parametrize("kind", KINDS)
def test_worlds_take_turns(generated: Any, tables: dict[str, list[Any]], kind: str) -> None:
    names = [table.name.partition("_")[0] for table in tables[kind]]
    assert names == [*generated.WORLDS, *generated.WORLDS]
    assert all(len(table.X) == len(table.y) == N_ROWS and table.kind == kind for table in tables[kind])


def test_columns_are_of_many_kinds(tables: dict[str, list[Any]]) -> None:
    columns = [table.X[name] for kind in KINDS for table in tables[kind] for name in table.X]
    numbers = [column for column in columns if column.dtype != "category"]
    assert any(column.isna().mean() > 0.2 for column in columns)
    assert any(column.dtype == "category" and column.nunique() > 100 for column in columns)
    assert any(column.skew() > 4 for column in numbers)
    assert any(set(column.dropna()) == {0.0, 1.0} for column in numbers)
    assert any((column == 0).mean() > 0.5 and column.max() > 5 for column in numbers)


def test_targets_are_of_many_kinds(tables: dict[str, list[Any]]) -> None:
    y = [table.y for table in tables["regression"]]
    assert all(np.isfinite(target).all() and target.std() > 0 for target in y)
    assert any((target == 0).mean() > 0.2 and target.max() > 5 for target in y)
    assert any(target.skew() > 2 for target in y)
    shares = [table.y.value_counts(normalize=True) for table in tables["classification"]]
    assert {2} < {len(share) for share in shares}
    assert min(share.min() for share in shares if len(share) == 2) < 0.2
    assert all(table.y.value_counts().min() >= 5 for table in tables["classification"]), "enough to be split"


@pytest.mark.parametrize("kind", KINDS)
def test_boosted_trees_learn_something_and_not_all(generated: Any, tables: dict[str, list[Any]], kind: str) -> None:
    errors = [generated.boosted(table) for table in tables[kind][4:8]]
    assert np.median(errors) < 0.9
    assert min(errors) > 0.005


def test_wide_tables_show_a_few_hidden_variables(generated: Any) -> None:
    table = generated.generate("regression", N_ROWS, 0, (200, 250))
    assert 200 <= table.X.shape[1] <= 250
    spectrum = np.linalg.svd((table.X - table.X.mean()) / table.X.std(), compute_uv=False) ** 2
    assert spectrum[:30].sum() > 0.5 * spectrum.sum()


def test_rows_are_taken_with_their_targets(tables: dict[str, list[Any]]) -> None:
    table = tables["regression"][0]
    taken = table.take(np.array([5, 2]))
    assert list(taken.y) == [table.y[5], table.y[2]]
    assert taken.X.iloc[1].equals(table.X.iloc[2].rename(1))


def test_bundled_tables_are_named_by_their_kind(script: Any) -> None:
    bundled = script("bundled_tables")
    for name, kind in bundled.SCIKIT_LEARN.items():
        table = bundled.bundled(name)
        assert len(table.X) == len(table.y) >= 178
        assert table.kind == kind
        assert (table.y.dtype == "category") == (kind == "classification")
        assert not set(table.X) & {"target"}

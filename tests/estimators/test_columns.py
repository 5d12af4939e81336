"""`columns_`: what columns were taken for, which are not used and why."""

import pickle
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import DataWarning, InvalidData

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

FAST: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "min_budget": 1, "max_budget": 1, "random_state": 0}
N_ROWS = 300
rng = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "email": [f"person{i}@example.org" for i in range(N_ROWS)],
        "account": np.arange(N_ROWS) + 10**6,
        "city": rng.choice(["Rome", "Oslo", "Lima", "Cairo"], N_ROWS),
        "constant": 1.0,
        "seen": pd.date_range("2024-01-01", periods=N_ROWS, tz="Europe/Berlin"),
        "size": rng.normal(size=N_ROWS),
    }
)
Y = TABLE["size"] > 0


@pytest.fixture(scope="module")
def fitted() -> AutoNetClassification:
    with pytest.warns(DataWarning) as warned:
        auto = AutoNetClassification("tiny_cs", **FAST, categorical_features=["account"]).fit(TABLE, Y)
    assert sorted(str(warning.message).split(":")[0] for warning in warned if warning.category is DataWarning) == [
        "Column 'account'",
        "Column 'email'",
    ]
    return auto


def test_an_identifier_is_not_kept_and_not_read(fitted: AutoNetClassification) -> None:
    data = pickle.dumps(fitted)
    assert b"person77@" not in data
    again = pickle.loads(data)
    expected = fitted.predict_proba(TABLE)
    np.testing.assert_array_equal(again.predict_proba(TABLE), expected)
    np.testing.assert_array_equal(fitted.predict_proba(TABLE.assign(email=None, account="x")), expected)


def test_the_size_of_a_model_does_not_grow_with_an_identifier() -> None:
    sizes = []
    for n_rows in (200, 20_000):
        X = pd.DataFrame({"id": [f"row {i}" for i in range(n_rows)], "x": np.arange(n_rows) % 7})
        with pytest.warns(DataWarning, match="an identifier"):
            auto = AutoNetClassification("tiny_cs", **FAST).fit(X, X["x"] > 3)
        sizes.append(len(pickle.dumps(auto)))
    assert sizes[1] < 1.5 * sizes[0]


def test_an_identifier_is_still_expected_by_name(fitted: AutoNetClassification) -> None:
    with pytest.raises(InvalidData, match="yet now missing:\n- email"):
        fitted.predict(TABLE.drop(columns="email"))


def test_a_table_of_identifiers_only_gives_the_rates_of_the_classes() -> None:
    X = TABLE[["email"]]
    with pytest.warns(DataWarning, match="Column 'email': a distinct text in almost every row"):
        auto = AutoNetClassification("tiny_cs", **FAST).fit(X, Y)
    assert len(np.unique(auto.predict_proba(X), axis=0)) == 1


def test_columns_print_as_a_table(fitted: AutoNetClassification) -> None:
    lines = str(fitted.columns_).splitlines()
    assert lines[0].split() == ["column", "kind", "values", "missing", "used", "note"]
    assert len(lines) == 1 + len(fitted.columns_)
    assert re.fullmatch(
        r"email +categorical +no +a distinct text in almost every row: an identifier\? .*\.\.\.", lines[1]
    )
    assert re.fullmatch(r"city +categorical +4: 'Cairo', 'Lima', 'Oslo', \.\.\. +yes", lines[3])
    assert re.fullmatch(r"constant +numeric +no +constant: not used", lines[4])
    assert re.fullmatch(r"seen +datetime +in Europe/Berlin +yes", lines[5])
    assert isinstance(fitted.columns_, tuple)
    assert [column.name for column in fitted.columns_ if not column.is_used] == ["email", "account", "constant"]


def test_columns_are_a_table_in_a_notebook() -> None:
    X = pd.DataFrame({"<b>size</b>": TABLE["size"], **{f"x{i}": TABLE["size"] for i in range(120)}})
    columns = AutoNetClassification("tiny_cs", **FAST).fit(X, Y).columns_
    html = columns._repr_html_()
    assert html.startswith("<table><thead><tr><th>column</th><th>kind</th>")
    assert html.count("<tr>") == 101
    assert "<td>&lt;b&gt;size&lt;/b&gt;</td>" in html
    assert html.endswith("<p>... and 21 more columns</p>")
    assert str(columns).endswith("... and 21 more columns")


def test_many_levels_are_abbreviated() -> None:
    X = pd.DataFrame({"city": [f"a rather long name of a city, number {i % 200}" for i in range(1000)], "x": 1.5})
    columns = AutoNetClassification("tiny_cs", **FAST, categorical_features=["city"]).fit(X, X.index < 500).columns_
    assert len(columns[0].levels) == 200
    assert "... 195 more)" in repr(columns[0])
    assert len(repr(columns[0])) < 400
    assert len(str(columns)) < 400

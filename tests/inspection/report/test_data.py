"""Data sections of reports."""

from typing import Any

import numpy as np

from autonet import AutoNetClassification, AutoNetRegression
from autonet.data.targets.targets import MultilabelTargets, RegressionTargets
from autonet.inspection.report.data import describe_data, describe_target
from tests.inspection.report.conftest import IMAGE, NAMES, QUICK
from tests.inspection.report.pages import find_blocks, find_table


def test_columns_are_those_of_the_estimator(hostile_fit: AutoNetClassification, hostile: Any) -> None:
    section = describe_data(hostile_fit)
    facts = dict(section.blocks[0].items)  # type: ignore[union-attr]
    assert facts["columns"].startswith("6 columns: 5 numeric and 1 categorical")
    assert facts["not used"] == "1 column"
    assert facts["missing values"] == "in 1 column; most in 日本 $x$ (20.0% of its rows)"
    table = find_table(section, "Columns as they were understood")
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == list(hostile[0].columns)
    assert rows["constant"][-2:] == ("no", "constant: not used")
    assert rows["kind"][1].startswith("2: ")
    assert rows[NAMES[3]][2] == "20.0%"


def test_many_columns_are_folded(iris: Any) -> None:
    X = np.hstack([iris[0]] * 10)
    auto = AutoNetRegression("tiny_cs", **{**QUICK, "max_trials": 1, "max_budget": 2}).fit(X, iris[1])
    section = describe_data(auto)
    [fold] = find_blocks(section, "fold")
    assert fold.title == "All 40 columns"
    rows = fold.blocks[0].rows
    assert [row[0] for row in rows] == [f"x{i}" for i in range(40)]


def test_targets_are_described() -> None:
    assert describe_target(MultilabelTargets(3, np.dtype(int))) == "3 labels, of which a row may have several or none"
    assert describe_target(RegressionTargets(2, 2)) == "2 numbers"
    assert describe_target(RegressionTargets(2, 2, columns=("width", "height"))) == "2 numbers: width, height"
    assert describe_target(RegressionTargets(2, 1, (0.1, 0.9))) == "a number, as its quantiles 0.1 and 0.9"


def test_a_long_level_is_cut(hostile_fit: AutoNetClassification) -> None:
    table = find_table(describe_data(hostile_fit), "Columns")
    [levels] = [row[2] for row in table.rows if row[0] == "kind"]
    assert IMAGE[:20] in levels
    assert IMAGE not in levels

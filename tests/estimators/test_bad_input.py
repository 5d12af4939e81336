"""Messages for invalid data and targets, all raised before any training; of options see test_options."""

from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from autonet import AutoNetClassification, AutoNetRegression
from tests.estimators.refusals import BOTH, FRAME, LABELS, STRINGS, X, refused, targets

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


class Color(Enum):
    RED, BLUE = "red", "blue"


# ---- the table ------------------------------------------------------------------------------------------------------


def infinite(value: float) -> np.ndarray:
    table = X.copy()
    table[3, 1] = value
    return table


TABLES: list[tuple[Any, str]] = [
    (infinite(np.inf), "X contains infinity or a value too large for float32, in column 1 (1 of 60 rows"),
    (infinite(-1e39), "in column 1 (1 of 60 rows, such as -1e+39). Clip such values"),
    (infinite(np.inf).tolist(), "infinity or a value too large for float32, in column 1"),
    (sparse.csc_array(infinite(-np.inf)), "infinity or a value too large for float32, in column 1"),
    (FRAME.assign(b=np.inf, c=-np.inf), "in columns 'b' (60 of 60 rows, such as inf), 'c' (60 of 60 rows"),
    (FRAME.assign(b=10**400), "infinity or a value too large for float32, in column 'b'"),
    (X[:0], "Found array with 0 sample(s)"),
    (FRAME[:0], "Found array with 0 sample(s)"),
    (X[:, :0], "Found array with 0 feature(s)"),
    (FRAME[[]], "Found array with 0 feature(s)"),
    (X[:, 0], "Expected 2D array, got 1D array instead"),
    (FRAME["a"], "Expected a 2-dimensional container"),
    ([1.0, 2.0], "Expected 2D array, got 1D array instead"),
    (X[:, :, None], "but a table has rows and columns"),
    (3, "X is a int: 3; pass an array, a list of rows or a data frame"),
    ("table.csv", "X is a str: 'table.csv'; pass an array, a list of rows or a data frame"),
    (map(list, X), "X is a map: <map object"),
    (None, "X is None; pass an array, a list of rows or a data frame"),
    ({"a": [1, 2], "b": 3}, "X is a dictionary with a column under 'a' and a single value under 'b'. Pass columns"),
    ({"a": [1, 2], "b": [3]}, "The columns of X have different lengths: 2 under 'a', 1 under 'b'"),
    ({"a": 1, 2: 3}, "Keys of X are of different types: 2 (int), 'a' (str). Make all of them strings"),
    ({}, "Found array with 0 feature(s)"),
    ([{"a": 1}, {"a": 1, "b": 2}], "Row 1 of X also has 'b', unlike row 0; use the same keys in every row"),
    ([{"a": 1, "b": 2}, {"a": 1, "c": 2}], "Row 1 of X lacks 'b' and also has 'c', unlike row 0"),
    ([{"a": 1}, [1]], "Row 1 of X is a list, but row 0 is a dictionary; pass rows of one type"),
    (np.zeros((3, 2), [("a", float)]), "X is a structured array of shape (3, 2); expected one entry per row"),
    (np.zeros(3, [("a", float, 2)]), "Field 'a' of X has arrays of shape (2,); use one field per value"),
    ([], "X is an empty list; pass at least one row."),
    ([[1, 2], [3]], "The rows of X have different lengths: 1, 2"),
    (pd.concat([FRAME, FRAME[["a"]]], axis=1), "Columns of X have the same name: 'a'; rename or drop them"),
    (FRAME.rename(columns={"a": 1}), "Names of columns are of different types: 1 (int), 'c' (str)"),
    (X + 1j, "Complex data not supported: X has complex numbers"),
    (FRAME.assign(a=1j), "Complex data not supported: column 'a'"),
    (FRAME.assign(a=[1, "x"] * 30), "Column 'a' mixes numbers (30 of 60 rows, for example 1) and strings (30 of 60"),
    (np.array([[1, "x"], ["y", 2]] * 30, object), "Column 0 mixes numbers (30 of 60 rows, for example 1) and strings"),
    (FRAME.assign(a=[1, "x" * 10_000] * 30), "Convert its values to one type, the others to NaN"),
]


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(("table", "message"), TABLES)
def test_tables(table: Any, message: str, cls: Any) -> None:
    refused(lambda: cls().fit(table, targets(cls)), message)


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    ("cell", "what"), [([1, 2], "list"), ({1: 2}, "dict"), (pd.Period("2026-01"), "Period"), (object(), "object")]
)
def test_cells_that_are_no_values_are_refused_with_the_error_of_scikit_learn(cell: Any, what: str, cls: Any) -> None:
    table = FRAME.assign(a=pd.Series([cell] * 60, dtype=object))
    message = f"Column 'a': argument must be a string or a real number, not '{what}'. Convert its values to"
    refused(lambda: cls().fit(table, targets(cls)), message, TypeError)


def test_lazy_frames_are_refused() -> None:
    polars = pytest.importorskip("polars")
    lazy = polars.from_pandas(FRAME).lazy()
    refused(lambda: AutoNetClassification().fit(lazy, LABELS), "collect it into a data frame first", TypeError)


# ---- targets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    "y",
    [
        np.where(LABELS == 1, np.nan, LABELS),
        np.where(LABELS == 1, np.inf, LABELS),
        np.where(LABELS == 1, None, LABELS),
        pd.Series(LABELS, dtype="Int64").mask(LABELS == 1),
        pd.Series(pd.to_datetime("2026-01-01")).repeat(60).where(LABELS != 1),
        [None if label == 1 else "x" for label in LABELS],
        [float("nan") if label == 1 else "x" for label in LABELS],
    ],
)
def test_missing_targets(y: Any, cls: Any) -> None:
    message = "y contains NaN, infinity or missing values in 20 of 60 rows (rows 1, 4, 7, 10, 13, ...); drop these"
    refused(lambda: cls().fit(X, y), message)


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (LABELS[1:], "X has 60 rows and y 59 entries; pass one entry per row."),
        (None, "requires y to be passed, but the target y is None"),
        (3, "y must have one entry per row; got 3"),
        ({"a": LABELS, "b": LABELS[1:]}, "y must have columns of the same length; got columns of the shapes (60,), ("),
        ({"a": 1}, "column 'a' of y must have one entry per row; got 1"),
        (np.zeros(60, [("target", int)]), "y must have one entry per row; got array("),
        (np.zeros((60, 0)), "y has shape (60, 0); expected"),
        (np.zeros((60, 2, 2)), "y has shape (60, 2, 2); expected"),
        (LABELS * 1j, "Complex data not supported: y has complex numbers"),
    ],
)
def test_targets_that_are_not_one_per_row(y: Any, message: str, cls: Any) -> None:
    refused(lambda: cls().fit(X, y), message)


@pytest.mark.parametrize(
    ("cls", "y", "message"),
    [
        (AutoNetClassification, X[:, 0], "Unknown label type: continuous"),
        (AutoNetClassification, ["x", 1, 2] * 20, "Unknown label type: y mixes labels of the types int, str"),
        (
            AutoNetClassification,
            [{1, 2}] * 60,
            "Unknown label type: y has several labels in a row, such as {1, 2}; expected",
        ),
        (AutoNetClassification, np.column_stack([LABELS, LABELS]), "and other values than 0 and 1; expected one label"),
        (AutoNetClassification, [Color.RED, Color.BLUE] * 30, "labels of the type Color, which cannot be sorted; use"),
        (AutoNetRegression, ["1.5", "nan"] * 30, "y contains NaN, infinity or missing values in 30 of 60 rows (rows 1"),
        (AutoNetRegression, STRINGS, "y must hold numbers for a regression; got <U5 (could not convert string"),
        (AutoNetRegression, [10**400] * 60, "y must hold numbers for a regression; got object (int too large"),
        (AutoNetRegression, LABELS.astype("M8[D]"), "y must hold numbers for a regression; got datetime64[D]"),
        (AutoNetRegression, X[:, 0] * 1e302, "expected at most 1e+300; use a larger unit"),
    ],
)
def test_targets_of_the_wrong_type(cls: Any, y: Any, message: str) -> None:
    refused(lambda: cls().fit(X, y), message)


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_metrics_that_overflow_or_underflow_for_these_targets(unit: float) -> None:
    message = "for which the metric 'neg_mean_squared_error' overflows or underflows; optimize 'r2', or rescale y"
    refused(lambda: AutoNetRegression(optimize_metric="neg_mean_squared_error").fit(X, X[:, 0] * unit), message)


def test_labels_to_validate_on_that_do_not_train() -> None:
    message = "y_valid has labels that y does not have: 3"
    refused(lambda: AutoNetClassification().fit(X, LABELS, X_valid=X, y_valid=LABELS + 1), message)


# ---- other rows at predict ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=BOTH)
def fitted(request: Any) -> Any:
    """An estimator that knows numbers, categories and dates by name."""
    table = FRAME.assign(color=STRINGS, day=pd.Timestamp("2026-01-01"))
    options = {"budget_type": "epochs", "min_budget": 1, "max_budget": 1, "max_trials": 1, "random_state": 0}
    return request.param("tiny_cs", **options).fit(table, targets(request.param)), table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table[["b", "a", "c", "color", "day"]], "Feature names must be in the same order"),
        (lambda table: table.drop(columns="b"), "Feature names seen at fit time, yet now missing:\n- b"),
        (lambda table: table.assign(d=1), "Feature names unseen at fit time:\n- d"),
        (
            lambda table: table.rename(columns={"c": "z"}),
            "unseen at fit time:\n- z\nFeature names seen at fit time, yet",
        ),
        (lambda table: pd.concat([table, table[["a"]]], axis=1), "Columns of X have the same name: 'a'"),
        (lambda table: table.rename(columns={"a": 1}), "Names of columns are of different types: 1 (int), 'day' (str)"),
        (lambda table: table[:0], "Found array with 0 sample(s)"),
        (lambda table: table["a"], "Expected a 2-dimensional container"),
        (lambda table: table.iloc[0].tolist(), "Expected 2D array, got 1D array instead"),
        (lambda table: None, "X is None"),
        (lambda table: table.assign(a=np.inf), "infinity or a value too large for float32, in column 'a' (60 of 60"),
        (lambda table: table.assign(a="x"), "Column 'a' had numbers in fit, but now has strings, such as 'x'"),
        (lambda table: table.assign(a="x" * 9999), "convert it to numbers, with NaN for unknown values"),
        (lambda table: table.assign(day=1), "Column 'day' had datetimes in fit, but now has numbers, such as 1"),
    ],
)
def test_rows_to_predict(change: Any, message: str, fitted: Any) -> None:
    auto, table = fitted
    refused(lambda: auto.predict(change(table)), message)


def test_fewer_columns_without_names(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(*iris)
    for rows in (iris[0][:, :3], iris[0][:, :3].tolist(), sparse.csr_array(iris[0][:, :3])):
        refused(lambda rows=rows: auto.predict(rows), "X has 3 features, but AutoNetClassification is expecting 4")

"""Models of files and run directories; rows are read as those of the fit were."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.cli.models import load_model, read_rows, read_scored
from tests.cli.program import run


def test_a_run_directory_has_its_best_model_with_history(tmp_path: Path, quick: Any, iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs", run_dir=tmp_path / "run", **quick).fit(*iris)
    found = load_model(str(tmp_path / "run"))
    np.testing.assert_array_equal(found.predict_proba(iris[0]), auto.predict_proba(iris[0]))
    assert len(found.history_) == len(auto.history_)
    assert found.search_space_ == auto.search_space_


def test_columns_are_read_as_they_were_in_fit(tmp_path: Path, quick: Any) -> None:
    X = {
        "code": ["1", "2", "7", "8"] * 20,
        "amount": [f"{i}.{i:03},50 €" for i in range(100, 180)],  # with a decimal comma
        "number": np.arange(80),
    }
    auto = AutoNetRegression("tiny_cs", **{**quick, "max_trials": 1}).fit(X, np.arange(80.0))
    path = tmp_path / "rows.csv"
    path.write_text('amount;code;number;y\n"1.234";1;007;1\n')
    table = read_rows(auto, str(path))
    assert {name: list(column) for name, column in table.columns.items()} == {
        "amount": ["1.234"],
        "code": ["1"],
        "number": [7],
        "y": [1],
    }
    X_test, y_test, weights = read_scored(auto, str(path), ("y",), None, None)
    assert sorted(X_test) == ["amount", "code", "number"]
    assert (list(y_test), weights) == ([1], None)


def test_labels_are_read_as_they_were_in_fit(tmp_path: Path, quick: Any) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,y\n1,1\n2,2\n")
    X = {"a": list(range(40))}
    texts = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1}).fit(X, ["1", "2"] * 20)
    assert read_scored(texts, str(path), ("y",), None, None)[1] == ["1", "2"]
    numbers = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1}).fit(X, [1, 2] * 20)
    assert read_scored(numbers, str(path), ("y",), None, None)[1].tolist() == [1, 2]


def test_a_model_of_an_array_takes_columns_by_position(tmp_path: Path, quick: Any, iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1}).fit(*iris)
    auto.save(tmp_path / "model.autonet")
    rows = "\n".join(",".join(map(str, row)) for row in iris[0][::10])
    done = run("predict", tmp_path / "model.autonet", "-", stdin=f"a,b,c,d\n{rows}".encode())
    assert done.lines[1:] == [str(label) for label in auto.predict(iris[0][::10])]
    expected = done.out
    named = "\n".join(",".join(map(str, reversed(row))) for row in iris[0][::10])
    done = run("predict", tmp_path / "model.autonet", "-", stdin=f"x3,x2,x1,x0\n{named}".encode())
    assert done.out == expected
    done = run("predict", tmp_path / "model.autonet", "-", stdin=b"a,b\n1,2\n")
    assert (done.code, "standard input has 2 columns; expected the 4 columns of fit." in done.err) == (1, True)
    row = b'{"b": 1, "a": 2, "c": 3, "d": 4}'
    done = run("predict", tmp_path / "model.autonet", "-", "--format", "jsonl", stdin=row)
    assert (done.code, "X has keys such as 'b', but fit had an array" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (np.asarray, list("abcd")),
        (np.asarray, ["x0", "x1", "x2", "x3"]),
        (np.asarray, ["0", "1", "2", "3"]),
        (pd.DataFrame, list("abcd")),
        (pd.DataFrame, ["0", "1", "2", "3"]),
    ],
)
def test_a_model_of_an_array_is_scored_on_columns_by_position(
    tmp_path: Path, quick: Any, iris: Any, make: Any, names: list[str]
) -> None:
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1}).fit(make(iris[0]), iris[1])
    rows = [[*row, label] for row, label in zip(*(part[::10].tolist() for part in iris), strict=True)]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [[*names, "y"], *rows]))
    X_test, y_test, _ = read_scored(auto, str(path), ("y",), None, None)
    assert auto.score(X_test, y_test) == auto.score(iris[0][::10], iris[1][::10])
    auto.save(tmp_path / "model.autonet")
    done = run("predict", tmp_path / "model.autonet", path.with_name("rows.csv"), "--keep", "y")
    if names[0] == "a":  # which are taken by position, and so is y
        assert (done.code, "has 5 columns; expected the 4 columns of fit." in done.err) == (1, True)
    else:
        assert [line.split(",")[1] for line in done.lines[1:]] == list(map(str, auto.predict(iris[0][::10])))

"""`predict`: rows of every source, columns of predictions."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import autonet
from tests.cli.conftest import EPOCHS, QUICK
from tests.cli.program import Done, run


def rows_of(done: Done) -> list[dict[str, str]]:
    assert done.code == 0, done.err
    return list(csv.DictReader(done.lines))


def test_classes_and_their_probabilities(classifier: Path, tables: Path) -> None:
    rows = pd.read_csv(tables / "iris_test.csv").drop(columns="species")
    auto = autonet.load(classifier)
    found = rows_of(run("predict", classifier, tables / "iris_test.csv", "--proba"))
    assert [row["prediction"] for row in found] == auto.predict(rows).tolist()
    probabilities = [[float(row[f"probability_{label}"]) for label in auto.classes_] for row in found]
    np.testing.assert_array_equal(probabilities, auto.predict_proba(rows))


def test_values_and_intervals_beside_columns_to_keep(regressor: Path, tables: Path) -> None:
    rows = pd.read_csv(tables / "diabetes.csv").drop(columns="target")
    auto: Any = autonet.load(regressor)
    found = rows_of(run("predict", regressor, tables / "diabetes.csv", "--interval", 0.8, "--keep", "age"))
    assert list(found[0]) == ["age", "prediction", "lower", "upper"]
    np.testing.assert_array_equal([float(row["age"]) for row in found], rows["age"])
    np.testing.assert_array_equal([float(row["prediction"]) for row in found], auto.predict(rows))
    ends = [[float(row["lower"]), float(row["upper"])] for row in found]
    np.testing.assert_array_equal(ends, auto.predict_interval(rows, 0.8))


def test_rows_from_standard_input_in_any_order_of_columns(classifier: Path, tables: Path) -> None:
    expected = run("predict", classifier, tables / "iris_test.csv").out
    shuffled = pd.read_csv(tables / "iris_test.csv").iloc[:, ::-1].assign(extra="x")
    assert run("predict", classifier, "-", stdin=shuffled.to_csv(index=False).encode()).out == expected
    lines = shuffled.to_json(orient="records", lines=True).encode()
    assert run("predict", classifier, "-", "--format", "jsonl", stdin=lines).out == expected


def test_predictions_in_a_file(classifier: Path, tables: Path, tmp_path: Path) -> None:
    expected = run("predict", classifier, tables / "iris_test.csv").out
    done = run("predict", classifier, tables / "iris_test.csv", "--out", tmp_path / "found.csv")
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "found.csv").read_text() == expected
    run("predict", classifier, tables / "iris_test.csv", "--out", tmp_path / "found.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert [row["prediction"] for row in rows] == expected.splitlines()[1:]


def test_codes_of_the_fit_are_codes_in_rows_to_predict(tmp_path: Path) -> None:
    """ "007" makes the column text; later rows without leading zeros are text as well."""
    codes = ["007", "112", "345", "901"]
    train, out = tmp_path / "train.csv", tmp_path / "model.autonet"
    train.write_text("code,age,y\n" + "".join(f"{codes[i % 4]},{i % 7},{i % 4 % 2}\n" for i in range(80)))
    assert run("fit", train, "-t", "y", "-o", out, *QUICK, *EPOCHS).code == 0
    done = run("predict", out, "-", "--keep", "code", stdin=b"age,code\n003,112\n4,345\n")
    assert [row["code"] for row in rows_of(done)] == ["112", "345"]
    assert done.err == ""
    frame = pd.DataFrame({"code": ["112", "345"], "age": [3, 4]})
    assert [int(row["prediction"]) for row in rows_of(done)] == autonet.load(out).predict(frame).tolist()


def test_several_targets_and_quantiles(tables: Path, tmp_path: Path) -> None:
    out, quick = tmp_path / "two.autonet", (*QUICK, "--max-trials", 1, *EPOCHS)
    run("fit", tables / "iris.csv", "-t", "petal_width", "-t", "petal_length", "-o", out, *quick)
    assert run("predict", out, tables / "iris_test.csv").lines[0] == "prediction_petal_width,prediction_petal_length"
    levels = ("--set", "quantiles=[0.1, 0.9]")
    run("fit", tables / "diabetes.csv", "-t", "target", "-o", out, *levels, *quick)
    assert run("predict", out, tables / "diabetes.csv").lines[0] == "quantile_0.1,quantile_0.9"


@pytest.mark.parametrize(
    ("model", "table", "name", "arguments"),
    [
        ("classifier", "iris_test.csv", "prediction", ()),
        ("classifier", "iris_test.csv", "probability_setosa", ("--proba",)),
        ("regressor", "diabetes.csv", "upper", ("--interval", "0.8")),
    ],
)
def test_columns_of_the_names_of_predictions_are_not_kept(
    request: Any, tables: Path, model: str, table: str, name: str, arguments: Any
) -> None:
    rows = pd.read_csv(tables / table).assign(**{name: "mine"}).to_csv(index=False).encode()
    done = run("predict", request.getfixturevalue(model), "-", "--keep", name, *arguments, stdin=rows)
    sentence = f"--keep: '{name}' is also the name of a column of predictions; rename the column of ROWS."
    assert (done.code, done.out, sentence in done.err) == (2, "", True), done.err
    if arguments:
        assert (
            rows_of(run("predict", request.getfixturevalue(model), "-", "--keep", name, stdin=rows))[0][name] == "mine"
        )


def test_dates_of_parquet_may_be_text_in_rows_to_predict(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=60, freq="9h")
    frame = pd.DataFrame({"day": days, "took": days - days[30], "y": np.arange(60) % 7})
    frame.to_parquet(tmp_path / "train.parquet")
    out = tmp_path / "model.autonet"
    done = run("fit", tmp_path / "train.parquet", "-t", "y", "-o", out, *QUICK, "--max-trials", 1, *EPOCHS)
    assert done.code == 0, done.err
    done = run("predict", out, "-", stdin=frame.to_csv(index=False).encode())
    assert [int(row["prediction"]) for row in rows_of(done)] == autonet.load(out).predict(
        frame[["day", "took"]]
    ).tolist()


@pytest.mark.parametrize(
    ("model", "arguments", "code", "sentence"),
    [
        ("regressor", ("--proba",), 2, "is a regression; --interval is for those."),
        ("classifier", ("--interval", "0.9"), 2, "is a classification; --proba is for those."),
        ("regressor", ("--interval", "1.5"), 2, "coverage must be"),
        ("regressor", ("--out", "found.xlsx"), 2, "--out must end in .csv or .jsonl; got 'found.xlsx'."),
        ("regressor", ("--out", "no/found.csv"), 2, "cannot be saved to no/found.csv: there is no directory"),
        ("regressor", ("--keep", "agee"), 2, "diabetes.csv 'agee'. Did you mean 'age'"),
        ("classifier", (), 1, "X lacks columns of fit: 'sepal_length', 'sepal_width'"),
    ],
)
def test_bad_requests(request: Any, tables: Path, model: str, arguments: Any, code: int, sentence: str) -> None:
    done = run("predict", request.getfixturevalue(model), tables / "diabetes.csv", *arguments)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err

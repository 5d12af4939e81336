"""`evaluate` and `leaderboard`: the tables of the estimator, as text and as JSON."""

import json
from pathlib import Path

import pandas as pd
import pytest

import autonet
from tests.cli.program import run


def test_evaluate_prints_the_scores_of_the_estimator(classifier: Path, tables: Path) -> None:
    test = pd.read_csv(tables / "iris_test.csv")
    expected = autonet.load(classifier).evaluate(
        test.drop(columns="species"), test["species"], metrics=["roc_auc", "accuracy"]
    )
    command = ("evaluate", classifier, tables / "iris_test.csv", "--target", "species")
    metrics = ("--metric", "roc_auc", "--metric", "accuracy")
    done = run(*command, *metrics)
    assert done.code == 0, done.err
    assert done.out == f"{expected!r}\n"
    done = run(*command, *metrics, "--json")
    assert json.loads(done.out) == list(expected)


def test_some_metrics_with_weights(classifier: Path, tables: Path) -> None:
    test = pd.read_csv(tables / "iris_test.csv")
    expected = autonet.load(classifier).evaluate(
        test.drop(columns=["species"]), test["species"], test["petal_length"], metrics=["accuracy"]
    )
    weighted = test.assign(weight=test["petal_length"]).to_csv(index=False).encode()
    options = ("--target", "species", "--sample-weight", "weight", "--metric", "accuracy", "--json")
    assert json.loads(run("evaluate", classifier, "-", *options, stdin=weighted).out) == list(expected)


def test_classes_that_are_codes_are_text_as_in_fit(classifier: Path) -> None:
    rows = b"sepal_length,sepal_width,petal_length,petal_width,species\n5,3,1,0.2,1\n5,3,1,0.2,2\n"
    done = run("evaluate", classifier, "-", "--target", "species", stdin=rows)
    assert (done.code, done.err) == (1, "Error: y has labels that the y of fit does not have: '1', '2'.\n")


def test_a_feature_is_no_target(classifier: Path, tables: Path) -> None:
    done = run("evaluate", classifier, tables / "iris_test.csv", "--target", "petal_width")
    sentence = f"Error: {tables / 'iris_test.csv'} lacks columns of fit, beside the target: 'petal_width'.\n"
    assert (done.code, done.err) == (1, sentence)


def test_leaderboard(classifier: Path, tables: Path) -> None:
    auto = autonet.load(classifier)
    done = run("leaderboard", classifier)
    assert done.out == f"{auto.leaderboard()!r}\n"
    done = run("leaderboard", classifier, tables / "iris_test.csv", "--target", "species", "--json")
    rows = json.loads(done.out)
    test = pd.read_csv(tables / "iris_test.csv")
    expected = auto.leaderboard(test.drop(columns="species"), test["species"])
    assert [row["test_score"] for row in rows] == expected.column("test_score")
    assert any(score is not None for score in expected.column("test_score"))


@pytest.mark.parametrize("arguments", [("test.csv",), ("--target", "species")])
def test_a_test_table_needs_its_target(
    classifier: Path, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test.csv").write_text("a,species\n1,setosa\n")
    monkeypatch.chdir(tmp_path)
    done = run("leaderboard", classifier, *arguments)
    assert done.code == 2
    assert "TEST and --target belong together; give both, or neither." in done.err

"""`fit` and `resume`: options reach the estimator, the model is written, also after Ctrl-C."""

import logging
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import autonet
from tests.cli.conftest import EPOCHS, QUICK
from tests.cli.program import run


def test_fit_writes_the_model_and_says_what_it_is(classifier: Path) -> None:
    auto = autonet.load(classifier)
    assert isinstance(auto, autonet.AutoNetClassification)
    assert auto.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert len(auto.history_) == 2
    assert auto.get_params()["preset"] == "tiny_cs"


def test_a_model_of_the_command_line_is_that_of_python(tables: Path, classifier: Path) -> None:
    frame = pd.read_csv(tables / "iris.csv")
    options: dict[str, Any] = {"max_trials": 2, "budget_type": "epochs", "max_budget": 9, "cross_validator": "none"}
    auto = autonet.AutoNetClassification("tiny_cs", n_jobs=1, random_state=0, **options)
    auto.fit(frame.drop(columns="species"), frame["species"])
    rows = frame.drop(columns="species")
    np.testing.assert_array_equal(auto.predict_proba(rows), autonet.load(classifier).predict_proba(rows))


def test_options_reach_the_estimator(tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.autonet"
    done = run(
        *("fit", tables / "iris.csv", "-t", "species", "-o", out, "--test", tables / "iris_test.csv"),
        *("--drop", "sepal_width", "--sample-weight", "sepal_length", "--categorical-features", "petal_width"),
        *("--class-weight", '{"setosa": 2, "virginica": 1, "versicolor": 1}', "--optimize-metric", "cross_entropy"),
        *("--no-tree-ensembles", "--ensemble-size", "1", "--validation-split", "0.2", *QUICK, *EPOCHS),
    )
    assert done.code == 0, done.err
    assert done.err.startswith("task: classification, because the target is not numeric; --task says otherwise\n")
    assert done.lines[0] == f"{out}: AutoNetClassification"
    assert "val_cross_entropy" in done.lines[1]
    auto = autonet.load(out)
    assert [(column.name, column.kind) for column in auto.columns_] == [
        ("petal_length", "numeric"),
        ("petal_width", "categorical"),
    ]
    assert auto.tree_ensembles is False
    assert auto.class_weight == {"setosa": 2, "virginica": 1, "versicolor": 1}
    assert auto.validation_split == 0.2
    assert "test_cross_entropy" in auto.fit_result["info"]


@pytest.mark.parametrize("given", [("--class-weight", '{"true": 5}'), ("--set", 'class_weight={"true": 5}')])
@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_weights_of_classes_that_are_no_text(tmp_path: Path, given: Any, format_: str) -> None:
    frame = pd.DataFrame({"a": range(40), "y": [True, False] * 20})
    rows = frame.to_csv(index=False) if format_ == "csv" else frame.to_json(orient="records", lines=True)
    out = tmp_path / "model.autonet"
    source = ("fit", "-", "--format", format_, "--target", "y", "-o", out)
    done = run(*source, *given, *QUICK, *EPOCHS, "--max-trials", 1, stdin=rows.encode())
    assert done.code == 0, done.err
    assert autonet.load(out).class_weight == {True: 5}


def test_weights_of_unknown_classes_are_refused() -> None:
    done = run("fit", "-", "-t", "y", "--class-weight", '{"2": 5}', *QUICK, stdin=b"a,y\n" + b"1,0\n2,1\n" * 20)
    assert done.code == 2
    assert "class_weight has weights for ['2'], which are not in y; its labels: 0, 1." in done.err


def test_a_fit_from_standard_input_of_the_task_that_is_chosen(tables: Path, tmp_path: Path) -> None:
    rows = b"a,y\n" + b"".join(b"%d,%d\n" % (i, i % 4) for i in range(60))
    out = tmp_path / "model.autonet"
    done = run("fit", "-", "--target", "y", "--task", "regression", "-o", out, *QUICK, *EPOCHS, stdin=rows)
    assert done.code == 0, done.err
    assert "task:" not in done.err
    assert isinstance(autonet.load(out), autonet.AutoNetRegression)


def test_warnings_are_sentences_on_standard_error(tmp_path: Path) -> None:
    rows = b"a,y\n" + b"".join(b"%d,only\n" % i for i in range(30))
    done = run("fit", "-", "--target", "y", "-o", tmp_path / "model.autonet", *QUICK, *EPOCHS, stdin=rows)
    assert done.code == 0, done.err
    assert "warning: y has a single class, so the linear baseline is returned" in done.err


def test_only_one_table_may_be_standard_input() -> None:
    done = run("fit", "-", "--target", "y", "--valid", "-", stdin=b"a,y\n1,2\n")
    assert done.code == 2
    assert "Invalid value for --valid: only TRAIN may be standard input." in done.err


@pytest.fixture
def interrupting() -> Any:
    """Send Ctrl-C to this process when the second trial has ended."""
    seen = []

    class Interrupter(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.extend([record] if record.msg.startswith("trial") else [])
            if len(seen) == 2 and record is seen[-1]:
                os.kill(os.getpid(), signal.SIGINT)

    handler, logger = Interrupter(), logging.getLogger("autonet")
    logger.addHandler(handler)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # programs in the background ignore it
    yield
    signal.signal(signal.SIGINT, before)
    logger.removeHandler(handler)


@pytest.mark.usefixtures("interrupting")
def test_an_interrupted_fit_writes_the_best_model_and_resume_goes_on(tables: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "model.autonet", tmp_path / "run"
    table = (tables / "diabetes.csv", "--target", "target", "--out", out)
    options = ("--run-dir", folder, "--log-level", "info", "--max-trials", 6, "--preset", "tiny_cs", *EPOCHS)
    done = run("fit", *table, *options, "--random-state", 0, "--n-jobs", 1)
    assert done.code == 130
    assert done.err.splitlines()[-1] == f"Error: interrupted; {out} is the best model so far."
    assert isinstance(autonet.load(out), autonet.AutoNetRegression)
    before = len(autonet.open_run(folder).history)
    assert before < 4

    done = run("resume", folder, *table, "--max-trials", 4)
    assert done.code == 0, done.err
    assert f"<SavedRun {str(folder)!r}: ended" in done.err
    assert len(autonet.open_run(folder).history) == 4
    assert run("leaderboard", folder).out.startswith("5 models by validation r2")

    other = run("resume", folder, tables / "iris.csv", "--target", "sepal_width")
    assert other.code == 1
    assert f"Error: {folder} holds another search" in other.err


def test_an_interrupt_before_there_is_a_model(tables: Path, tmp_path: Path, monkeypatch: Any) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(autonet.AutoNetClassification, "fit", interrupt)
    out, folder = tmp_path / "model.autonet", tmp_path / "run"
    done = run("fit", tables / "iris.csv", "--target", "species", "--out", out, "--run-dir", folder)
    assert done.code == 130
    sentence = "Error: interrupted before there was a model; nothing was written. Go on with: autonet resume"
    assert done.err.splitlines()[-1] == f"{sentence} {folder} ..."
    assert not out.exists()

"""`presets` and `show-space`."""

import json
from pathlib import Path

import pytest

import autonet
from autonet.space.presets import list_presets
from tests.cli.program import run


def test_presets() -> None:
    done = run("presets")
    names = [*autonet.list_presets(), *list_presets("images")]
    assert [line.split()[0] for line in done.lines if line.startswith("  ") and line[2] != " "] == names
    assert [line for line in done.lines if line[:1].strip()] == ["For tables:", "For images:"]
    rows = json.loads(run("presets", "--json").out)
    assert [row["preset"] for row in rows] == names
    assert "best_cs" not in [row["preset"] for row in rows if row["data"] == "images"]
    assert all(row["description"] for row in rows)


def test_the_space_is_that_of_the_estimator() -> None:
    space = autonet.AutoNetClassification("tiny_cs").get_hyperparameter_search_space()
    rows = json.loads(run("show-space", "--preset", "tiny_cs", "--json").out)
    assert {row["hyperparameter"] for row in rows} == {name for name, h in space.items() if h.size > 1}
    found = {row["hyperparameter"]: row for row in rows}
    low, high = space["OptimizerSelector:sgd:learning_rate"].lower, space["OptimizerSelector:sgd:learning_rate"].upper
    assert found["OptimizerSelector:sgd:learning_rate"]["values"] == f"{low:g} to {high:g}, log"


def test_conditions_name_parent_and_values() -> None:
    rows = json.loads(run("show-space", "--json").out)
    found = {row["hyperparameter"]: row for row in rows}
    assert found["OptimizerSelector:adamw:beta1"]["if"] == "OptimizerSelector:optimizer is adamw"
    assert found["OptimizerSelector:optimizer"]["values"] == "adamw, sgd"
    assert found["OptimizerSelector:optimizer"]["if"] is None


def test_the_space_of_a_table(tables: Path) -> None:
    options = ("--target", "target", "--drop", "age", "--set", 'networks=["shapedmlpnet"]')
    done = run("show-space", tables / "diabetes.csv", *options)
    assert done.code == 0, done.err
    assert "task: regression" in done.err
    assert "TargetTransformSelector:target_transform" in done.out  # regressions have it
    assert "NetworkSelector:shapedmlpnet" in done.out
    assert "realmlp" not in done.out


@pytest.mark.parametrize("arguments", [("train.csv",), ("--target", "y")])
def test_a_table_needs_its_target(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.csv").write_text("a,y\n1,2\n")
    monkeypatch.chdir(tmp_path)
    done = run("show-space", *arguments)
    assert done.code == 2
    assert "TRAIN and --target belong together; give both, or neither." in done.err

"""Tables in files, and a model for each kind of task, fitted by the command line."""

from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_diabetes, load_iris

from tests.cli.program import run

QUICK = ("--preset", "tiny_cs", "--max-trials", "2", "--random-state", "0", "--n-jobs", "1")
EPOCHS = ("--set", "budget_type=epochs", "--set", "max_budget=9", "--set", "cross_validator=none")


@pytest.fixture(scope="session")
def tables(tmp_path_factory: Any) -> Path:
    """A folder with iris and diabetes as CSV."""
    folder: Path = tmp_path_factory.mktemp("tables")
    iris = load_iris(as_frame=True)
    flowers = iris.data.set_axis(["sepal_length", "sepal_width", "petal_length", "petal_width"], axis=1)
    flowers["species"] = iris.target_names[iris.target]
    flowers = flowers.sample(frac=1, random_state=0)
    flowers[:100].to_csv(folder / "iris.csv", index=False)
    flowers[100:].to_csv(folder / "iris_test.csv", index=False)
    patients = load_diabetes(as_frame=True).frame
    patients[:300].to_csv(folder / "diabetes.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def classifier(tables: Path) -> Path:
    """A model file of iris, with history."""
    out = tables / "iris.autonet"
    done = run("fit", tables / "iris.csv", "--target", "species", "--out", out, "--with-history", *QUICK, *EPOCHS)
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="session")
def regressor(tables: Path) -> Path:
    """A model file of diabetes."""
    out = tables / "diabetes.autonet"
    done = run("fit", tables / "diabetes.csv", "--target", "target", "--out", out, *QUICK, *EPOCHS)
    assert done.code == 0, done.err
    return out

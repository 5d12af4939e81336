"""Tables as arguments of `fit`, and the task that the targets suggest."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.cli.tables import Table
from autonet.cli.training import Roles, construct, guess_task, read_data
from autonet.core.errors import InvalidData, InvalidOption, UnknownName


def test_columns_that_are_no_features() -> None:
    table = Table({"a": [1, 2], "w": [0.5, 1.0], "g": ["x", "y"], "id": [7, 8], "y": [0, 1]}, "rows.csv")
    split = Roles(("y",), "w", "g", ("id",)).split(table)
    assert split["X"] == {"a": [1, 2]}
    assert split["y"] == [0, 1]
    assert split["sample_weight"].tolist() == [0.5, 1.0]
    assert split["groups"].tolist() == ["x", "y"]
    with pytest.raises(UnknownName, match=r"Unknown column of rows.csv 'ids'. Did you mean 'id'"):
        Roles(("y",), dropped=("ids",)).split(table)


def test_several_targets_keep_their_names() -> None:
    split = Roles(("b", "a")).split(Table({"a": [1, 2], "b": [3, 4], "c": ["x", "y"]}, "rows.csv"))
    assert {name: column.tolist() for name, column in split["y"].items()} == {"b": [3, 4], "a": [1, 2]}
    assert split["X"] == {"c": ["x", "y"]}


def test_further_rows_may_lack_what_only_training_needs(tmp_path: Path) -> None:
    train, valid = tmp_path / "train.csv", tmp_path / "valid.csv"
    train.write_text("a,w,id,y\n1,2,3,x\n2,2,4,z\n")
    valid.write_text("a,y\n1,x\n")
    data = read_data(str(train), Roles(("y",), "w", None, ("id",)), None, valid=str(valid), test=None)
    assert sorted(data) == ["X", "X_valid", "sample_weight", "y", "y_valid"]
    assert {name: list(column) for name, column in data["X_valid"].items()} == {"a": [1]}


def test_further_rows_are_read_as_those_of_training(tmp_path: Path) -> None:
    train, valid = tmp_path / "train.csv", tmp_path / "valid.csv"
    train.write_text("code,size,y\n007,1,a\n112,2,1\n")
    valid.write_text("code,size,y\n112,03,1\n")
    data = read_data(str(train), Roles(("y",)), None, valid=str(valid), test=None)
    assert {name: list(column) for name, column in data["X_valid"].items()} == {"code": ["112"], "size": [3]}
    assert data["y_valid"] == ["1"]


def test_roles_that_leave_no_features_or_name_a_target_twice_are_refused() -> None:
    table = Table({"a": [1, 2], "y": [3, 4]}, "rows.csv")
    with pytest.raises(
        InvalidData, match=r"rows\.csv has no columns beside those named; expected at least one feature"
    ):
        Roles(("y", "a")).split(table)
    with pytest.raises(InvalidOption, match="--target names 'y' twice; name each column once"):
        Roles(("y", "y")).split(table)


@pytest.mark.parametrize(
    ("y", "task", "reason"),
    [
        (["yes", "no"], "classification", "the target is not numeric"),
        ([True, False], "classification", "the target is not numeric"),
        ([0, 1, 2], "classification", "the target has 3 distinct whole numbers"),
        ([0.0, 1.0], "classification", "the target has 2 distinct whole numbers"),
        (list(range(20)), "classification", "the target has 20 distinct whole numbers"),
        (list(range(21)), "regression", "the target has 21 distinct values"),
        ([0.5, 1.0], "regression", "the target has fractions"),
        ([[0, 1], [1, 1]], "classification", "all 2 targets are zeros and ones"),
        ([[0.5, 1], [1, 1]], "regression", "not all targets are zeros and ones"),
    ],
)
def test_the_task_is_guessed(y: Any, task: str, reason: str) -> None:
    assert guess_task(y) == (task, reason)


def test_missing_targets_are_refused() -> None:
    with pytest.raises(InvalidData, match="y contains NaN, infinity or missing values in 1 of 3 rows"):
        guess_task(np.array([0.0, np.nan, 1.0]))


def test_a_guess_is_told_and_a_choice_is_not(capsys: Any) -> None:
    assert type(construct([0.5, 1.5], None, {"max_trials": 3})).__name__ == "AutoNetRegression"
    assert capsys.readouterr().err == "task: regression, because the target has fractions; --task says otherwise\n"
    assert type(construct([0.5, 1.5], "classification", {})).__name__ == "AutoNetClassification"
    assert type(construct(None, None, {})).__name__ == "AutoNetClassification"
    assert capsys.readouterr().err == ""

"""Options of the estimators as flags, and values of all others."""

import re
from dataclasses import fields
from typing import Any

import click
import numpy as np
import pytest

from autonet import AutoNetRegression
from autonet.cli.fitting import fit
from autonet.cli.options import FLAGS, name_classes, parse_class_weight, parse_settings
from autonet.estimators.params import Params
from tests.cli.program import run

pl = pytest.importorskip("polars")


def test_flags_are_parameters_of_the_estimators_with_their_meaning() -> None:
    parameters = {parameter.name: parameter for parameter in fields(Params)}
    shown = " ".join(run("fit", "--help").out.split())
    for name in FLAGS:
        assert f"--{name.replace('_', '-')}" in shown
        first = parameters[name].metadata["meaning"].split(".")[0].split("`")[0].split()
        assert " ".join(first[:4]) in shown
    assert "totals; larger ones continue" in shown
    assert "--max-runtime and --max-trials are totals" in shown  # names of parameters are flags
    assert "`" not in shown


def test_flags_that_are_not_given_are_left_to_the_estimator() -> None:
    parsed = fit.make_context("fit", ["train.csv", "-t", "y"]).params
    assert {name for name in FLAGS if parsed[name] not in (None, ())} == set()


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        (["--n-jobs", "3"], "n_jobs", 3),
        (["--n-jobs", "auto"], "n_jobs", "auto"),
        (["--n-jobs", "-1"], "n_jobs", -1),
        (["--tree-ensembles"], "tree_ensembles", True),
        (["--no-tree-ensembles"], "tree_ensembles", False),
        (["--max-runtime", "1.5"], "max_runtime", 1.5),
        (["--categorical-features", "a", "--categorical-features", "b c"], "categorical_features", ("a", "b c")),
    ],
)
def test_values_of_flags(given: list[str], name: str, value: Any) -> None:
    assert fit.make_context("fit", ["train.csv", "-t", "y", *given]).params[name] == value


def test_settings_are_json_or_words() -> None:
    given = ('networks=["mlpnet"]', "cross_validator=5", "refit_on_all_rows=true", "pos-label=yes", "max_budget=null")
    assert parse_settings(given) == {
        "networks": ["mlpnet"],
        "cross_validator": 5,
        "refit_on_all_rows": True,
        "pos_label": "yes",
        "max_budget": None,
    }
    assert parse_settings(("executor=tcp://host:8786",)) == {"executor": "tcp://host:8786"}


@pytest.mark.parametrize("command", ["fit", "resume", "show-space"])
def test_settings_in_the_help_are_valid(command: str) -> None:
    settings = re.findall(r"--set '?([a-z_]+=[^ ']+)", run(command, "--help").out)
    assert any(setting.startswith("networks=") for setting in settings)
    AutoNetRegression(**parse_settings(tuple(settings))).plan()  # raises


@pytest.mark.parametrize("setting", ["networks", "=3", "networks=[mlp]", "shuffle=True", "max_budget=None", "eta="])
def test_other_settings_are_refused(setting: str) -> None:
    with pytest.raises(click.BadParameter, match=r"expected NAME=VALUE|must be in JSON, such as 3, true"):
        parse_settings((setting,))


def test_class_weights() -> None:
    assert parse_class_weight("balanced") == "balanced"
    assert parse_class_weight('{"yes": 2, "no": 1}') == {"yes": 2, "no": 1}
    with pytest.raises(click.BadParameter, match="expected balanced, or weights in JSON, such as"):
        parse_class_weight('{"yes": 2')


@pytest.mark.parametrize(
    ("weights", "y", "expected"),
    [
        ({"0": 2, "1": 1.5}, np.array([0, 1]), {0: 2, 1: 1.5}),
        ({"0": 2, "1.0": 1.5}, [0.0, 1.0, 1.0], {0.0: 2, 1.0: 1.5}),
        ({"0": 2, "1": 1}, pl.Series([0, 1], dtype=pl.Int8), {0: 2, 1: 1}),
        ({"true": 5, "False": 1}, np.array([True, False]), {True: 5, False: 1}),
        ({"TRUE": 5}, pl.Series([True, False]), {True: 5}),
        ({"0": 2, "1": 1}, ["0", "1"], {"0": 2, "1": 1}),
        ({"007": 2, "1e3": 1}, ["007", "1e3"], {"007": 2, "1e3": 1}),
        ({"yes": 2, "maybe": 1}, ["yes", "no"], {"yes": 2, "maybe": 1}),
    ],
)
def test_keys_of_class_weights_are_matched_by_their_text(weights: Any, y: Any, expected: Any) -> None:
    found = name_classes(weights, y)
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))

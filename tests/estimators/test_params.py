"""The table of parameters: the constructor, the checks, the documentation and `print_help` follow it."""

import inspect
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidOption
from autonet.estimators.base import AutoNet
from autonet.estimators.params import Params

BOTH = (AutoNetClassification, AutoNetRegression)


@pytest.mark.parametrize("cls", BOTH)
def test_the_constructor_has_the_names_types_and_defaults_of_the_table(cls: Any) -> None:
    declared = {parameter.name: parameter.default for parameter in fields(Params)}
    assert {name: p.default for name, p in inspect.signature(cls).parameters.items()} == declared
    assert list(inspect.signature(cls).parameters) == list(declared)
    annotations = dict(AutoNet.__init__.__annotations__)  # strings: their modules are imported by a fit
    del annotations["return"]
    assert annotations == Params.__annotations__


def test_the_constructor_stores_what_it_is_given() -> None:
    given = {name: object() for name in Params.names()}
    auto = AutoNetClassification(**given)
    assert vars(auto) == given
    assert set(clone(AutoNetClassification()).get_params()) == set(given)


def test_defaults_are_valid() -> None:
    Params().check_each()


@pytest.mark.parametrize(
    ("name", "valid", "invalid"),
    [
        ("max_runtime", [None, 1, 0.5, np.float32(3), float("inf")], [0, -1, True, "1", float("nan"), [1]]),
        ("max_budget", [None, 1, 0.5], [0, float("inf"), "1"]),
        ("max_trials", [None, 1, 3.0, np.int64(7)], [0, 0.5, float("inf"), float("nan"), True]),
        ("eta", [1.5, 3], [None, 1, float("inf")]),
        ("validation_split", [None, 0.1], [0, 1, float("nan"), "0.1"]),
        ("baseline", [True, np.False_], [None, 1, "auto"]),
        ("refit_on_all_rows", [None, True, "auto"], [1, "yes", [True]]),
        ("n_jobs", [None, 1, 2.0, -1, "auto"], [0, 1000, -2, "all", 1.5]),
        ("networks", [None, ["tabm"], ("tabm",), np.array(["tabm"])], ["tabm", [], [1], 3]),
        ("additional_metrics", [None, [], ["accuracy"]], ["accuracy", 3]),
    ],
)
def test_values_are_checked_one_by_one(name: str, valid: list[Any], invalid: list[Any]) -> None:
    for value in valid:
        Params(**{name: value}).check_each()
    for value in invalid:
        with pytest.raises(InvalidOption, match=f"^{name} must be .*; got "):
            Params(**{name: value}).check_each()


@pytest.mark.parametrize("cls", BOTH)
def test_docstring_and_help_describe_every_parameter(cls: Any, capsys: Any) -> None:
    cls().print_help()
    printed = capsys.readouterr().out
    assert printed.strip() in cls.__doc__
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 110
    names = [line.partition(" : ")[0] for line in lines if not line.startswith(" ")]
    assert names == Params.names()
    assert "max_trials : int, optional" in lines
    assert 'preset : str or Path, default="medium_cs"' in lines
    assert "    One in eta configurations is promoted from a budget to the next." in lines

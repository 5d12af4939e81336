"""The table of parameters: the constructor, the checks, the documentation and `print_help` follow it."""

import inspect
from dataclasses import fields
from typing import Any

import pytest
from sklearn.base import clone

from autonet import AutoNetClassification, AutoNetRegression
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

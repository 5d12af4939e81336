"""The parameters of the estimators of images."""

import inspect
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from autonet import AutoNetImageClassification, AutoNetImageRegression
from autonet.core.errors import InvalidOption, UnknownName
from autonet.estimators.image_params import OF_TABLES, ImageParams
from autonet.estimators.params import Params

BOTH = (AutoNetImageClassification, AutoNetImageRegression)


@pytest.mark.parametrize("cls", BOTH)
def test_the_constructor_has_the_names_and_defaults_of_the_table(cls: Any) -> None:
    declared = {p.name: p.default for p in fields(ImageParams) if p.name in ImageParams.names()}
    assert {name: p.default for name, p in inspect.signature(cls).parameters.items()} == declared
    given = {name: object() for name in ImageParams.names()}
    assert vars(cls(**given)) == given
    assert set(clone(cls()).get_params()) == set(given)


def test_options_about_columns_are_not_among_them() -> None:
    assert set(Params.names()) - set(ImageParams.names()) == OF_TABLES
    assert set(ImageParams.names()) - set(Params.names()) == {
        "image_size",
        "channels",
        "on_bad_files",
        "root_folders",
        "augmentations",
        "initial_weights",
    }
    with pytest.raises(UnknownName, match="categorical_features"):
        AutoNetImageClassification(categorical_features=["a"])


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("image_size", (3, 4, 5), "image_size must be a number of pixels, a height and a width, or None"),
        ("image_size", 0, "image_size must be"),
        ("image_size", "32", "image_size must be"),
        ("channels", "middle", "channels must be 'first', 'last' or None; got 'middle'"),
        ("on_bad_files", "warn", "Unknown on_bad_files 'warn'"),
        ("root_folders", "pictures", "root_folders must be a list of paths, or None; got 'pictures'"),
        ("augmentations", "standard", "augmentations must be a list"),
    ],
)
def test_a_value_that_cannot_work_is_refused(option: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        AutoNetImageClassification(**{option: value}).get_hyperparameter_search_space()


@pytest.mark.parametrize("size", [28, (28, 32), [28, 32], np.int64(28), None])
def test_sizes(size: Any) -> None:
    ImageParams(image_size=size).check_each()


def test_the_docstring_describes_the_parameters() -> None:
    text = AutoNetImageClassification.__doc__ or ""
    assert "image_size : int or (int, int), optional" in text
    assert "categorical_features" not in text

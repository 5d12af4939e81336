"""Estimators of images in scikit-learn, and methods of tables that mean something else for images."""

import pickle
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from autonet import AutoNetImageClassification, AutoNetImageRegression
from autonet.core.errors import InvalidOption

QUICK: dict[str, Any] = {
    "max_trials": 1,
    "budget_type": "epochs",
    "max_budget": 2,
    "random_state": 0,
    "n_jobs": 1,
    "cross_validator": "none",
    "baseline": False,
}


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    X, y = load_digits(n_class=3, return_X_y=True)
    return (X.reshape(-1, 8, 8)[:120] * 15.9).astype(np.uint8), y[:120]


@pytest.fixture(scope="module")
def fitted(digits: Any) -> AutoNetImageClassification:
    return AutoNetImageClassification("tiny_cs", **QUICK).fit(*digits)


def test_searches_and_pipelines_of_scikit_learn(digits: Any) -> None:
    X, y = digits
    pipeline = Pipeline(
        [("invert", FunctionTransformer(np.invert)), ("auto", AutoNetImageClassification("tiny_cs", **QUICK))]
    )
    search = GridSearchCV(pipeline, {"auto__image_size": [6, (8, 7)]}, cv=2).fit(X, y)
    assert search.best_estimator_["auto"].model_.schema.shape[1:] in ((6, 6), (8, 7))
    assert search.predict(X).shape == (120,)
    scores = cross_val_score(AutoNetImageRegression("tiny_cs", **QUICK), list(X), X.mean((1, 2)), cv=2)
    assert np.isfinite(scores).all()


def test_images_are_encoded_as_arrays_of_four_dimensions(fitted: AutoNetImageClassification, digits: Any) -> None:
    assert not hasattr(fitted, "set_output")
    with sklearn.config_context(transform_output="pandas"):
        encoded = fitted.transform(digits[0][:3])
    assert isinstance(encoded, np.ndarray)
    assert encoded.shape == (3, 1, 8, 8)
    with pytest.raises(InvalidOption, match="Values of images have no names; transform"):
        fitted.get_feature_names_out()


def test_tags_are_those_of_images() -> None:
    tags = AutoNetImageRegression().__sklearn_tags__()
    assert tags.target_tags.multi_output
    assert tags.input_tags.three_d_array
    assert not tags.input_tags.two_d_array
    assert "AutoNetImageRegression" in AutoNetImageRegression()._repr_html_()


def test_importance_is_that_of_patches(fitted: AutoNetImageClassification, digits: Any) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    found = fitted.feature_importance(*digits, n_repeats=2, max_rows=30, patch_size=4)
    assert found.columns == ("top", "left", "height", "width", "importance", "std", "noise", "above_noise")
    assert len(found) == 4
    assert again.feature_importance(*digits, n_repeats=2, max_rows=30, patch_size=4) == found


def test_images_are_described_in_place_of_columns(fitted: AutoNetImageClassification) -> None:
    assert fitted.columns_ == ()
    assert repr(fitted.columns_).splitlines() == [
        "images       8 × 8 pixels (height × width), 1 channel, gray",
        "values       whole numbers from 0 to 255",
        "other sizes  arrays are refused; files are resized to it",
    ]
    assert "<td>whole numbers from 0 to 255</td>" in fitted.columns_._repr_html_()


def test_refit_trains_one_configuration(fitted: AutoNetImageClassification, digits: Any) -> None:
    other = AutoNetImageClassification("tiny_cs", **QUICK).refit(*digits, fitted.best_config_, budget=1)
    assert other.fit_result["budget"] == 1
    assert other.best_config_ == fitted.best_config_


def test_help_lists_the_options_of_images(capsys: Any) -> None:
    AutoNetImageClassification("tiny_cs").print_help()
    printed = capsys.readouterr().out
    assert "image_size : int or (int, int)" in printed
    assert "tree_ensembles : " not in printed
    assert "best_cs" not in printed

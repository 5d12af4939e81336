"""Displays of images: mistakes, patches that matter, changes of training."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetImageClassification
from autonet.core.errors import InvalidOption
from autonet.inspection import AugmentationsDisplay, MistakesDisplay, PatchImportanceDisplay


def test_mistakes_show_truth_and_prediction(image_classifier: AutoNetImageClassification, pictures: Any) -> None:
    X, y = pictures[0][160:], pictures[1][160:]
    display = MistakesDisplay.from_estimator(image_classifier, X, y, n_images=7)
    assert len(display.axes_) == 7
    worst = display.mistakes[0]
    truth = image_classifier.predict_proba(X)[np.arange(80), np.searchsorted(image_classifier.classes_, y)]
    assert worst.row == truth.argmin()
    assert display.axes_[0].get_title() == f"{y[worst.row]}\n→ {worst.predicted}"
    np.testing.assert_allclose(display.images[0][..., 0], X[worst.row] / 255)


def test_the_map_is_that_of_feature_importance(image_classifier: AutoNetImageClassification, pictures: Any) -> None:
    options: Any = {"patch_size": 4, "n_repeats": 2, "max_rows": 50}
    display = PatchImportanceDisplay.from_estimator(image_classifier, *pictures, **options)
    assert display.table == image_classifier.feature_importance(*pictures, **options)
    assert display.importances.shape == (8, 8)
    assert [image.get_array().shape for image in display.ax_.images] == [(8, 8, 3), (8, 8)]


def test_changes_stand_beside_their_image(image_classifier: AutoNetImageClassification, pictures: Any) -> None:
    display = AugmentationsDisplay.from_estimator(image_classifier, pictures[0], n_images=2, n_draws=3)
    assert display.augmented.shape == (3, 2, 8, 8, 3)
    shown = [np.asarray(axes.images[0].get_array()) for axes in display.axes_]
    assert len(shown) == 8
    np.testing.assert_array_equal(shown[4], display.images[1])
    np.testing.assert_array_equal(shown[7], display.augmented[2, 1])


def test_tables_and_impossible_numbers_are_refused(
    classifier: AutoNetClassification, image_classifier: AutoNetImageClassification, iris: Any, pictures: Any
) -> None:
    with pytest.raises(
        InvalidOption, match="MistakesDisplay is for estimators of images; this one was fitted to a table"
    ):
        MistakesDisplay.from_estimator(classifier, *iris)
    with pytest.raises(InvalidOption, match="n_images must be a whole number of at least 1; got 0"):
        MistakesDisplay.from_estimator(image_classifier, *pictures, n_images=0)


def test_masks_of_zeros_and_ones_are_black_and_white(pictures: Any) -> None:
    X = (pictures[0] > 120).astype(np.uint8)
    options: Any = {"max_trials": 1, "budget_type": "epochs", "max_budget": 1, "baseline": False, "random_state": 0}
    auto = AutoNetImageClassification("tiny_cs", cross_validator="none", n_jobs=1, **options).fit(X, pictures[1])
    mistakes = MistakesDisplay.from_estimator(auto, X, pictures[1], n_images=3)
    np.testing.assert_array_equal(mistakes.images[..., 0], X[[mistake.row for mistake in mistakes.mistakes]])
    changes = AugmentationsDisplay.from_estimator(auto, X, n_images=2, n_draws=1)
    np.testing.assert_array_equal(changes.images[..., 0], X[:2])
    patches = PatchImportanceDisplay.from_estimator(auto, X, pictures[1], patch_size=4, n_repeats=2, max_rows=9)
    np.testing.assert_allclose(patches.image[..., 0], X[:200].mean(0))

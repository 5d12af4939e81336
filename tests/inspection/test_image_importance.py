"""Permutation importance of patches: those that tell the class, and those of noise."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetImageClassification
from autonet.core.errors import InvalidOption
from autonet.data.images.reader import ImageReader
from autonet.data.images.units import Unit
from autonet.inspection.image_importance import choose_patch_size, importance_map, list_patches


def test_patches_that_tell_the_class_stand_above_noise(
    image_classifier: AutoNetImageClassification, pictures: Any
) -> None:
    X, y = pictures[0][160:], pictures[1][160:]
    before = X.copy()
    found = image_classifier.feature_importance(X, y, patch_size=4, metric="neg_log_loss")
    assert {(row["top"], row["left"]) for row in found[:2]} == {(0, 4), (4, 4)}
    assert [row["above_noise"] for row in found[:2]] == [True, True]
    assert found[2]["importance"] < found[1]["importance"] / 5
    assert "drop of neg_log_loss when a patch is shuffled among the images, mean of 5 shuffles of 80 images" in repr(
        found
    )
    np.testing.assert_array_equal(X, before)
    shown = importance_map(found, above_noise=True)
    assert shown.shape == (8, 8)
    assert (shown[:, 4:] > 0).all()
    assert shown[4, 7] == importance_map(found)[7, 4] == next(row["importance"] for row in found if row["top"] == 4)


def test_patches_cover_images_of_any_size() -> None:
    reader = ImageReader(1, 5, 7, Unit.BYTES)
    assert choose_patch_size(reader) == 1
    covered = np.zeros((5, 7), int)
    for top, left, height, width in list_patches(reader, 3):
        covered[top : top + height, left : left + width] += 1
    assert (covered == 1).all()
    assert choose_patch_size(ImageReader(1, 28, 20, Unit.BYTES)) == 4


def test_impossible_patches_are_refused(image_classifier: AutoNetImageClassification, pictures: Any) -> None:
    X, y = pictures
    with pytest.raises(InvalidOption, match="patch_size must be a whole number from 1 to 8 pixels; got 9"):
        image_classifier.feature_importance(X, y, patch_size=9)
    with pytest.raises(InvalidOption, match="n_repeats must be a whole number of at least 2; got 1"):
        image_classifier.feature_importance(X, y, n_repeats=1)

"""Images to look at: pixels of every kind, changes of training, mistakes."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetImageClassification, AutoNetImageRegression
from autonet.core.errors import InvalidOption
from autonet.inspection.images import augment_images, describe_reader, find_reader, rank_mistakes, to_pixels


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4, 5])
def test_pixels_have_three_channels_from_0_to_1(n_channels: int) -> None:
    values = np.random.default_rng(0).integers(256, size=(4, n_channels, 2, 3), dtype=np.uint8)
    shown = to_pixels(values)
    assert shown.shape == (4, 2, 3, 3)
    expected = values[:, 1] if n_channels in (3, 4) else values.mean(1) if n_channels == 5 else values[:, 0]
    np.testing.assert_allclose(shown[..., 1], expected / 255)
    far = to_pixels(values.astype(np.float32) - 100)
    assert far.min() >= 0
    assert far.max() <= 1
    np.testing.assert_allclose(to_pixels(values / 255), to_pixels(values))  # floats in the range stay


def test_bytes_are_shown_up_to_white() -> None:
    masks = np.array([0, 1, 2], np.uint8).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(to_pixels(masks, 1.0)[:, 0, 0, 0], [0, 1, 1])


def test_changes_of_training_keep_the_unit_and_repeat(
    image_classifier: AutoNetImageClassification, pictures: Any
) -> None:
    data: Any = image_classifier.model_.read(pictures[0][:5])
    changed = augment_images(image_classifier.model_, data, 3)
    assert changed.shape == (3, 5, 1, 8, 8)
    assert changed.dtype == np.uint8
    assert (changed != data.values).any(axis=(2, 3, 4)).all()
    assert abs(changed.mean() - data.values.mean()) < 15
    np.testing.assert_array_equal(augment_images(image_classifier.model_, data, 3), changed)
    assert (augment_images(image_classifier.model_, data, 3, random_state=1) != changed).any()


def test_a_model_that_is_trained_on_images_as_they_are(image_regressor: AutoNetImageRegression, pictures: Any) -> None:
    data: Any = image_regressor.model_.read(np.stack([pictures[0][:5]] * 3, -1))
    with pytest.raises(InvalidOption, match="trains on the images as they are, without augmentation"):
        augment_images(image_regressor.model_, data, 1)


def test_mistakes_come_first(image_classifier: AutoNetImageClassification) -> None:
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    found = rank_mistakes(image_classifier.model_, np.array([0, 2, 0]), probabilities, 2)
    assert [(m.row, m.truth, m.predicted, m.is_wrong) for m in found] == [
        (2, "dark", "up (80%)", True),
        (1, "up", "down (50%)", True),
    ]


def test_the_largest_errors_come_first(image_regressor: AutoNetImageRegression) -> None:
    found = rank_mistakes(image_regressor.model_, np.array([[1.0], [2], [3]]), np.array([[1.0], [9], [2]]), 2)
    assert [(m.row, m.truth, m.predicted, m.is_wrong) for m in found] == [(1, "2", "9", False), (2, "3", "2", False)]


def test_a_reader_in_words(image_classifier: AutoNetImageClassification, classifier: AutoNetClassification) -> None:
    described = dict(describe_reader(find_reader(image_classifier.model_, "It")))
    assert described["images"] == "8 × 8 pixels (height × width), 1 channel, gray"
    assert described["values"] == "whole numbers from 0 to 255"
    with pytest.raises(InvalidOption, match="It is for estimators of images; this one was fitted to a table"):
        find_reader(classifier.model_, "It")

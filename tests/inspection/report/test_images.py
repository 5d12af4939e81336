"""Reports of images: no columns, but pictures of mistakes, of changes and of what matters."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet import AutoNetImageClassification, AutoNetImageRegression
from autonet.inspection.report import features, images
from autonet.inspection.report.images import describe_patches
from autonet.inspection.report.scores import HeldOut
from tests.inspection.report.pages import read_page


def test_a_page_of_images(
    image_classifier: AutoNetImageClassification, pictures: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "SECONDS", 1000.0)  # however busy the machine is
    monkeypatch.setattr(images, "SAMPLES", ((50, 3),))
    X, y = pictures
    page = read_page(image_classifier.report(tmp_path / "report.html", X[160:], y[160:]))
    assert "column" not in page.text
    assert "8 × 8 pixels (height × width), 1 channel, gray" in page.text
    assert "the mean of 3 shuffles of 50 of 80 test images" in page.text
    assert "of 16 patches exceed" in page.text
    assert "images: an array as in the fit, files, PIL images, or a folder" in page.text
    alts = "\n".join(picture["alt"] for picture in page.find("img"))
    assert "The 18 test images that the model is least right about" in alts
    assert "Map of the importance of 16 patches" in alts
    assert "3 test images, each with 7 random changes" in alts


def test_a_regression_of_images_without_augmentation(
    image_regressor: AutoNetImageRegression, pictures: Any, tmp_path: Path
) -> None:
    X = np.stack([pictures[0][160:]] * 3, -1)
    page = read_page(image_regressor.report(tmp_path / "report.html", X, X.mean((1, 2, 3))))
    assert "3 channels, color" in page.text
    assert "The best configuration trains on the images as they are, without augmentation." in page.text
    assert "The 18 test images with the largest errors" in "\n".join(tag["alt"] for tag in page.find("img"))


def test_what_would_take_long_is_left_out(
    image_classifier: AutoNetImageClassification, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "SECONDS", 0.0)
    section = describe_patches(image_classifier, HeldOut.predict(image_classifier, *pictures))
    text, code = section.blocks
    assert text.text == "The importance of patches is left out: it would take long for 16 patches."  # type: ignore[union-attr]
    assert "PatchImportanceDisplay.from_estimator(auto, X_test, y_test)" in code.code  # type: ignore[union-attr]

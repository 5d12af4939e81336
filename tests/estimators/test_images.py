"""Estimators of images: arrays, tensors and files; search, ensembles, model files, exports and refusals."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits

import autonet
from autonet import AutoNetImageClassification, AutoNetImageRegression
from autonet.core.errors import DataWarning, InvalidData, InvalidOption, UnknownName
from autonet.estimators.base import AutoNet
from autonet.inspection import (
    AugmentationsDisplay,
    ConfusionMatrixDisplay,
    MistakesDisplay,
    PatchImportanceDisplay,
    RocCurvesDisplay,
)

QUICK: dict[str, Any] = {
    "max_trials": 2,
    "budget_type": "epochs",
    "max_budget": 3,
    "random_state": 0,
    "n_jobs": 1,
    "cross_validator": "none",
}


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    X, y = load_digits(return_X_y=True)
    return (X.reshape(-1, 8, 8) * 15.9).astype(np.uint8), y


@pytest.fixture(scope="module")
def fitted(digits: tuple[Any, Any]) -> AutoNetImageClassification:
    X, y = digits
    return AutoNetImageClassification("medium_cs", **QUICK).fit(
        X[:500], y[:500], X_test=X[900:1000], y_test=y[900:1000]
    )


def test_a_search_fits_an_ensemble_of_convolutional_networks(
    fitted: AutoNetImageClassification, digits: tuple[Any, Any]
) -> None:
    X, y = digits
    assert fitted.score(X[1000:], y[1000:]) > 0.8
    assert len(fitted.history_) == 2
    assert fitted.n_features_in_ == 64
    assert fitted.fit_result["info"]["test_accuracy"] > 0.7
    assert {str(name) for name in fitted.fit_result["ensemble"]} <= {"0", "1", "linear"}
    np.testing.assert_allclose(fitted.predict_proba(X[:5]).sum(1), 1)
    assert fitted.predict_set(X[:5]).shape == (5, 10)


def test_networks_that_are_trained_on_nearly_all_images_are_weighed(
    fitted: AutoNetImageClassification, digits: Any
) -> None:
    ensemble = fitted.model_.ensemble
    refitted = len(ensemble.members) - len(fitted.fit_result["ensemble"])
    assert refitted >= 1
    assert sum(ensemble.weights) == pytest.approx(1)
    assert fitted.get_pytorch_model() in [member.network for member in ensemble.members]


def test_tensors_and_lists_are_predicted_as_arrays(fitted: AutoNetImageClassification, digits: Any) -> None:
    X = digits[0][:20]
    expected = fitted.predict_proba(X)
    for other in (torch.from_numpy(X), list(X), X[:, None], X[..., None], X.tolist()):
        np.testing.assert_array_equal(fitted.predict_proba(other), expected)


def test_files_and_exports_predict_the_same(fitted: AutoNetImageClassification, digits: Any, tmp_path: Path) -> None:
    X = digits[0][:20]
    fitted.save(tmp_path / "digits.autonet", with_history=True)
    loaded = autonet.load(tmp_path / "digits.autonet")
    assert type(loaded) is AutoNetImageClassification
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    assert len(loaded.history_) == 2
    fitted.export(tmp_path / "digits.pt2")
    module = torch.export.load(tmp_path / "digits.pt2").module()
    exported = module(torch.from_numpy(X[:7, None])).detach().numpy()
    np.testing.assert_allclose(exported, fitted.predict_proba(X[:7]), atol=1e-6)
    described = json.loads((tmp_path / "digits.json").read_text())
    assert described["files"] == fitted.model_.schema.describe_files()
    [images] = described["inputs"]
    assert images == {"name": "images", "dtype": "uint8", "shape": [1, 8, 8]}


def test_other_images_are_refused(fitted: AutoNetImageClassification, digits: Any) -> None:
    X = digits[0]
    with pytest.raises(InvalidData, match=r"AutoNetImageClassification was fitted to \(1, 8, 8\)"):
        fitted.predict(X[:, :7])
    with pytest.raises(InvalidData, match="fitted to whole numbers from 0 to 255; pass images in that unit"):
        fitted.predict(X[:3] / 255)
    with pytest.raises(InvalidData, match=r"must be images of shape \(n, height, width\)"):
        clone(fitted).fit(X.reshape(-1, 64), digits[1])
    with pytest.raises(InvalidData, match=r"X_valid has images of shape \(1, 7, 8\)"):
        clone(fitted).fit(X, digits[1], X_valid=X[:, :7], y_valid=digits[1])
    with pytest.raises(UnknownName, match="preset"):
        clone(fitted).set_params(preset="large_cs").fit(X, digits[1])


def test_a_folder_of_files_is_fitted_and_predicted(digits: Any, tmp_path: Path) -> None:
    for kind in (0, 1):
        (tmp_path / f"digit {kind}").mkdir()
        for i, image in enumerate(digits[0][digits[1] == kind][:40]):
            Image.fromarray(image).save(tmp_path / f"digit {kind}" / f"{i:02}.png")
    auto = AutoNetImageClassification(
        "tiny_cs", image_size=12, baseline=False, **{**QUICK, "max_trials": 1, "max_budget": 9}
    ).fit(tmp_path)
    assert auto.classes_.tolist() == ["digit 0", "digit 1"]
    assert auto.model_.schema.shape == (1, 12, 12)
    assert auto.score(tmp_path) > 0.9
    assert auto.evaluate(tmp_path, metrics=["accuracy"], n_bootstrap=0)[0]["score"] == auto.score(tmp_path)
    with pytest.raises(InvalidData, match="score compares predictions with y; got None for y"):
        auto.score(digits[0])
    predicted = auto.predict(tmp_path / "digit 1")
    assert predicted.shape == (40,)
    assert np.mean(predicted == "digit 1") > 0.9
    np.testing.assert_array_equal(
        auto.predict(digits[0][:5]), auto.predict([Image.fromarray(i) for i in digits[0][:5]])
    )


@pytest.mark.parametrize(("n", "n_folds"), [(499, 5), (500, 1)])
def test_few_images_are_validated_on_folds(digits: Any, n: int, n_folds: int) -> None:
    options = {**QUICK, "cross_validator": "auto", "max_trials": 1, "max_budget": 1, "refit_on_all_rows": False}
    auto = AutoNetImageClassification("tiny_cs", baseline=False, **options).fit(digits[0][:n], digits[1][:n])
    assert len(set(auto.learning_curves().column("fold"))) == n_folds


def test_what_scores_rows_takes_a_folder(digits: Any, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    for kind in (0, 1):
        (folder / str(kind)).mkdir(parents=True)
        for i, image in enumerate(digits[0][digits[1] == kind][:20]):
            Image.fromarray(image).save(folder / str(kind) / f"{i:02}.png")
    options = {**QUICK, "max_trials": 1, "max_budget": 3, "augmentations": ["standard"]}
    auto = AutoNetImageClassification("tiny_cs", baseline=False, **options).fit(folder)
    assert auto.leaderboard(folder)[0]["test_score"] == auto.score(folder)
    assert len(auto.feature_importance(folder, n_repeats=2, patch_size=4)) == 4
    for display in (ConfusionMatrixDisplay, RocCurvesDisplay, MistakesDisplay, PatchImportanceDisplay):
        display.from_estimator(auto, folder)
    assert AugmentationsDisplay.from_estimator(auto, folder).images.shape[0] == 4
    assert auto.report(tmp_path / "report.html", folder).exists()
    with pytest.raises(InvalidData, match="requires y to be passed, but the target y is None"):
        ConfusionMatrixDisplay.from_estimator(auto, digits[0])
    with pytest.raises(InvalidOption, match="X_test and y_test belong together"):
        auto.leaderboard(digits[0])


def test_the_paths_of_a_table_are_looked_for_in_other_folders(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    table = tmp_path / "tables" / "train.csv"
    table.write_text("".join(f"{i:02}.png,{i % 3}\n" for i in range(1, 89)))
    auto = AutoNetImageClassification("tiny_cs", baseline=False, **{**QUICK, "max_trials": 1, "max_budget": 1})
    with pytest.raises(InvalidData, match=r"88 of 88 files cannot be read: '.*tables/01.png' \(missing\)"):
        auto.fit(table)
    assert auto.fit(table, images_root_folders=[tmp_path]).classes_.tolist() == [0, 1, 2]
    assert auto.fit(table, [0, 1] * 44, root_folders=[tmp_path]).classes_.tolist() == [0, 1]


def test_paths_that_are_no_training_images_are_refused(
    fitted: AutoNetImageClassification, files: list[str], tmp_path: Path
) -> None:
    classes = "pass a folder with a sub-folder of images for each class, or a CSV file of paths and labels"
    for kind in (AutoNetImageClassification, AutoNetImageRegression):
        with pytest.raises(InvalidData, match=rf"{Path(files[1]).name}' is a single image; {classes}"):
            kind().fit(files[1])
    (tmp_path / "notes.md").write_text("hello, world\n")
    for part in ("X_valid", "X_test"):
        with pytest.raises(InvalidData, match=f"notes.md' is not a folder, and no CSV file or image .*; {classes}"):
            AutoNetImageClassification().fit(files, range(len(files)), **{part: tmp_path / "notes.md"})
    assert fitted.predict(files[1]).shape == (1,)
    with pytest.raises(InvalidData, match=r"'cat\.png' does not exist; pass a folder of images, a CSV file or list"):
        fitted.predict("cat.png")
    for path, got in (("", "is empty; name a file or folder"), ("a" * 300 + ".csv", "is longer than the system")):
        for use in (fitted.predict, AutoNetImageClassification().fit):
            with pytest.raises(InvalidData, match=f"The path of X {got}"):
                use(path)
        with pytest.raises(InvalidData, match=f"The path of X {got}"):
            AutoNetImageClassification().fit(path, [0, 1])
    for paths in (["", files[1]], pd.DataFrame({"path": ["", files[1]]})):
        with pytest.raises(InvalidData, match=r"1 of 2 files cannot be read: '' \(an empty path\)"):
            fitted.predict(paths)
    with pytest.raises(InvalidOption, match=r"root_folders must be a list of paths, or None; got \[''\]"):
        AutoNetImageClassification(root_folders=[""]).fit(files, range(len(files)))


@pytest.mark.parametrize("cls", [AutoNetImageClassification, AutoNetImageRegression])
def test_help_describes_images(cls: Any) -> None:
    text = inspect.getdoc(cls.fit) or ""
    for kind in ("(n, height, width)", "tensor", "data frame", "paths", "PIL images", "folder", "CSV file"):
        assert kind in text
    for name, member in inspect.getmembers(cls):
        assert name.startswith("_") or "(n_samples, n_features)" not in (inspect.getdoc(member) or ""), name
    assert "table" not in text
    assert inspect.signature(cls.fit) == inspect.signature(AutoNet.fit)


def test_targets_are_predicted_in_their_units() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(200, 6, 6, 3), dtype=np.uint8)
    y = X[..., 0].mean((1, 2)) * 10 + 1000
    auto = AutoNetImageRegression("tiny_cs", baseline=False, **QUICK).fit(X, y)
    assert auto.predict(X).shape == (200,)
    assert abs(auto.predict(X).mean() - y.mean()) < 50
    low, high = auto.predict_interval(X[:10]).T
    assert (low < high).all()


def test_several_labels_per_image(digits: Any) -> None:
    X, y = digits[0][:300], digits[1][:300]
    labels = np.column_stack([y % 2, y > 4])
    auto = AutoNetImageClassification("tiny_cs", baseline=False, **{**QUICK, "max_trials": 1, "max_budget": 1}).fit(
        X, labels
    )
    assert auto.predict(X).shape == (300, 2)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Black, white and gray images in turn, of 6 x 6 pixels; the first and the last file are none."""
    for i in range(90):
        Image.new("L", (6, 6), (0, 255, 128)[i % 3]).save(tmp_path / f"{i:02}.png")
    (tmp_path / "00.png").write_bytes(b"no image")
    (tmp_path / "89.png").unlink()
    return [str(tmp_path / f"{i:02}.png") for i in range(90)]


def test_bad_files_are_left_out_with_their_labels_and_weights(files: list[str]) -> None:
    labels = np.array([[i % 3 == 1, i % 3 == 2] for i in range(90)], int)
    weights = np.where(np.arange(90) % 3, 2.0, 1.0)
    auto = AutoNetImageClassification(
        "tiny_cs", baseline=False, on_bad_files="skip", **{**QUICK, "max_trials": 1, "max_budget": 20}
    )
    with pytest.warns(DataWarning) as caught:
        auto.fit(files, labels, weights, X_test=files[87:], y_test=labels[87:])
    assert [str(warning.message) for warning in caught if warning.category is DataWarning] == [
        f"2 of 90 files cannot be read and are left out: '{files[0]}' (not an image), '{files[89]}' (missing).",
        f"1 of 3 files cannot be read and are left out: '{files[89]}' (missing).",
    ]
    assert auto.fit_result["info"]["test_multilabel_accuracy"] == 1
    np.testing.assert_array_equal(auto.predict(files[1:4]), labels[1:4])
    with pytest.raises(InvalidData, match=r"1 of 2 files cannot be read: '.*00.png' \(not an image\); repair them"):
        auto.predict(files[:2])


def test_bad_files_are_refused_before_any_training(files: list[str]) -> None:
    with pytest.raises(InvalidData, match=r"2 of 90 files cannot be read: '.*00.png' \(not an image\), '.*89.png'"):
        AutoNetImageClassification(**QUICK).fit(files, np.arange(90) % 3)
    with pytest.raises(InvalidData, match="y has 88 entries for 90 images; pass one"), pytest.warns(DataWarning):
        AutoNetImageClassification(on_bad_files="skip", **QUICK).fit(files, np.arange(88) % 3)

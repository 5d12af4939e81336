"""Folders and CSV files of images: the same roots, kinds of labels and order in `fit` and all that follows."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autonet
from autonet import AutoNetImageClassification, AutoNetImageRegression
from autonet.core.errors import DataWarning, InvalidData
from autonet.inspection import AugmentationsDisplay, ConfusionMatrixDisplay, PatchImportanceDisplay

QUICK: dict[str, Any] = {
    "preset": "tiny_cs",
    "max_trials": 1,
    "budget_type": "epochs",
    "max_budget": 1,
    "random_state": 0,
    "n_jobs": 1,
    "cross_validator": "none",
    "baseline": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark, gray and light images in folders that are named by numbers."""
    root: Path = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for kind, low in (("1", 0), ("2", 100), ("3", 200)):
        (root / kind).mkdir()
        for i in range(12):
            Image.fromarray(rng.integers(low, low + 50, (6, 6), np.uint8)).save(root / kind / f"{i:02}.png")
    return root


def write(path: Path, folder: Path, name: str = "{}", only: str = "*") -> Path:
    """Write a CSV file of the images in a folder, relative to it, and their labels."""
    files = sorted(folder.glob(f"{only}/*.png"))
    lines = [f"{file.relative_to(folder).as_posix()},{name.format(file.parent.name)}\n" for file in files]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("how", ["option", "call", "file"])
def test_all_that_follows_a_fit_looks_in_its_root_folders(folder: Path, tmp_path: Path, how: str) -> None:
    table = write(tmp_path / "train.csv", folder)
    options = {"root_folders": [folder]} if how == "option" else {}
    auto = AutoNetImageClassification(**QUICK, augmentations=["standard"], **options)
    auto.fit(table, **({} if options else {"root_folders": [folder]}))
    if how == "file":
        auto.save(tmp_path / "model.autonet")
        auto = autonet.load(tmp_path / "model.autonet")
    files, labels = autonet.list_images(table, [folder], return_labels=True)
    np.testing.assert_array_equal(auto.predict(table), auto.predict(files))
    np.testing.assert_array_equal(auto.predict_proba(table), auto.predict_proba(files))
    np.testing.assert_array_equal(auto.predict_set(table, 0.5), auto.predict_set(files, 0.5))
    assert auto.predict(table, return_probabilities=True)[1].shape == (36, 3)
    assert auto.transform(table).shape == (36, 1, 6, 6)
    assert auto.score(table) == auto.score(files, labels)
    assert auto.evaluate(table, metrics=["accuracy"], n_bootstrap=0)[0]["score"] == auto.score(table)
    assert auto.leaderboard(table)[0]["test_score"] == auto.score(table)
    assert len(auto.feature_importance(table, n_repeats=2, patch_size=3)) == 4
    assert auto.report(tmp_path / "report.html", table).exists()
    ConfusionMatrixDisplay.from_estimator(auto, table)
    PatchImportanceDisplay.from_estimator(auto, table, patch_size=3, n_repeats=2)
    assert len(AugmentationsDisplay.from_estimator(auto, table, n_images=2).images) == 2


@pytest.mark.parametrize("cls", [AutoNetImageClassification, AutoNetImageRegression])
def test_several_labels_of_csv_files_are_matched_by_name(folder: Path, tmp_path: Path, cls: Any) -> None:
    files = sorted(folder.glob("*/*.png"))
    dark = [int(file.parent.name == "1") for file in files]
    for name, header, swapped in (("train.csv", "file,dark,light", False), ("test.csv", "file,light,dark", True)):
        columns = [(1 - flag, flag) if swapped else (flag, 1 - flag) for flag in dark]
        lines = [f"{file.relative_to(folder)},{a},{b}" for file, (a, b) in zip(files, columns, strict=True)]
        (folder / name).write_text("\n".join([header, *lines]), encoding="utf-8")
    train, test, table = folder / "train.csv", folder / "test.csv", tmp_path / "plain.csv"
    auto = cls(**QUICK | {"max_budget": 9}).fit(train, X_valid=test, X_test=test)
    assert auto.model_.targets.columns == ("dark", "light")
    assert auto.score(test) == auto.score(train) > 0.9
    metric = "multilabel_accuracy" if cls is AutoNetImageClassification else "r2"
    scores = [auto.evaluate(X, metrics=[metric], n_bootstrap=0)[0]["score"] for X in (train, test)]
    assert scores[0] == scores[1]
    assert auto.fit_result["info"][f"test_{metric}"] == pytest.approx(scores[0])
    assert len(auto.leaderboard(test)) == len(auto.leaderboard(train))
    table.write_text("\n".join(train.read_text("utf-8").splitlines()[1:]), encoding="utf-8")  # without header
    assert auto.set_params(root_folders=[folder]).score(table) == auto.score(train)


def test_labels_of_several_columns_follow_bad_files(folder: Path, tmp_path: Path) -> None:
    files = sorted(folder.glob("*/*.png"))
    lines = [f"{file},{int(file.parent.name == '1')},{int(file.parent.name > '1')}" for file in files]
    (tmp_path / "rows.csv").write_text("\n".join(["file,dark,light", "gone.png,1,0", *lines]), encoding="utf-8")
    auto = AutoNetImageClassification(**QUICK, on_bad_files="skip", root_folders=[folder, tmp_path])
    with pytest.warns(DataWarning, match="1 of 37 files cannot be read and are left out"):
        assert auto.fit(tmp_path / "rows.csv").model_.targets.columns == ("dark", "light")


def test_folders_of_booleans_have_the_labels_of_a_fit_to_booleans(folder: Path, tmp_path: Path) -> None:
    files, labels = autonet.list_images(folder, return_labels=True)
    for kind, names in (("1", "True"), ("3", "False")):
        shutil.copytree(folder / kind, tmp_path / names)
    auto = AutoNetImageClassification(**QUICK).fit(files, labels == "1", X_test=tmp_path)
    found, booleans = autonet.list_images(tmp_path, return_labels=True)
    assert auto.classes_.tolist() == [False, True]
    assert auto.score(tmp_path) == auto.score(found, booleans == "True")


def test_root_folders_that_are_set_later_are_preferred(folder: Path, tmp_path: Path) -> None:
    auto = AutoNetImageRegression(**QUICK, root_folders=[folder]).fit(write(tmp_path / "train.csv", folder))
    moved = shutil.copytree(folder, tmp_path / "moved")
    Image.new("L", (6, 6)).save(moved / "1" / "new.png")
    table = write(tmp_path / "new.csv", moved)
    with pytest.raises(InvalidData, match="1 of 37 files cannot be read"):
        auto.predict(table)
    auto.set_params(root_folders=[moved])
    assert auto.predict(table).shape == (37,)
    assert auto.predict_interval(table, 0.5).shape == (37, 2)


def test_further_labels_are_of_the_kind_of_those_of_fit(folder: Path, tmp_path: Path) -> None:
    numbers = write(folder / "numbers.csv", folder)
    text, part = write(folder / "text.csv", folder, "0{}"), write(folder / "part.csv", folder, only="[12]")
    files, labels = autonet.list_images(numbers, return_labels=True)
    assert labels.dtype.kind == "i"
    auto = AutoNetImageClassification(**QUICK).fit(folder, X_valid=numbers, X_test=part)
    assert auto.classes_.tolist() == ["1", "2", "3"]
    assert auto.score(numbers) == auto.score(folder) == auto.score(files, labels.astype(str))
    assert 0 <= auto.score(part) <= 1
    auto = AutoNetImageClassification(**QUICK).fit(files, labels, X_valid=folder, X_test=text)
    assert auto.classes_.tolist() == [1, 2, 3]
    assert auto.score(numbers) == auto.score(folder) == auto.score(text)
    codes = np.array(["01", "02", "other"])[labels - 1]
    auto = AutoNetImageClassification(**QUICK).fit(files, codes, X_test=write(folder / "t.csv", folder, "0{}", "[12]"))
    assert 0 <= auto.fit_result["info"]["test_accuracy"] <= 1
    with pytest.raises(InvalidData, match="y has labels that the y of fit does not have: '1', '2', '3'"):
        auto.evaluate(numbers)


def test_further_folders_need_not_have_all_classes(folder: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    shutil.copytree(folder / "2", one / "2")
    auto = AutoNetImageClassification(**QUICK).fit(folder, X_valid=folder, X_test=one)
    assert 0 <= auto.fit_result["info"]["test_accuracy"] <= 1
    assert auto.score(one) == np.mean(auto.predict(one) == "2")
    (one / "3").mkdir()
    with pytest.warns(DataWarning, match="without images are left out: '3'"):
        auto.evaluate(one, n_bootstrap=0)
    with pytest.raises(InvalidData, match=r"The folder '.*3' has no images"):
        AutoNetImageClassification(**QUICK).fit(one)


def test_a_class_whose_files_all_are_broken_is_refused(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder, tmp_path / "broken")
    for file in (broken / "3").iterdir():
        file.write_bytes(b"")
    files, labels = autonet.list_images(broken, return_labels=True)
    auto = AutoNetImageClassification(**QUICK, on_bad_files="skip")
    message = "^y has classes without an image that can be read: {}; repair their files, or leave the classes out"
    for X, y, lost in (
        (broken, None, "'3'"),
        (write(broken / "train.csv", broken), None, "3"),
        (files, labels, "'3'"),
        (files, pd.Series(labels == "3"), "True"),
    ):
        with (
            pytest.warns(DataWarning, match="12 of 36 files cannot be read and are left out"),
            pytest.raises(InvalidData, match=message.format(lost)),
        ):
            auto.fit(X, y)
    several = np.column_stack([labels == "1", labels == "3"]).astype(int)
    with (
        pytest.warns(DataWarning, match="12 of 36 files cannot be read"),
        pytest.raises(InvalidData, match="y has columns without an image that can be read: 1; repair their files"),
    ):
        auto.fit(files, several)
    for file in (folder / "3").iterdir():
        shutil.copy(file, broken / "3")
        break
    with pytest.warns(DataWarning, match="11 of 36 files cannot be read"):
        AutoNetImageRegression(**QUICK, on_bad_files="skip").fit(files, np.arange(36.0))
    with pytest.warns(DataWarning, match="11 of 36 files cannot be read"):
        assert len(auto.fit(broken, X_test=broken).classes_) == 3
    with pytest.raises(InvalidData, match=r"11 of 36 files cannot be read: .*; repair them, or leave them out\.$"):
        auto.predict(broken)


def test_frames_of_predictions_are_indexed_by_file(folder: Path, tmp_path: Path) -> None:
    auto = AutoNetImageClassification(**QUICK).fit(folder)
    table = write(folder / "table.csv", folder)
    files = autonet.list_images(folder)
    for X in (folder, table, files, [Path(file) for file in files], np.array(files), str(folder)):
        frame = auto.model_.predict_proba(X, as_frame=True)
        assert frame.index.tolist() == files
        assert frame.columns.tolist() == ["1", "2", "3"]
        np.testing.assert_array_equal(frame, auto.predict_proba(files))
    column = pd.Series(files, index=range(100, 136))
    for named in (column, column.to_frame("path")):
        assert auto.model_.predict_proba(named, as_frame=True).index.tolist() == list(range(100, 136))
    assert auto.predict_proba(table, as_frame=True).equals(auto.model_.predict_proba(table, as_frame=True))
    elsewhere = write(tmp_path / "elsewhere.csv", folder)
    frame = auto.set_params(root_folders=[folder]).predict_proba(elsewhere, as_frame=True)
    assert (frame.index.tolist(), frame.columns.tolist()) == (files, ["1", "2", "3"])
    contents = [Path(file).read_bytes() for file in files]
    assert auto.model_.predict_proba(contents, as_frame=True).index.tolist() == list(range(36))


def test_weights_and_groups_follow_the_order_of_the_folder(folder: Path) -> None:
    files, labels = autonet.list_images(folder, return_labels=True)
    weights = np.where(labels == "1", 2.0, 1.0)
    groups = [Path(file).stem for file in files]
    options = {key: value for key, value in QUICK.items() if key != "cross_validator"}
    first, second = (AutoNetImageClassification(**options) for _ in range(2))
    first.fit(folder, sample_weight=weights, groups=groups)
    second.fit(files, labels, weights, groups=groups)
    np.testing.assert_array_equal(first.predict_proba(folder), second.predict_proba(files))

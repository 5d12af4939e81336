"""`DataManager`: generated data, and tables from files."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet.compat.autopytorch import DataManager, data_manager
from autonet.core.errors import InvalidOption


def test_classes_are_generated_and_split() -> None:
    dm = DataManager(verbose=1)
    dm.generate_classification(num_classes=3, num_features=21, num_samples=300, test_split=0.2, seed=1)
    assert (dm.X.shape, dm.Y.shape, dm.X_train.shape, dm.X_test.shape) == ((300, 21), (300,), (240, 21), (60, 21))
    assert set(dm.Y.tolist()) == {0, 1, 2}
    assert np.array_equal(np.concatenate([dm.X_train, dm.X_test]), dm.X)
    assert dm.categorical_features == [False] * 21
    assert dm.is_classification
    assert not dm.is_multilabel
    again = DataManager()
    again.generate_classification(3, 21, 300, 0.2, 1)
    assert np.array_equal(again.X, dm.X)


def test_values_are_generated() -> None:
    dm = DataManager()
    dm.generate_regression(num_features=4, num_samples=50)
    assert (dm.X_train.shape, dm.Y_test.shape, dm.problem_type) == ((45, 4), (5,), "regression")
    assert np.linalg.lstsq(dm.X, dm.Y)[1][0] < 1e-12


CSV = 'id, job,"duration",class\n1, clerk,6,good\n2, ?,48,bad\n3, cook,12,good\n4, cook,42,good\n'
ARFF = (
    "@relation r\n@attribute n numeric\n@attribute job {clerk,cook}\n@attribute y {good,bad}\n"
    "@data\n1,clerk,good\n?,?,bad\n"
)


def test_csv_files(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(CSV)
    dm = DataManager()
    dm.read_data(str(path), test_split=0.25)
    assert list(dm.X.columns) == ["id", "job", "duration"]
    assert dm.categorical_features == [False, True, False]
    assert dm.X["job"].isna().sum() == 1
    assert (dm.problem_type, len(dm.X_train), len(dm.X_test)) == ("classification", 3, 1)
    assert sorted(dm.Y) == ["bad", "good", "good", "good"]
    dm.read_data(path, is_classification=False)
    assert (dm.problem_type, dm.X_test) == ("regression", None)


def test_arff_files(tmp_path: Path) -> None:
    path = tmp_path / "table.arff"
    path.write_text(ARFF)
    dm = DataManager()
    dm.read_data(path)
    assert dm.categorical_features == [False, True]
    assert dm.X.isna().sum().tolist() == [1, 1]
    assert set(dm.Y) == {"good", "bad"}


def test_data_sets_of_openml_come_through_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def fetch(**options: Any) -> Any:  # a download
        asked.update(options)
        frame = pd.DataFrame({"x": [1.0, 2.0], "level": pd.Categorical(["a", "b"])})
        return SimpleNamespace(data=frame, target=pd.Series([0.5, 1.5]))

    monkeypatch.setattr(data_manager, "fetch_openml", fetch)
    dm = DataManager()
    dm.read_data("openml:31")
    assert asked == {"data_id": 31, "as_frame": True}
    assert (dm.categorical_features, dm.problem_type) == ([False, True], "regression")


def test_other_files_are_refused() -> None:
    with pytest.raises(
        InvalidOption, match=r"must end in \.csv, \.arff or \.info, or begin with 'openml:'; got 'a\.mat'"
    ):
        DataManager().read_data("a.mat")

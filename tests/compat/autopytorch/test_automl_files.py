"""Data sets in the format of the AutoML challenge."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import issparse

from autonet.compat.autopytorch import DataManager
from autonet.core.errors import InvalidData

INFO = {"name": "'toy'", "task": "'multiclass.classification'", "metric": "'pac_metric'", "time_budget": "1200"}
SPARSE = {"feat_num": "4", "feat_type": "'Numerical'", "is_sparse": "1"}
DENSE = {"feat_num": "2", "feat_type": "'Mixed'", "is_sparse": "0"}


def write(folder: Path, info: dict[str, str], **files: str) -> Path:
    path = folder / "toy_public.info"
    path.write_text("".join(f"{name} = {value}\n" for name, value in info.items()))
    for name, text in files.items():
        folder.joinpath(f"toy_{name.replace('__', '.')}").write_text(text)
    return path


def test_sparse_rows_with_a_validation_part(tmp_path: Path) -> None:
    files = {"train__data": "1:2 4:0.5\n\n2:1\n", "train__solution": "1 0 0\n0 1 0\n0 0 1\n"}
    valid = {"valid__data": "3:7\n", "valid__solution": "0 0 1\n"}
    dm = DataManager()
    dm.read_data(write(tmp_path, INFO | SPARSE, **files, **valid))
    assert issparse(dm.X_train)
    assert dm.X_train.toarray().tolist() == [[2, 0, 0, 0.5], [0, 0, 0, 0], [0, 1, 0, 0]]
    assert dm.Y_train.tolist() == [0, 1, 2]
    assert (dm.X_test.toarray().tolist(), dm.Y_test.tolist()) == ([[0, 0, 7, 0]], [2])  # validation rows are for tests
    assert (dm.metric, dm.max_runtime, dm.problem_type, dm.X_valid) == ("pac_metric", 1200, "classification", None)


def test_binary_rows_list_columns_and_labels_may_be_several(tmp_path: Path) -> None:
    info = INFO | SPARSE | {"feat_type": "'Binary'", "task": "'multilabel.classification'"}
    dm = DataManager()
    dm.read_data(write(tmp_path, info, train__data="1 3\n2\n", train__solution="1 1\n0 1\n"))
    assert sorted(dm.X.toarray().tolist()) == [[0, 1, 0, 0], [1, 0, 1, 0]]
    assert sorted(dm.Y.tolist()) == [[0, 1], [1, 1]]
    assert dm.is_multilabel


def test_dense_rows_with_types_of_columns(tmp_path: Path) -> None:
    info = INFO | DENSE | {"task": "'regression'"}
    files = {"train__data": "1 2\n3 4\n", "train__solution": "0.5\n1.5\n", "feat__type": "Numerical\nCategorical\n"}
    dm = DataManager()
    dm.read_data(write(tmp_path, info, **files))
    assert dm.categorical_features == [False, True]
    assert np.array_equal(np.sort(dm.Y), [0.5, 1.5])


def test_a_description_without_an_entry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="has no entry feat_num, feat_type, is_sparse; add it"):
        DataManager().read_data(write(tmp_path, INFO))

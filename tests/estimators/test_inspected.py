"""Methods of fitted estimators that show what a fit came to; see tests/inspection for what they show."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from sklearn.exceptions import NotFittedError

import autonet
from autonet import AutoNetClassification


@pytest.fixture(scope="module")
def fitted(iris: Any) -> AutoNetClassification:
    options = {"budget_type": "epochs", "max_budget": 9, "max_trials": 2, "tree_ensembles": False, "random_state": 0}
    return AutoNetClassification("tiny_cs", **options).fit(*iris)


def test_methods_need_a_fit() -> None:
    with pytest.raises(NotFittedError):
        AutoNetClassification().trajectory()


def test_pickles_and_model_files_with_history_show_the_same(fitted: AutoNetClassification, tmp_path: Path) -> None:
    fitted.save(tmp_path / "with", with_history=True)
    for other in (pickle.loads(pickle.dumps(fitted)), autonet.load(tmp_path / "with")):
        assert other.trajectory() == fitted.trajectory()


def test_a_model_file_without_history_says_so(fitted: AutoNetClassification, tmp_path: Path) -> None:
    fitted.save(tmp_path / "without")
    with pytest.raises(AttributeError, match="save it with with_history=True"):
        autonet.load(tmp_path / "without").trajectory()

"""Tree ensembles as torch modules, which predict what the estimator does, also exported."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from autonet import AutoNetClassification, AutoNetRegression
from autonet.models.export import to_tensors
from autonet.models.model import one_thread
from tests.mixed import N, mixed_table
from tests.models.test_export import ATOL, options

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return mixed_table()


def with_trees(**chosen: Any) -> dict[str, Any]:
    return {**options(), "ensemble_size": 8, "tree_ensembles": True, **chosen}


def make_targets(table: pd.DataFrame) -> dict[str, tuple[type, Any]]:
    """Targets that trees learn from missing values, categories and words."""
    size, is_lima = table["size"].fillna(9).to_numpy(), (table.town == "Lima").to_numpy()
    return {
        "binary": (AutoNetClassification, is_lima ^ (size > 1)),
        "multiclass": (AutoNetClassification, table.town.astype(str) + np.where(size > 0, "+", "-")),
        "multilabel": (AutoNetClassification, np.column_stack([size > 0, is_lima, size > 1])),
        "value": (AutoNetRegression, size + 1e3 * is_lima),
        "values": (AutoNetRegression, np.column_stack([size, is_lima])),
    }


@pytest.mark.parametrize("folds", ["none", 2])
@pytest.mark.parametrize("name", ["binary", "multiclass", "multilabel", "value", "values"])
def test_the_module_of_an_ensemble_with_trees(
    table: pd.DataFrame, name: str, folds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autonet.pipeline.trees.FOREST_SIZE", 10)
    monkeypatch.setattr("autonet.pipeline.trees.MAX_ITERATIONS", 30)
    kind, y = make_targets(table)[name]
    auto = kind("tiny_cs", **with_trees(cross_validator=folds)).fit(table, y)
    assert {"hist_gradient_boosting", "extra_trees"} & set(auto.fit_result["ensemble"])
    module = auto.get_pytorch_model(include_preprocessing=True, ensemble=True)
    with torch.no_grad(), one_thread():
        predicted = module(*to_tensors(auto.model_.read(table))).numpy()
    expected = auto.predict(table) if kind is AutoNetRegression else auto.predict_proba(table)
    np.testing.assert_allclose(predicted, np.reshape(expected, (N, -1)), rtol=1e-6, atol=ATOL)


@pytest.mark.parametrize("suffix", [".pt2", ".onnx"])
def test_an_exported_ensemble_with_trees(table: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
    if suffix == ".onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    y = (table.town == "Lima") ^ (table["size"].fillna(9) > 1)
    auto = AutoNetClassification("tiny_cs", **with_trees()).fit(table, y)
    auto.export(tmp_path / f"model{suffix}")
    for n in (1, 7, N):
        inputs = to_tensors(auto.model_.read(table[:n]))
        if suffix == ".pt2":
            with torch.no_grad():
                predicted = torch.export.load(tmp_path / "model.pt2").module()(*inputs).numpy()
        else:
            session = pytest.importorskip("onnxruntime").InferenceSession(tmp_path / "model.onnx")
            names = [entry["name"] for entry in json.loads((tmp_path / "model.json").read_text())["inputs"]]
            (predicted,) = session.run(None, dict(zip(names, (x.numpy() for x in inputs), strict=True)))
        np.testing.assert_allclose(predicted, auto.predict_proba(table[:n]), atol=ATOL)


@pytest.mark.parametrize("column", ["size", "town"])
def test_exported_trees_of_a_table_of_a_single_kind(table: pd.DataFrame, tmp_path: Path, column: str) -> None:
    X = table[[column, column]].set_axis(["a", "b"], axis=1)
    auto = AutoNetRegression("tiny_cs", **with_trees(cross_validator=2)).fit(X, pd.factorize(table[column])[0])
    auto.export(tmp_path / "model.pt2")
    with torch.no_grad():
        values = torch.export.load(tmp_path / "model.pt2").module()(*to_tensors(auto.model_.read(X[:5]))).numpy()
    np.testing.assert_allclose(values[:, 0], auto.predict(X[:5]), rtol=1e-6)

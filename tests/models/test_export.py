"""Exported models predict as the estimator does, for any number of rows."""

import datetime
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import autonet
from autonet import AutoNetClassification, AutoNetImageClassification, AutoNetRegression
from autonet.core.errors import InvalidOption
from autonet.models.export import to_tensors
from autonet.models.model import one_thread
from tests.mixed import N, mixed_table

ATOL = 5e-6  # power transforms magnify the rounding of sparse sums; of other encodings it is below 1e-6

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return mixed_table()


def options(**chosen: str) -> dict[str, Any]:
    limits = {"budget_type": "epochs", "min_budget": 2, "max_budget": 2, "max_trials": 2, "random_state": 0}
    return {
        **limits,
        "ensemble_size": 4,
        "baseline": False,
        "cross_validator": "none",
        "tree_ensembles": False,
        **{name: [value] for name, value in chosen.items()},
    }


NETWORKS = ("mlpnet", "resnet", "realmlp", "tabm", "modernnca")
CHOICES = [
    *({"networks": name} for name in NETWORKS),
    *({"numeric_embeddings": name} for name in ("pbld", "periodic", "piecewise_linear", "thresholds")),
    *({"normalization_strategies": name} for name in ("quantile", "robust", "minmax", "signed_log")),
    *({"preprocessors": name} for name in ("truncated_svd", "power_transformer", "nystroem", "kitchen_sinks")),
    *({"preprocessors": name} for name in ("fast_ica", "polynomial_features")),
]


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: next(iter(chosen.values())))
def test_the_module_of_a_classifier_returns_its_probabilities(table: pd.DataFrame, chosen: dict[str, str]) -> None:
    noise = np.random.default_rng(1).random(N) < 0.3
    auto = AutoNetClassification("full_cs", **options(**chosen)).fit(table, (table.town == "Lima") ^ noise)
    module = auto.get_pytorch_model(include_preprocessing=True, ensemble=True)
    with torch.no_grad(), one_thread():
        probabilities = module(*to_tensors(auto.model_.read(table))).numpy()
    tolerance = 10 * ATOL if "pbld" in chosen.values() else ATOL  # its frequencies magnify the rounding of numbers
    np.testing.assert_allclose(probabilities, auto.predict_proba(table), atol=tolerance)


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
def test_the_module_of_a_regressor_returns_values_in_their_unit(table: pd.DataFrame, transform: str) -> None:
    y = np.column_stack([np.exp(3 * table["size"].fillna(0)), np.arange(N) - 50, np.full(N, 7)])
    auto = AutoNetRegression("full_cs", **options(target_transforms=transform)).fit(table, y)
    module = auto.get_pytorch_model(include_preprocessing=True, ensemble=True)
    with torch.no_grad():
        values = module(*to_tensors(auto.model_.read(table))).numpy()
    np.testing.assert_allclose(values, auto.predict(table), rtol=ATOL, atol=ATOL * np.abs(y).max())


def test_ordered_categories_are_exported_as_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes = pd.Categorical(rng.choice(["S", "M", "L", "XL"], N), categories=["S", "M", "L", "XL"], ordered=True)
    frame = pd.DataFrame({"size": sizes, "n": rng.normal(size=N)})
    auto = AutoNetRegression("tiny_cs", **options()).fit(frame, sizes.codes + 0.1 * frame["n"])
    assert auto.get_feature_names_out().tolist() == ["size", "n"]
    auto.save(tmp_path / "model")
    as_text = frame.assign(size=frame["size"].astype(str))
    np.testing.assert_array_equal(autonet.load(tmp_path / "model").predict(as_text), auto.predict(frame))
    with torch.no_grad(), one_thread():
        values = auto.get_pytorch_model(include_preprocessing=True, ensemble=True)(*to_tensors(auto.model_.read(frame)))
    np.testing.assert_allclose(values.numpy()[:, 0], auto.predict(frame), atol=ATOL)


def test_the_best_network_alone(table: pd.DataFrame) -> None:
    auto = AutoNetClassification("tiny_cs", **options()).fit(table, np.arange(N) % 3)
    module = auto.get_pytorch_model(include_preprocessing=True)
    with torch.no_grad():
        probabilities = module(*to_tensors(auto.model_.read(table))).numpy()
        alone = torch.softmax(auto.get_pytorch_model()(torch.from_numpy(auto.model_.transform(table))), 1).numpy()
    np.testing.assert_allclose(probabilities, alone, atol=ATOL)


def test_what_cannot_be_exported_is_refused(table: pd.DataFrame, tmp_path: Path) -> None:
    auto = AutoNetClassification("tiny_cs", **options()).fit(table, table.town)
    with pytest.raises(InvalidOption, match=r"must end in .pt2 or .onnx; got 'model.pkl'"):
        auto.export(tmp_path / "model.pkl")
    with pytest.raises(InvalidOption, match="ensemble=True requires include_preprocessing=True"):
        auto.get_pytorch_model(ensemble=True)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_first(table: pd.DataFrame, tmp_path: Path) -> None:
    auto = AutoNetClassification("tiny_cs", **options()).fit(table, np.arange(N) % 2)
    with pytest.raises(InvalidOption, match=r"cannot be saved to .*: there is no directory"):
        auto.export(tmp_path / "no" / "model.pt2")
    (tmp_path / "model.json").mkdir()
    with pytest.raises(InvalidOption, match=r"cannot be saved to .*model.json: it is a directory"):
        auto.export(tmp_path / "model.pt2")
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


def test_the_description_shows_values_that_json_does_not_have(tmp_path: Path) -> None:
    cut = pd.Series(pd.cut(np.arange(N) % 3, [-1, 0.5, 3]))
    X = pd.DataFrame({"bin": cut, "bytes": pd.Categorical([b"x", b"y"] * (N // 2))})
    X["day"] = pd.Categorical([datetime.date(2024, 1, 1 + i % 2) for i in range(N)])
    AutoNetClassification("tiny_cs", **options()).fit(X, cut).export(tmp_path / "model.pt2")
    description = json.loads((tmp_path / "model.json").read_text())
    assert description["output"]["labels"] == ["(-1.0, 0.5]", "(0.5, 3.0]"]
    assert [(column["name"], column["codes"]) for column in description["columns"]] == [
        ("bin", [["(-1.0, 0.5]", 2], ["(0.5, 3.0]", 3]]),
        ("bytes", [["x", 2], ["y", 3]]),
        ("day", [["2024-01-01", 2], ["2024-01-02", 3]]),
    ]


@pytest.fixture(scope="module")
def fitted(table: pd.DataFrame) -> AutoNetClassification:
    y = np.where((table.town == "Lima") ^ (np.random.default_rng(1).random(N) < 0.3), "buy", "skip")
    encoding = {"normalization_strategies": "quantile", "preprocessors": "kernel_pca", "numeric_embeddings": "pbld"}
    chosen = options(networks="realmlp", **encoding)
    return AutoNetClassification("full_cs", optimize_metric="f1", pos_label="buy", **chosen).fit(table, y)


@pytest.fixture(scope="module")
def exported(fitted: AutoNetClassification, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "model.pt2"
    fitted.export(path)
    return path


def test_torch_export_for_any_number_of_rows(
    fitted: AutoNetClassification, exported: Path, table: pd.DataFrame
) -> None:
    module = torch.export.load(exported).module()
    for n in (1, 2, 7, N):
        rows = table[:n]
        with torch.no_grad():
            probabilities = module(*to_tensors(fitted.model_.read(rows))).numpy()
        np.testing.assert_allclose(probabilities, fitted.predict_proba(rows), atol=ATOL)


def test_onnx_for_any_number_of_rows(fitted: AutoNetClassification, table: pd.DataFrame, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    fitted.export(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    names = [entry["name"] for entry in json.loads((tmp_path / "model.json").read_text())["inputs"]]
    for n in (1, 2, 7, N):
        rows = table[:n]
        inputs = (tensor.numpy() for tensor in to_tensors(fitted.model_.read(rows)))
        (probabilities,) = session.run(None, dict(zip(names, inputs, strict=True)))
        np.testing.assert_allclose(probabilities, fitted.predict_proba(rows), atol=ATOL)


def test_empty_buffers_that_point_into_other_memory(table: pd.DataFrame, tmp_path: Path) -> None:
    auto = AutoNetRegression("tiny_cs", **options()).fit(table[["size"]], np.arange(N))
    other = torch.arange(5)
    for part in auto.model_.best[0].encoder.module.modules():  # as where arrays came from another process
        for name, buffer in list(part.named_buffers(recurse=False)):
            if not buffer.numel():
                setattr(part, name, other.to(buffer.dtype)[2:2])
    auto.export(tmp_path / "model.pt2")
    assert (tmp_path / "model.pt2").exists()


@pytest.mark.parametrize(("column", "suffix"), [("size", ".pt2"), ("town", ".pt2"), ("town", ".onnx")])
def test_a_table_of_a_single_kind(table: pd.DataFrame, tmp_path: Path, column: str, suffix: str) -> None:
    if suffix == ".onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    X = table[[column, column]].set_axis(["a", "b"], axis=1)
    auto = AutoNetRegression("tiny_cs", **options()).fit(X, {"profit": np.arange(N)})
    auto.export(tmp_path / f"model{suffix}")
    assert json.loads((tmp_path / "model.json").read_text())["output"]["targets"] == ["profit"]
    inputs = to_tensors(auto.model_.read(X[:5]))
    if suffix == ".pt2":
        with torch.no_grad():
            values = torch.export.load(tmp_path / "model.pt2").module()(*inputs).numpy()
    else:
        session = pytest.importorskip("onnxruntime").InferenceSession(tmp_path / "model.onnx")
        (values,) = session.run(None, {"numbers": inputs[0].numpy(), "codes": inputs[1].numpy()})
    np.testing.assert_allclose(values, auto.predict(X[:5]), rtol=1e-6)


def test_the_description_says_how_columns_become_inputs(
    fitted: AutoNetClassification, exported: Path, table: pd.DataFrame
) -> None:
    description = json.loads(exported.with_suffix(".json").read_text())
    numbers, codes, text = to_tensors(fitted.model_.read(table))
    widths = {entry["name"]: entry["columns"] for entry in description["inputs"]}
    assert widths == {"numbers": numbers.shape[1], "codes": codes.shape[1], "text_0": text.shape[1]}
    columns = {entry["name"]: entry for entry in description["columns"]}
    np.testing.assert_array_equal(numbers[:, columns["size"]["index"][0]], table["size"].astype("float32"))
    day = columns["when"]["index"][columns["when"]["parts"].index("day of month")]
    np.testing.assert_array_equal(numbers[:, day], table.when.dt.day)
    code_of = dict(map(tuple, columns["town"]["codes"]))
    np.testing.assert_array_equal(codes[:, columns["town"]["index"]], [code_of[town] for town in table.town])
    used = itertools.chain(*(c["index"] for c in columns.values() if c.get("input") == "numbers"))
    assert sorted(used) == list(range(numbers.shape[1]))
    assert description["output"]["labels"] == ["buy", "skip"]
    assert description["output"]["targets"] is None
    assert description["output"]["threshold"] == pytest.approx(fitted.threshold_)


def test_a_network_that_averages_over_flips(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    X = np.random.default_rng(0).integers(256, size=(40, 6, 5), dtype=np.uint8)
    config = {"network": "convnet", "convnet:conv_layers": 1, "average_flips": True}
    auto = AutoNetImageClassification("full_cs", budget_type="epochs", cross_validator="none", random_state=0)
    auto.refit(X, np.arange(40) % 3, {f"NetworkSelector:{name}": value for name, value in config.items()}, budget=1)
    expected = auto.predict_proba(X[:7])
    np.testing.assert_allclose(auto.predict_proba(X[:7, :, ::-1]), expected, atol=ATOL)
    for name in ("model.pt2", "model.onnx"):
        auto.export(tmp_path / name)
    module = torch.export.load(tmp_path / "model.pt2").module()
    np.testing.assert_allclose(module(torch.from_numpy(X[:7, None])).detach(), expected, atol=ATOL)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    np.testing.assert_allclose(session.run(None, {"images": X[:7, None]})[0], expected, atol=ATOL)

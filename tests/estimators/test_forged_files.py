"""Model files that were forged, with a valid checksum, are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as load_tensors

import autonet
from autonet import AutoNetClassification
from autonet.core import specfile
from autonet.core.errors import InvalidModelFile
from tests.mixed import N, mixed_table

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table, path = mixed_table(), tmp_path_factory.mktemp("files") / "model.autonet"
    options: dict[str, Any] = {"budget_type": "epochs", "min_budget": 2, "max_budget": 4, "random_state": 0}
    auto = AutoNetClassification(max_trials=3, ensemble_size=4, tree_ensembles=True, baseline=False, **options)
    noise = np.random.default_rng(1).random(N) < 0.3
    auto.fit(table, np.where((table.town == "Lima") ^ noise, "buy", "skip")).save(path)
    return path


def sign(document: Any, tensors: dict[str, np.ndarray], path: Path) -> None:
    """Write a document with a valid checksum, as an attacker can."""
    tensors = {name: array for name, array in tensors.items() if name not in ("document", "checksum")}
    tensors["document"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    tensors["checksum"] = specfile._checksum(tensors)
    path.write_bytes(b"".join(bytes(part) for part in specfile.iter_safetensors(tensors, {})))


@pytest.fixture
def content(file: Path) -> tuple[Any, dict[str, np.ndarray]]:
    tensors = load_tensors(file.read_bytes())
    return json.loads(tensors["document"].tobytes()), tensors


def find(value: Any, wanted: Any) -> Any:
    """Return the first dictionary in a document for which `wanted` is true."""
    if isinstance(value, dict) and wanted(value):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := find(part, wanted)) is not None), None)


def of_type(name: str) -> Any:
    return lambda value: value.get("__type__") == name


def test_the_content_is_written_as_it_was_read(content: Any, file: Path, tmp_path: Path) -> None:
    sign(*content, tmp_path / "m")
    autonet.load(tmp_path / "m")


@pytest.mark.parametrize("name", ["Popen", "os.system", "Trial", ["Table"], None])
def test_only_registered_types_are_made(content: Any, tmp_path: Path, name: Any) -> None:
    document, tensors = content
    find(document, of_type("TabularEncoder"))["__type__"] = name
    sign(document, tensors, tmp_path / "m")
    with pytest.raises(InvalidModelFile, match=r"Unknown type|belong to no part|content is invalid"):
        autonet.load(tmp_path / "m")


def test_trees_whose_nodes_are_in_a_circle_are_refused(content: Any, tmp_path: Path) -> None:
    document, tensors = content
    name = find(document, of_type("Trees"))["left"]["__tensor__"]
    tensors[name] = np.zeros_like(tensors[name])
    sign(document, tensors, tmp_path / "m")
    with pytest.raises(InvalidModelFile, match="the nodes of a tree are not in order"):
        autonet.load(tmp_path / "m")


def forge_many_uses(document: Any, tensors: dict[str, np.ndarray]) -> None:
    ensemble = document["spec"]["model"]["ensemble"]
    ensemble["members"] = [0] * 100_000
    ensemble["weights"] = [1e-5] * 100_000


def forge_equal_roots(document: Any, tensors: dict[str, np.ndarray]) -> None:
    name = find(document, of_type("Trees"))["roots"]["__tensor__"]
    tensors[name] = np.zeros_like(tensors[name])


def forge_few_leaves(document: Any, tensors: dict[str, np.ndarray]) -> None:
    trees = find(document, of_type("Trees"))
    name, is_leaf = trees["value"]["__tensor__"], trees["is_leaf"]["__tensor__"]
    tensors[name] = np.zeros((0, 10**9), tensors[name].dtype)
    tensors[is_leaf] = np.zeros_like(tensors[is_leaf])


def forge_wide_values(document: Any, tensors: dict[str, np.ndarray]) -> None:
    trees = find(document, of_type("Trees"))
    trees["threshold"] = {"__tensor__": trees["threshold"]["__tensor__"], "values": "more"}
    tensors["more"] = np.zeros((300, 10**4), np.float32)


def forge_common_nodes(document: Any, tensors: dict[str, np.ndarray]) -> None:
    trees = find(document, of_type("Trees"))
    name = trees["right"]["__tensor__"]
    right = tensors[name].astype(np.int64)
    right[0] = len(right) - 1
    tensors[name] = right


def forge_long_dtype(document: Any, tensors: dict[str, np.ndarray]) -> None:
    document["spec"]["model"]["targets"]["labels"]["__array__"] = "<U500000000"


def forge_many_outputs(document: Any, tensors: dict[str, np.ndarray]) -> None:
    document["spec"]["model"]["targets"] = {"__type__": "MultilabelTargets", "n_outputs": 10**9, "dtype": None}


def forge_many_tree_outputs(document: Any, tensors: dict[str, np.ndarray]) -> None:
    find(document, of_type("BoostedTrees"))["task"]["n_outputs"] = 10**9


def forge_column_of_targets(document: Any, tensors: dict[str, np.ndarray]) -> None:
    tensors["more"] = np.zeros((10**5, 1), np.float32)
    find(document, of_type("TargetEncoder"))["center"] = {"__tensor__": "more"}  # None before


def forge_broadcast_buffers(document: Any, tensors: dict[str, np.ndarray]) -> None:
    name = dict(map(tuple, find(document, of_type("Impute"))["buffers"]["pairs"]))["fill"]["__tensor__"]
    tensors[name] = np.zeros((10**5, 1), np.float32)


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (forge_many_uses, "its members are used again and again"),
        (forge_equal_roots, "the roots of trees are not in order"),
        (forge_few_leaves, "trees have too few leaves"),
        (forge_wide_values, r"the values of an array have shape \(300, 10000\)"),
        (forge_common_nodes, "the nodes of a tree are not in order"),
        (forge_long_dtype, "has dtype <U500000000"),
        (forge_many_outputs, "have .2. outputs, its targets 1000000000"),
        (forge_many_tree_outputs, "have .2, 1000000000. outputs, its targets 2"),
        (forge_column_of_targets, r"another shape than .2,"),
        (forge_broadcast_buffers, "Impute.fill has shape"),
    ],
)
def test_content_that_would_take_much_time_or_memory_is_refused(
    content: Any, tmp_path: Path, forge: Any, message: str
) -> None:
    document, tensors = content
    forge(document, tensors)
    sign(document, tensors, tmp_path / "m")
    with pytest.raises(InvalidModelFile, match=message):
        autonet.load(tmp_path / "m")


def test_a_network_larger_than_its_weights_is_refused(content: Any, tmp_path: Path) -> None:
    document, tensors = content
    for pair in [p for m in document["spec"]["model"]["members"] if "config" in m for p in m["config"]["pairs"]]:
        if type(pair[1]) is int:
            pair[1] = 2**31
    sign(document, tensors, tmp_path / "m")
    with pytest.raises(InvalidModelFile, match=r"has only|other shapes|content is invalid"):
        autonet.load(tmp_path / "m")


def test_weights_of_another_model_are_noticed(content: Any, tmp_path: Path) -> None:
    document, tensors = content
    weights = find(document["spec"]["model"]["members"], lambda value: "weights" in value)["weights"]
    name = list(weights.values())[-1]["__tensor__"]
    tensors[name] = tensors[name] + np.arange(len(tensors[name]), dtype=np.float32)
    sign(document, tensors, tmp_path / "m")
    with pytest.raises(InvalidModelFile, match=r"(?s)it predicts .*, not .* as when it was saved"):
        autonet.load(tmp_path / "m")


def test_a_deeply_nested_document_is_refused(content: Any, tmp_path: Path) -> None:
    document, tensors = content
    for depth in (200, 100_000):
        text = json.dumps(document).replace('"fit_result":', '"fit_result":' + "[" * depth + "]" * depth + ',"x":')
        tensors = {name: array for name, array in tensors.items() if name not in ("document", "checksum")}
        tensors["document"] = np.frombuffer(text.encode(), np.uint8)
        tensors["checksum"] = specfile._checksum(tensors)
        (tmp_path / "m").write_bytes(b"".join(bytes(p) for p in specfile.iter_safetensors(tensors, {})))
        with pytest.raises(InvalidModelFile, match="its description is damaged"):
            autonet.load(tmp_path / "m")

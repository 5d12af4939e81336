"""Model files: a loaded estimator is the saved one, in another process too, and nothing else is loaded."""

import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import KFold
from torch import nn

import autonet
from autonet import (
    AutoNetClassification,
    AutoNetImageClassification,
    AutoNetRegression,
    register_network,
    unregister_network,
)
from autonet.core.errors import DataWarning, InvalidData, InvalidModelFile, InvalidOption
from tests.mixed import N, mixed_table

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return mixed_table()


@pytest.fixture(scope="module")
def fitted(table: pd.DataFrame) -> AutoNetClassification:
    options: dict[str, Any] = {"budget_type": "epochs", "min_budget": 2, "max_budget": 4, "random_state": 0}
    auto = AutoNetClassification(max_trials=3, ensemble_size=4, tree_ensembles=True, baseline=False, **options)
    noise = np.random.default_rng(1).random(N) < 0.3
    return auto.fit(table, np.where((table.town == "Lima") ^ noise, "buy", "skip"))


@pytest.fixture(scope="module")
def file(fitted: AutoNetClassification, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "model.autonet"
    fitted.save(path)
    return path


def test_a_loaded_classifier_is_the_saved_one(fitted: AutoNetClassification, file: Path, table: pd.DataFrame) -> None:
    auto = autonet.load(file)
    assert type(auto) is AutoNetClassification
    np.testing.assert_array_equal(auto.predict_proba(table), fitted.predict_proba(table))
    np.testing.assert_array_equal(auto.predict(table), fitted.predict(table))
    np.testing.assert_array_equal(auto.classes_, fitted.classes_)
    np.testing.assert_array_equal(auto.feature_names_in_, fitted.feature_names_in_)
    assert auto.get_params() == fitted.get_params()
    assert auto.fit_result == fitted.fit_result
    assert auto.best_config_ == fitted.best_config_
    assert (auto.threshold_, auto.n_features_in_) == (fitted.threshold_, fitted.n_features_in_)
    assert repr(auto.columns_) == repr(fitted.columns_)
    assert str(auto.get_pytorch_model()) == str(fitted.get_pytorch_model())
    assert "predicts: an ensemble" in repr(auto)


def test_multilabel_targets(table: pd.DataFrame, quick: dict[str, Any], tmp_path: Path) -> None:
    y = np.column_stack([table.town == "Lima", table["size"] > 0]).astype(int)
    auto = AutoNetClassification("tiny_cs", **quick).fit(table, y)
    auto.save(tmp_path / "m")
    np.testing.assert_array_equal(autonet.load(tmp_path / "m").predict(table), auto.predict(table))


def test_regression_of_two_targets(table: pd.DataFrame, quick: dict[str, Any], tmp_path: Path) -> None:
    y = np.column_stack([np.exp(table["size"].fillna(0)), np.arange(N)])
    auto = AutoNetRegression("tiny_cs", **{**quick, "ensemble_size": 4, "tree_ensembles": True}).fit(table, y)
    auto.save(tmp_path / "m")
    np.testing.assert_array_equal(autonet.load(tmp_path / "m").predict(table), auto.predict(table))


def test_a_sparse_table_of_many_columns(quick: dict[str, Any], tmp_path: Path) -> None:
    X = sparse.random(60, 100_000, 1e-3, format="csr", random_state=0)
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, np.arange(60) % 2)
    auto.save(tmp_path / "m")
    loaded = autonet.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict_proba(X), auto.predict_proba(X))
    assert loaded.model_.schema == auto.model_.schema


@pytest.mark.parametrize(
    "levels",
    [
        pd.interval_range(0.5, 3.5),
        pd.interval_range(pd.Timestamp("2024-01-01"), periods=3),
        pd.period_range("2024-01", periods=3, freq="M"),
        pd.period_range("2024-01-03", periods=3, freq="W-WED"),
        pd.date_range("2024-07-01", periods=3, tz="Europe/Berlin"),
        pd.to_timedelta([1, 10**9, 10**15], "ns"),
    ],
    ids=lambda levels: type(levels).__name__,
)
def test_categories_and_labels_of_pandas(levels: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    column = levels[np.arange(N) % 3]
    X = pd.DataFrame({"a": pd.Categorical(column), "b": np.arange(N)})
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, pd.Series(column))
    auto.save(tmp_path / "m")
    loaded = autonet.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict_proba(X), auto.predict_proba(X))
    np.testing.assert_array_equal(loaded.predict(X), auto.predict(X))
    assert loaded.classes_.dtype == auto.classes_.dtype
    assert repr(loaded.columns_) == repr(auto.columns_)


@pytest.mark.parametrize("dtype", [np.dtypes.StringDType(), "U40", "S10", object])
def test_labels_keep_their_dtype(dtype: Any, iris: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, np.array(["a", "bc", "d"]).astype(dtype)[y])
    auto.save(tmp_path / "m")
    predicted = autonet.load(tmp_path / "m").predict(X)
    assert predicted.dtype == auto.predict(X).dtype
    np.testing.assert_array_equal(predicted, auto.predict(X))


def test_a_fresh_process_predicts_the_same_without_the_search(
    fitted: AutoNetClassification, file: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    table.to_pickle(tmp_path / "table.pickle")
    np.save(tmp_path / "expected.npy", fitted.predict_proba(table))
    script = """
        import sys
        import numpy as np, pandas as pd
        import autonet
        auto = autonet.load(sys.argv[1])
        expected = np.load(sys.argv[2] + "/expected.npy")
        np.testing.assert_array_equal(auto.predict_proba(pd.read_pickle(sys.argv[2] + "/table.pickle")), expected)
        unwanted = [name for name in sys.modules if name.startswith(("ConfigSpace", "autonet.search", "autonet.space"))]
        assert not unwanted, unwanted
    """
    command = [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(script), str(file), str(tmp_path)]
    subprocess.run(command, check=True)


def test_a_loaded_estimator_is_pickled_cloned_and_fitted_again(file: Path, table: pd.DataFrame) -> None:
    auto = autonet.load(file)
    expected = auto.predict_proba(table)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(auto)).predict_proba(table), expected)
    again = clone(auto).set_params(tree_ensembles=False, ensemble_size=1).fit(table, table.town)
    assert set(again.classes_) == {"Bern", "Lima", "Oslo"}
    with pytest.raises(AttributeError, match="history_ is not in the model file"):
        _ = auto.history_


def test_other_tools_read_what_the_file_is(file: Path) -> None:
    with safe_open(file, "numpy") as tensors:
        notes = tensors.metadata()
    assert notes["autonet-torch"] == autonet.__version__
    assert notes["summary"].startswith("AutoNetClassification of autonet")
    assert "fitted to 120 rows of 7 features; loss" in notes["summary"]


def test_half_precision_halves_the_weights(
    fitted: AutoNetClassification, file: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "half", dtype="float16")
    weights = 4 * sum(p.numel() for m in fitted.model_.networks for p in m.network.parameters())
    assert (tmp_path / "half").stat().st_size < file.stat().st_size - 0.4 * weights
    loaded = autonet.load(tmp_path / "half")
    np.testing.assert_allclose(loaded.predict_proba(table), fitted.predict_proba(table), atol=0.01)
    assert {p.dtype for p in loaded.get_pytorch_model().parameters()} == {p.dtype for p in nn.Linear(1, 1).parameters()}
    with pytest.raises(ValueError, match="Unknown dtype 'int8'"):
        fitted.save(tmp_path / "half", dtype="int8")


# --- networks and classes of the user's own


def build_perceptron(n_in: int, n_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, n_out))


def test_a_network_of_the_users_own_is_named_and_given(iris: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    X, y = iris
    path = tmp_path / "own"
    register_network("perceptron", build_perceptron)
    try:
        auto = AutoNetClassification(networks=["perceptron"], baseline=False, **quick).fit(X, y)
        auto.save(path)
        np.testing.assert_array_equal(autonet.load(path).predict_proba(X), auto.predict_proba(X))
    finally:
        unregister_network("perceptron")
    with pytest.raises(InvalidModelFile, match=r"the network 'perceptron', which build_perceptron builds; register it"):
        autonet.load(path)
    loaded = autonet.load(path, components=[build_perceptron])
    np.testing.assert_array_equal(loaded.predict_proba(X), auto.predict_proba(X))
    with pytest.raises(InvalidModelFile, match=r"content is invalid .RuntimeError: Error"):
        autonet.load(path, components=[with_name(lambda n_in, n_out: nn.Linear(n_in, 2 * n_out), "build_perceptron")])


def with_name(function: Any, name: str) -> Any:
    function.__qualname__ = name
    return function


class OwnClassifier(AutoNetClassification):
    """A subclass."""


def test_a_subclass_is_named_and_given(iris: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    X, y = iris
    OwnClassifier("tiny_cs", **quick).fit(X, y).save(tmp_path / "own")
    with pytest.raises(InvalidModelFile, match="an estimator of class 'OwnClassifier'; pass the class"):
        autonet.load(tmp_path / "own")
    assert type(autonet.load(tmp_path / "own", components=[OwnClassifier])) is OwnClassifier


def test_parameters_that_are_objects_are_left_out_with_a_warning(
    iris: Any, quick: dict[str, Any], tmp_path: Path
) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **{**quick, "cross_validator": KFold(2, shuffle=True)}).fit(X, y)
    with pytest.warns(DataWarning, match="The model file leaves out cross_validator: objects"):
        auto.save(tmp_path / "m")
    loaded = autonet.load(tmp_path / "m")
    assert loaded.cross_validator is None
    np.testing.assert_array_equal(loaded.predict_proba(X), auto.predict_proba(X))


def test_paths_and_devices_are_kept_as_text(iris: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    updates, options = tmp_path / "updates.txt", tmp_path / "options.txt"
    updates.write_text("CreateDataLoader batch_size [16,32]")
    options.write_text("preset=tiny_cs")
    given: dict[str, Any] = {"hyperparameter_search_space_updates": updates, "run_dir": tmp_path / "run"}
    auto = AutoNetClassification(options, **{**quick, **given, "max_trials": 1}, device=torch.device("cpu")).fit(*iris)
    auto.save(tmp_path / "model")  # without a warning
    loaded = autonet.load(tmp_path / "model")
    assert (loaded.preset, loaded.device, loaded.run_dir) == (str(options), "cpu", str(tmp_path / "run"))
    assert loaded.hyperparameter_search_space_updates == str(updates)
    assert loaded.get_hyperparameter_search_space() == auto.search_space_
    assert autonet.open_run(tmp_path / "run").new_estimator().preset == str(options)


def test_folders_in_lists_are_kept_as_text(quick: dict[str, Any], tmp_path: Path) -> None:
    auto = AutoNetImageClassification("tiny_cs", root_folders=[tmp_path], max_trials=1, budget_type="epochs")
    auto.fit(np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8), [0, 1] * 20, max_budget=1, min_budget=1)
    auto.save(tmp_path / "model")
    assert autonet.load(tmp_path / "model").root_folders == [str(tmp_path)]


# --- what cannot be saved or loaded


def test_saving_fails_before_anything_is_written(fitted: AutoNetClassification, tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="there is no directory"):
        fitted.save(tmp_path / "no" / "model")
    with pytest.raises(InvalidOption, match="it is a directory"):
        fitted.save(tmp_path)
    with pytest.raises(ValueError, match="not fitted yet"):
        AutoNetClassification().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
def test_only_regular_files_are_replaced_and_keep_their_permissions(
    fitted: AutoNetClassification, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidOption, match=r"cannot be saved to .*: it is a pipe"):
        fitted.save(tmp_path / "pipe")
    (tmp_path / "model").touch(0o600)
    fitted.save(tmp_path / "model")
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o600


def test_a_name_may_be_as_long_as_the_file_system_allows(fitted: AutoNetClassification, tmp_path: Path) -> None:
    path = tmp_path / ("m" * 255)
    fitted.save(path)
    autonet.load(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_save_leaves_the_old_file(fitted: AutoNetClassification, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    auto = pickle.loads(pickle.dumps(fitted))
    auto.best_config_ = {"object": object()}
    with pytest.raises(InvalidData, match="cannot be stored in a model file"):
        auto.save(path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_what_is_no_model_file_is_refused(tmp_path: Path, fitted: AutoNetClassification) -> None:
    with pytest.raises(FileNotFoundError):
        autonet.load(tmp_path / "none")
    with pytest.raises(InvalidModelFile, match="cannot be loaded: it is not a file"):
        autonet.load(tmp_path)
    (tmp_path / "pickle").write_bytes(pickle.dumps(fitted))
    with pytest.raises(InvalidModelFile, match="pickle cannot be loaded: it is not a model file of autonet"):
        autonet.load(tmp_path / "pickle")
    for path, got in (("", "is empty"), ("a" * 300, "is longer than the system allows")):
        with pytest.raises(InvalidModelFile, match=f"The path of the model {got}"):
            autonet.load(path)


def test_components_that_are_no_list_are_not_the_fault_of_the_file(file: Path) -> None:
    with pytest.raises(InvalidOption, match="components must be a list of builders; got"):
        autonet.load(file, components=build_perceptron)  # type: ignore[arg-type]

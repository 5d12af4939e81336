"""The fitted model predicts as the estimator does, and is rebuilt from plain values and arrays."""

import json
import sys
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

import autonet
from autonet import AutoNetClassification, AutoNetRegression, register_network, unregister_network
from autonet.core.errors import InvalidData, InvalidOption, UnknownName
from autonet.models.model import FittedModel, one_thread
from tests.mixed import N, mixed_table

PACKAGE = Path(autonet.__file__).parent


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return mixed_table()


def through_json(spec: Any) -> Any:
    """Send a spec through JSON, its arrays apart from it: whatever is neither fails here."""
    arrays: list[np.ndarray] = []

    def take_out(value: Any) -> Any:
        assert isinstance(value, np.ndarray)
        assert value.dtype.kind in "biuf"
        arrays.append(value.copy())
        return {"array": len(arrays) - 1}

    def put_back(value: dict[str, Any]) -> Any:
        return arrays[value["array"]] if set(value) == {"array"} else value

    return json.loads(json.dumps(spec, default=take_out, allow_nan=False), object_hook=put_back)


def rebuilt(model: FittedModel) -> FittedModel:
    return FittedModel.from_spec(through_json(model.spec()))


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
@pytest.mark.parametrize("preprocessor", ["none", "truncated_svd", "power_transformer", "nystroem", "kitchen_sinks"])
def test_a_classifier_is_rebuilt_from_its_spec(table: pd.DataFrame, quick: dict[str, Any], preprocessor: str) -> None:
    y = np.where(table.town == "Lima", "buy", "skip")
    options = {**quick, "max_budget": 3, "ensemble_size": 4, "tree_ensembles": True, "preprocessors": [preprocessor]}
    auto = AutoNetClassification("full_cs", optimize_metric="f1", pos_label="buy", **options).fit(table, y)
    model = rebuilt(auto.model_)
    np.testing.assert_array_equal(model.predict_proba(table), auto.predict_proba(table))
    np.testing.assert_array_equal(model.predict(table), auto.predict(table))
    assert model.threshold == auto.threshold_
    assert model.schema == auto.model_.schema
    assert len(model.ensemble.members) == len(auto.model_.ensemble.members)
    assert len(repr(model)) < 100  # not all arrays


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
def test_a_regressor_is_rebuilt_from_its_spec(table: pd.DataFrame, quick: dict[str, Any], transform: str) -> None:
    y = np.column_stack([np.exp(table["size"].fillna(0)), np.arange(N)])
    options = {**quick, "max_budget": 3, "ensemble_size": 4, "tree_ensembles": True, "target_transforms": [transform]}
    auto = AutoNetRegression("tiny_cs", **options).fit(table, y)
    np.testing.assert_array_equal(rebuilt(auto.model_).predict(table), auto.predict(table))
    with pytest.raises(InvalidOption, match="fitted to a regression"):
        auto.model_.predict_proba(table)


def test_several_labels_are_rebuilt_from_their_spec(table: pd.DataFrame, quick: dict[str, Any]) -> None:
    y = np.column_stack([table.sold, table.town == "Oslo"]).astype(np.int8)
    auto = AutoNetClassification(
        "tiny_cs", **{**quick, "ensemble_size": 4, "tree_ensembles": True}, optimize_metric="f1_macro"
    ).fit(table, y)
    again = rebuilt(auto.model_).predict(table)
    np.testing.assert_array_equal(again, auto.predict(table))
    assert again.dtype == np.int8


@pytest.mark.parametrize(
    "labels",
    [
        [date(2024, 1, 1), date(2024, 1, 2)],
        [Decimal("1.10"), Decimal("2.5")],
        [("a", 1), ("b", 2)],
        [b"x", b"y"],
        [True, False],
        [2**60, 2**60 + 1],
        np.array(["2024-01-01", "2024-01-02"], "datetime64[D]"),
    ],
)
def test_labels_of_any_kind_come_back(labels: Any, quick: dict[str, Any]) -> None:
    y = np.empty(40, object)
    y[:] = list(labels) * 20
    y = y.astype(labels.dtype) if isinstance(labels, np.ndarray) else y
    x = np.arange(40.0)[:, None]
    options = {**quick, "max_trials": 1, "normalization_strategies": ["standardize"]}
    auto = AutoNetClassification("tiny_cs", **options).fit(x, y)
    again = rebuilt(auto.model_).predict(x)
    assert again.dtype == auto.predict(x).dtype
    assert again.tolist() == auto.predict(x).tolist()


def test_transform_gives_what_the_network_takes(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick, baseline=False).fit(*iris)
    x = auto.model_.transform(iris[0])
    assert x.dtype == np.float32
    assert x.shape[1] == auto.get_pytorch_model()[0].in_features
    with torch.inference_mode():
        probabilities = torch.softmax(auto.get_pytorch_model()(torch.from_numpy(x)), 1).numpy()
    np.testing.assert_allclose(probabilities, auto.predict_proba(iris[0]), atol=1e-6)


def test_networks_of_the_user_are_named(iris: Any, quick: dict[str, Any]) -> None:
    register_network("plain", lambda *, n_in, n_out: torch.nn.Sequential(torch.nn.Linear(n_in, n_out)))
    try:
        auto = AutoNetClassification("tiny_cs", **quick, networks=["plain"], baseline=False).fit(*iris)
        spec = through_json(auto.model_.spec())
        again = FittedModel.from_spec(spec)
        np.testing.assert_array_equal(again.predict_proba(iris[0]), auto.predict_proba(iris[0]))
    finally:
        unregister_network("plain")
    with pytest.raises(UnknownName, match="'plain'"):
        FittedModel.from_spec(spec)


def test_what_has_no_description_is_refused(quick: dict[str, Any]) -> None:
    class Town:
        def __init__(self, name: str) -> None:
            self.name = name

        def __lt__(self, other: "Town") -> bool:
            return self.name < other.name

    towns = np.array([Town("Bern"), Town("Lima")] * 20, object)
    auto = AutoNetClassification("tiny_cs", **quick).fit(np.arange(40.0)[:, None], towns)
    with pytest.raises(InvalidData, match="of type Town cannot be stored in a model file; use numbers"):
        auto.model_.spec()


def test_from_a_row_to_its_prediction_it_is_not_far(table: pd.DataFrame, quick: dict[str, Any]) -> None:
    X = table[["size", "town", "code", "text"]].assign(day=pd.date_range("2024-01-01", periods=N))
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, table.town == "Lima")
    files = set()

    def note(frame: FrameType, event: str, arg: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE) and path.parent.name != "nets":
            files.add(path.relative_to(PACKAGE).as_posix())

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        auto.predict(X[:1])
    finally:
        sys.setprofile(before)
    assert "models/model.py" in files
    assert len(files) <= 14, files


def test_the_number_of_threads_is_given_back() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_threads_of_torch_are_put_back_whatever_ends_first() -> None:
    torch.set_num_threads(2)
    first_is_inside, second_is_inside = threading.Event(), threading.Event()

    def first() -> None:
        with one_thread():
            first_is_inside.set()
            second_is_inside.wait()

    thread = threading.Thread(target=first)
    thread.start()
    first_is_inside.wait()
    with one_thread():
        second_is_inside.set()
        thread.join()
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_a_new_thread_keeps_to_one_thread_whatever_others_set() -> None:
    torch.set_num_threads(2)
    found = []

    def use() -> None:
        with one_thread():
            used.set()
            main_sets.wait()
            found.append(torch.get_num_threads())

    used, main_sets = threading.Event(), threading.Event()
    thread = threading.Thread(target=use)
    with one_thread():
        thread.start()
        used.wait()
        torch.set_num_threads(3)
        main_sets.set()
        thread.join()
    assert found == [1]
    assert torch.get_num_threads() == 2


# --- rows as services get them


@pytest.fixture(scope="module")
def served(table: pd.DataFrame) -> AutoNetClassification:
    options: dict[str, Any] = {"budget_type": "epochs", "max_budget": 3, "max_trials": 1, "random_state": 0}
    X = table[["size", "town", "sold"]]
    return AutoNetClassification("tiny_cs", **options).fit(X, np.where(table["size"] > 0, "up", "down"))


def test_rows_of_services_are_selected_by_name(table: pd.DataFrame, served: AutoNetClassification) -> None:
    X = table[["size", "town", "sold"]]
    expected = served.predict_proba(X)
    rows = X.astype(object).where(X.notna(), None).to_dict("records")
    turned = [dict(reversed([*row.items(), ("id", i)])) for i, row in enumerate(rows)]
    for given in (table, table[table.columns[::-1]], turned, pl.from_pandas(table[["sold", "size", "town", "when"]])):
        np.testing.assert_array_equal(served.model_.predict_proba(given), expected)
    one = served.model_.predict_proba({"sold": True, "town": "Lima", "size": 0.5, "user": "x"})
    np.testing.assert_array_equal(one, served.predict_proba([{"size": 0.5, "town": "Lima", "sold": True}]))
    assert served.model_.predict(turned[0]) == served.predict(X[:1])


def test_missing_columns_are_named(table: pd.DataFrame, served: AutoNetClassification) -> None:
    with pytest.raises(InvalidData, match=r"X lacks columns of fit: 'size', 'sold'; use None where a value is missing"):
        served.model_.predict({"town": "Lima", "other": 1})
    with pytest.raises(InvalidData, match="X has 2 columns; expected the 3 columns of fit"):
        served.model_.predict([[1.0, "Lima"]])
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit"):
        served.predict(table)  # scikit-learn's rule


def test_probabilities_as_a_frame(table: pd.DataFrame, served: AutoNetClassification) -> None:
    X = table[["size", "town", "sold"]].set_index(np.arange(N) + 1000)
    frame = served.model_.predict_proba(X[:5], as_frame=True)
    assert frame.columns.tolist() == ["down", "up"]
    assert frame.index.tolist() == [1000, 1001, 1002, 1003, 1004]
    np.testing.assert_array_equal(frame, served.predict_proba(X[:5]))
    assert served.predict_proba(X[:5], as_frame=True).equals(frame)
    y = np.column_stack([table.sold, table["size"] > 0]).astype(int)
    several = AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=3).fit(X, y)
    assert several.model_.predict_proba(X[:2], as_frame=True).columns.tolist() == [0, 1]


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_labels_keep_their_names(table: pd.DataFrame, tmp_path: Path) -> None:
    X = table[["size", "town"]]
    y = pd.DataFrame({"sold": table.sold.astype(int), "large": (table["size"] > 0).astype(int)})
    auto = AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=3).fit(X, y)
    auto.save(tmp_path / "labels.autonet")
    loaded = autonet.load(tmp_path / "labels.autonet")
    assert loaded.model_.predict_proba(X[:2], as_frame=True).columns.tolist() == ["sold", "large"]
    assert loaded.score(X, y) == loaded.score(X, y[["large", "sold"]])

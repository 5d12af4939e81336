"""Every encoded column has a name of its own, which says what it is."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.component import Components
from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.encoding.preprocessors import PREPROCESSORS
from autonet.data.table import InputNames, Table
from tests.data.encoding.encoders import config, fit
from tests.data.encoding.test_encoder import CONFIGS, TABLES
from tests.estimators.refusals import FRAME, LABELS, X, refused
from tests.mixed import N, mixed_table

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

NETWORK: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "min_budget": 1, "max_budget": 1}
FAST: dict[str, Any] = {**NETWORK, "random_state": 0, "baseline": False, "cross_validator": "none", "n_jobs": 1}


def inputs_of(table: Table) -> InputNames:
    codes = [(f"c{j}", [f"l{i}" for i in range(n - 2)]) for j, n in enumerate(table.n_codes)]
    numbers = [f"n{i}" for i in range(table.numbers.shape[1])]
    return InputNames(numbers, codes, [f"t{i}" for i in range(len(table.texts))])


def named(encoder: TabularEncoder, table: Table) -> pd.DataFrame:
    return pd.DataFrame(encoder.transform(table), columns=encoder.name_columns(inputs_of(table)))


@settings(max_examples=50)
@given(TABLES, CONFIGS)
def test_there_is_a_name_for_each_column(table: Table, chosen: Components) -> None:
    encoder = fit(table, chosen)
    names = encoder.name_columns(inputs_of(table))
    assert len(names) == len(set(names)) == encoder.layout.n_in
    n_indices = len(encoder.layout.vocabularies)
    assert all(name.endswith(":index") for name in names[len(names) - n_indices :])


@settings(max_examples=25)
@given(TABLES, st.sampled_from([None, 3, 9]))
def test_columns_are_what_their_names_say(table: Table, min_levels: int | None) -> None:
    frame = named(fit(table, config(scale="none", min_levels=min_levels)), table)
    for name in frame:
        what, _, level = str(name).partition("=")
        column = frame[name].to_numpy()
        if what.startswith("c") and not what.endswith(":index"):
            j = int(what[1:].partition(":")[0])
            is_level = table.codes[:, j] == (2 + int(level[1:]) if level else 0)
            np.testing.assert_array_equal(column == 1, is_level)
        elif what.endswith(":missing"):
            np.testing.assert_array_equal(column, np.isnan(table.numbers[:, int(what[1])]))
        elif what.startswith("n"):
            numbers = table.numbers[:, int(what[1:])]
            ranks = [pd.Series(values[~np.isnan(numbers)]).rank().to_numpy() for values in (numbers, column)]
            if np.abs(numbers[~np.isnan(numbers)]).max() < 1e3:
                assert np.corrcoef(*ranks)[0, 1] > 0.99


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
@pytest.mark.parametrize("embedding", ["none", "learned"])
def test_an_estimator_names_what_its_network_sees(preprocessor: str, embedding: str) -> None:
    X = mixed_table()
    auto = AutoNetClassification("full_cs", **FAST, preprocessors=[preprocessor], embeddings=[embedding])
    auto.set_output(transform="pandas").fit(X, X["town"])
    encoded = auto.transform(X[::-1])
    assert list(encoded.columns) == list(auto.get_feature_names_out())
    assert list(encoded.index) == list(X.index[::-1])
    assert encoded.columns.is_unique
    assert encoded.shape[1] == auto.get_pytorch_model()[0].in_features or embedding == "learned"
    np.testing.assert_array_equal(encoded, auto.model_.transform(X[::-1]))
    names = set(encoded.columns)
    if preprocessor in ("none", "power_transformer"):
        assert {"size", "size:missing", "price", "town=Bern", "sold=True", "when:month", "text:topic0"} <= names
        assert ("code:index" if embedding == "learned" else "code=3") in names
    else:
        assert ("price*price" if preprocessor == "polynomial_features" else f"{preprocessor}0") in names


def test_names_that_meet_are_told_apart() -> None:
    frame = pd.DataFrame({"a": ["b=c", "d", "e"] * 40, "a=b": ["c", "f", "g"] * 40, "a=d": np.arange(120.0)})
    auto = AutoNetClassification("tiny_cs", **FAST, embeddings=["none"]).fit(frame, frame["a"] == "d")
    names = list(auto.get_feature_names_out())
    assert sorted(names) == ["a=b=c", "a=b=c_2", "a=b=f", "a=b=g", "a=d", "a=d_2", "a=e"]


def test_tables_without_names_and_with_other_ones(iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs", **FAST, preprocessors=["none"]).fit(*iris)
    assert list(auto.get_feature_names_out()) == ["x0", "x1", "x2", "x3"]
    assert list(auto.get_feature_names_out(["a", "b", "c", "d"])) == ["a", "b", "c", "d"]
    years = pd.DataFrame(X, columns=[2022, 2023, 2024])
    assert list(auto.fit(years, LABELS).get_feature_names_out()) == ["2022", "2023", "2024"]


def test_wide_sparse_tables_and_tables_without_use(iris: Any) -> None:
    wide = sparse.random_array((60, 5000), density=0.01, format="csr", random_state=np.random.default_rng(0))
    auto = AutoNetClassification("tiny_cs", **FAST, preprocessors=["none"]).fit(wide, LABELS)
    assert len(auto.get_feature_names_out()) == auto.transform(wide).shape[1]
    assert auto.get_feature_names_out()[0] == "svd0"
    auto = AutoNetClassification("tiny_cs", **FAST).fit(np.ones((60, 2)), LABELS)
    assert list(auto.get_feature_names_out()) == ["zeros"]


def test_a_loaded_model_has_names(tmp_path: Any) -> None:
    table = mixed_table()
    auto = AutoNetRegression("medium_cs", **FAST).fit(table, np.arange(N))
    auto.save(tmp_path / "a.autonet")
    loaded = autonet.load(tmp_path / "a.autonet")
    assert list(loaded.get_feature_names_out()) == list(auto.get_feature_names_out())
    np.testing.assert_array_equal(loaded.transform(table), auto.transform(table))


def test_other_names_are_refused() -> None:
    auto = AutoNetClassification("tiny_cs", **FAST).fit(FRAME, LABELS)
    refused(lambda: auto.get_feature_names_out(["a", "b"]), "input_features is not equal to feature_names_in_, the")
    refused(lambda: auto.transform(FRAME[["b", "a", "c"]]), "Feature names must be in the same order")
    auto.fit(X, LABELS)
    message = "input_features should have length equal to number of features (3), got 2."
    refused(lambda: auto.get_feature_names_out(["a", "b"]), message)
